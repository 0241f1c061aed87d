// SPDX-License-Identifier: MIT OR Apache-2.0
//! Messages with typed rights in them: what is sent, what has come, and what the kernel tells.

mod carried;
mod immutable;
mod incoming;
#[cfg(feature = "json")]
mod json;
mod notification;
mod outgoing;

pub use carried::Carried;
pub use immutable::{Immutable, NotConverted};
pub use incoming::{Message, Unanswered};
#[cfg(feature = "json")]
pub use json::JsonError;
pub use notification::Notification;
pub use outgoing::Outgoing;
