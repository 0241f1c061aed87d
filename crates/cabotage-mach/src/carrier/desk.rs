// SPDX-License-Identifier: MIT OR Apache-2.0
//! The tables of the carrier: which links there are, what each stands for, and the ways in which one comes and goes.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::os::fd::OwnedFd;

use cabotage_link::{End as LinkEnd, Key, Link, LinkError, LinkSet, Options, Patience, SetError, Wait};
use cabotage_os::object::unguessable;
use cabotage_os::process::own_uid;
use cabotage_os::socket::Socket;
use cabotage_os::{Errno, SystemError};

use super::coming::Coming;
use super::end::{End, Ends};
use super::leaving::Going;
use super::nonces::Nonces;
use super::packet::{About, Packet};
use super::rules::{Amount, Role};
use super::steps::queue_limit;
use super::wire::{self, Claim, Welcome, Word};
use crate::kernel::fresh::FreshMap;
use crate::kernel::number_map::NumberMap;
use crate::kernel::port::QUEUE_LIMIT_DEFAULT;
use crate::kernel::{Kernel, PortId, Step, Ticket};

/// How many records wait on one link for a peer that does not read before no fork is added to them.
const UNSENT_MAX: usize = 256;

/// See the [module](self).
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) set: LinkSet,
    pub(super) ends: Ends,
    /// Which way messages go, by the number that the kernel knows.
    pub(super) routes: FreshMap<Route>,
    /// Send-once rights that are one to the kernel, by their route.
    pub(super) pools: HashMap<u64, Vec<Route>>,
    pub(super) numbers: u64,
    pub(super) nonces: Nonces,
    /// Ports of this process to which others have rights.
    pub(super) ports: NumberMap<PortId, Known>,
    /// Those of other processes that have proved which they are.
    pub(super) verified: HashMap<Claim, PortId>,
    /// Names under which links come.
    pub(super) doors: NumberMap<Key, PortId>,
    /// Links with something unsent, and with something unread.
    pub(super) held_up: Vec<Key>,
    pub(super) behind: VecDeque<Key>,
    /// Whether something could not be said, since a link is over: there is news.
    pub(super) has_failed: bool,
    /// What is being settled.
    pub(super) steps: Vec<Step>,
    /// Threads that wait until what was sent by a route has left, by their tickets.
    pub(super) lingering: Vec<(u64, Ticket)>,
    /// The route by which an owner has still to be told of the right that went on last.
    pub(super) held_fork: Option<u64>,
    /// Whether a thread leads.
    pub(super) is_led: bool,
    /// How long who leads looks before it sleeps.
    pub(super) patience: Patience,
    /// Who we are, to others.
    pub(super) identity: Own,
    /// Links to new owners that have not spoken yet, and the ends of the rights that they will be.
    pub(super) awaited: HashMap<Key, Key>,
    /// Ports of ours that are about to move, and those that are about to come, by the links over which they do.
    pub(super) going: HashMap<PortId, Box<Going>>,
    pub(super) coming: HashMap<Key, Box<Coming>>,
}

/// Who this process is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Own {
    pub(super) pid: i32,
    pub(super) uid: u32,
}

/// What a number of the kernel's stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route {
    /// The right that a link is.
    Link(Key),
    /// A send-once right on a link.
    Token(Key, u64),
    /// A link on which messages come.
    Origin(Key),
    /// Whichever is left of several send-once rights to a port that has moved away over this link.
    Pool(Key),
}

/// A port of this process to which others have rights.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) secret: u64,
    /// Its links.
    pub(super) keys: Vec<Key>,
    /// Links that forks have made, by the numbers of the forks.
    pub(super) forks: HashMap<u64, Key>,
    /// The name under which it is found.
    pub(super) door: Option<Key>,
}

impl Desk {
    pub(super) fn new() -> Result<Self, SetError> {
        Ok(Self {
            set: LinkSet::new()?,
            ends: Ends::default(),
            routes: FreshMap::default(),
            pools: HashMap::new(),
            numbers: 0,
            nonces: Nonces::default(),
            ports: NumberMap::default(),
            verified: HashMap::new(),
            doors: NumberMap::default(),
            held_up: Vec::new(),
            behind: VecDeque::new(),
            has_failed: false,
            steps: Vec::new(),
            lingering: Vec::new(),
            held_fork: None,
            is_led: false,
            patience: Patience::new(Wait::default()),
            identity: Own { pid: std::process::id().cast_signed(), uid: own_uid() },
            awaited: HashMap::new(),
            going: HashMap::new(),
            coming: HashMap::new(),
        })
    }

