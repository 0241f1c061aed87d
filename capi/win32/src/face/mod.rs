// SPDX-License-Identifier: MIT OR Apache-2.0
//! What C calls: each function checks its pointers, makes texts and structures ours, and hands the rest to safe modules.
//! Their names and arguments are those of the Windows API.
//!
//! A handle is a number here. What C says of its pointers is its word, as in every C library: see
//! [`cabotage_c_support::pointers`].

#![allow(non_snake_case, reason = "the names of the Windows API")]
#![allow(unreachable_pub, reason = "C reaches it by name")]

mod border;
mod cancel;
mod create;
mod errors;
mod events;
mod handles;
mod identity;
mod io;
mod open;
mod ports;
mod process;
mod results;
mod security;
mod state;
mod text;
mod waits;
