// SPDX-License-Identifier: MIT OR Apache-2.0
//! Each sentence of Mach's rules about messages, as a test.

mod body;
mod circles;
mod full;
mod header;
mod world;
