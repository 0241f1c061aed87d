// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where the instances of a pipe are, across processes: how one is created, how a client finds one, who comes first, and
//! when the name goes.
//!
//! There is no daemon. A pipe is a folder in the directory of names, and the kernel hands its clients over:
//!
//! ```text
//! /run/user/1000/cabotage/pipe/chat/
//!     record                         what the first instance fixed for all; written before the folder has its name
//!     lock                           held for a few calls by whoever creates, listens again or tidies up
//!     instances/0…01-4711            a FIFO for each instance, open for reading in its server while it exists
//!     listening/0…02-1-m-4096-4096   a socket for each instance that listens, with room for one client
//! ```
//!
//! Clients try the sockets in order of their numbers, and numbers are drawn when an instance enters listening, so the
//! one that has listened longest is taken first. A client that connects has the instance from that moment, before its
//! server accepts, and what it writes at once is there when the server does. The server refuses all others before it
//! accepts, and listens again under a new number.
//!
//! Invariants: an instance gets one client at most each time it listens, and no client that connected is forgotten. A
//! name that nobody living has an instance of does not exist, whatever lies there. Nothing of a stranger is used,
//! followed or removed.
//! Why it is made so: docs/decisions/0074-a-pipe-is-a-folder.md.

mod connect;
mod create;
mod definition;
mod folder;
mod instance;
mod leavings;
mod list;
mod post;
mod queue;
mod record;
mod refusal;
mod remove;
mod seek;
mod sign;
mod turn;
mod waiting;

pub use connect::{ConnectOptions, Connection, Patience, connect, wait};
pub use create::create;
pub use definition::{Creators, Definition, Rights, Shape};
pub use instance::Instance;
pub use leavings::{Leaving, What, leavings, remove_leaving};
pub use list::{InstanceShown, Listed, Occupation, Shown, list, show};

/// Decodes a record, and the name of a post.
#[cfg(feature = "fuzzing")]
pub(crate) fn decode(bytes: &[u8]) {
    record::decode(bytes);
    post::decode(bytes);
}
