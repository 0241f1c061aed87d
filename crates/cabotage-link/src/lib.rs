// SPDX-License-Identifier: MIT OR Apache-2.0
//! Two processes joined by one socket and two outboxes: messages between them, whoever they are.
#![forbid(unsafe_code)]

#[cfg_attr(not(test), expect(dead_code, reason = "the handshake is to use it"))]
pub mod peer;
#[cfg_attr(not(test), expect(dead_code, unused_imports, reason = "links are to be charged"))]
pub mod quota;
#[cfg_attr(not(test), expect(dead_code, unused_imports, reason = "the handshake is to use it"))]
mod wire;
