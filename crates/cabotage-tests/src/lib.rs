// SPDX-License-Identifier: MIT OR Apache-2.0
//! The harness: real processes in roles, peers that die, stop or lie, and what must still be true afterwards.
//!
//! Every suite of several processes stands on the same few ideas: a [`role`] is what a process plays, a [`process`]
//! is one seen from whoever started it, [`record`]s carry their number and a checksum, chance has a printed seed
//! ([`random`]), an [`inventory`] before and after tells what was left behind, and nothing outlives its
//! [`watchdog`]. How to run it all: docs/testing.md. The house rules are tests of this crate too (`tests/tidy`).
#![forbid(unsafe_code)]

pub mod card;
pub mod channels;
pub mod crash;
pub mod fuzz;
pub mod hostile;
pub mod inject;
pub mod inventory;
pub mod kill;
pub mod notes;
pub mod pipes;
mod ports;
pub mod process;
pub mod random;
pub mod record;
mod rights;
pub mod role;
pub mod roles;
pub mod scratch;
pub mod suite;
pub mod times;
pub mod topics;
pub mod transport;
pub mod watchdog;

/// What was found wrong, in words.
pub type Wrong = Box<dyn std::error::Error + Send + Sync>;
