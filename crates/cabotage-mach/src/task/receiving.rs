// SPDX-License-Identifier: MIT OR Apache-2.0
//! Receiving by name: look, sleep, look again.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

use cabotage_os::Deadline;
use cabotage_os::eventfd::EventFd;

use super::Names;
use super::parking::Waiter;
use crate::error::{PollError, ReceiveError};
use crate::kernel::Ticket;
use crate::kernel::messages::{At, PlainLetter, Receipt, ReceiveOptions, Received, Slot};
use crate::message::{Carried, Message};
use crate::name::Name;
use crate::rights::{AnyRight, SendOnceRight};

impl Names {
    /// Receives by the name of a receive right or of a port set: `mach_msg` with `MACH_RCV_MSG`. Waits until
    /// `deadline` for a message.
    ///
    /// # Errors
    /// [`ReceiveError`]; [`ReceiveError::TimedOut`] if none came.
    pub fn receive(
        self,
        name: Name,
        options: &ReceiveOptions,
        deadline: Deadline,
    ) -> Result<Receipt, ReceiveError> {
        let mut slot = Slot::Empty;
        self.receive_into((name, options), deadline, &mut slot);
        slot.into_receipt().unwrap_or(Err(ReceiveError::TimedOut))
    }

    /// The same, of which the answer goes into `slot`.
    #[inline]
    fn receive_into(self, (name, options): (Name, &ReceiveOptions), deadline: Deadline, slot: &mut Slot) {
        if !self.host.is_here() {
            *slot = Slot::Receipt(Err(ReceiveError::Forked));
            return;
        }
        if deadline == Deadline::Now {
            self.host.look();
        }
        if !self.receive_awake((name, options), deadline, slot) {
            *slot = Slot::Receipt(self.receive_asleep(name, options, deadline));
        }
    }

    fn receive_asleep(
        self,
        name: Name,
        options: &ReceiveOptions,
        deadline: Deadline,
    ) -> Result<Receipt, ReceiveError> {
        let mut ticket = None;
        loop {
            let is_last = deadline.has_passed();
            let looked = self.host.run(|kernel| {
                let receipt = match ticket {
                    Some(ticket) => {
                        self.host.parking.leave(ticket);
                        kernel.receive_after(ticket, options)?
                    }
                    None => kernel.receive(self.space, name, options)?,
                };
                if !matches!(receipt, Receipt::Nothing) || is_last {
                    return Ok((receipt, None));
                }
                let ticket = kernel.wait_to_receive(self.space, name)?;
                self.host.parking.enter(ticket, Waiter::this_thread());
                Ok((receipt, Some(ticket)))
            });
            match looked? {
                (Receipt::Nothing, Some(fresh)) => {
                    self.host.sleep(fresh, deadline);
                    ticket = Some(fresh);
                }
                (Receipt::Nothing, None) => return Err(ReceiveError::TimedOut),
                (receipt, _) => return Ok(receipt),
            }
        }
    }

    /// Receives without going to sleep, if this thread may look after what comes from other processes. Answers whether
    /// that is over.
    #[inline]
    fn receive_awake(
        self,
        (name, options): (Name, &ReceiveOptions),
        deadline: Deadline,
        slot: &mut Slot,
    ) -> bool {
        let at = At { space: self.space, name, options };
        if deadline == Deadline::Now || !self.host.is_flowing() {
            match self.host.run(|kernel| kernel.receive(self.space, name, options)) {
                Ok(Receipt::Nothing) if deadline == Deadline::Now => {
                    *slot = Slot::Receipt(Err(ReceiveError::TimedOut))
                }
                Ok(Receipt::Nothing) => {}
                receipt => *slot = Slot::Receipt(receipt),
            }
            if slot.is_filled() {
                return true;
            }
        }
        self.host.poll(at, deadline, slot)
    }

    /// A message of any size, its rights in types that own them.
    pub(crate) fn take(self, name: Name, deadline: Deadline) -> Result<Message, ReceiveError> {
        let mut slot = Slot::Empty;
        self.receive_into((name, &ReceiveOptions::default()), deadline, &mut slot);
        match slot {
            Slot::Plain(letter) => Ok(self.plain(letter)),
            Slot::Receipt(Ok(Receipt::Letter(received))) => Ok(self.typed(received)),
            Slot::Receipt(Ok(Receipt::Destroyed(error, _)) | Err(error)) => Err(error),
            Slot::Receipt(Ok(Receipt::TooLarge { .. } | Receipt::Nothing)) | Slot::Empty => {
                Err(ReceiveError::TooLarge)
            }
        }
    }

    /// A message of a common shape, its right to answer in a type that owns it.
    #[inline]
    fn plain(self, PlainLetter { header, reply, body }: PlainLetter) -> Message {
        Message {
            names: self,
            id: header.id,
            body: body.into(),
            cargo: Vec::new(),
            reply: match reply {
                Name::NULL => AnyRight::Null,
                reply => AnyRight::SendOnce(SendOnceRight::own(self, reply)),
            },
            port: header.port,
            sequence: header.sequence,
            sender: header.sender,
        }
    }

    /// The message with its rights in types that own them.
    fn typed(self, received: Received) -> Message {
        let (reply, disposition) = received.reply;
        Message {
            names: self,
            id: received.header.id,
            body: received.body.into(),
            cargo: match received.items.is_empty() {
                true => Vec::new(),
                false => received.items.into_iter().map(|item| Carried::arrived(self, item)).collect(),
            },
            reply: disposition
                .map_or(AnyRight::Null, |disposition| AnyRight::arrived(self, reply, disposition)),
            port: received.header.port,
            sequence: received.header.sequence,
            sender: received.header.sender,
        }
    }

    /// Lets `bell` ring when there may be a message; `None` if there is one now.
    pub(crate) fn arm(self, name: Name, bell: &Arc<EventFd>) -> Result<Option<Ticket>, ReceiveError> {
        if !self.host.is_here() {
            return Err(ReceiveError::Forked);
        }
        self.host.look();
        self.host.run(|kernel| {
            if kernel.has_message(self.space, name)? {
                return Ok(None);
            }
            let ticket = kernel.wait_to_receive(self.space, name)?;
            self.host.parking.enter(ticket, Waiter::Bell(Arc::clone(bell)));
            Ok(Some(ticket))
        })
    }

    /// What is readable when something comes from other processes, after [`Names::arm_outside`].
    pub(crate) fn outside_bell(self) -> Result<BorrowedFd<'static>, PollError> {
        if !self.host.is_here() {
            return Err(ReceiveError::Forked.into());
        }
        Ok(self.host.carrier()?.as_fd())
    }

    /// Arranges for that; until when to look again although it is not. `None` if something has come.
    pub(crate) fn arm_outside(self) -> Result<Option<Deadline>, PollError> {
        Ok(self.host.carrier()?.arm()?)
    }

    /// The bell with this ticket rings no more.
    pub(crate) fn disarm(self, ticket: Ticket) {
        if self.host.is_here() {
            self.host.run(|kernel| {
                self.host.parking.leave(ticket);
                kernel.stop_waiting(ticket);
            });
        }
    }
}
