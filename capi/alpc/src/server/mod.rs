// SPDX-License-Identifier: MIT OR Apache-2.0
//! A server's connection port as C uses it: messages have numbers, by which they are answered, and channels have
//! handles of their own.

pub(crate) mod answering;
pub(crate) mod asking;
mod incoming;

use std::collections::{BTreeMap, VecDeque};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use cabotage_alpc::{
    ClientId, ConnectionPort, ConnectionRequest, Deadline, Identity, Ready, Request, Status,
};

use crate::message::{Delivery, Extra, Got, Room};
use crate::sections::Sections;
use crate::settings::Settings;
use crate::status::Answer;
use crate::waiting::{End, Shared, copy_of};

/// A port that threads and handles share.
pub(crate) type ServerPort = Shared<Server>;

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Server {
    port: ConnectionPort,
    pub(crate) settings: Settings,
    /// What has come and was not received.
    waiting: VecDeque<Delivery>,
    /// Requests without their answer.
    requests: BTreeMap<u32, Asked>,
    /// Requests to connect without theirs.
    askers: BTreeMap<u32, ConnectionRequest>,
    last_channel: u64,
    channels: BTreeMap<u64, Channel>,
    /// Callbacks that somebody waits for, and what became of them.
    callbacks: BTreeMap<(ClientId, u64), Option<Answer<Box<Delivery>>>>,
    /// Who sent the datagrams that came last.
    senders: VecDeque<(u32, u64, Identity)>,
    pub(crate) sections: Sections,
    pub(crate) extra: Extra,
    /// How many messages were received.
    received: usize,
}

/// A request, and by which number its asker knows it.
#[derive(Debug)]
struct Asked {
    request: Request,
    channel: u64,
}

/// One client, as long as it was not told that it is gone.
#[derive(Debug)]
struct Channel {
    /// `None` until it is let in.
    client: Option<ClientId>,
    /// What C still has to let in: a channel that was accepted by the classic call and is not complete.
    incomplete: Option<(ConnectionRequest, Vec<u8>)>,
    /// C's own word for it.
    context: usize,
    identity: Identity,
    /// Numbers its requests, so that the newest can be called back.
    newest: u32,
}

/// How many messages are taken off the channels at most before one is received.
const WAITING_MAX: usize = 1024;
/// How many are taken off the channels for those who are told of them and do not wait.
const PULLED_MAX: usize = 64;
/// Of how many datagrams the sender is known.
const SENDERS_MAX: usize = 1024;

impl End for Server {
    fn ready(&mut self) -> Answer<Ready> {
        self.port.ready().map_err(|error| error.status())
    }

    fn wake_by(&self) -> Deadline {
        self.port.wake_by()
    }

    fn pull(&mut self) -> Answer<bool> {
        self.take_in(|server| server.waiting.len() >= PULLED_MAX)?;
        Ok(self.waiting.len() < PULLED_MAX)
    }

    /// Off the channels only if nothing waits: who takes turns is a matter of the port.
    fn receive(&mut self, room: Room, may_take: bool) -> Answer<Option<Got>> {
        if self.waiting.is_empty() && may_take {
            self.take_in(|server| !server.waiting.is_empty())?;
        }
        self.first(room, |_| true)
    }

    fn pending(&self) -> usize {
        self.waiting.len()
    }

    fn received(&self) -> usize {
        self.received
    }

    fn next_bytes(&self, attributes: u32) -> Option<usize> {
        self.waiting.front().map(|delivery| delivery.total_bytes(Room { bytes: 0, attributes }))
    }

    /// A port ends by its own process alone.
    fn take_end(&mut self) -> Option<Box<Delivery>> {
        None
    }
}

impl Server {
    /// Creates the port of this name.
    pub(crate) fn create(name: &str, settings: Settings) -> Answer<ServerPort> {
        let port = settings.for_server().create(name).map_err(|error| error.status())?;
        let descriptor = copy_of(std::os::fd::AsFd::as_fd(&port))?;
        let server = Self {
            port,
            settings,
            waiting: VecDeque::new(),
            requests: BTreeMap::new(),
            askers: BTreeMap::new(),
            last_channel: 0,
            channels: BTreeMap::new(),
            callbacks: BTreeMap::new(),
            senders: VecDeque::new(),
            sections: Sections::default(),
            extra: Extra::default(),
            received: 0,
        };
        Shared::new(server, descriptor)
    }

    /// The next request to connect, past everything else.
    pub(crate) fn listen(&mut self, room: Room, may_take: bool) -> Answer<Option<Got>> {
        let is_one = |delivery: &Delivery| delivery.header.kind.to_le_bytes()[0] == 10;
        if may_take {
            self.take_in(|server| server.waiting.iter().any(is_one))?;
        }
        self.first(room, is_one)
    }

