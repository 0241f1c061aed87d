// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rights as values that own their reference and give it back when they are dropped.
//!
//! The names beneath are Mach's: `into_raw` and `from_raw` lead to and from them, for those who want Mach's own
//! interface ([`Names`](crate::Names)). A right of a task that has ended, or of the parent at a fork, answers so, and
//! dropping it does nothing.

mod any;
mod bell;
mod dead;
mod owned;
mod receive;
mod receiving;
mod send;
mod send_once;
mod set;

pub use any::AnyRight;
pub use dead::DeadName;
pub use receive::ReceiveRight;
pub use receiving::Messages;
pub use send::{SendRight, Sent, WhenFull};
pub use send_once::SendOnceRight;
pub use set::PortSet;
