// SPDX-License-Identifier: MIT OR Apache-2.0
//! What tests of several crates do alike: processes that do as they are told and are killed, others that play a
//! part, and others that come in every gap between two system calls. Behind the feature `testing`.

mod gaps;
mod other;
mod worker;

pub use gaps::in_each_gap;
pub use other::Other;
pub use worker::{Role, Worker};
