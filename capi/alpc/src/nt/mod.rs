// SPDX-License-Identifier: MIT OR Apache-2.0
//! What C calls: the NtAlpc calls and their helpers. Each copies in, asks a safe module, and copies out.

#![allow(non_snake_case, unreachable_pub, reason = "C calls them, by these names")]

mod completion_list;
mod helpers;
mod information;
mod io_completion;
pub(crate) mod message;
pub(crate) mod port;
mod section;
pub(crate) mod security;
mod thread_pool;

use crate::status::{Answer, INTERNAL_ERROR, NtStatus, number};

/// Runs a call that has a status: panics stay inside, errno is kept.
pub(crate) fn status(body: impl FnOnce() -> Answer) -> NtStatus {
    let fault = INTERNAL_ERROR.0.cast_signed();
    cabotage_c_support::border::call(fault, || number(body()))
}
