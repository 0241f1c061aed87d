// SPDX-License-Identifier: MIT OR Apache-2.0
//! libcabotage-mach: Mach for C programs that were written for macOS. The headers are in `include/compat/mach`.
//!
//! What C sees is XNU's: names of rights, messages in its layout, its numbers. The rules are those of [`cabotage_mach`];
//! here messages are put into C's layout and out of it, and memory is at addresses.
//!
//! | module | |
//! |---|---|
//! | `face` | the functions that C calls: thin, and the only place with unsafe code |
//! | `here`, `task` | the task that the program is, and others that it has a right to |
//! | `message`, `exchange` | messages in C's layout; `mach_msg` |
//! | `memory` | the vm_ calls, memory that messages bring, memory as a right |
//! | `services` | the bootstrap_ calls |
//!
//! A fork leaves the child without rights: its first call finds it a task of its own.

mod code;
mod exchange;
pub mod face;
mod here;
mod memory;
mod message;
mod reply_port;
mod services;
mod task;
mod words;
