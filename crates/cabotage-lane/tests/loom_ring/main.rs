// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every interleaving of a sender and a receiver over small rings.
//!
//! Run with `RUSTFLAGS="--cfg loom" cargo test --release -p cabotage-lane --test loom_ring`. Payload words imitate
//! headers, so that a header polled too early or not cleared is taken for a record and caught. Each word has a
//! shadow cell, so that a body read while it is written is a race even where its value happens to be right.
#![cfg(loom)]

#[path = "../loom_ends/mod.rs"]
mod ends;
mod freed;
mod lane;
mod records;
mod rings;
mod sleeping;
mod state;
mod taken;
