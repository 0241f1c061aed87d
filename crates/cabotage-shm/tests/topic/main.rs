// SPDX-License-Identifier: MIT OR Apache-2.0
//! Topics: one publisher, many subscribers, in one process and in several.

#[path = "../common/mod.rs"]
mod common;
mod dropping;
mod ends;
mod joining;
mod killed;
mod publishing;
mod shrunk;
mod topics;
mod users;
mod waiting;
