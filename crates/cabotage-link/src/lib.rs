// SPDX-License-Identifier: MIT OR Apache-2.0
//! Two processes joined by one socket and two outboxes: messages between them, whoever they are.
#![forbid(unsafe_code)]

mod core;
pub mod direct;
mod error;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod inbox;
mod join;
mod link;
mod message;
pub mod metered;
pub mod names;
mod options;
mod outbox;
mod parcel;
pub mod peer;
pub mod quota;
mod receive;
mod refusal;
mod send;
mod set;
mod split;
mod wait;
mod wire;

pub use cabotage_lane::block::BlockMut;
pub use cabotage_os::Deadline;
pub use error::{LinkError, PeerFault, ReceiveError, SendError};
pub use join::{AcceptError, End, EndError, JoinError, Listener};
pub use link::Link;
pub use message::{Block, Letter, Message};
pub use options::Options;
pub use parcel::{BLOCKS_MAX, DESCRIPTORS_MAX, Parcel, Unsent};
pub use receive::Ready;
pub use refusal::Refusal;
pub use send::{KeptRoom, Room};
pub use set::{Event, Key, LinkSet, NotInserted, SetError};
pub use split::{Receiver, Sender};
pub use wait::{LOOKS_BETWEEN_CHECKS, Patience, Wait};
pub use wire::WireError;
