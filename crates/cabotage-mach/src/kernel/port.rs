// SPDX-License-Identifier: MIT OR Apache-2.0
//! A port: a queue of messages, one receiver, and what is owed to others when its rights go.

use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use super::calls::Handover;
use super::ids::{PortId, SetId, SpaceId, Ticket};
use super::message::{Capability, Message};
use crate::name::Name;

/// How many messages a new port queues: `MACH_PORT_QLIMIT_DEFAULT`.
pub const QUEUE_LIMIT_DEFAULT: u32 = 5;
/// The most that a port may be told to queue: `MACH_PORT_QLIMIT_MAX`.
pub const QUEUE_LIMIT_MAX: u32 = 1024;
/// Beyond this not even send-once rights and notifications get in.
pub const QUEUE_CEILING: u32 = 65_534;

/// A send-once right that the kernel itself holds, to send a notification with. It counts at its port.
#[derive(Debug, PartialEq, Eq)]
pub struct OnceRight(pub(crate) PortId);

/// A port, as its process sees it.
#[derive(Debug)]
pub struct Port {
    pub(crate) home: Home,
    /// Send rights in all spaces, messages and other processes.
    pub(crate) send_rights: u32,
    /// Send-once rights likewise, and those that the kernel holds.
    pub(crate) send_once_rights: u32,
    pub(crate) make_send_count: u32,
    pub(crate) sequence: u32,
    pub(crate) queue_limit: u32,
    pub(crate) queue: VecDeque<Message>,
    /// The sets it is in.
    pub(crate) sets: Vec<SetId>,
    /// What few ports have.
    pub(crate) rare: Option<Box<Rare>>,
}

/// Where the receive right is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Home {
    /// A space has it, under this name.
    Space(SpaceId, Name),
    /// The kernel, which answers what comes for this task.
    Task(SpaceId),
    /// A message carries it to this port; or the kernel keeps it for a moment (`None`).
    Transit(Option<PortId>),
    /// The kernel, which keeps an open file by it, or nothing at all.
    File,
    /// Another process has it; the number says which way messages go.
    Away(u64),
}

/// What few ports have, so that an idle port stays small.
#[derive(Debug, Default)]
pub(crate) struct Rare {
    /// A number of the receiver's own; of a guarded port, the guard.
    pub(crate) context: u64,
    pub(crate) guard: Guard,
    /// How the receive right is guarded when it arrives, and whether strictly.
    pub(crate) handover: Option<(Handover, bool)>,
    /// Whether the receive right may never move.
    pub(crate) immovable: bool,
    /// Whether the message that carries the receive right to another process has to wait.
    pub(crate) is_held_back: bool,
    /// The open file that the port stands for.
    pub(crate) file: Option<Arc<OwnedFd>>,
    /// Whether only send-once rights may be made.
    pub(crate) for_replies: bool,
    /// Of a port that has gone to another process: which way messages by send-once rights go, of which some were left.
    pub(crate) once_route: Option<u64>,
    pub(crate) no_senders: Option<OnceRight>,
    pub(crate) port_destroyed: Option<OnceRight>,
    /// Names with a registered request, told when the port dies or can be sent to again.
    pub(crate) watched: Vec<(SpaceId, Name)>,
    /// Messages of threads that wait for room, first come first.
    pub(crate) senders: VecDeque<(Ticket, Message)>,
    /// Threads that wait for a message, first come first.
    pub(crate) receivers: VecDeque<Ticket>,
    /// The message that is cached beyond the limit, one for each space: whom to tell when it is taken.
    pub(crate) cached: Vec<Cached>,
}

/// See the textbook's fourth way with a full queue: one message more, and a notification when it is taken.
#[derive(Debug)]
pub(crate) struct Cached {
    pub(crate) space: SpaceId,
    /// The name that it was sent to.
    pub(crate) name: Name,
    /// How many messages are before it in the queue.
    pub(crate) ahead: usize,
    pub(crate) notify: OnceRight,
}

/// Whether a port can be destroyed only by who knows its context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Guard {
    #[default]
    None,
    Guarded,
    /// Guarded, and the context can be neither read nor changed.
    Strict,
}

impl Port {
    /// A port without any right to it.
    pub(crate) fn new(home: Home) -> Self {
        Self {
            home,
            send_rights: 0,
            send_once_rights: 0,
            make_send_count: 0,
            sequence: 0,
            queue_limit: QUEUE_LIMIT_DEFAULT,
            queue: VecDeque::new(),
            sets: Vec::new(),
            rare: None,
        }
    }

    pub(crate) fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.queue.len() >= self.queue_limit as usize
    }

    pub(crate) fn guard(&self) -> Guard {
        self.rare.as_ref().map_or(Guard::None, |rare| rare.guard)
    }

    /// Which way a message by this right goes, if another process has the port.
    #[inline]
    pub(crate) fn route_of(&self, sent_by: &Capability) -> Option<u64> {
        let Home::Away(route) = self.home else { return None };
        let once = match sent_by {
            Capability::SendOnce(_) => self.rare.as_ref().and_then(|rare| rare.once_route),
            _ => None,
        };
        Some(once.unwrap_or(route))
    }

    /// Whether some send-once rights were left when the port went away.
    pub(crate) fn has_once_route(&self) -> bool {
        self.rare.as_ref().is_some_and(|rare| rare.once_route.is_some())
    }

    /// The name under which `space` has the receive right, if it has it.
    pub(crate) fn receiver_name(&self, space: SpaceId) -> Option<Name> {
        match self.home {
            Home::Space(home, name) if home == space => Some(name),
            _ => None,
        }
    }
}
