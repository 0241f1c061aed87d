// SPDX-License-Identifier: MIT OR Apache-2.0
//! The programs of the textbook and the examples of links, run for real: they say what they promise and leave nothing
//! behind.
#![forbid(unsafe_code)]

mod links;
mod pipes;
mod program;
mod shared_memory;
