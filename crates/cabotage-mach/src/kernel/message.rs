// SPDX-License-Identifier: MIT OR Apache-2.0
//! Messages and rights between spaces: in a queue, or in the hands of a caller.

use std::os::fd::OwnedFd;

use super::calls::Handover;
use super::ids::PortId;
pub use super::memory::Memory;
use crate::name::Name;
use crate::right::Disposition;

/// A right that belongs to no space: it is in a message. Each counts at its port.
#[derive(Debug, PartialEq, Eq)]
pub enum Capability {
    /// None.
    Null,
    /// One whose port had died before.
    Dead,
    /// A send right.
    Send(PortId),
    /// A send-once right.
    SendOnce(PortId),
    /// The receive right.
    Receive(PortId),
}

/// A message in a queue.
#[derive(Debug)]
pub struct Message {
    /// The user's number: `msgh_id`.
    pub id: i32,
    /// The right that it was sent by.
    pub destination: Capability,
    /// Where to answer, and by which right: the disposition as the receiver sees it, which says what the right was also
    /// where its port has died; `None` for nowhere.
    pub reply: (Capability, Option<Disposition>),
    /// Inline data.
    pub body: Vec<u8>,
    /// What the message carries, in the sender's order; a message with none may still be complex.
    pub cargo: Vec<Cargo>,
    /// Whether it was sent as a complex one.
    pub complex: bool,
    /// Who sent it.
    pub sender: Sender,
    /// The number of the link on which it came from another process, whose sender is told when it is taken.
    pub origin: Option<u64>,
}

/// What a message carries beside its inline data.
#[derive(Debug)]
pub enum Cargo {
    /// A right, and the disposition as the receiver sees it.
    Port(Capability, Disposition),
    /// Memory.
    Memory(Memory),
    /// Rights of one kind, and their disposition as the receiver sees it.
    Ports(Vec<Capability>, Disposition),
    /// An open file, as a right of its own.
    File(OwnedFd),
}

impl Cargo {
    /// The rights that it is.
    pub(crate) fn rights(&self) -> &[Capability] {
        match self {
            Self::Port(right, _) => std::slice::from_ref(right),
            Self::Ports(rights, _) => rights,
            Self::Memory(_) | Self::File(_) => &[],
        }
    }
}

impl Message {
    /// The rights that it carries beside those of its header.
    pub(crate) fn rights(&self) -> impl Iterator<Item = &Capability> {
        self.cargo.iter().flat_map(Cargo::rights)
    }

    /// Whether a receive right is among them.
    pub(crate) fn carries_receive(&self) -> bool {
        self.rights().any(|right| matches!(right, Capability::Receive(_)))
    }
}

/// Who sent a message, as the kernel knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// The kernel itself: a notification.
    Kernel,
    /// A process.
    Task(AuditToken),
}

impl Sender {
    /// As a trailer tells it: the kernel has no token.
    pub fn audit(self) -> AuditToken {
        match self {
            Self::Kernel => AuditToken::default(),
            Self::Task(token) => token,
        }
    }

    /// The effective user and group of the sender, as a trailer tells them: 0 and 1 for the kernel.
    pub fn user_and_group(self) -> (u32, u32) {
        match self {
            Self::Kernel => (0, 1),
            Self::Task(AuditToken([_, user, group, ..])) => (user, group),
        }
    }
}

/// Who sent a message.
///
/// # Source
/// XNU, bsd/kern/kern_prot.c: the eight words of an audit token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AuditToken(pub [u32; 8]);

/// A message as the sending task writes it: names, not rights.
#[derive(Debug)]
pub struct Letter {
    /// The user's number: `msgh_id`.
    pub id: i32,
    /// Where to, and by which right.
    pub destination: (Name, Option<Disposition>),
    /// Where to answer; [`Name::NULL`] and `None` for nowhere.
    pub reply: (Name, Option<Disposition>),
    /// Inline data.
    pub body: Vec<u8>,
    /// What goes along.
    pub items: Vec<Item>,
    /// Whether the message is to count as complex though nothing goes along.
    pub complex: bool,
}

/// What goes along with a [`Letter`], and comes with a received one.
#[derive(Debug)]
pub enum Item {
    /// A right. A received one says what it is by the disposition that made it ([`Disposition::gives`]).
    Port(Name, Disposition),
    /// Memory.
    Memory(Memory),
    /// Rights of one kind.
    Ports(Vec<Name>, Disposition),
    /// A receive right that goes, or came, with its guard.
    Guarded(Name, Handover),
    /// An open file.
    File(OwnedFd),
}
