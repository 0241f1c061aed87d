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
pub mod message;
pub mod mig;
pub mod port;
pub mod port_state;
pub mod server;
pub mod start;
pub mod task;
pub mod vm;

use cabotage_c_support::{border, pointers};

use crate::code::{Code, FAILURE, INVALID_ARGUMENT, SUCCESS};

/// Runs a call that answers a `kern_return_t`.
fn call(body: impl FnOnce() -> Result<(), Code>) -> Code {
    border::call(FAILURE, || body().err().unwrap_or(SUCCESS))
}

/// Where a call stores what it answers.
struct Place<T>(*mut T);

impl<T: Copy> Place<T> {
    /// A place for a `T`.
    ///
    /// # Safety
    /// If `at` is plausible, a `T` can be written there.
    unsafe fn new(at: *mut T) -> Result<Self, Code> {
        if pointers::is_plausible(at, 1) { Ok(Self(at)) } else { Err(INVALID_ARGUMENT) }
    }

    fn store(&self, value: T) {
        // SAFETY: whoever made this value said that a `T` can be written there.
        unsafe { pointers::write(self.0, value) };
    }

    fn load(&self) -> T {
        // SAFETY: as above, and what C has there is a `T` for calls that read it.
        unsafe { self.0.read() }
    }
}
