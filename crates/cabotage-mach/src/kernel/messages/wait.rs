// SPDX-License-Identifier: MIT OR Apache-2.0
//! Threads that wait: to send, or to receive.
//!
//! A thread that is woken for a message still has to take it, and another may be quicker, or the message too large for
//! it. So when a woken thread is done, whatever came of it, the next one is woken as long as the queue that it was woken
//! for has messages: no message lies there while all who could take it sleep.

use std::collections::VecDeque;

use super::options::ReceiveOptions;
use super::outcome::{From, Receipt};
use crate::error::ReceiveError;
use crate::kernel::Kernel;
use crate::kernel::ids::{PortId, SetId, SpaceId, Ticket};
use crate::kernel::number_map::NumberMap;
use crate::kernel::step::Step;
use crate::name::Name;

/// Who waits.
#[derive(Debug, Default)]
pub(crate) struct Waits {
    pub(super) senders: NumberMap<Ticket, WaitingSender>,
    pub(super) receivers: NumberMap<Ticket, WaitingReceiver>,
}

impl Waits {
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.senders.is_empty() && self.receivers.is_empty()
    }
}

/// A thread whose message waits at a port.
#[derive(Debug)]
pub(super) struct WaitingSender {
    pub(super) port: PortId,
    pub(super) from: From,
}

/// A thread that waits for a message.
#[derive(Debug)]
pub(super) struct WaitingReceiver {
    space: SpaceId,
    name: Name,
    at: Source,
    /// The port that has a message for it.
    woken_for: Option<PortId>,
    /// Whether what it waited at is no longer there.
    changed: bool,
}

/// What is received from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Port(PortId),
    Set(SetId),
}

impl Kernel {
    /// Begins to wait for a message: a [`Step::Wake`] tells when to [look](Kernel::receive_after). One looks before
    /// one waits, without letting anybody else call in between.
    ///
    /// # Errors
    /// [`ReceiveError::InvalidName`]
    pub fn wait_to_receive(&mut self, space: SpaceId, name: Name) -> Result<Ticket, ReceiveError> {
        let at = self.source(space, name).ok_or(ReceiveError::InvalidName)?;
        let ticket = self.new_ticket();
        match at {
            Source::Port(port) => {
                if let Some(port) = self.ports.get_mut(port) {
                    port.rare().receivers.push_back(ticket);
                }
            }
            Source::Set(set) => {
                if let Some(set) = self.sets.get_mut(set) {
                    set.receivers.push_back(ticket);
                }
            }
        }
        let waiting = WaitingReceiver { space, name, at, woken_for: None, changed: false };
        self.waits.receivers.insert(ticket, waiting);
        Ok(ticket)
    }

    /// Ends the wait and looks for a message: after the thread was woken, and once more when its time has passed.
    ///
    /// # Errors
    /// [`ReceiveError::PortChanged`] when what the thread waited at is gone.
    pub fn receive_after(
        &mut self,
        ticket: Ticket,
        options: &ReceiveOptions,
    ) -> Result<Receipt, ReceiveError> {
        let Some(waiting) = self.end_wait(ticket) else { return Ok(Receipt::Nothing) };
        if waiting.changed {
            return Err(ReceiveError::PortChanged);
        }
        let receipt = self.receive(waiting.space, waiting.name, options);
        self.pass_on(waiting.woken_for);
        receipt
    }

    /// Ends the wait of a thread that takes no message: it was interrupted.
    pub fn stop_waiting(&mut self, ticket: Ticket) {
        if let Some(waiting) = self.end_wait(ticket) {
            self.pass_on(waiting.woken_for);
        }
    }

    /// A thread that was to be woken, and has not been yet, waits on in its place if the message is gone already. False if
    /// it has to be woken.
    pub(crate) fn rest_again(&mut self, ticket: Ticket) -> bool {
        let Some(waiting) = self.waits.receivers.get(&ticket).filter(|waiting| !waiting.changed) else {
            return false;
        };
        let (at, woken_for) = (waiting.at, waiting.woken_for);
        if woken_for.is_none_or(|port| self.queued(port) > 0) {
            return false;
        }
        let Some(row) = self.row(at) else { return false };
        let place = row.partition_point(|other| *other < ticket);
        row.insert(place, ticket);
        if let Some(waiting) = self.waits.receivers.get_mut(&ticket) {
            waiting.woken_for = None;
        }
        true
    }

    /// Wakes a thread for a message in the queue of a port: one that waits at the port, or at a set with it.
    pub(super) fn rouse(&mut self, id: PortId) {
        let Some(port) = self.ports.get_mut(id) else { return };
        if let Some(ticket) = port.rare.as_mut().and_then(|rare| rare.receivers.pop_front()) {
            return self.wake_for(ticket, id);
        }
        let sets = port.sets.len();
        for at in 0..sets {
            let set = self.ports.get(id).and_then(|port| port.sets.get(at).copied());
            if set.is_some_and(|set| self.rouse_set(set, id)) {
                return;
            }
        }
    }

    /// Wakes a thread that waits at the set.
    pub(super) fn rouse_set(&mut self, set: SetId, port: PortId) -> bool {
        let ticket = self.sets.get_mut(set).and_then(|set| set.receivers.pop_front());
        if let Some(ticket) = ticket {
            self.wake_for(ticket, port);
        }
        ticket.is_some()
    }

    /// Wakes all who waited to receive at something that is gone: its receive right has left the space, or it has died.
    pub(crate) fn tell_changed(&mut self, receivers: impl IntoIterator<Item = Ticket>) {
        for ticket in receivers {
            if let Some(waiting) = self.waits.receivers.get_mut(&ticket) {
                waiting.changed = true;
                self.steps.push(Step::Wake(ticket));
            }
        }
    }

    /// Whoever waits with this ticket to send waits no more: the message has gone.
    pub(crate) fn tell_sent(&mut self, ticket: Ticket) {
        self.waits.senders.remove(&ticket);
        self.steps.push(Step::Wake(ticket));
    }

    /// A number that no thread had before.
    pub(crate) fn new_ticket(&mut self) -> Ticket {
        self.tickets += 1;
        Ticket(self.tickets)
    }

    fn wake_for(&mut self, ticket: Ticket, port: PortId) {
        if let Some(waiting) = self.waits.receivers.get_mut(&ticket) {
            waiting.woken_for = Some(port);
            self.steps.push(Step::Wake(ticket));
        }
    }

    fn pass_on(&mut self, woken_for: Option<PortId>) {
        if let Some(port) = woken_for.filter(|&port| self.queued(port) > 0) {
            self.rouse(port);
        }
    }

    fn end_wait(&mut self, ticket: Ticket) -> Option<WaitingReceiver> {
        let waiting = self.waits.receivers.remove(&ticket)?;
        if let Some(row) = self.row(waiting.at)
            && let Ok(place) = row.binary_search(&ticket)
        {
            row.remove(place);
        }
        Some(waiting)
    }

    /// Those who wait there, first come first.
    fn row(&mut self, at: Source) -> Option<&mut VecDeque<Ticket>> {
        match at {
            Source::Port(port) => {
                let rare = self.ports.get_mut(port).and_then(|port| port.rare.as_mut());
                rare.map(|rare| &mut rare.receivers)
            }
            Source::Set(set) => self.sets.get_mut(set).map(|set| &mut set.receivers),
        }
    }
}
