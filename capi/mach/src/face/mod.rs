// SPDX-License-Identifier: MIT OR Apache-2.0
//! What C calls. Each function checks the addresses that it gets as far as they can be checked, calls a safe function,
//! and stores what that answers; a panic inside becomes `KERN_FAILURE`.
//!
//! **Safety**, for all of them: an address that is not null leads to memory of the size that the parameter's type, or the
//! size beside it, says, which nobody else uses as long as the call runs.

pub mod audit;
pub mod bootstrap;
pub mod error;
pub mod fileport;
pub mod mach_vm;
pub mod message;
pub mod mig;
pub mod port;
pub mod port_state;
pub mod server;
pub mod start;
pub mod task;
pub mod vm;

use cabotage_c_support::border;

use crate::code::{Code, FAILURE, INVALID_ARGUMENT, SUCCESS};

/// Runs a call that answers a `kern_return_t`.
fn call(body: impl FnOnce() -> Result<(), Code>) -> Code {
    border::call(FAILURE, || body().err().unwrap_or(SUCCESS))
}

/// The value, or the error of an argument that cannot be one.
fn given<T>(value: Option<T>) -> Result<T, Code> {
    value.ok_or(INVALID_ARGUMENT)
}
