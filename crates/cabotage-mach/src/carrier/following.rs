// SPDX-License-Identifier: MIT OR Apache-2.0
//! A holder whose port moves: it stops, hears from one of the two owners who has the port and what of its last words,
//! and goes on there.

use cabotage_link::{Key, Letter};
use std::os::fd::OwnedFd;

use super::desk::{Desk, Route, link_over};
use super::end::{End, Kept};
use super::hearing::Fault;
use super::moving::{self, Lost};
use super::packet::{About, Packet};
use super::passing::Change;
use super::rules::{Broken, Role};
use super::wire::{Record, Says, To, WireError, Word};
use crate::kernel::port::QUEUE_LIMIT_DEFAULT;
use crate::kernel::{Kernel, PortId};

impl Desk {
    /// Lets go of what is kept of records of which it has become sure that the port's owner has them.
    pub(super) fn be_sure(&mut self, kernel: &mut Kernel, key: Key) {
        let (Some(end), Some(link)) = (self.ends.get_mut(key), self.set.get_mut(key)) else { return };
        let mut sure = std::mem::take(&mut end.sure);
        if end.unsure.is_some() && end.unread.is_empty() && !link.glimpse() {
            sure += usize::from(matches!(end.unsure.take(), Some(About::Message)));
        }
        let is_done = sure > 0;
        for _ in 0..sure {
            self.arrived(kernel, key);
        }
        if is_done {
            self.close_if_done(key);
            if let Some(port) = self.ends.get(key).map(|end| end.port) {
                self.carry_waiting(kernel, key, port);
            }
        }
    }

    /// Looks at what has come since a record was published of which it is not sure who has it.
    pub(super) fn make_sure(&mut self, kernel: &mut Kernel, key: Key) {
        while self.ends.get(key).is_some_and(|end| end.unsure.is_some()) {
            match self.next_letter(key) {
                Some(letter) => self.heed(kernel, key, letter),
                None => return self.be_sure(kernel, key),
            }
        }
        self.be_sure(kernel, key);
    }

    /// The owner has the first of the messages that are kept.
    fn arrived(&mut self, kernel: &mut Kernel, key: Key) {
        let kept = self.ends.get_mut(key).and_then(|end| end.kept.pop_front());
        for change in kept.map(|kept| kept.changes).unwrap_or_default() {
            self.commit(kernel, change);
        }
    }

    /// The port is about to move: nothing more about it goes over this link until somebody says who has it.
    pub(super) fn hear_pause(&mut self, key: Key, descriptor: Option<OwnedFd>) -> Result<(), Broken> {
        let Some(end) = self.ends.get_mut(key) else { return Ok(()) };
        if !matches!(end.role, Role::Holder { .. }) || !end.follower.may_send() {
            return Err(Broken::OutOfTurn);
        }
        if !end.role.has_right() && end.unsure.is_none() {
            return Ok(()); // It gave the right back before.
        }
        let link = descriptor.and_then(|descriptor| link_over(descriptor).ok());
        let next = link.and_then(|link| self.set.insert(link).ok()).ok_or(Broken::OutOfTurn)?;
        let (about_port, others) = end.unsent.drain(..).partition(|packet| packet.about.is_about_port());
        (end.rest, end.unsent) = (about_port, others);
        end.next = Some(next);
        end.follower.pause(end.unsure.take()).map_err(|_| Broken::OutOfTurn)?;
        self.awaited.insert(next, key);
        Ok(())
    }

