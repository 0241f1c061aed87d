// SPDX-License-Identifier: MIT OR Apache-2.0
//! Two processes joined by one socket and two outboxes: messages between them, whoever they are.
#![forbid(unsafe_code)]

pub mod names;
