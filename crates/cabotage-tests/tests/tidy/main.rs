// SPDX-License-Identifier: MIT OR Apache-2.0
//! The house rules that a program can check, one test each: `cargo test -p cabotage-tests --test tidy`.
//!
//! A rule is a function from a file to its complaints, so each is shown to fail on a bad snippet beside it. An
//! exception is a line with its reason, in the list of its rule; an exception that nothing needs is a complaint.
#![forbid(unsafe_code)]

mod blank;
mod files;
mod heads;
mod indexes;
mod kernel;
mod layers;
mod manners;
mod memory;
mod pages;
mod sources;
mod unsafety;