    /// The old owner keeps the port.
    pub(super) fn hear_resume(&mut self, kernel: &mut Kernel, key: Key) -> Result<(), Broken> {
        let Some(end) = self.ends.get_mut(key) else { return Ok(()) };
        if end.follower.may_send() && !end.role.has_right() {
            return Ok(());
        }
        let arrived = end.follower.resume().map_err(|_| Broken::OutOfTurn)?;
        let had_release = end.rest.iter().any(|packet| matches!(packet.about, About::Release));
        let is_released = had_release || matches!(arrived, Some(About::Release));
        let (port, owes_release) = (end.port, !end.role.has_right() && !is_released);
        while let Some(packet) = end.rest.pop_back() {
            end.unsent.push_front(packet);
        }
        if let Some(next) = end.next.take() {
            self.awaited.remove(&next);
            drop(self.set.remove(next));
        }
        if matches!(arrived, Some(About::Message)) {
            self.arrived(kernel, key);
        }
        self.held_up.push(key);
        if owes_release {
            self.say_bare(key, Word::Release, 0, None);
        }
        self.close_if_done(key);
        self.carry_waiting(kernel, key, port);
        Ok(())
    }

    /// The old owner can't take the move back any more, and has heard so many records.
    pub(super) fn hear_moved(&mut self, kernel: &mut Kernel, key: Key, heard: u64) -> Result<(), Broken> {
        let Some(end) = self.ends.get_mut(key) else { return Ok(()) };
        if end.follower.may_send() {
            // It gave the right back before, or has it from the new owner already; else nothing was to move.
            return if end.role.has_right() { Err(Broken::OutOfTurn) } else { Ok(()) };
        }
        let (lost, arrived) = end.follower.moved(heard).map_err(|_| Broken::OutOfTurn)?;
        if matches!(arrived, Some(About::Message)) {
            self.arrived(kernel, key);
        }
        if lost == Lost::Dead {
            self.lose(kernel, key);
            self.close_if_done(key);
        }
        Ok(())
    }

    /// The first word of a new owner.
    pub(super) fn hear_new_owner(
        &mut self,
        kernel: &mut Kernel,
        next: Key,
        letter: &Letter,
    ) -> Result<(), Fault> {
        match Record::parse(&letter.bytes).map_err(WireError::rule)?.says {
            Says::Here { heard } => self.hear_here(kernel, next, heard).map_err(Broken::rule),
            _ => Err("spoke before it said that it has the port"),
        }
    }

    /// The port is at the other end of this link.
    pub(super) fn hear_here(&mut self, kernel: &mut Kernel, next: Key, heard: u64) -> Result<(), Broken> {
        let key = self.awaited.get(&next).copied().ok_or(Broken::OutOfTurn)?;
        let Some(end) = self.ends.get_mut(key) else { return Ok(()) };
        let (missing, arrived) = end.follower.welcome(heard).map_err(|_| Broken::OutOfTurn)?;
        self.awaited.remove(&next);
        if matches!(arrived, Some(About::Message)) {
            self.arrived(kernel, key);
        }
        let Some(end) = self.ends.get_mut(key) else { return Ok(()) };
        let kept = std::mem::take(&mut end.kept);
        let rest = std::mem::take(&mut end.rest).into_iter().map(Packet::into_about);
        let forks: Vec<_> = missing.into_iter().chain(rest).collect();
        let port = end.port;
        if key != next {
            self.switch(key, next);
        }
        self.say_again(kernel, next, kept.into(), forks);
        if let Some(end) = self.ends.get(next).filter(|end| !end.role.has_right()) {
            debug_assert!(end.follower.may_send());
            self.say_bare(next, Word::Release, 0, None);
            self.close_if_done(next);
        }
        self.carry_waiting(kernel, next, port);
        Ok(())
    }

    /// What the old owner has not heard goes to the new one.
    fn say_again(&mut self, kernel: &mut Kernel, key: Key, kept: Vec<Kept>, forks: Vec<About>) {
        for about in forks {
            if let About::Fork(number, Some(owners)) = about {
                self.say_fork(key, number, owners);
            }
        }
        for Kept { message, changes } in kept {
            self.take_back(kernel, changes);
            match self.prepare(kernel, key, &message) {
                Ok(prepared) => self.post(kernel, key, To::Port, message, prepared),
                Err(_) => kernel.destroy_message(message),
            }
        }
    }

