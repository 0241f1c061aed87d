// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sending by name: hand the message over, and sleep if there is no room for it.

use cabotage_os::Deadline;

use super::Names;
use super::parking::Waiter;
use crate::error::{SendError, Unsent};
use crate::kernel::Notification;
use crate::kernel::message::Letter;
use crate::kernel::messages::{self, GaveUp, SendFailed, SendOptions, Sent as Outcome, Short};
use crate::message::{Carried, Outgoing};
use crate::name::Name;
use crate::right::Disposition;
use crate::rights::{AnyRight, Sent, WhenFull};
use crate::spare;

impl Names {
    /// Sends a message of names: `mach_msg` with `MACH_SEND_MSG`. Waits until `deadline` for room in a full queue, then
    /// does what `full` says.
    ///
    /// # Errors
    /// [`SendFailed`], with the message or what is left of it.
    pub fn send(
        self,
        letter: Letter,
        full: messages::WhenFull,
        deadline: Deadline,
    ) -> Result<Sent, Box<SendFailed>> {
        if !self.host.is_here() {
            return Err(SendFailed::untouched(SendError::Forked, letter));
        }
        if !matches!(full, messages::WhenFull::Cache(_)) && self.send_body(&letter, &letter.body) {
            spare::give(letter.body);
            return Ok(Sent::Queued);
        }
        let options =
            SendOptions { sender: self.host.token, wait: deadline != Deadline::Now, when_full: full };
        let outcome = self.host.run(|kernel| {
            let outcome = kernel.send(self.space, letter, &options);
            if let Ok(Outcome::Waits(ticket)) = outcome {
                self.host.parking.enter(ticket, Waiter::this_thread());
            }
            outcome
        });
        let (route, outcome) = match outcome? {
            Outcome::Away(route, outgoing) => (Some(route), self.host.send_away(route, outgoing, deadline)?),
            outcome => (None, outcome),
        };
        match outcome {
            Outcome::Waits(ticket) if self.host.sleep(ticket, deadline) => {
                if let Some(route) = route {
                    self.host.linger(route, deadline);
                    self.host.linger_for_owner(deadline);
                }
                Ok(Sent::Queued)
            }
            Outcome::Waits(ticket) => self.host.run(|kernel| {
                self.host.parking.leave(ticket);
                kernel.give_up(ticket, GaveUp::TimedOut).map(said)
            }),
            outcome => Ok(said(outcome)),
        }
    }

    /// Sends a typed message. The right of the destination stays the caller's whatever happens, unless it is moved and
    /// the message has gone.
    pub(crate) fn post(
        self,
        message: Outgoing,
        (destination, disposition): (Name, Disposition),
        full: WhenFull<'_>,
    ) -> Result<Sent, Unsent> {
        if !matches!(full, WhenFull::Cache(_))
            && self.post_directly(&message, (destination, disposition), None)
        {
            message.sent();
            return Ok(Sent::Queued);
        }
        let message = self.check(message)?;
        let (full, deadline) = match full {
            WhenFull::Wait(deadline) => (messages::WhenFull::GiveBack, deadline),
            WhenFull::Notify => (messages::WhenFull::GiveBackAndTell, Deadline::Now),
            WhenFull::Cache(notify) => (messages::WhenFull::Cache(notify.name()), Deadline::Now),
        };
        let sent = self.send(message.into_letter(destination, disposition), full, deadline);
        sent.map_err(|failed| self.came_back(*failed, (destination, disposition)))
    }

    /// Sends this body, and nothing of the letter but its header, to another process's port, if the letter is nothing more
    /// and that can be done at once: by a send right that stays ([`Disposition::CopySend`]) or by a send-once right, with a
    /// send-once right made for the answer ([`Disposition::MakeSendOnce`]) or none. Nothing is copied but into the memory
    /// where the receiver reads.
    ///
    /// `false`: nothing has happened, and [`Names::send`] does it, or says why not.
    #[inline]
    pub fn send_body(self, letter: &Letter, body: &[u8]) -> bool {
        Short::of(letter).is_some_and(|short| self.send_short(short, body))
    }

    #[inline]
    fn send_short(self, short: Short, body: &[u8]) -> bool {
        self.host.is_here() && self.host.send_directly(self.space, short, body)
    }

    /// Sends a message of a common shape to another process, if it is one and everything is as usual: `reply` is the port
    /// to which it gets a send-once right, to answer by. `false` if it has to go the long way.
    #[inline]
    pub(super) fn post_directly(
        self,
        message: &Outgoing,
        destination: (Name, Disposition),
        reply: Option<Name>,
    ) -> bool {
        let Some(body) = message.plain_body() else { return false };
        let short = Short { id: message.id(), destination, reply };
        !is_reserved(short.id) && self.send_short(short, body)
    }

    /// Refuses a message that no task may send by this face: one that looks like the kernel's, or has another task's
    /// rights.
    pub(crate) fn check(self, message: Outgoing) -> Result<Outgoing, Unsent> {
        match is_reserved(message.id()) {
            true => Err(Unsent::new(SendError::ReservedId, Some(message))),
            false if message.is_of(self) => Ok(message),
            false => Err(Unsent::new(SendError::StrangeRight, Some(message))),
        }
    }

    /// What a failed send gave back, in types that own it. A reference of the destination that was taken for the message
    /// is given back.
    pub(super) fn came_back(self, failed: SendFailed, sent_to: (Name, Disposition)) -> Unsent {
        drop(failed.rest.into_iter().map(|item| Carried::arrived(self, item)).collect::<Vec<_>>());
        let message = failed.letter.map(|letter| {
            if let (name, Some(disposition)) = letter.destination
                && letter.destination != (sent_to.0, Some(sent_to.1))
            {
                drop(AnyRight::arrived(self, name, disposition));
            }
            Outgoing::came_back(self, letter)
        });
        Unsent::new(failed.error, message)
    }
}

/// Whether messages of this number are the kernel's.
#[inline]
fn is_reserved(id: i32) -> bool {
    (Notification::ID_MIN..=Notification::ID_MAX).contains(&id)
}

/// What is told of a message that has left its task.
fn said(outcome: Outcome) -> Sent {
    match outcome {
        Outcome::WillNotify => Sent::Cached,
        Outcome::Queued | Outcome::Waits(_) | Outcome::Away(..) => Sent::Queued,
    }
}
