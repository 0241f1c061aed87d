// SPDX-License-Identifier: MIT OR Apache-2.0
//! The programs of the textbook and the examples of links, ALPC, Mach and named pipes, run for real: they say what they promise
//! and leave nothing behind.
#![forbid(unsafe_code)]

mod channels;
mod links;
mod mach;
mod named_pipes;
mod pipes;
mod ports;
mod program;
mod shared_memory;