    /// From now on the right is this link; the old one stays for as long as send-once rights are open on it.
    fn switch(&mut self, key: Key, next: Key) {
        let number = self.next_number();
        let Some(end) = self.ends.get_mut(key) else { return };
        let (port, route, has_right) = (end.port, end.number, end.role.has_right());
        end.number = number;
        end.next = None;
        end.role.release();
        if let Some(claim) = end.claim.take().filter(|claim| self.verified.get(claim) == Some(&port)) {
            self.verified.remove(&claim);
        }
        self.take_seat(next, port, route, has_right);
        self.close_if_done(key);
    }

    /// A link of the set is the end of a send right that the kernel knows by this number.
    pub(super) fn take_seat(&mut self, key: Key, port: PortId, route: u64, has_right: bool) {
        let mut role = Role::holder(QUEUE_LIMIT_DEFAULT);
        if !has_right {
            role.release();
        }
        if self.routes.contains(route) {
            self.routes.insert(route, Route::Link(key));
        }
        self.ends.add(End::new(key, port, route, role));
    }

    /// Neither owner has the port: what is kept is destroyed, as what waits at a port that dies.
    pub(super) fn lose(&mut self, kernel: &mut Kernel, key: Key) {
        let Some(end) = self.ends.get_mut(key) else { return };
        let (port, had_right) = (end.port, end.role.release());
        (end.unsure, end.sure) = (None, 0);
        end.rest.clear();
        end.follower = moving::Follower::default();
        let kept = std::mem::take(&mut end.kept);
        if let Some(next) = end.next.take() {
            self.awaited.remove(&next);
            drop(self.set.remove(next));
        }
        for Kept { message, changes } in kept {
            self.take_back(kernel, changes);
            kernel.destroy_message(message);
        }
        if had_right {
            kernel.port_died(port);
        }
    }

    /// Whether the end of a link that has to do with a move is dealt with.
    pub(super) fn ended_moving(&mut self, kernel: &mut Kernel, key: Key) -> bool {
        if let Some(of) = self.awaited.remove(&key) {
            return self.ended_awaited(kernel, key, of);
        }
        self.ended_estate(kernel, key);
        let Some(end) = self.ends.get_mut(key) else { return true };
        if !matches!(end.role, Role::Holder { .. }) {
            return false;
        }
        if end.is_settled() {
            return false;
        }
        match (end.follower.may_send(), end.follower.left(), end.next.take()) {
            (false, Ok(Lost::Waits), Some(next)) => self.outlive(kernel, key, next),
            _ => self.lose(kernel, key),
        }
        false
    }

    fn ended_awaited(&mut self, kernel: &mut Kernel, key: Key, of: Key) -> bool {
        if key == of {
            self.lose(kernel, key);
            return false;
        }
        drop(self.set.remove(key));
        let Some(end) = self.ends.get_mut(of) else { return true };
        end.next = None;
        if end.follower.barred() == Lost::Dead {
            self.lose(kernel, of);
            self.close_if_done(of);
        }
        true
    }

    /// The old owner is gone, and the new one has not spoken: the right is the link to the new one.
    fn outlive(&mut self, kernel: &mut Kernel, key: Key, next: Key) {
        let Some(end) = self.ends.get_mut(key) else { return };
        let follower = std::mem::take(&mut end.follower);
        let (mut kept, rest) = (std::mem::take(&mut end.kept), std::mem::take(&mut end.rest));
        // What the old owner has heard has become a link of its own; the rest goes again, or is lost with this link.
        for change in kept.iter_mut().flat_map(|kept| &mut kept.changes) {
            if let Change::Granted(_, token) = *change {
                *change = end.granted.end(token).map_or(Change::Nothing, Change::Lost);
            }
        }
        self.switch(key, next);
        self.awaited.insert(next, next);
        if let Some(end) = self.ends.get_mut(next) {
            (end.follower, end.kept, end.rest) = (follower, kept, rest);
        }
        let _ = kernel;
    }
}
