// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the kernel tells a task, as values.

use super::{Carried, Message};
use crate::kernel::{self, message::Sender};
use crate::name::Name;
use crate::rights::{AnyRight, DeadName, ReceiveRight};

/// What the kernel tells a task. It can't be imitated: a message of the same number that a task has sent is none.
///
/// # Source
/// XNU, osfmk/mach/notify.h.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notification {
    /// A name for which a notification was asked is gone from the task.
    PortDeleted(Name),
    /// A message can be sent again by the right of this name: there is room in the queue.
    SendPossible(Name),
    /// The receive right of a port was to be destroyed, by its holder's will or end, and comes here instead, with its
    /// queue.
    PortDestroyed(ReceiveRight),
    /// No send right to the port is left.
    NoSenders {
        /// How many send rights its receiver had made until then.
        make_send_count: u32,
    },
    /// A send-once right to this port was destroyed unused: no answer will come by it.
    SendOnce,
    /// A port has died. The reference of the dead name goes when the value is dropped.
    DeadName(DeadName),
}

impl Notification {
    /// What the message tells, if it is the kernel's.
    pub(super) fn from_message(mut message: Message) -> Result<Self, Box<Message>> {
        if message.sender != Sender::Kernel {
            return Err(Box::new(message));
        }
        let number = kernel::Notification::number_in(&message.body).unwrap_or(0);
        let name = Name::from_raw(number);
        Ok(match message.id {
            65 => Self::PortDeleted(name),
            66 => Self::SendPossible(name),
            69 => match message.cargo.pop() {
                Some(Carried::Right(AnyRight::Receive(right))) => Self::PortDestroyed(right),
                _ => return Err(Box::new(message)),
            },
            70 => Self::NoSenders { make_send_count: number },
            71 => Self::SendOnce,
            72 => Self::DeadName(DeadName::own(message.names, name)),
            _ => return Err(Box::new(message)),
        })
    }
}
