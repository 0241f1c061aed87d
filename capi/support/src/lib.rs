// SPDX-License-Identifier: MIT OR Apache-2.0
//! What every C library of Cabotage does where C calls Rust: [`border`] catches panics and keeps errno, [`pointers`]
//! and [`slot`] check what C hands over, [`region`] is memory that C writes by address, [`home`] tells a forked child
//! from the process that owns the rights.
//!
//! The libraries keep their rules in safe modules; what they export is a thin layer of `extern "C"` functions, each
//! of which goes through [`border::call`].

pub mod border;
pub mod home;
pub mod pointers;
pub mod region;
pub mod slot;
