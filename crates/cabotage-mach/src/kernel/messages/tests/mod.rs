// SPDX-License-Identifier: MIT OR Apache-2.0
//! Each sentence of Mach's rules about messages, as a test.

mod away;
mod body;
mod cached;
mod circles;
mod conservation;
mod full;
mod give_back;
mod header;
mod receive;
mod send_possible;
mod sets;
mod waiting;
mod world;
