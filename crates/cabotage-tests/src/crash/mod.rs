// SPDX-License-Identifier: MIT OR Apache-2.0
//! A process is killed at every instruction of an operation, and its survivor is asked what is true afterwards.
//!
//! For each point the stage is set anew: a survivor in this process, a victim in a forked one, both ready for the
//! operation. The victim is led to the point by ptrace, killed there, and the survivor checks: committed records
//! are there, whole, in order and once, it is told of the death, a successor gets the place, and nothing is left
//! behind ([`Inventory`](crate::inventory)). What is exact is written in [`notes`](crate::notes).
//!
//! The first run of an operation steps through it once and takes down where each instruction lies (`track`); later
//! runs come close to their point by a breakpoint and step the rest (`traced`). One that goes another way than the
//! first run (a spin that ends earlier) is killed where it is, and counted. A copy of ours by `rep movs` is one
//! instruction and a point before each of its bytes; time in the kernel is no point, since the kernel finishes what it
//! has begun.

mod calls;
mod code;
mod command;
mod cpu;
pub mod operations;
mod report;
mod run;
mod stage;
mod traced;
mod track;

pub use command::CrashPoints;
pub use report::{Report, Violation};
pub use run::{Plan, explore};
pub use stage::{After, Gate, Ground, Operation, Outcome, Stage, Survivor};
