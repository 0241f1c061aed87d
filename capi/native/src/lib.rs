// SPDX-License-Identifier: MIT OR Apache-2.0
//! libcabotage: what `cabotage.h` declares. Each file beside this one is a section of the header; a test holds names,
//! parameters and numbers of both against each other.
//!
//! A handle is a value behind a pointer. A call on it takes it alone: a second thread that comes meanwhile is told so.
//! What a call answers is a code; who wants to know more gives it a place for an error, which has words.
#![allow(non_camel_case_types, unreachable_pub, reason = "C calls them, by these names")]

mod border;
mod channel;
mod failure;
mod kept;
mod link;
mod pipe;
mod port;
mod server;
mod shm;
