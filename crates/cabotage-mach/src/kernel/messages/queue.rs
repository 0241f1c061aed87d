// SPDX-License-Identifier: MIT OR Apache-2.0
//! A port's queue: messages leave it in the order in which they came, whoever sent them.
//!
//! # Source
//! XNU, osfmk/ipc/ipc_mqueue.c: `ipc_mqueue_post`, `ipc_mqueue_select_on_thread_locked`.

use crate::kernel::Kernel;
use crate::kernel::ids::PortId;
use crate::kernel::message::{Capability, Message};
use crate::kernel::port::{Home, QUEUE_CEILING};
use crate::kernel::step::Step;

impl Kernel {
    /// Puts a message into a port's queue though that may be full: one that was sent by a send-once right or by the
    /// kernel, or that came from another process, which has its own count of what it may send. If the port is away, it is
    /// handed out.
    ///
    /// # Errors
    /// The message, when the port is dead, or its queue holds as many messages as any queue can, or a receive right in the
    /// message would then be on its way to itself.
    #[expect(clippy::result_large_err, reason = "the message itself comes back, as it went in")]
    pub fn enqueue(&mut self, port: PortId, message: Message) -> Result<(), Message> {
        match self.ports.get(port) {
            None => Err(message),
            Some(found) if found.queue.len() >= QUEUE_CEILING as usize => Err(message),
            Some(found) => {
                if let Some(route) = found.route_of(&message.destination) {
                    if message.carries_receive() {
                        self.keep_for_carrier(port, message);
                    } else {
                        self.hand_out(route, message);
                    }
                } else if self.set_out(port, &message) {
                    self.admit(port, message);
                } else {
                    return Err(message);
                }
                Ok(())
            }
        }
    }

    /// Puts a message into the queue of a port that is alive, and tells a receiver.
    #[inline]
    pub(super) fn admit(&mut self, id: PortId, message: Message) {
        let Some(port) = self.ports.get_mut(id) else { return };
        match port.home {
            Home::Task(space) => return self.answer_for(space, message),
            Home::File => return self.destroy_message(message),
            _ => {}
        }
        port.queue.push_back(message);
        if port.sets.is_empty() && port.rare.is_none() {
            return;
        }
        if port.queue.len() == 1 {
            self.list_in_sets(id);
        }
        self.rouse(id);
    }

    /// Puts a message in beyond the limit: it stays here until a port that is away has room for it.
    pub(super) fn admit_beyond_limit(&mut self, id: PortId, message: Message) {
        match self.ports.get_mut(id) {
            Some(port) if port.is_away() => port.queue.push_back(message),
            _ => self.admit(id, message),
        }
    }

    /// A message of the kernel that carries a receive right waits at its port, which is away, until all that belongs to
    /// the right has gone ahead.
    fn keep_for_carrier(&mut self, id: PortId, message: Message) {
        if let Some(port) = self.ports.get_mut(id) {
            port.queue.push_back(message);
            self.steps.push(Step::Depart(id));
        }
    }

    /// The message that waits first at a port that is away: to be looked at, and [put back](Kernel::await_carrier) or
    /// destroyed.
    pub fn first_for_carrier(&mut self, id: PortId) -> Option<Message> {
        self.ports.get_mut(id).filter(|port| port.is_away())?.queue.pop_front()
    }

    /// The message waits on.
    pub fn await_carrier(&mut self, id: PortId, message: Message) {
        match self.ports.get_mut(id) {
            Some(port) => port.queue.push_front(message),
            None => self.destroy_message(message),
        }
    }

    /// Takes the first message of a queue, which makes room for another. Gives its number, too.
    pub(in crate::kernel) fn take(&mut self, id: PortId) -> Option<(Message, u32)> {
        let port = self.ports.get_mut(id)?;
        let message = port.queue.pop_front()?;
        let sequence = port.sequence;
        port.sequence = sequence.wrapping_add(1);
        let (is_listed, is_watched) = (!port.sets.is_empty(), port.rare.is_some());
        if is_listed && port.queue.is_empty() {
            self.unlist_in_sets(id);
        }
        if let Some(origin) = message.origin {
            self.steps.push(Step::Taken(origin));
        }
        if is_watched {
            self.one_left_the_queue(id);
        }
        Some((message, sequence))
    }

    /// A message leaves for another process. The right that it was sent by stays behind and is used up.
    pub(super) fn hand_out(&mut self, route: u64, message: Message) {
        let (message, sent_by) = take_sent_by(message);
        self.steps.push(Step::Carry(route, Box::new(message)));
        self.use_up(sent_by);
    }

    /// The right that a message was sent by has done its work.
    pub(crate) fn use_up(&mut self, sent_by: Capability) {
        match sent_by {
            Capability::SendOnce(port) => self.spend_send_once(port),
            Capability::Send(port) => self.drop_send(port),
            other => self.destroy_capability(other),
        }
    }

    /// How many messages the queue of a port holds.
    pub(super) fn queued(&self, port: PortId) -> usize {
        self.ports.get(port).map_or(0, |port| port.queue.len())
    }
}

/// Takes the right that a message was sent by out of it.
pub(super) fn take_sent_by(mut message: Message) -> (Message, Capability) {
    let sent_by = std::mem::replace(&mut message.destination, Capability::Null);
    (message, sent_by)
}
