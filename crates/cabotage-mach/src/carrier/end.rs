// SPDX-License-Identifier: MIT OR Apache-2.0
//! One end of a link, as this process keeps it: what the rules say, which ports it is about, and what still has to go.

use std::collections::VecDeque;
use std::os::fd::OwnedFd;

use cabotage_link::{Block, Key, Letter, Room};

use super::moving::Follower;
use super::packet::{About, Packet};
use super::passing::Change;
use super::rules::{Granted, Held, Role, Sealed};
use super::wire::Claim;
use crate::kernel::PortId;
use crate::kernel::message::{AuditToken, Message};

/// See the [module](self).
#[derive(Debug)]
pub(super) struct End {
    pub(super) key: Key,
    /// Of an owner's end the port, which may have died; of a holder's the port that is away.
    pub(super) port: PortId,
    /// The number that the kernel knows it by: the route of a holder's end, the origin of an owner's messages.
    pub(super) number: u64,
    pub(super) role: Role,
    /// The other end's send-once rights to ports of ours.
    pub(super) granted: Granted<PortId>,
    /// Our send-once rights to the other end's ports.
    pub(super) held: Held<Token>,
    /// Of a holder's end: which port it is, as whoever passed the right said, or as its owner has said since.
    pub(super) claim: Option<Claim>,
    /// Whether the owner has said it.
    pub(super) is_welcome: bool,
    /// Of an owner's end that came by a fork: its number.
    pub(super) fork: u64,
    /// Links that forks of this one have made and nobody has used, as far as is known.
    pub(super) forked: Vec<Key>,
    /// Descriptors of a message that is still to come.
    pub(super) custody: Vec<OwnedFd>,
    /// Blocks of it, likewise.
    pub(super) blocks: Vec<Block>,
    /// What was received and not yet looked at, since somebody only looked for forks.
    pub(super) unread: VecDeque<Letter>,
    /// What is still to be sent, in order.
    pub(super) unsent: VecDeque<Packet>,
    /// Who sends what comes, once that is known.
    pub(super) sender: Option<AuditToken>,
    /// Of a holder's end: where its port is.
    pub(super) follower: Follower<About>,
    /// The link to the port's new owner, which has not spoken yet.
    pub(super) next: Option<Key>,
    /// Sealed memory that waits at the port, in messages by the send right.
    pub(super) sealed: Sealed,
    /// What was published last, with something unread that may be PAUSE.
    pub(super) unsure: Option<About>,
    /// Messages that were sent, while it is not sure that the port's owner has them; so many of them are sure now.
    pub(super) kept: VecDeque<Kept>,
    pub(super) sure: usize,
    /// What is about the port and was not published when that began to move.
    pub(super) rest: VecDeque<Packet>,
    /// Of an owner's end: how many records about its port were heard.
    pub(super) heard: u64,
    /// Whether its port was ours, and is another's now.
    pub(super) has_moved: bool,
    /// What came after the last look for a port that moves, and waits for the decision.
    pub(super) aside: VecDeque<Letter>,
    /// What a message needs that found none, though the port is not full.
    pub(super) wanted: Option<Room>,
    /// Whether the other end was asked to tell of room.
    pub(super) awaits_room: bool,
    /// Whether the kernel refused, for now, to take what is still to be sent.
    pub(super) is_refused: bool,
    /// Send-once rights to ports that move, whose holder was given a link instead and has not answered: our ends of those.
    pub(super) detaching: Vec<(u64, OwnedFd)>,
    /// Of the end of a send-once right that is one of several behind one route: that route.
    pub(super) pool: Option<u64>,
}

/// A message that may have to be sent again, and what was made ready for its rights.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) message: Message,
    pub(super) changes: Vec<Change>,
}

/// A send-once right that the other end granted.
#[derive(Debug)]
pub(super) struct Token {
    /// What it is known as here.
    pub(super) port: PortId,
    pub(super) route: u64,
    /// Whether a message brings it home of which it is not sure yet who gets it.
    pub(super) is_returning: bool,
    /// The link that it is to be, once that is sure.
    pub(super) detached: Option<OwnedFd>,
}

impl Token {
    pub(super) fn new(port: PortId, route: u64) -> Self {
        Self { port, route, is_returning: false, detached: None }
    }
}

impl End {
    pub(super) fn new(key: Key, port: PortId, number: u64, role: Role) -> Self {
        Self {
            key,
            port,
            number,
            role,
            granted: Granted::default(),
            held: Held::default(),
            claim: None,
            is_welcome: false,
            fork: 0,
            forked: Vec::new(),
            custody: Vec::new(),
            blocks: Vec::new(),
            unread: VecDeque::new(),
            unsent: VecDeque::new(),
            sender: None,
            follower: Follower::default(),
            next: None,
            sealed: Sealed::default(),
            unsure: None,
            kept: VecDeque::new(),
            sure: 0,
            rest: VecDeque::new(),
            heard: 0,
            has_moved: false,
            aside: VecDeque::new(),
            wanted: None,
            awaits_room: false,
            is_refused: false,
            detaching: Vec::new(),
            pool: None,
        }
    }

    /// Whether nothing is left that could be said over the link, and this end closes it.
    pub(super) fn is_done(&self) -> bool {
        self.unsent.is_empty() && self.is_settled() && self.role.is_done(&self.granted, &self.held)
    }

    /// Whether something was published, or held back, of which it is not sure that the port's owner has it.
    pub(super) fn is_unsure(&self) -> bool {
        self.unsure.is_some() || !self.kept.is_empty() || !self.rest.is_empty()
    }

    /// Whether everything that was said about the port is its owner's, and nobody moves it.
    pub(super) fn is_settled(&self) -> bool {
        self.follower.may_send() && self.unsure.is_none() && self.kept.is_empty()
    }
}

/// Ends by the places of their links.
#[derive(Debug, Default)]
pub(super) struct Ends {
    places: Vec<Option<Box<End>>>,
}

impl Ends {
    pub(super) fn add(&mut self, end: End) {
        let place = end.key.place();
        if self.places.len() <= place {
            self.places.resize_with(place + 1, || None);
        }
        self.places[place] = Some(Box::new(end));
    }

    pub(super) fn get(&self, key: Key) -> Option<&End> {
        self.places.get(key.place())?.as_deref().filter(|end| end.key == key)
    }

    pub(super) fn get_mut(&mut self, key: Key) -> Option<&mut End> {
        self.places.get_mut(key.place())?.as_deref_mut().filter(|end| end.key == key)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &End> {
        self.places.iter().flatten().map(|end| &**end)
    }

    pub(super) fn remove(&mut self, key: Key) -> Option<Box<End>> {
        self.get(key)?;
        self.places[key.place()].take()
    }
}
