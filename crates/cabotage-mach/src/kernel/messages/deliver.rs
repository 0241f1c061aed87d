// SPDX-License-Identifier: MIT OR Apache-2.0
//! A message at its port: into the queue, or what else happens when that is full.
//!
//! # Source
//! XNU, osfmk/ipc/ipc_mqueue.c: `ipc_mqueue_send`. The cached message: GNU Mach, ipc/mach_msg.c, ipc/ipc_marequest.c.

use super::options::{GaveUp, WhenFull};
use super::outcome::{From, Outgoing, SendFailed, Sent};
use super::queue::take_sent_by;
use super::wait::WaitingSender;
use crate::error::SendError;
use crate::kernel::Kernel;
use crate::kernel::ids::{PortId, Ticket};
use crate::kernel::message::{Capability, Message};
use crate::kernel::port::{Cached, OnceRight, QUEUE_CEILING};
use crate::name::Name;
use crate::right::Disposition;

/// Where a message goes.
enum Way {
    In,
    Full,
    /// To another process.
    Out(u64),
}

impl Kernel {
    /// Brings a message to its port.
    #[inline]
    pub(super) fn deliver(&mut self, message: Message, from: From) -> Result<Sent, Box<SendFailed>> {
        let Some((port, way)) = self.way_of(&message) else {
            self.destroy_message(message);
            return Ok(Sent::Queued);
        };
        match way {
            Way::Out(route) => Ok(Sent::Away(route, Outgoing { message, from })),
            Way::In => {
                self.admit(port, message);
                Ok(Sent::Queued)
            }
            Way::Full => self.wait_or_fall_back(port, message, from),
        }
    }

    /// Where a message goes; `None` if its port is dead, or it would be on its way to itself.
    fn way_of(&mut self, message: &Message) -> Option<(PortId, Way)> {
        let id = message.destination.port()?;
        let port = self.ports.get(id)?;
        let unlimited = matches!(message.destination, Capability::SendOnce(_));
        if let Some(route) = port.route_of(&message.destination) {
            let waits = port.has_waiting() && !unlimited;
            return Some((id, if waits { Way::Full } else { Way::Out(route) }));
        }
        let limit = if unlimited { QUEUE_CEILING } else { port.queue_limit };
        let way = if port.queue.len() < limit as usize { Way::In } else { Way::Full };
        self.set_out(id, message).then_some((id, way))
    }

    /// A message to a port that is away leaves: the right that it was sent by is used up, all others go along.
    pub fn depart(&mut self, outgoing: Outgoing) -> Message {
        let (message, sent_by) = take_sent_by(outgoing.message);
        self.use_up(sent_by);
        message
    }

    /// A message to a port that is away can't be carried there: its sender gets it back.
    pub fn not_carried(&mut self, outgoing: Outgoing, error: SendError) -> Box<SendFailed> {
        self.refuse(outgoing.message, outgoing.from, error)
    }

    /// There is no room, as far as whoever carries messages away can tell: the message is treated as one to a queue
    /// that is full. One that waits is handed out by a [`Step::Carry`](crate::kernel::Step::Carry) when there is
    /// [room again](Kernel::carry_waiting).
    ///
    /// # Errors
    /// [`SendFailed`], with the message.
    pub fn no_room(&mut self, outgoing: Outgoing) -> Result<Sent, Box<SendFailed>> {
        let Outgoing { message, from } = outgoing;
        match message.destination.port().filter(|&port| self.ports.get(port).is_some()) {
            Some(port) => self.wait_or_fall_back(port, message, from),
            None => {
                self.destroy_message(message);
                Ok(Sent::Queued)
            }
        }
    }

    /// A thread that waited to send stops to wait. When its message has gone meanwhile, that is no failure.
    ///
    /// # Errors
    /// [`SendFailed`], with the message.
    pub fn give_up(&mut self, ticket: Ticket, why: GaveUp) -> Result<Sent, Box<SendFailed>> {
        let Some(WaitingSender { port, from }) = self.waits.senders.remove(&ticket) else {
            return Ok(Sent::Queued);
        };
        let Some(message) = self.ports.get_mut(port).and_then(|port| port.withdraw_waiting(ticket)) else {
            return Ok(Sent::Queued);
        };
        match why {
            GaveUp::Interrupted => Err(self.refuse(message, from, SendError::Interrupted)),
            GaveUp::TimedOut => self.fall_back(port, message, from),
        }
    }

    fn wait_or_fall_back(
        &mut self,
        port: PortId,
        message: Message,
        from: From,
    ) -> Result<Sent, Box<SendFailed>> {
        if !from.wait {
            return self.fall_back(port, message, from);
        }
        if self.queued(port) >= QUEUE_CEILING as usize {
            return Err(self.refuse(message, from, SendError::NoBuffer));
        }
        let ticket = self.new_ticket();
        self.waits.senders.insert(ticket, WaitingSender { port, from });
        if let Some(port) = self.ports.get_mut(port) {
            port.rare().senders.push_back((ticket, message));
        }
        Ok(Sent::Waits(ticket))
    }

    fn fall_back(&mut self, port: PortId, message: Message, from: From) -> Result<Sent, Box<SendFailed>> {
        match from.when_full {
            WhenFull::GiveBack => Err(self.refuse(message, from, SendError::TimedOut)),
            WhenFull::GiveBackAndTell => {
                if !matches!(message.destination, Capability::SendOnce(_)) {
                    self.arm_send_possible(from.space, from.name);
                }
                Err(self.refuse(message, from, SendError::TimedOut))
            }
            WhenFull::Cache(notify) => {
                match self.cache(port, &from, notify) {
                    Err(error) => return Err(self.refuse(message, from, error)),
                    Ok(()) => self.admit_beyond_limit(port, message),
                }
                Ok(Sent::WillNotify)
            }
        }
    }

    /// Notes that a message of the space goes in beyond the limit, unless one is there already.
    fn cache(&mut self, port: PortId, from: &From, notify: Name) -> Result<(), SendError> {
        let queued = self.queued(port);
        let cached = self.ports.get(port).and_then(|port| port.rare.as_ref()).map(|rare| &rare.cached);
        if cached.is_some_and(|cached| cached.iter().any(|cached| cached.space == from.space)) {
            return Err(SendError::NotifyInProgress);
        }
        if queued >= QUEUE_CEILING as usize {
            return Err(SendError::NoBuffer);
        }
        let Ok(Capability::SendOnce(told)) = self.copy_in(from.space, notify, Disposition::MakeSendOnce)
        else {
            return Err(SendError::InvalidNotify);
        };
        let notify = OnceRight(told);
        if let Some(port) = self.ports.get_mut(port) {
            let cached = Cached { space: from.space, name: from.name, ahead: queued, notify };
            port.rare().cached.push(cached);
        }
        Ok(())
    }

    fn refuse(&mut self, message: Message, from: From, error: SendError) -> Box<SendFailed> {
        let (letter, right_lost) = self.give_back(from.space, message);
        Box::new(SendFailed { error, letter: Some(letter), rest: Vec::new(), right_lost })
    }
}
