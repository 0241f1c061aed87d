// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why a message was not sent.

use cabotage_os::Fault;

/// Why a message was not sent. [`SendError::code`] gives Mach's number.
///
/// # Source
/// XNU, osfmk/mach/message.h; when each is given: osfmk/ipc/ipc_kmsg.c. The two of the cached message: GNU Mach,
/// include/mach/message.h.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// `MACH_SEND_INVALID_HEADER`
    #[error(
        "the destination or the reply port is given by no disposition, or by one that gives no right to send"
    )]
    InvalidHeader,
    /// `MACH_SEND_INVALID_DEST`
    #[error("the destination is no right of this task by which a message can be sent, or its port is dead")]
    InvalidDestination,
    /// `MACH_SEND_INVALID_REPLY`
    #[error("the reply port is no right of this task that its disposition could give")]
    InvalidReply,
    /// `MACH_SEND_INVALID_RIGHT`
    #[error(
        "a right in the body is none of this task that its disposition could give; the header's rights and those \
         before it have gone"
    )]
    InvalidRight,
    /// `MACH_SEND_INVALID_NOTIFY`
    #[error("the port to be told when the message is taken is none that this task receives from")]
    InvalidNotify,
    /// `MACH_SEND_NOTIFY_IN_PROGRESS`
    #[error(
        "the queue is full and has a message of this task beyond its limit already: wait until that is taken"
    )]
    NotifyInProgress,
    /// `MACH_SEND_TOO_LARGE`
    #[error(
        "the message has more inline bytes or more rights than one may have: send memory out of line, or several"
    )]
    TooLarge,
    /// `MACH_SEND_NO_BUFFER`
    #[error(
        "the queue holds as many messages as any queue can, or the task is owed as many answers as it may be: somebody \
         must take some"
    )]
    NoBuffer,
    /// `MACH_SEND_TIMED_OUT`
    #[error("the queue was full all the time: send again, wait longer, or ask to be told when there is room")]
    TimedOut,
    /// `MACH_SEND_INTERRUPTED`
    #[error("the wait for room in the queue was broken off: send again")]
    Interrupted,
    /// As `MACH_SEND_INVALID_RIGHT`: a right in the message is of another task.
    #[error("a right in the message belongs to another task: move it to the sender's first (`move_to`)")]
    StrangeRight,
    /// As `MACH_SEND_INVALID_HEADER`: by types, no message can be sent that looks like the kernel's.
    #[error("the numbers 64 to 72 are the kernel's: give the message another")]
    ReservedId,
    /// As `MACH_SEND_INVALID_DEST`: the right stayed with the parent.
    #[error("the right stayed with the parent at the fork: the child is a task of its own, `Task::current`")]
    Forked,
}

impl SendError {
    /// Mach's number of it.
    pub fn code(self) -> u32 {
        match self {
            Self::InvalidDestination | Self::Forked => 0x1000_0003,
            Self::TimedOut => 0x1000_0004,
            Self::NotifyInProgress => 0x1000_0006,
            Self::Interrupted => 0x1000_0007,
            Self::InvalidReply => 0x1000_0009,
            Self::InvalidRight | Self::StrangeRight => 0x1000_000a,
            Self::InvalidNotify => 0x1000_000b,
            Self::NoBuffer => 0x1000_000d,
            Self::TooLarge => 0x1000_000e,
            Self::InvalidHeader | Self::ReservedId => 0x1000_0010,
        }
    }

    /// Whose fault it is: of a queue that stays full, the receiver's.
    pub fn fault(self) -> Fault {
        match self {
            Self::TimedOut | Self::NoBuffer | Self::NotifyInProgress => Fault::Peer,
            Self::Interrupted => Fault::System,
            _ => Fault::Caller,
        }
    }
}
