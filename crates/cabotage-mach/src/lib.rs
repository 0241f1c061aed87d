// SPDX-License-Identifier: MIT OR Apache-2.0
//! Mach message passing: tasks, ports, the rights to them, messages that carry rights, and what the system tells when
//! a port dies.
//!
//! What the Mach kernel does for its tasks is done here by a state machine without system calls and clock, the
//! [`kernel`]: spaces of names, ports with their queues, port sets, notifications. Its rules are XNU's.
#![forbid(unsafe_code)]

mod code;
mod error;
pub mod kernel;
#[allow(dead_code, reason = "being built")]
mod name;
mod right;

pub use code::KernError;
pub use error::{NO_NAME_LEFT, ReceiveError, SendError};
pub use name::Name;
pub use right::{Disposition, Right, RightTypes};
