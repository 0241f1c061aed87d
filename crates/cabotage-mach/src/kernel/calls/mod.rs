// SPDX-License-Identifier: MIT OR Apache-2.0
//! The calls on names, rights, ports and sets: a file for each idea.
//!
//! # Source
//! XNU, osfmk/ipc/mach_port.c.

mod allocate;
mod attributes;
mod construct;
mod file;
mod guard;
mod insert;
mod members;
mod peek;
mod references;
mod release;
mod request;

pub use attributes::PortStatus;
pub use construct::PortFlags;
pub use guard::{GuardFlags, Handover};
pub use peek::Peeked;
pub use request::Notice;
