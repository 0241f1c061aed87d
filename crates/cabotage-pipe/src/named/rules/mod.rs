// SPDX-License-Identifier: MIT OR Apache-2.0
//! The rules of named pipes, as values and functions: no system call, no clock, no memory but their own.
//!
//! The shell asks them before each operation, tells them what happened, and does what they answer. So each rule is
//! tested without a process, and by the name that it has in docs/sources.md.

mod creation;
mod direction;
mod identity;
mod mode;
mod state;
mod transact;

pub use creation::{Asked, Creation, InstancesMax, UNLIMITED};
pub use direction::{Access, Direction};
pub use mode::{HandleState, PipeMode, WaitMode};
pub use state::{EndState, Flushing, Listening, Reading, Side, State};
pub use transact::may_transact;