    /// The first of those that wait for which `is_it` holds.
    fn first(&mut self, room: Room, is_it: impl Fn(&Delivery) -> bool) -> Answer<Option<Got>> {
        let Some(at) = self.waiting.iter().position(is_it) else { return Ok(None) };
        if !self.waiting[at].fits(room) {
            return Ok(Some(Got::TooSmall(self.waiting[at].total_bytes(room))));
        }
        let Some(mut delivery) = self.waiting.remove(at) else { return Ok(None) };
        self.received += 1;
        delivery.settle(room, &mut self.sections, &mut self.extra)?;
        Ok(Some(Got::Message(Box::new(delivery))))
    }

    /// Takes what is at hand off the channels until `is_enough`.
    fn take_in(&mut self, is_enough: impl Fn(&Self) -> bool) -> Answer {
        while !is_enough(self) && self.waiting.len() < WAITING_MAX {
            match self.port.try_receive().map_err(|error| error.status())? {
                Some(incoming) => self.file(incoming),
                None => break,
            }
        }
        Ok(())
    }

    fn next_message(&self) -> u32 {
        /// The classic call that lets a client in names no port: so all ports of a process number together.
        static LAST: AtomicU32 = AtomicU32::new(0);
        loop {
            let number = (LAST.fetch_add(1, Ordering::Relaxed) & 0x3FFF_FFFF) + 1;
            if !self.requests.contains_key(&number) && !self.askers.contains_key(&number) {
                return number;
            }
        }
    }

    /// Whether a client of this number asks to be let in.
    pub(crate) fn has_asker(&self, message: u32) -> bool {
        self.askers.contains_key(&message)
    }

    /// The channel behind a handle.
    fn channel(&mut self, number: u64) -> Answer<&mut Channel> {
        self.channels.get_mut(&number).ok_or(Status::PORT_DISCONNECTED)
    }

    /// C's own word for a channel; 0 for the port itself.
    pub(crate) fn context(&mut self, channel: Option<u64>) -> Answer<usize> {
        channel.map_or(Ok(0), |number| Ok(self.channel(number)?.context))
    }

    /// Who is at the other end of a channel.
    pub(crate) fn peer(&mut self, channel: u64) -> Answer<Identity> {
        Ok(self.channel(channel)?.identity)
    }

    /// Who sent the message of this number, and whether it is a request that waits for its answer.
    pub(crate) fn sender(&self, message: u32) -> Option<(Identity, bool)> {
        if let Some(asked) = self.requests.get(&message) {
            return Some((asked.request.token().identity(), true));
        }
        if let Some(asker) = self.askers.get(&message) {
            return Some((asker.identity(), true));
        }
        let sender = self.senders.iter().find(|(number, ..)| *number == message);
        sender.map(|(.., identity)| (*identity, false))
    }

    /// A descriptor of the process that sent the message of this number, as long as it is connected.
    pub(crate) fn open_sender(&mut self, message: u32) -> Answer<Arc<OwnedFd>> {
        let client =
            match (self.requests.get(&message), self.senders.iter().find(|sender| sender.0 == message)) {
                (Some(asked), _) => Some(asked.request.client()),
                (None, Some((_, channel, _))) => {
                    self.channels.get(channel).and_then(|channel| channel.client)
                }
                (None, None) => None,
            };
        let opened = self.port.with_peer(client.ok_or(Status::ACCESS_DENIED)?, |peer| {
            let pidfd = peer.pidfd().ok().flatten()?;
            std::os::fd::AsFd::as_fd(&pidfd).try_clone_to_owned().ok()
        });
        opened.flatten().map(Arc::new).ok_or(Status::ACCESS_DENIED)
    }

    /// A request that waits for its answer.
    pub(crate) fn request(&self, message: u32) -> Option<&Request> {
        self.requests.get(&message).map(|asked| &asked.request)
    }

    /// Ends the channel; the other side is told.
    pub(crate) fn disconnect(&mut self, channel: u64) -> Answer {
        let gone = self.channels.remove(&channel).ok_or(Status::PORT_DISCONNECTED)?;
        self.forget_requests(channel);
        if let Some(client) = gone.client {
            // A client that is gone already is disconnected.
            let _ = self.port.disconnect(client);
        }
        Ok(())
    }

    /// Requests of a channel that is gone have nobody to answer.
    fn forget_requests(&mut self, channel: u64) {
        self.requests.retain(|_, asked| asked.channel != channel);
    }

    /// Arranges for the descriptor to become readable.
    pub(crate) fn arm(&mut self) -> Answer<bool> {
        Ok(!self.waiting.is_empty() || self.ready()? == Ready::Ready)
    }
}
