// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a sender and a receiver may ask for.

use crate::kernel::message::AuditToken;
use crate::name::Name;

/// How a message is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SendOptions {
    /// Who sends it.
    pub sender: AuditToken,
    /// Whether the sender waits for room in a full queue. For how long is up to whoever runs the kernel, who says
    /// [`give_up`](crate::kernel::Kernel::give_up) when the time has passed; without this, it has passed at once.
    pub wait: bool,
    /// What happens when the queue is still full then.
    pub when_full: WhenFull,
}

/// What happens to a message for which there was no room in time.
///
/// # Source
/// [`WhenFull::Cache`]: GNU Mach, ipc/mach_msg.c, `MACH_SEND_NOTIFY`. The others: XNU, osfmk/ipc/ipc_mqueue.c.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WhenFull {
    /// It comes back.
    #[default]
    GiveBack,
    /// It comes back, and the send-possible notification that is registered for the destination's name, if there is
    /// one, is sent when there is room.
    GiveBackAndTell,
    /// It goes into the queue beyond the limit, once for each task, and the notification goes to this port when it is
    /// taken: a name of which the task has the receive right.
    Cache(Name),
}

/// Why a thread stops to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GaveUp {
    /// The time that it was given has passed.
    TimedOut,
    /// It was told to.
    Interrupted,
}

/// How a message is received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceiveOptions {
    /// The largest message that is taken, in bytes, its [trailer](TrailerFormat) counted.
    pub bytes_max: usize,
    /// Whether a larger one stays in the queue; otherwise it is destroyed.
    pub leave_large: bool,
    /// How much of the trailer is asked for.
    pub trailer: TrailerFormat,
}

impl Default for ReceiveOptions {
    /// A message of any size, without more of a trailer than there must be.
    fn default() -> Self {
        Self { bytes_max: usize::MAX, leave_large: true, trailer: TrailerFormat::Null }
    }
}

/// How much of what the kernel knows about a message comes behind it.
///
/// # Source
/// XNU, osfmk/mach/message.h: `mach_msg_format_0_trailer_t`; the numbers are its.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
#[repr(u32)]
pub enum TrailerFormat {
    /// Only how long it is.
    #[default]
    Null = 0,
    /// And the number of the message.
    Sequence = 1,
    /// And user and group of the sender.
    Sender = 2,
    /// And the sender's audit token.
    Audit = 3,
    /// And the context of the port.
    Context = 4,
    /// And labels, of which there are none.
    Labels = 7,
}

impl TrailerFormat {
    /// How long such a trailer is.
    pub fn bytes(self) -> usize {
        match self {
            Self::Null => 8,
            Self::Sequence => 12,
            Self::Sender => 20,
            Self::Audit => 52,
            Self::Context => 60,
            Self::Labels => 68,
        }
    }
}
