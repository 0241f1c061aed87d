// SPDX-License-Identifier: MIT OR Apache-2.0
//! A topic over real sealed memory, all ends in one process: what it carries, whom it waits for, and what it loses.
#![cfg(not(loom))]

mod carrying;
mod dropping;
mod joining;
mod topic;
mod waiting;
