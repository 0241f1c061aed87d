// SPDX-License-Identifier: MIT OR Apache-2.0
//! Room in a queue: who gets it, and who is told.
//!
//! Threads that wait are served first come first served, so a message that waits for room keeps its place among those of
//! its sender. What room is left is told to those who asked for it.
//!
//! # Source
//! XNU, osfmk/ipc/ipc_mqueue.c: `ipc_mqueue_release_msgcount`, `ipc_mqueue_set_qlimit_locked`; osfmk/ipc/ipc_port.c:
//! `ipc_port_spnotify`. The message beyond the limit: GNU Mach, ipc/ipc_marequest.c.

use crate::kernel::Kernel;
use crate::kernel::ids::{PortId, SpaceId, Ticket};
use crate::kernel::message::Message;
use crate::kernel::notification::Notification;
use crate::kernel::port::{Cached, Home, Port};
use crate::name::Name;

impl Kernel {
    /// The first message has left the queue: the cached ones come nearer, and there may be room.
    pub(in crate::kernel) fn one_left_the_queue(&mut self, id: PortId) {
        let accepted = self.ports.get_mut(id).and_then(Port::advance_cached);
        if let Some(cached) = accepted {
            let is_there = self.name_of(cached.space, id) == Some(cached.name);
            let name = if is_there { cached.name } else { Name::NULL };
            self.notify(cached.notify, Notification::SendPossible { name });
        }
        self.make_room(id);
    }

    /// Lets messages in that wait, as far as there is room, and tells of what is left. Called whenever a queue has got
    /// shorter or its limit higher.
    pub(crate) fn make_room(&mut self, id: PortId) {
        loop {
            let Some(port) = self.ports.get_mut(id) else { return };
            if port.is_full() || port.is_away() {
                return;
            }
            let Some((ticket, message)) = port.next_waiting() else { break };
            self.tell_sent(ticket);
            self.admit(id, message);
        }
        self.tell_send_possible(id);
    }

    /// A port that is away can take so many messages now: those that wait go first.
    pub fn carry_waiting(&mut self, id: PortId, mut count: usize) {
        while count > 0 {
            let Some(port) = self.ports.get(id) else { return };
            if !port.is_away() {
                return;
            }
            if port.queue.front().is_some_and(|first| self.is_held_back(first)) {
                return;
            }
            let Some(port) = self.ports.get_mut(id) else { return };
            if let Some(cached) = port.queue.pop_front() {
                if let Some(route) = port.route_of(&cached.destination) {
                    self.hand_out(route, cached);
                }
                self.one_left_the_queue(id);
            } else if self.must_wait(id) {
                return;
            } else if let Some((route, ticket, message)) = self.ports.get_mut(id).and_then(Port::next_to_go) {
                self.hand_out(route, message);
                self.tell_sent(ticket);
            } else {
                return self.tell_send_possible(id);
            }
            count -= 1;
        }
    }

    /// Whether the message that has waited longest carries a receive right that can't go yet.
    fn must_wait(&self, id: PortId) -> bool {
        let first = self.ports.get(id).and_then(Port::first_waiting);
        first.is_some_and(|(_, message)| self.is_held_back(message))
    }

    /// The send-possible notification that is registered for the name is owed from now on.
    pub(super) fn arm_send_possible(&mut self, space: SpaceId, name: Name) {
        if let Ok(entry) = self.look(space, name)
            && let Some(request) = &mut entry.request
            && let Some(armed) = &mut request.send_possible
        {
            *armed = true;
        }
    }

    /// Sends each send-possible notification that is owed.
    fn tell_send_possible(&mut self, id: PortId) {
        let Some(rare) = self.ports.get_mut(id).and_then(|port| port.rare.as_mut()) else { return };
        if rare.watched.is_empty() {
            return;
        }
        let watched = std::mem::take(&mut rare.watched);
        let (owed, waiting): (Vec<_>, Vec<_>) =
            watched.into_iter().partition(|&(space, name)| self.is_armed(space, name));
        if let Some(rare) = self.ports.get_mut(id).and_then(|port| port.rare.as_mut()) {
            rare.watched = waiting;
        }
        for (space, name) in owed {
            if let Some(request) = self.look(space, name).ok().and_then(|entry| entry.request.take()) {
                self.notify(request.notify, Notification::SendPossible { name });
            }
        }
    }

    fn is_armed(&self, space: SpaceId, name: Name) -> bool {
        let entry = self.spaces.get(space).and_then(|space| space.get(name));
        entry
            .and_then(|entry| entry.request.as_ref())
            .is_some_and(|request| request.send_possible == Some(true))
    }
}

impl Port {
    /// Whether messages wait here for room at another process.
    pub(super) fn has_waiting(&self) -> bool {
        !self.queue.is_empty() || self.rare.as_ref().is_some_and(|rare| !rare.senders.is_empty())
    }

    pub(super) fn is_away(&self) -> bool {
        matches!(self.home, Home::Away(_))
    }

    /// The message that has waited longest.
    fn first_waiting(&self) -> Option<&(Ticket, Message)> {
        self.rare.as_ref()?.senders.front()
    }

    /// Takes the message that has waited longest.
    fn next_waiting(&mut self) -> Option<(Ticket, Message)> {
        self.rare.as_mut()?.senders.pop_front()
    }

    /// The same of a port that is away, and the way of the message.
    fn next_to_go(&mut self) -> Option<(u64, Ticket, Message)> {
        let (ticket, message) = self.next_waiting()?;
        let route = self.route_of(&message.destination)?;
        Some((route, ticket, message))
    }

    /// Takes the message of a thread that waits no more. Tickets grow, so they stand in order.
    pub(super) fn withdraw_waiting(&mut self, ticket: Ticket) -> Option<Message> {
        let senders = &mut self.rare.as_mut()?.senders;
        let place = senders.binary_search_by_key(&ticket, |(ticket, _)| *ticket).ok()?;
        senders.remove(place).map(|(_, message)| message)
    }

    /// One message has left the queue; was it a cached one?
    fn advance_cached(&mut self) -> Option<Cached> {
        let cached = &mut self.rare.as_mut()?.cached;
        let mut accepted = None;
        cached.iter_mut().enumerate().for_each(|(place, cached)| match cached.ahead.checked_sub(1) {
            Some(ahead) => cached.ahead = ahead,
            None => accepted = Some(place),
        });
        accepted.map(|place| cached.swap_remove(place))
    }
}
