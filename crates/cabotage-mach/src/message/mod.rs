// SPDX-License-Identifier: MIT OR Apache-2.0
//! Messages with typed rights in them: what is sent, what has come, and what the kernel tells.

mod carried;
mod incoming;
mod notification;
mod outgoing;

pub use carried::Carried;
pub use incoming::{Message, Unanswered};
pub use notification::Notification;
pub use outgoing::Outgoing;
