// SPDX-License-Identifier: MIT OR Apache-2.0
//! The guarded form of producer and consumer: who is let in, what survives whose end, and what a liar can do.
#![forbid(unsafe_code)]

mod basics;
#[path = "../common/copied.rs"]
mod copied;
mod ends;
mod failures;
mod kills;
mod liars;
mod places;
mod support;
