// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rights that leave this process: what stands for each in a record, and what changes once the record goes.
//!
//! First everything is made ready that may fail; the kernel's counts have not changed then, and it can be undone. Then
//! the counts move: what a message held is held by a link or a token from now on.

use std::os::fd::OwnedFd;

use cabotage_link::{Key, Link, Options};
use cabotage_os::{Errno, SystemError};

use super::desk::{Desk, Route, refusal_of_link, two_ends};
use super::end::End;
use super::luggage::Luggage;
use super::packet::{About, Packet};
use super::wire::{self, Carried, Claim, Word};
use crate::kernel::message::{Capability, Cargo, Message};
use crate::kernel::port::Home;
use crate::kernel::{Kernel, PortId};
use crate::right::{Disposition, Right};

/// What a message carries, ready to go: its rights, that of the reply first; and memory and files.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) rights: Vec<Passing>,
    pub(super) luggage: Vec<Luggage>,
}

/// A right that is ready to go.
#[derive(Debug)]
pub(super) struct Passing {
    pub(super) carried: Carried,
    pub(super) descriptor: Option<OwnedFd>,
    pub(super) change: Change,
}

/// What has been made ready for it, and what becomes of the right's count.
#[derive(Debug)]
pub(super) enum Change {
    /// There is none.
    Nothing,
    /// A link to a port of ours holds the right.
    Linked(Key),
    /// A token does.
    Granted(Key, u64),
    /// A send right to a port that is away goes.
    Sent(PortId),
    /// A send-once right to a port that is away goes home; on this link it was this token.
    Returned(PortId, Key, u64),
    /// One goes to a third party, which gets this end; its owner was told, over the link that is named.
    Used(PortId, Key, OwnedFd),
    /// A send-once right to this port was on a link that is over: it is destroyed if its message arrived there.
    Lost(PortId),
    /// A receive right goes, all of which went ahead.
    Moved(PortId),
}

/// Why a right does not go now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NotPassed {
    /// The other process reads nothing, or there are too many send-once rights.
    Crowded,
    /// A receive right stays in its process.
    Receive,
    /// There is more memory than a message carries.
    TooMuch,
    /// The kernel refused.
    System(SystemError),
}

impl From<SystemError> for NotPassed {
    fn from(refusal: SystemError) -> Self {
        Self::System(refusal)
    }
}

impl Desk {
    /// Makes what a message carries ready to go over a link.
    pub(super) fn prepare(
        &mut self,
        kernel: &mut Kernel,
        key: Key,
        message: &Message,
    ) -> Result<Prepared, NotPassed> {
        let luggage = self.pack(key, message)?;
        let mut passing = Vec::new();
        let reply = (&message.reply.0, message.reply.1.map_or(Right::SendOnce, Disposition::gives));
        for (right, sort) in std::iter::once(reply).chain(message.cargo.iter().flat_map(rights_of)) {
            match self.prepare_one(kernel, key, right, sort) {
                Ok(ready) => passing.push(ready),
                Err(error) => {
                    self.undo(kernel, passing);
                    return Err(error);
                }
            }
        }
        Ok(Prepared { rights: passing, luggage })
    }

    fn prepare_one(
        &mut self,
        kernel: &mut Kernel,
        key: Key,
        right: &Capability,
        sort: Right,
    ) -> Result<Passing, NotPassed> {
        let home = |port: &PortId| kernel.ports.get(*port).map(|port| port.home);
        let bare = |carried, change| Ok(Passing { carried, descriptor: None, change });
        match right {
            Capability::Null => bare(Carried::Null(sort), Change::Nothing),
            Capability::Dead => bare(Carried::Dead(sort), Change::Nothing),
            Capability::Receive(port) => match self.number_of_going(*port) {
                Some(number) => bare(Carried::Receive(number), Change::Moved(*port)),
                None => Err(NotPassed::Receive),
            },
            // To the port itself that goes over this link.
            Capability::Send(port) if self.goes_over(*port, key) => bare(Carried::Own, Change::Nothing),
            Capability::SendOnce(port) if self.goes_over(*port, key) => {
                bare(Carried::OwnOnce, Change::Nothing)
            }
            Capability::Send(port) | Capability::SendOnce(port) if home(port).is_none() => {
                bare(Carried::Dead(sort), Change::Nothing)
            }
            Capability::Send(port) => match home(port) {
                Some(Home::Away(route)) => self.pass_on(key, *port, route),
                _ => self.link_to(kernel, *port, false),
            },
            Capability::SendOnce(port) => match home(port) {
                Some(Home::Away(_)) => self.pass_once_on(kernel, key, *port),
                _ => self.grant(key, *port),
            },
        }
    }

