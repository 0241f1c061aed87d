// SPDX-License-Identifier: MIT OR Apache-2.0
//! Children: started by `CreateProcess`, with exactly the handles that Windows would let them inherit, under the values
//! that these have here.

pub(crate) mod attributes;
mod command_line;
pub(crate) mod environment;
pub(crate) mod legacy;
mod process;
mod start;

pub(crate) use process::{Process, STILL_ACTIVE};
pub(crate) use start::{Start, start};
