// SPDX-License-Identifier: MIT OR Apache-2.0
//! `alpc.clients`: one server with many clients, each with one request at a time, blocked until its reply comes; the
//! limit is a server over SEQPACKET sockets that waits by epoll.

use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;

use cabotage::alpc::{Client, ConnectOptions, ConnectionPort, Deadline, Incoming, PortOptions};
use cabotage::os::epoll::{Events, Poller, Trigger};
use cabotage::os::poll::Readiness;
use cabotage::os::raw;

use crate::bench::case::{Case, Result, Subject};
use crate::bench::meeting::registry;
use crate::bench::served::{Answerer, Asker, LAST, Message, Served};
use crate::exit::{Exit, Failure};

pub(super) const OF_1: Case =
    case::<1>("alpc.clients.1", "one client of one server, blocked until each reply");
pub(super) const OF_10: Case = case::<10>("alpc.clients.10", "10 clients of one server (at most --links)");
pub(super) const OF_100: Case =
    case::<100>("alpc.clients.100", "100 clients of one server (at most --links)");
pub(super) const OF_1000: Case =
    case::<1000>("alpc.clients.1000", "1,000 clients of one server (at most --links)");

const fn case<const CLIENTS: u32>(name: &'static str, about: &'static str) -> Case {
    Case {
        name,
        about,
        bytes: size_of::<Message>(),
        subject: Subject::served::<Ours, CLIENTS>(),
        limit: Some(Subject::served::<Bare, CLIENTS>()),
    }
}

struct Ours;

impl Served for Ours {
    type Client = Client;
    type Server = ConnectionPort;
}

impl Asker for Client {
    fn connect(path: &Path) -> Result<Self> {
        let (registry, name) = registry(path)?;
        let options = ConnectOptions::new().registry(&registry).wait_for_name();
        Ok(options.deadline(Deadline::within(PATIENCE)).connect(&name.to_string())?)
    }

    #[inline]
    fn ask(&mut self, message: &mut Message) -> Result<()> {
        let reply = self.request(message)?;
        message.copy_from_slice(reply.body());
        Ok(())
    }
}

impl Answerer for ConnectionPort {
    fn publish(path: &Path) -> Result<Self> {
        let (registry, name) = registry(path)?;
        Ok(PortOptions::new().registry(&registry).create(&name.to_string())?)
    }

    fn serve(&mut self) -> Result<()> {
        loop {
            match self.receive(Deadline::Never)? {
                Incoming::Request(request) => {
                    let mut message = [0; size_of::<Message>()];
                    message.copy_from_slice(request.body());
                    self.reply_or_keep(request, &message).map_err(|unanswered| unanswered.error)?;
                    if message[0] == LAST {
                        return Ok(());
                    }
                }
                Incoming::ConnectionRequest(request) => {
                    self.accept(request, &[], 0).map_err(|refused| refused.error)?;
                }
                _ => {}
            }
        }
    }
}

struct Bare;

impl Served for Bare {
    type Client = OwnedFd;
    type Server = Sockets;
}

impl Asker for OwnedFd {
    fn connect(path: &Path) -> Result<Self> {
        let path = path.join("socket");
        let end = std::time::Instant::now() + PATIENCE;
        loop {
            match raw::connect(&path) {
                Err(_) if std::time::Instant::now() < end => std::thread::yield_now(),
                outcome => return Ok(outcome?),
            }
        }
    }

    #[inline]
    fn ask(&mut self, message: &mut Message) -> Result<()> {
        raw::write(&*self, message)?;
        match raw::read(&*self, message)? {
            0 => Err(Failure::new(Exit::PeerGone, "the server has closed the connection")),
            _ => Ok(()),
        }
    }
}

/// A server as many are: it asks epoll who has something, and answers each.
struct Sockets {
    poller: Poller,
    events: Events,
    listener: OwnedFd,
    clients: HashMap<u64, OwnedFd>,
    next: u64,
}

/// The token of the listener; clients have those above.
const DOOR: u64 = 0;

impl Answerer for Sockets {
    fn publish(path: &Path) -> Result<Self> {
        let listener = raw::listen(&path.join("socket"), PATIENCE)?;
        let poller = Poller::new()?;
        poller.add(&listener, DOOR, Readiness::IN, Trigger::Level)?;
        let events = Events::with_capacity(64);
        Ok(Self { poller, events, listener, clients: HashMap::new(), next: DOOR + 1 })
    }

    fn serve(&mut self) -> Result<()> {
        let mut is_last = false;
        while !is_last {
            self.poller.wait(&mut self.events, Deadline::Never)?;
            for event in self.events.iter() {
                let Some(client) = self.clients.get(&event.token) else {
                    let client = raw::accept(&self.listener)?;
                    self.poller.add(&client, self.next, Readiness::IN, Trigger::Level)?;
                    self.clients.insert(self.next, client);
                    self.next += 1;
                    continue;
                };
                let mut message = [0; size_of::<Message>()];
                if raw::read(client, &mut message)? > 0 {
                    raw::write(client, &message)?;
                    is_last |= message[0] == LAST;
                } else {
                    self.poller.remove(client)?;
                    self.clients.remove(&event.token);
                }
            }
        }
        Ok(())
    }
}

/// For the server to appear, and to let one in among a thousand.
const PATIENCE: Duration = Duration::from_secs(30);
