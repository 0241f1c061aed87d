// SPDX-License-Identifier: MIT OR Apache-2.0
//! What goes along with a receive right that moves: it is handed over whole, and belongs to the new owner from the
//! deciding message on, or it is taken back.

use cabotage_lane::bytes_of;
use cabotage_link::Key;

use crate::carrier::coming::{BY_ONCE, BY_SEND, REQUESTS};
use crate::carrier::desk::{Desk, Route, link_over, two_ends};
use crate::carrier::leaving::Going;
use crate::carrier::moving::Departure;
use crate::carrier::packet::Packet;
use crate::carrier::passing::NotPassed;
use crate::carrier::rules::TOKENS_MAX;
use crate::carrier::sending::written;
use crate::carrier::wire::{self, Whole, Word};
use crate::kernel::calls::Handover;
use crate::kernel::message::{Capability, Message};
use crate::kernel::{Kernel, Parting, PortId};

impl Desk {
    /// Sends everything that belongs to the port.
    pub(super) fn hand_over(
        &mut self,
        kernel: &mut Kernel,
        port: PortId,
        holders: &[Key],
    ) -> Result<(), NotPassed> {
        if kernel.is_rooted(port) {
            return Err(NotPassed::Receive);
        }
        let Some(going) = self.going.get_mut(&port) else { return Ok(()) };
        let estate = going.estate;
        let mut ends = Vec::new();
        for key in holders {
            let heard = going.departure.count(*key).unwrap_or(0);
            let fresh = going.fresh.iter().find(|(known, _)| known == key);
            let (_, fresh) = fresh.ok_or(NotPassed::Receive)?;
            ends.push((fresh.try_clone().map_err(|_| NotPassed::Crowded)?, heard));
        }
        let (own, theirs) = two_ends()?;
        ends.push((theirs, 0));
        for once in &going.once {
            ends.push((once.try_clone().map_err(|_| NotPassed::Crowded)?, 0));
        }
        let once = u32::try_from(going.once.len()).unwrap_or(u32::MAX);
        let (queue, requests, limit) = kernel.estate_of(port);
        let tokens = kernel.once_rights_beside(port, &queue, requests.as_ref()).saturating_sub(once);
        if tokens as usize > TOKENS_MAX {
            kernel.put_back(port, queue, requests);
            return Err(NotPassed::Crowded);
        }
        (going.own, going.tokens, going.messages) = (Some(own), tokens, queue.len());
        going.departure.deliver();
        let (guarding, guard) = guarding_of(kernel.guard_on_arrival(port));
        let (ends_count, messages) = (ends.len() as u64, queue.len() as u64);
        let whole = Whole { ends: ends_count, messages, once, tokens, limit, guarding, guard };
        for (end, heard) in ends {
            self.say(estate, Packet::with(wire::numbered(Word::Give, heard, 0), end));
        }
        let mut failure = None;
        for message in queue.iter().chain(&requests) {
            if failure.is_none() {
                failure = self.hand_over_message(kernel, port, estate, message).err();
            }
        }
        kernel.put_back(port, queue, requests);
        match failure {
            Some(error) => Err(error),
            None => {
                self.say(estate, Packet::new(wire::bare(Word::Whole, 0, 0, bytes_of(&whole))));
                Ok(())
            }
        }
    }

    fn hand_over_message(
        &mut self,
        kernel: &mut Kernel,
        port: PortId,
        estate: Key,
        message: &Message,
    ) -> Result<(), NotPassed> {
        let prepared = self.prepare(kernel, estate, message)?;
        let to = match message.destination {
            Capability::SendOnce(_) => BY_ONCE,
            Capability::Null => REQUESTS,
            _ => BY_SEND,
        };
        let (packets, changes) = written(message, to, prepared, (0, false));
        for packet in packets {
            self.say(estate, packet);
        }
        if let Some(going) = self.going.get_mut(&port) {
            going.changes.extend(changes);
        }
        Ok(())
    }

