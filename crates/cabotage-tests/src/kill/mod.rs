// SPDX-License-Identifier: MIT OR Apache-2.0
//! Real processes are killed at random moments, again and again, and whoever lives on must be right about it.
//!
//! The supervisor starts a victim in a role, lets its survivor in this process talk with it, sometimes stops it and
//! lets it go on, and kills it between a microsecond and a tenth of a second later, each power of two as likely as
//! the next. Then the survivor must have been told, and everything is held against the victim's
//! [`notes`](crate::notes). A survivor lives through several victims, as far as its transport knows successors; at
//! its own end nothing may be left ([`inventory`](crate::inventory)).

mod command;
mod session;
mod supervisor;
mod transports;

pub use command::Kills;
pub use session::{Session, Side, Survivor, Transport};
pub use supervisor::{Supervisor, Tally};
pub use transports::{named, play};
