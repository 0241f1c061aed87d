// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every interleaving of a publisher and its readers over small rings.
//!
//! Run with `RUSTFLAGS="--cfg loom" cargo test --release -p cabotage-lane --test loom_topic`. The body of each record
//! tells its number and imitates a header, so that a copy that was overwritten, a number that is off and a body taken
//! for a header are all seen. Where the topic waits for the slow, words have shadow cells too: there a word that is
//! written while it is read is a fault whatever its value.
#![cfg(loom)]

mod dropping;
#[allow(dead_code)] // topics have no control words
#[path = "../loom_ends/mod.rs"]
mod ends;
mod joining;
mod sleeping;
mod topic;
mod waiting;
