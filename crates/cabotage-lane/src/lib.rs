// SPDX-License-Identifier: MIT OR Apache-2.0
//! One direction of a link: memory that one process writes and another, which does not trust it, reads.
//!
//! Each end owns an *outbox* that only it can write: the [ring] of its messages, the [blocks](block) of large
//! ones, and the [`Control`] words that tell the peer how far it has read and whether it sleeps. No word is written
//! by two processes, so a peer can only lie in its own outbox; every lie is checked where it is read and ends the
//! lane for ever.
//!
//! Everything here is generic over where the words lie, so that loom explores the very code that runs between
//! processes (`tests/loom_*.rs`).

pub mod block;
mod control;
mod fencing;
mod hold_off;
#[cfg(not(loom))]
mod memory;
mod pace;
mod plain;
mod record;
pub mod revoke;
pub mod ring;
#[cfg(not(loom))]
mod span;
mod sync;
pub mod topic;
mod violation;

pub use control::{BLOCK_SLOTS, Control, Controls, Line};
pub use fencing::Fencing;
pub use hold_off::HoldOff;
#[cfg(not(loom))]
pub use memory::{MappedControls, MappedRing, PeerRing, RING_WORDS_MAX};
pub use pace::Pace;
pub use plain::{Plain, bytes_of, value_of, word_of};
pub use record::{PORT_MAX, Port, TAGS, Tag};
#[cfg(not(loom))]
pub use span::{Chunks, Claim, Span};
pub use violation::Violation;
