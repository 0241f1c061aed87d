// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the kernel itself tells tasks, in messages of its own.
//!
//! # Source
//! XNU, osfmk/mach/notify.h (numbers), osfmk/ipc/ipc_notify.c.

use super::Kernel;
use super::ids::PortId;
use super::message::{Capability, Cargo, Message, Sender};
use super::port::OnceRight;
use crate::name::Name;
use crate::right::Disposition;

/// How this machine writes numbers, as every body that MIG lays out begins.
///
/// # Source
/// XNU, osfmk/mach/ndr.h: `NDR_record_t`.
const NDR: [u8; 8] = [0, 0, 0, 0, cfg!(target_endian = "little") as u8, 0, 0, 0];

fn body_of(number: u32) -> Vec<u8> {
    [NDR.as_slice(), &number.to_ne_bytes()].concat()
}

/// A notification.
#[derive(Debug, PartialEq, Eq)]
pub enum Notification {
    /// A name is gone for which a notification was registered: `MACH_NOTIFY_PORT_DELETED`.
    PortDeleted {
        /// In the space where it was registered.
        name: Name,
    },
    /// A message can be sent again: `MACH_NOTIFY_SEND_POSSIBLE`.
    SendPossible {
        /// The right to send it by.
        name: Name,
    },
    /// A receive right was to be destroyed, and comes instead: `MACH_NOTIFY_PORT_DESTROYED`.
    PortDestroyed {
        /// The receive right.
        right: Capability,
    },
    /// No send right to the port is left: `MACH_NOTIFY_NO_SENDERS`.
    NoSenders {
        /// How many send rights had been made.
        make_send_count: u32,
    },
    /// A send-once right was destroyed unused: `MACH_NOTIFY_SEND_ONCE`.
    SendOnce,
    /// The port of this name has died: `MACH_NOTIFY_DEAD_NAME`. The name has one user reference more.
    DeadName {
        /// What is a dead name now.
        name: Name,
    },
}

impl Notification {
    /// The least `msgh_id` of a notification.
    pub const ID_MIN: i32 = 64;
    /// That of [`Notification::SendOnce`].
    pub const SEND_ONCE_ID: i32 = 71;
    /// The greatest one.
    pub const ID_MAX: i32 = 72;

    /// What `msgh_id` tells it.
    pub fn id(&self) -> i32 {
        match self {
            Self::PortDeleted { .. } => 65,
            Self::SendPossible { .. } => 66,
            Self::PortDestroyed { .. } => 69,
            Self::NoSenders { .. } => 70,
            Self::SendOnce => Self::SEND_ONCE_ID,
            Self::DeadName { .. } => 72,
        }
    }

    /// The name or the number that a body of the kernel's tells.
    pub(crate) fn number_in(body: &[u8]) -> Option<u32> {
        body.strip_prefix(&NDR)?.try_into().map(u32::from_ne_bytes).ok()
    }

    /// The message. Its body is how this machine writes numbers, and the name or the number.
    fn into_message(self, destination: Capability) -> Message {
        let id = self.id();
        let (body, cargo) = match self {
            Self::PortDeleted { name } | Self::SendPossible { name } | Self::DeadName { name } => {
                (body_of(name.as_raw()), Vec::new())
            }
            Self::NoSenders { make_send_count } => (body_of(make_send_count), Vec::new()),
            Self::PortDestroyed { right } => (Vec::new(), vec![Cargo::Port(right, Disposition::MoveReceive)]),
            Self::SendOnce => (Vec::new(), Vec::new()),
        };
        let complex = !cargo.is_empty();
        Message {
            id,
            destination,
            reply: (Capability::Null, None),
            body,
            cargo,
            complex,
            sender: Sender::Kernel,
            origin: None,
        }
    }
}

impl Kernel {
    /// Sends a notification, which uses up the right. No limit of the queue holds it back; one to a port that is dead, or
    /// has as many messages as a queue ever has, is dropped with what it carries.
    pub(crate) fn notify(&mut self, OnceRight(port): OnceRight, notification: Notification) {
        let message = notification.into_message(Capability::SendOnce(port));
        if let Err(mut message) = self.enqueue(port, message) {
            // Destroying an unused send-once right is told to its port: which has just refused to be told.
            message.destination = Capability::Null;
            self.spend_send_once(port);
            self.destroy_message(message);
        }
    }

    /// A send-once right goes that nobody used; its port is told.
    pub(crate) fn drop_send_once(&mut self, port: PortId) {
        self.notify(OnceRight(port), Notification::SendOnce);
    }
}