    /// A number that the kernel has not had.
    pub(super) fn next_number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    /// What is known of a port of ours to which others have rights, from now on if not before.
    pub(super) fn known(&mut self, port: PortId) -> Result<&mut Known, SystemError> {
        Ok(match self.ports.entry(port) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let secret = unguessable()?;
                place.insert(Known { secret, keys: Vec::new(), forks: HashMap::new(), door: None })
            }
        })
    }

    /// A link of the set is an end of this role.
    fn seat(&mut self, key: Key, port: PortId, role: Role) {
        let number = self.next_number();
        self.routes.insert(number, Route::Origin(key));
        self.ends.add(End::new(key, port, number, role));
    }

    /// A link to a port of ours, whose other end somebody gets. Its right is counted by whoever calls.
    pub(super) fn own(
        &mut self,
        kernel: &Kernel,
        link: Link,
        port: PortId,
        is_once: bool,
    ) -> Result<Key, SystemError> {
        let key = self.set.insert(link).map_err(|refused| refusal_of_set(refused.error))?;
        self.welcome(kernel, key, port, is_once)?;
        Ok(key)
    }

    /// A link of the set is one to a port of ours: the owner speaks first.
    pub(super) fn welcome(
        &mut self,
        kernel: &Kernel,
        key: Key,
        port: PortId,
        is_once: bool,
    ) -> Result<(), SystemError> {
        self.own_from(kernel, key, port, is_once, None)
    }

    /// The same, of a port that came from another owner, who has heard so many records from the holder.
    pub(super) fn own_from(
        &mut self,
        kernel: &Kernel,
        key: Key,
        port: PortId,
        is_once: bool,
        heard: Option<u64>,
    ) -> Result<(), SystemError> {
        let limit = queue_limit(kernel, port);
        let known = self.known(port)?;
        known.keys.push(key);
        let (Amount { pieces, bytes }, secret) = (Amount::MAX, known.secret);
        let welcome = Welcome { port: port.number(), secret, limit, sealed: pieces, sealed_bytes: bytes };
        let role = if is_once { Role::once_owner() } else { Role::owner(limit) };
        self.seat(key, port, role);
        if let Some(heard) = heard {
            self.say(key, Packet::new(wire::numbered(Word::Here, heard, 0)));
        }
        self.say(key, Packet::new(wire::welcome(&welcome)));
        Ok(())
    }

    /// A link that is the right to another process's port: a port that is away, in the kernel's eyes. Its right is
    /// counted by whoever calls.
    pub(super) fn hold(
        &mut self,
        kernel: &mut Kernel,
        link: Link,
        claim: Option<Claim>,
        is_once: bool,
    ) -> Result<PortId, SystemError> {
        let number = self.next_number();
        let port = kernel.import(number);
        let role =
            if is_once { Role::OnceHolder { has_right: true } } else { Role::holder(QUEUE_LIMIT_DEFAULT) };
        match self.set.insert(link) {
            Ok(key) => {
                self.routes.insert(number, Route::Link(key));
                self.ends.add(End { claim, ..End::new(key, port, number, role) });
                Ok(port)
            }
            Err(refused) => {
                kernel.port_died(port);
                Err(refusal_of_set(refused.error))
            }
        }
    }

    /// Says something over a link, now if there is room, in order in any case.
    pub(super) fn say(&mut self, key: Key, packet: Packet) {
        let Some(end) = self.ends.get_mut(key) else { return };
        if packet.about.is_about_port() && !end.follower.may_send() {
            end.rest.push_back(packet);
            return;
        }
        let is_first = end.unsent.is_empty();
        end.unsent.push_back(packet);
        if is_first && self.flush_one(key) {
            self.held_up.push(key);
        }
    }

    /// Says something that is no message.
    pub(super) fn say_bare(&mut self, key: Key, word: Word, token: u64, descriptor: Option<OwnedFd>) {
        let Some(end) = self.ends.get_mut(key) else { return };
        let bytes = wire::bare(word, token, end.role.tell(), &[]);
        let about = match word {
            Word::Release => About::Release,
            _ => About::Nothing,
        };
        self.say(key, Packet { descriptors: descriptor.into_iter().collect(), about, ..Packet::new(bytes) });
    }

    /// Whether the peer of a link reads so little that nothing more is to wait for it.
    pub(super) fn is_crowded(&self, key: Key) -> bool {
        self.ends.get(key).is_none_or(|end| end.unsent.len() >= UNSENT_MAX)
    }

    /// Closes a link over which nothing can be said any more.
    pub(super) fn close_if_done(&mut self, key: Key) {
        if self.ends.get(key).is_some_and(End::is_done) {
            self.forget(key);
            drop(self.set.remove(key));
        }
    }

    /// Takes an end out of the tables; the link is somebody else's affair.
    pub(super) fn forget(&mut self, key: Key) -> Option<Box<End>> {
        let end = self.ends.remove(key)?;
        self.routes.remove(end.number);
        for going in self.going.values_mut() {
            going.forget(key);
        }
        if let Some(claim) = end.claim.filter(|claim| self.verified.get(claim) == Some(&end.port)) {
            self.verified.remove(&claim);
        }
        if end.role.is_owner()
            && let Some(known) = self.ports.get_mut(&end.port)
        {
            known.keys.retain(|known| *known != key);
            known.forks.remove(&end.fork);
            if known.keys.is_empty() && known.door.is_none() {
                self.ports.remove(&end.port);
            }
        }
        Some(end)
    }
}

/// Two ends that nobody has used, to be given away.
pub(super) fn two_ends() -> Result<(OwnedFd, OwnedFd), SystemError> {
    let (one, other) = Socket::pair()?;
    one.into_fd().zip(other.into_fd()).ok_or_else(|| SystemError::new("socketpair", "two ends", Errno::BADF))
}

/// A link over an end that came from somebody.
pub(super) fn link_over(end: OwnedFd) -> Result<Link, LinkError> {
    let end = LinkEnd::received(end).map_err(|_| NO_END)?;
    end.link(Options::new())
}

pub(super) const NO_END: LinkError =
    LinkError::Fault(cabotage_link::PeerFault::Order("passed something else than the end of a link"));

pub(super) fn refusal_of_set(error: SetError) -> SystemError {
    match error {
        SetError::System(refusal) => refusal,
        other => SystemError::new("epoll_ctl", other, Errno::BADF),
    }
}

pub(super) fn refusal_of_link(error: LinkError) -> SystemError {
    match error {
        LinkError::System(refusal) => refusal,
        other => SystemError::new("socketpair", other, Errno::BADF),
    }
}
