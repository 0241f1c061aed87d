// SPDX-License-Identifier: MIT OR Apache-2.0
//! What sending and receiving answer when they do not do what was asked.

mod bootstrap;
mod outside;
mod poll;
mod receive;
mod request;
mod send;
mod spawn;
mod task;
mod unsent;

pub use bootstrap::BootstrapError;
pub use outside::OutsideError;
pub use poll::PollError;
pub use receive::ReceiveError;
pub use request::RequestError;
pub use send::SendError;
pub use spawn::SpawnError;
pub use task::TaskError;
pub use unsent::Unsent;

/// Added to the code of a receive, or of a send that gave its message back: a right had no room in the space of names,
/// and was destroyed. `MACH_MSG_IPC_SPACE`.
pub const NO_NAME_LEFT: u32 = 0x2000;
