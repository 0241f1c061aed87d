// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the kernel wants done outside: rights given back, messages carried, deaths told.

use cabotage_link::Key;

use super::desk::{Desk, Route};
use super::end::End;
use super::packet::Packet;
use super::rules::Role;
use super::wire::{self, Word};
use crate::kernel::port::QUEUE_LIMIT_DEFAULT;
use crate::kernel::{Kernel, PortId, Step, Ticket};

impl Desk {
    /// Does what calls have led to, and what that leads to, in order. Whose turn it is goes into `woken`.
    pub(super) fn settle(&mut self, kernel: &mut Kernel, woken: &mut Vec<Ticket>) {
        loop {
            self.advance_all(kernel);
            let mut steps = kernel.exchange_steps(std::mem::take(&mut self.steps));
            if steps.is_empty() {
                self.steps = steps;
                return self.wake_lingering(woken);
            }
            for step in steps.drain(..) {
                match step {
                    Step::Wake(ticket) => woken.push(ticket),
                    Step::Release(route) => self.release(kernel, route),
                    Step::Carry(route, message) => self.carry(kernel, route, *message),
                    Step::Depart(port) => self.depart(kernel, port),
                    Step::Taken(origin) => self.taken(kernel, origin),
                    Step::Limit(port) => self.limit_changed(kernel, port),
                    Step::Died(port) => self.port_died(port),
                }
            }
            self.steps = steps;
        }
    }

    /// What some threads have sent has left: they need not wait any more.
    fn wake_lingering(&mut self, woken: &mut Vec<Ticket>) {
        if self.lingering.is_empty() {
            return;
        }
        let (left, gone) =
            std::mem::take(&mut self.lingering).into_iter().partition(|(route, _)| self.has_unsent(*route));
        self.lingering = left;
        let gone: Vec<(u64, Ticket)> = gone;
        woken.extend(gone.into_iter().map(|(_, ticket)| ticket));
    }

    /// No right is left here to another process's port.
    fn release(&mut self, kernel: &mut Kernel, route: u64) {
        // What the owner has said meanwhile holds up this word and the end of the link, until somebody has looked at it.
        if let Some(Route::Link(key)) = self.routes.get(route).copied() {
            self.make_sure(kernel, key);
        }
        match self.routes.remove(route) {
            Some(Route::Link(key)) => {
                let Some(end) = self.ends.get_mut(key) else { return };
                let must_tell = end.role.release() && end.follower.may_send();
                if let Some(claim) = end.claim.filter(|claim| self.verified.get(claim) == Some(&end.port)) {
                    self.verified.remove(&claim);
                }
                // A link that ends with its right says so by its end.
                if must_tell && !self.ends.get(key).is_some_and(End::is_done) {
                    self.say_bare(key, Word::Release, 0, None);
                    self.make_sure(kernel, key);
                }
                self.close_if_done(key);
            }
            Some(Route::Token(key, token)) => {
                if self.ends.get_mut(key).is_some_and(|end| end.held.end(token).is_some()) {
                    self.say_bare(key, Word::Unused, token, None);
                }
                self.close_if_done(key);
            }
            Some(Route::Pool(key)) => {
                self.pools.remove(&route);
                self.close_if_done(key);
            }
            Some(origin @ Route::Origin(_)) => {
                // No right of ours: the number is an owner's.
                self.routes.insert(route, origin);
            }
            None => {}
        }
    }

    /// A message that came on a link was taken out of its queue.
    fn taken(&mut self, kernel: &Kernel, origin: u64) {
        let Some(&Route::Origin(key)) = self.routes.get(origin) else { return };
        let Some(end) = self.ends.get_mut(key) else { return };
        let Role::Owner { ration, .. } = &mut end.role else { return };
        let is_due = ration.take();
        // Whoever has sent all sealed memory that may wait sends copies until it hears that some was taken.
        let had_sealed = end.sealed.taken(ration.counts().1);
        if is_due || had_sealed {
            self.tell_taken(kernel, key);
        }
    }

    pub(super) fn tell_taken(&mut self, kernel: &Kernel, key: Key) {
        let Some(end) = self.ends.get_mut(key) else { return };
        let limit = queue_limit(kernel, end.port);
        let taken = end.role.tell();
        self.say(key, Packet::new(wire::bare(Word::Taken, 0, taken, &limit.to_ne_bytes())));
    }

    /// A port of ours queues more or fewer messages than before: whoever sends to it is told.
    fn limit_changed(&mut self, kernel: &Kernel, port: PortId) {
        let limit = queue_limit(kernel, port);
        for key in self.ports.get(&port).map(|known| known.keys.clone()).unwrap_or_default() {
            let Some(end) = self.ends.get_mut(key) else { continue };
            if let Role::Owner { ration, .. } = &mut end.role
                && ration.set_limit(limit)
            {
                self.tell_taken(kernel, key);
            }
        }
    }

    /// A port of ours died: whoever has a right to it is told, by a link that closes where nothing else is open on it.
    fn port_died(&mut self, port: PortId) {
        let Some(known) = self.ports.remove(&port) else { return };
        for key in known.keys {
            let Some(end) = self.ends.get_mut(key) else { continue };
            end.role.kill();
            if !end.role.is_done(&end.granted, &end.held) {
                self.say_bare(key, Word::Died, 0, None);
            }
            self.close_if_done(key);
        }
        if let Some(door) = known.door {
            self.doors.remove(&door);
            drop(self.set.unlisten(door));
        }
    }
}

/// How many messages of each sender a port queues.
pub(super) fn queue_limit(kernel: &Kernel, port: PortId) -> u32 {
    kernel.ports.get(port).map_or(QUEUE_LIMIT_DEFAULT, |port| port.queue_limit)
}