    /// The message with the right goes: from here on the port is the new owner's.
    pub(in crate::carrier) fn decide(&mut self, kernel: &mut Kernel, port: PortId) {
        let Some(mut going) = self.going.remove(&port) else { return };
        going.departure.decide();
        let known = self.ports.remove(&port);
        let (keys, door) = known.map(|known| (known.keys, known.door)).unwrap_or_default();
        let mut exported = u32::from(door.is_some());
        for key in keys {
            let Some(end) = self.ends.get_mut(key) else { continue };
            exported += u32::from(end.role.has_right());
            let heard = end.heard;
            end.has_moved = true;
            let _ = end.role.hear_release();
            end.role.kill();
            let aside = std::mem::take(&mut end.aside);
            if going.departure.is_paused(key) {
                self.say_number(key, Word::Moved, heard);
            }
            for letter in aside {
                self.heed(kernel, key, letter);
            }
        }
        if let Some(door) = door {
            self.doors.remove(&door);
            drop(self.set.unlisten(door));
        }
        for change in std::mem::take(&mut going.changes) {
            self.commit(kernel, change);
        }
        self.keep_rights(kernel, port, &mut going, exported);
        self.close_if_done(going.estate);
    }

    /// Send rights that are left here are rights to another process's port from now on.
    fn keep_rights(&mut self, kernel: &mut Kernel, port: PortId, going: &mut Going, exported: u32) {
        let (route, once_route) = (self.next_number(), self.next_number());
        let link =
            going.own.take().and_then(|own| link_over(own).ok()).and_then(|link| self.set.insert(link).ok());
        let Some(key) = link else { return kernel.port_died(port) };
        self.routes.insert(route, Route::Link(key));
        self.take_seat(key, port, route, true);
        if let Some(end) = self.ends.get_mut(key) {
            let _ = end.follower.pause(None);
            let _ = end.follower.left();
        }
        self.awaited.insert(key, key);
        self.fill_pool(key, port, once_route, going.tokens);
        let exported_once = u32::try_from(going.once.len()).unwrap_or(u32::MAX);
        let messages = going.messages;
        kernel.moved_away(port, &Parting { route, once_route, messages, exported, exported_once });
    }

    /// The message does not go: its port stays.
    pub(super) fn take_move_back(&mut self, kernel: &mut Kernel, port: PortId) {
        self.resume_all(kernel, port);
        self.going.remove(&port);
        kernel.hold_back(port, false);
        if self.ports.get(&port).is_some_and(|known| known.keys.is_empty() && known.door.is_none()) {
            self.ports.remove(&port);
        }
    }

    /// Holders go on here, and what was handed over is taken back.
    pub(super) fn resume_all(&mut self, kernel: &mut Kernel, port: PortId) {
        let Some(going) = self.going.get_mut(&port).filter(|going| !going.has_failed) else { return };
        going.has_failed = true;
        let departure = std::mem::replace(&mut going.departure, Departure::offered());
        going.fresh.clear();
        going.own = None;
        let once = std::mem::take(&mut going.once);
        let (estate, changes) = (going.estate, std::mem::take(&mut going.changes));
        self.take_back(kernel, changes);
        for end in once {
            self.link_once(kernel, port, Some(end));
        }
        self.forget(estate);
        drop(self.set.remove(estate));
        for key in departure.take_back().unwrap_or_default() {
            self.say_bare(key, Word::Resume, 0, None);
            if let Some(link) = self.set.get_mut(key) {
                // A holder that goes on being asked looks more often than it has to.
                let _ = link.ask_for_attention(false);
            }
            let Some(end) = self.ends.get_mut(key) else { continue };
            if !end.aside.is_empty() {
                let aside = std::mem::take(&mut end.aside);
                for letter in aside.into_iter().rev() {
                    end.unread.push_front(letter);
                }
                self.behind.push_back(key);
            }
        }
    }
}

/// How the guard of a port is told.
fn guarding_of(handover: Option<(Handover, bool)>) -> (u32, u64) {
    let Some((handover, is_strict)) = handover else { return (0, 0) };
    let flag = |is_set: bool, flag: u32| if is_set { flag } else { 0 };
    let flags = wire::GUARDED | flag(is_strict, wire::STRICT) | flag(handover.immovable, wire::IMMOVABLE);
    (flags, handover.guard)
}
