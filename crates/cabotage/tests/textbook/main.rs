// SPDX-License-Identifier: MIT OR Apache-2.0
//! The programs of the textbook, run for real: they say what their figures promise and leave nothing behind.
#![forbid(unsafe_code)]

mod pipes;
mod program;
mod shared_memory;
