// SPDX-License-Identifier: MIT OR Apache-2.0
//! A client's communication port as C uses it, by several threads.

mod answers;
pub(crate) mod asking;
pub(crate) mod connecting;

use std::collections::{BTreeMap, VecDeque};

use cabotage_alpc::{Client, Connecting, Deadline, Identity, Kind, Ready, ReserveId, Status};

use crate::contexts::Contexts;
use crate::layout::HEADER_BYTES;
use crate::message::{Delivery, Extra, Got, Room};
use crate::sections::Sections;
use crate::settings::Settings;
use crate::status::Answer;
use crate::waiting::{End, Shared};

/// A port that threads share.
pub(crate) type ClientPort = Shared<ClientEnd>;

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct ClientEnd {
    stage: Stage,
    pub(crate) settings: Settings,
    /// What nobody waits for by its number.
    waiting: VecDeque<Delivery>,
    /// Requests, by the numbers that C knows.
    asked: BTreeMap<u32, Asked>,
    /// Callbacks without their answer: the number for C, the channel's, and the request that each is about.
    callbacks: BTreeMap<u32, (u64, u32)>,
    reserves: BTreeMap<u32, ReserveId>,
    pub(crate) contexts: Contexts,
    pub(crate) sections: Sections,
    pub(crate) extra: Extra,
    /// How many messages were received.
    received: usize,
    /// Whether the end of the channel was told as a message, or need not be.
    is_end_told: bool,
}

/// How far the connection is.
#[derive(Debug)]
enum Stage {
    Asking(Box<Connecting>),
    In(Box<Client>),
    /// It is over, or was never.
    Over(Status),
}

/// A request of ours.
#[derive(Debug)]
struct Asked {
    /// Its number on the channel.
    id: u64,
    /// Whether a thread waits for just this one.
    is_awaited: bool,
    /// C's own word for it.
    context: usize,
    /// Callbacks about it.
    callbacks: VecDeque<Delivery>,
    became: Option<Answer<Box<Delivery>>>,
}

impl End for ClientEnd {
    fn ready(&mut self) -> Answer<Ready> {
        match &mut self.stage {
            Stage::Asking(asking) => asking.ready().map_err(|error| error.status()),
            Stage::In(client) => client.ready().map_err(|error| error.status()),
            Stage::Over(_) => Ok(Ready::Ready),
        }
    }

    fn wake_by(&self) -> Deadline {
        Deadline::Never
    }

    fn pull(&mut self) -> Answer<bool> {
        self.take_in(|end| end.waiting.len() >= PULLED_MAX)?;
        Ok(self.waiting.len() < PULLED_MAX && !matches!(self.stage, Stage::Over(_)))
    }

    fn receive(&mut self, room: Room, may_take: bool) -> Answer<Option<Got>> {
        let got = self.next(room, may_take);
        self.received += usize::from(matches!(got, Ok(Some(Got::Message(_)))));
        got
    }

    /// Its end counts as one: who receives is told of it.
    fn pending(&self) -> usize {
        let free = self.asked.values().filter(|asked| !asked.is_awaited);
        let news = free.map(|asked| asked.callbacks.len() + usize::from(asked.became.is_some()));
        self.waiting.len() + news.sum::<usize>() + usize::from(self.has_end_to_tell())
    }

    fn received(&self) -> usize {
        self.received
    }

    fn next_bytes(&self, attributes: u32) -> Option<usize> {
        let room = Room { bytes: 0, attributes };
        let asked = || self.free().and_then(|number| self.asked.get(&number));
        let next = self.waiting.front().map(|delivery| delivery.total_bytes(room));
        let next = next.or_else(|| asked().map(|asked| asked.next_bytes(room)));
        next.or_else(|| self.has_end_to_tell().then_some(HEADER_BYTES))
    }

    fn take_end(&mut self) -> Option<Box<Delivery>> {
        if !self.has_end_to_tell() {
            return None;
        }
        self.is_end_told = true;
        self.received += 1;
        let mut end = Delivery::new(Kind::PortClosed.type_number(), 0, Vec::new());
        end.header.total_length = u16::try_from(HEADER_BYTES).unwrap_or_default();
        Some(Box::new(end))
    }
}

/// How much is taken off the channel for those who are told of it and do not wait.
const PULLED_MAX: usize = 64;

impl ClientEnd {
    /// The channel, once it is there.
    fn channel(&mut self) -> Answer<&mut Client> {
        match &mut self.stage {
            Stage::In(client) => Ok(client),
            Stage::Asking(_) => Err(Status::LPC_REQUESTS_NOT_ALLOWED),
            Stage::Over(status) => Err(*status),
        }
    }

    /// Who the server is.
    pub(crate) fn server(&mut self) -> Answer<Identity> {
        Ok(self.channel()?.server())
    }

    /// The longest message, header included.
    pub(crate) fn total_bytes_max(&mut self) -> Answer<usize> {
        Ok(HEADER_BYTES + self.channel()?.message_bytes_max())
    }

    /// Ends the channel: what waits is told that it is disconnected.
    pub(crate) fn disconnect(&mut self) {
        self.is_end_told = true;
        self.end(Status::PORT_DISCONNECTED);
    }

    fn end(&mut self, status: Status) {
        self.stage = Stage::Over(status);
        for asked in self.asked.values_mut().filter(|asked| asked.became.is_none()) {
            asked.became = Some(Err(Status::LPC_REPLY_LOST));
        }
    }

    fn has_end_to_tell(&self) -> bool {
        matches!(self.stage, Stage::Over(_)) && !self.is_end_told
    }

    /// Arranges for the descriptor to become readable; whether there is something already.
    pub(crate) fn arm(&mut self) -> Answer<bool> {
        let has_news = self.asked.values().any(|asked| asked.became.is_some() && !asked.is_awaited);
        Ok(!self.waiting.is_empty() || has_news || self.ready()? == Ready::Ready)
    }
}
