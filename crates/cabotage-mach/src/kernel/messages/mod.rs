// SPDX-License-Identifier: MIT OR Apache-2.0
//! Messages on their way: out of a space into a queue, out of the queue into another space, and what becomes of those
//! that do not arrive.
//!
//! A message on its way owns its rights: each counts at its port as if a space held it. So a message can wait, be
//! carried to another process or be destroyed without asking who sent it.

mod circle;
mod copy_in;
mod deliver;
mod direct;
mod give_back;
mod options;
mod outcome;
mod queue;
mod receive;
mod room;
mod send;
mod size;
mod turns;
mod wait;

#[cfg(test)]
mod tests;

pub use options::{GaveUp, ReceiveOptions, SendOptions, TrailerFormat, WhenFull};
pub use outcome::{BareHeader, Outgoing, Receipt, Received, SendFailed, Sent};
pub use size::{HEADER_BYTES, MESSAGE_BYTES_MAX, RIGHTS_MAX};

pub(crate) use direct::{Arrived, At, Direct, PlainLetter, Short, Slot};
pub(crate) use wait::Waits;