    /// A send right to a port of ours: a new link, of which we keep the owner's end.
    fn link_to(&mut self, kernel: &Kernel, port: PortId, is_once: bool) -> Result<Passing, NotPassed> {
        if self.has_been_handed_over(port) {
            return Err(NotPassed::Crowded);
        }
        let (link, end) = Link::pair(Options::new()).map_err(refusal_of_link)?;
        let own = self.own(kernel, link, port, is_once)?;
        let claim = self.own_claim(port)?;
        let carried = Carried::Send { claim: Some(claim), fork: 0 };
        Ok(Passing { carried, descriptor: end.into_fd(), change: Change::Linked(own) })
    }

    /// How we say which port of ours this is.
    pub(super) fn own_claim(&mut self, port: PortId) -> Result<Claim, SystemError> {
        let secret = self.known(port)?.secret;
        Ok(Claim { pid: self.identity.pid, uid: self.identity.uid, port: port.number(), secret })
    }

    /// A send-once right to a port of ours: a token of this link.
    fn grant(&mut self, key: Key, port: PortId) -> Result<Passing, NotPassed> {
        if self.has_been_handed_over(port) {
            return Err(NotPassed::Crowded);
        }
        self.look_for_once_rights(port);
        let end = self.ends.get_mut(key).ok_or(NotPassed::Crowded)?;
        let token = end.granted.grant(port).map_err(|_| NotPassed::Crowded)?;
        Ok(Passing { carried: Carried::Token(token), descriptor: None, change: Change::Granted(key, token) })
    }

    /// A send right to another process's port: it gets one end of a new link, the third party the other.
    fn pass_on(&mut self, key: Key, port: PortId, route: u64) -> Result<Passing, NotPassed> {
        let Some(&Route::Link(own)) = self.routes.get(route) else {
            return Ok(Passing {
                carried: Carried::Dead(Right::Send),
                descriptor: None,
                change: Change::Sent(port),
            });
        };
        if own == key {
            return Ok(Passing { carried: Carried::Own, descriptor: None, change: Change::Sent(port) });
        }
        let fork = self.nonces.draw()?;
        let theirs = self.fork(own, fork)?;
        let claim = self.ends.get(own).and_then(|end| end.claim);
        let carried = Carried::Send { claim, fork };
        Ok(Passing { carried, descriptor: Some(theirs), change: Change::Sent(port) })
    }

    /// Makes a link to the port that `own` is the right to; answers the end that somebody else gets.
    pub(super) fn fork(&mut self, own: Key, fork: u64) -> Result<OwnedFd, NotPassed> {
        if self.is_crowded(own) {
            return Err(NotPassed::Crowded);
        }
        if !self.ends.get(own).is_some_and(End::is_settled) {
            return Err(NotPassed::Crowded);
        }
        let (owners, theirs) = two_ends()?;
        self.say_fork(own, fork, owners);
        Ok(theirs)
    }

    /// Tells an owner of another link to its port.
    pub(super) fn say_fork(&mut self, own: Key, fork: u64, owners: OwnedFd) {
        let bytes = wire::bare(Word::Fork, fork, 0, &[]);
        self.say(own, Packet { about: About::Fork(fork, None), ..Packet::with(bytes, owners) });
        self.held_fork = self.ends.get(own).filter(|end| !end.unsent.is_empty()).map(|end| end.number);
    }

