// SPDX-License-Identifier: MIT OR Apache-2.0
//! What sending and receiving answer when they do not do what was asked.

mod receive;
mod send;

pub use receive::ReceiveError;
pub use send::SendError;

/// Added to the code of a receive, or of a send that gave its message back: a right had no room in the space of names,
/// and was destroyed. `MACH_MSG_IPC_SPACE`.
pub const NO_NAME_LEFT: u32 = 0x2000;
