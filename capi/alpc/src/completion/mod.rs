// SPDX-License-Identifier: MIT OR Apache-2.0
//! How a program is told of messages without a thread of its own at each port: by packets in a completion port, by a
//! completion list in memory of its own, by callbacks in threads of the library.
//!
//! All three stand on one count ([`telling`]): of the messages that wait at a port, how many somebody was told of.

pub(crate) mod callbacks;
pub(crate) mod list;
pub(crate) mod lists;
pub(crate) mod packets;
pub(crate) mod pool;
pub(crate) mod port;
mod spans;
pub(crate) mod telling;

use cabotage_alpc::Status;
use cabotage_c_support::home::Home;

use crate::status::Answer;
use lists::Lists;
use pool::Pool;

/// What this process has for it; a forked child begins with nothing.
#[derive(Debug)]
pub(crate) struct Here {
    pub(crate) lists: Lists,
    pub(crate) pool: Pool,
}

static HERE: Home<Here> = Home::new();

/// That of this process.
///
/// # Errors
/// The system has no memory.
pub(crate) fn here() -> Answer<&'static Here> {
    let make = || Here { lists: Lists::default(), pool: Pool::default() };
    HERE.get_or(make).map_err(|_| Status::INSUFFICIENT_RESOURCES)
}