    /// A send-once right to another process's port: back home as what it is, to a third party as a link.
    fn pass_once_on(&mut self, kernel: &Kernel, key: Key, port: PortId) -> Result<Passing, NotPassed> {
        match self.once_route(kernel, port).and_then(|route| self.one_of(route)) {
            Some(Route::Token(own, token)) if own == key => {
                if let Some(token) = self.ends.get_mut(own).and_then(|end| end.held.get_mut(token)) {
                    token.is_returning = true;
                }
                let change = Change::Returned(port, own, token);
                Ok(Passing { carried: Carried::Home(token), descriptor: None, change })
            }
            Some(Route::Token(own, token)) => {
                if self.is_crowded(own) {
                    return Err(NotPassed::Crowded);
                }
                let (owners, theirs) = two_ends()?;
                let change = Change::Used(port, own, copy_of(&theirs)?);
                self.say_bare(own, Word::Materialise, token, Some(owners));
                // It is said, so whatever becomes of the message, the right is no token any more.
                if let Some(end) = self.ends.get_mut(own) {
                    end.held.end(token);
                }
                Ok(Passing { carried: Carried::Once, descriptor: Some(theirs), change })
            }
            Some(Route::Link(own)) => {
                let theirs = self.fork(own, 1)?;
                let change = Change::Used(port, own, copy_of(&theirs)?);
                if let Some(end) = self.ends.get_mut(own) {
                    end.role.release();
                }
                Ok(Passing { carried: Carried::Once, descriptor: Some(theirs), change })
            }
            _ => Ok(Passing {
                carried: Carried::Dead(Right::SendOnce),
                descriptor: None,
                change: Change::Nothing,
            }),
        }
    }

    /// The message does not go. An end that a third party's owner was told of closes here, so it hears that. A
    /// send-once right that was on its way to a third party has died of it.
    fn undo(&mut self, kernel: &mut Kernel, passing: Vec<Passing>) {
        self.take_back(kernel, passing.into_iter().map(|passing| passing.change).collect());
    }

    /// The same of what was made ready only. A send-once right that was to go to a third party has become a link of its
    /// own, and stays one.
    pub(super) fn take_back(&mut self, kernel: &mut Kernel, changes: Vec<Change>) {
        for change in changes {
            match change {
                Change::Linked(key) => {
                    self.forget(key);
                    drop(self.set.remove(key));
                }
                Change::Granted(key, token) => {
                    // It was never used, unless the link is over.
                    let _ = self.end_granted(key, token);
                }
                Change::Used(port, key, end) => self.hold_once(kernel, port, key, end),
                Change::Returned(_, key, token) => self.keep_token(kernel, key, token),
                Change::Nothing | Change::Sent(_) | Change::Lost(_) | Change::Moved(_) => {}
            }
        }
    }

    /// The message goes, and the count of a right of it moves.
    pub(super) fn commit(&mut self, kernel: &mut Kernel, change: Change) {
        match change {
            Change::Nothing | Change::Linked(_) | Change::Granted(..) => {}
            Change::Sent(port) => kernel.withdraw_send(port),
            Change::Returned(port, key, token) => {
                if let Some(end) = self.ends.get_mut(key) {
                    end.held.end(token);
                }
                kernel.withdraw_send_once(port);
                self.close_if_done(key);
            }
            Change::Used(port, key, _) => {
                kernel.withdraw_send_once(port);
                self.close_if_done(key);
            }
            Change::Lost(port) => kernel.destroy_capability(Capability::SendOnce(port)),
            Change::Moved(port) => self.decide(kernel, port),
        }
    }
}

/// Another descriptor of the same end.
fn copy_of(end: &OwnedFd) -> Result<OwnedFd, SystemError> {
    let refused = |error: std::io::Error| Errno::from_io_error(&error).unwrap_or(Errno::IO);
    end.try_clone().map_err(|error| SystemError::new("fcntl", "an end of a link", refused(error)))
}

/// The rights that something carries, and what each is.
fn rights_of(cargo: &Cargo) -> impl Iterator<Item = (&Capability, Right)> {
    let (rights, disposition) = match cargo {
        Cargo::Port(right, disposition) => (std::slice::from_ref(right), *disposition),
        Cargo::Ports(rights, disposition) => (rights.as_slice(), *disposition),
        Cargo::Memory(_) | Cargo::File(_) => (&[][..], Disposition::MoveSend),
    };
    rights.iter().map(move |right| (right, disposition.gives()))
}
