// SPDX-License-Identifier: MIT OR Apache-2.0
//! Two processes joined by one socket and two outboxes: messages between them, whoever they are.
#![forbid(unsafe_code)]

mod core;
mod error;
mod inbox;
pub mod names;
mod options;
mod outbox;
mod parcel;
pub mod peer;
pub mod quota;
mod refusal;
mod send;
mod wait;
mod wire;

pub use error::{LinkError, PeerFault, ReceiveError, SendError};
pub use options::Options;
pub use refusal::Refusal;
pub use wait::Wait;
pub use wire::WireError;
