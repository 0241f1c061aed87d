// SPDX-License-Identifier: MIT OR Apache-2.0
//! Send-once rights of others to a port that moves: each becomes a link of its own, whose other end goes along.
//!
//! Whoever has one gets the end of a link (DETACH), and says when its right is that link (DETACHED) unless it uses the
//! right before. What it sends then waits in the end that nobody has opened, and is read by whoever gets that. Only the
//! move waits for the answer: nobody is paused before the last has come.

use std::os::fd::OwnedFd;

use cabotage_link::Key;

use super::Going;
use crate::carrier::desk::{Desk, two_ends};
use crate::carrier::detached::ITSELF;
use crate::carrier::end::End;
use crate::carrier::passing::NotPassed;
use crate::carrier::rules::{Broken, Role};
use crate::carrier::wire::Word;
use crate::kernel::{Kernel, PortId};

impl Going {
    /// A link is over: nobody is heard there any more.
    pub(in crate::carrier) fn forget(&mut self, key: Key) {
        self.departure.forget(key);
    }
}

impl Desk {
    /// Goes on with that; answers whether nothing is left to be done.
    pub(super) fn detach_all(&mut self, port: PortId) -> Result<bool, NotPassed> {
        let Some(going) = self.going.get_mut(&port) else { return Ok(true) };
        if !going.departure.may_detach() {
            return Ok(true);
        }
        if std::mem::take(&mut going.has_unasked) {
            let is_all = self.ask_all(port)?;
            if let Some(going) = self.going.get_mut(&port) {
                going.has_unasked = !is_all;
            }
        }
        Ok(self.going.get(&port).is_none_or(|going| going.departure.is_detached() && !going.has_unasked))
    }

    /// Asks every holder that was not asked; answers whether that was possible for all.
    fn ask_all(&mut self, port: PortId) -> Result<bool, NotPassed> {
        let mut is_all = true;
        for (key, token) in self.once_rights_to(port) {
            let (Some(end), Some(going)) = (self.ends.get_mut(key), self.going.get_mut(&port)) else {
                continue;
            };
            if going.departure.is_asked(key, token) {
                continue;
            }
            if end.detaching.iter().any(|(known, _)| *known == token) {
                // An earlier move has asked, and was taken back.
                going.departure.ask(key, token);
                continue;
            }
            // A message that may have to go again may still take its token back.
            if !end.is_settled() {
                is_all = false;
                continue;
            }
            let (theirs, fresh) = two_ends()?;
            end.detaching.push((token, fresh));
            going.departure.ask(key, token);
            self.say_bare(key, Word::Detach, token, Some(theirs));
        }
        Ok(is_all)
    }

    /// The send-once rights to a port that other processes have, by their links.
    fn once_rights_to(&self, port: PortId) -> Vec<(Key, u64)> {
        let is_link = |end: &End| {
            end.port == port && matches!(end.role, Role::OnceOwner { .. }) && end.role.has_right()
        };
        let tokens = self.ends.iter().flat_map(|end| {
            let is_it = move |(token, to): (u64, &PortId)| (*to == port).then_some((end.key, token));
            end.granted.open().filter_map(is_it)
        });
        let links = self.ends.iter().filter(|end| is_link(end)).map(|end| (end.key, ITSELF));
        tokens.chain(links).collect()
    }

    /// A holder's right is the link that it was given.
    pub(in crate::carrier) fn hear_detached(
        &mut self,
        kernel: &mut Kernel,
        key: Key,
        token: u64,
    ) -> Result<(), Broken> {
        let Some(end) = self.ends.get_mut(key) else { return Ok(()) };
        let asked = end.detaching.iter().position(|(known, _)| *known == token).ok_or(Broken::OutOfTurn)?;
        let (_, ours) = end.detaching.swap_remove(asked);
        let port = match (token, &mut end.role) {
            (ITSELF, Role::OnceOwner { has_right, .. }) => {
                *has_right = false;
                end.port
            }
            (ITSELF, _) => return Err(Broken::OutOfTurn),
            _ => end.granted.end(token)?,
        };
        self.answered(key, token);
        self.part_once(kernel, port, Some(ours));
        self.close_if_done(key);
        Ok(())
    }

    /// A send-once right is a link from now on: one that goes with its port, if that moves.
    pub(in crate::carrier) fn part_once(&mut self, kernel: &mut Kernel, port: PortId, end: Option<OwnedFd>) {
        match (self.going.get_mut(&port), end) {
            (Some(going), Some(end)) if !going.has_failed && !going.departure.is_delivered() => {
                going.once.push(end);
            }
            (_, end) => self.link_once(kernel, port, end),
        }
    }

    /// The other end has used up a send-once right that it was granted.
    pub(in crate::carrier) fn end_granted(&mut self, key: Key, token: u64) -> Result<PortId, Broken> {
        let end = self.ends.get_mut(key).ok_or(Broken::NoToken)?;
        let port = end.granted.end(token)?;
        if !end.detaching.is_empty() {
            self.answered(key, token);
        }
        Ok(port)
    }

    /// A send-once right that was asked about is used, or a link.
    pub(in crate::carrier) fn answered(&mut self, key: Key, token: u64) {
        if let Some(end) = self.ends.get_mut(key) {
            end.detaching.retain(|(known, _)| *known != token);
        }
        for going in self.going.values_mut() {
            going.departure.answered(key, token);
        }
    }

    /// A send-once right to a port leaves the process: if the port is about to move, it is to become a link.
    pub(in crate::carrier) fn look_for_once_rights(&mut self, port: PortId) {
        if let Some(going) = self.going.get_mut(&port) {
            going.has_unasked = true;
        }
    }

    /// Whether a port is on its way, so that no right to it may leave before that is decided.
    pub(in crate::carrier) fn has_been_handed_over(&self, port: PortId) -> bool {
        self.going.get(&port).is_some_and(|going| going.departure.is_delivered())
    }

    /// Whether this is the link over which the port moves.
    pub(in crate::carrier) fn goes_over(&self, port: PortId, key: Key) -> bool {
        self.going.get(&port).is_some_and(|going| going.estate == key)
    }
}
