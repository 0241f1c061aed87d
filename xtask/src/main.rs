// SPDX-License-Identifier: MIT OR Apache-2.0
//! Chores of the repository.
fn main() {}
