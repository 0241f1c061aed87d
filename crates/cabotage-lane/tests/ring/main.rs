// SPDX-License-Identifier: MIT OR Apache-2.0
//! A lane over real sealed memory, both ends in one process: what it carries, and what a liar can do to it.
#![cfg(not(loom))]

mod carrying;
mod fuzz;
mod growth;
mod hostile;
mod kept;
mod lane;
mod loads;
mod loans;
mod reading;
mod reading_back;
mod room;
mod sending;
mod sleeping;
mod state;
mod succession;
