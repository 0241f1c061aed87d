// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why no message was received, or not the whole of one.

use cabotage_os::Fault;

use super::NO_NAME_LEFT;

/// Why no message was received, or not the whole of one. [`ReceiveError::code`] gives Mach's number.
///
/// # Source
/// XNU, osfmk/mach/message.h; when each is given: osfmk/ipc/ipc_mqueue.c, osfmk/ipc/mach_msg.c.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiveError {
    /// `MACH_RCV_INVALID_NAME`
    #[error("the name is neither of a port that this task receives from nor of a port set")]
    InvalidName,
    /// `MACH_RCV_TIMED_OUT`
    #[error("no message came in time")]
    TimedOut,
    /// `MACH_RCV_TOO_LARGE`
    #[error(
        "the message is larger than what was offered: ask for large ones to be left in the queue, and offer more"
    )]
    TooLarge,
    /// `MACH_RCV_INTERRUPTED`
    #[error("the wait for a message was broken off: receive again")]
    Interrupted,
    /// `MACH_RCV_PORT_CHANGED`
    #[error(
        "while this thread waited, the port died or its receive right went away, or the port set was destroyed"
    )]
    PortChanged,
    /// `MACH_RCV_HEADER_ERROR | MACH_MSG_IPC_SPACE`
    #[error(
        "the task has no name left for the reply right of the message, which is destroyed: give names back"
    )]
    NoNameForReply,
    /// `MACH_RCV_BODY_ERROR | MACH_MSG_IPC_SPACE`
    #[error("the task had no name left for some rights of the message, which are destroyed: give names back")]
    NoNameForRight,
    /// As `MACH_RCV_INVALID_NAME`: the right stayed with the parent.
    #[error("the right stayed with the parent at the fork: the child is a task of its own, `Task::current`")]
    Forked,
}

impl ReceiveError {
    /// Mach's number of it.
    pub fn code(self) -> u32 {
        match self {
            Self::InvalidName | Self::Forked => 0x1000_4002,
            Self::TimedOut => 0x1000_4003,
            Self::TooLarge => 0x1000_4004,
            Self::Interrupted => 0x1000_4005,
            Self::PortChanged => 0x1000_4006,
            Self::NoNameForReply => 0x1000_400b | NO_NAME_LEFT,
            Self::NoNameForRight => 0x1000_400c | NO_NAME_LEFT,
        }
    }

    /// Whose fault it is.
    pub fn fault(self) -> Fault {
        match self {
            Self::InvalidName | Self::Forked | Self::TooLarge => Fault::Caller,
            Self::TimedOut => Fault::Peer,
            _ => Fault::System,
        }
    }
}
