// SPDX-License-Identifier: MIT OR Apache-2.0
//! The rules of a channel as values: what was asked and waits for its answer, what is owed to the other side, how a
//! connection comes and goes.
//!
//! No system call and no clock: whoever holds these tells them what happened and does what they answer. So each rule
//! is tested without a process.

mod asked;
mod connection;
mod copies;
mod owed;
mod ranges;
mod reserves;
mod technique;
mod views;

pub(crate) use asked::{Answer, Asked, Way};
pub(crate) use connection::{Arrival, Connection, Ending};
pub(crate) use copies::{Copying, Numbers, PIECE_BYTES_MAX, Piece};
pub(crate) use owed::{Admission, Canceling, Owed, Settling};
pub use ranges::{Access, RANGES_MAX, RangeError};
pub(crate) use ranges::{Entry, Ranges, Wanted};
pub use reserves::ReserveId;
pub(crate) use reserves::Reserves;
pub use technique::Technique;
pub(crate) use technique::{Limits, choose};
pub use views::VIEW_GRANULE_BYTES;
pub(crate) use views::{Ledger, Ticket, ViewEntry, view_bytes};

#[cfg(test)]
mod model;

/// The first of these choices that is above what may be: what it is, what was asked for, and what may be.
pub(crate) fn above<const CHOICES: usize>(
    choices: [(&'static str, usize, usize); CHOICES],
) -> Option<(&'static str, usize, usize)> {
    choices.into_iter().find(|(_, value, max)| value > max)
}
