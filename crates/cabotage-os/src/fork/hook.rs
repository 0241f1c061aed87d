// SPDX-License-Identifier: MIT OR Apache-2.0
//! What runs around every `fork` of the process, once the first sole descriptor exists.

use std::sync::OnceLock;

use super::{exempt, gate, table};
use crate::error::SystemError;
use crate::seam::Errno;

/// Installs the hook, once.
///
/// # Source
/// pthread_atfork(3).
pub(super) fn install() -> Result<(), SystemError> {
    static INSTALLED: OnceLock<Result<(), i32>> = OnceLock::new();
    let installed = INSTALLED.get_or_init(|| {
        // SAFETY: the handlers load and store atomics, yield, and close descriptors; none panics or allocates.
        match unsafe { libc::pthread_atfork(Some(before), Some(after_in_parent), Some(after_in_child)) } {
            0 => Ok(()),
            error => Err(error),
        }
    });
    installed
        .map_err(|error| SystemError::new("pthread_atfork", "the fork hook", Errno::from_raw_os_error(error)))
}

extern "C" fn before() {
    gate::close();
}

extern "C" fn after_in_parent() {
    gate::open_in_parent();
}

/// Runs before `fork` returns in the child, where no other thread exists.
extern "C" fn after_in_child() {
    gate::open_in_child();
    table::empty(
        |fd| !exempt::is_exempt(fd),
        |fd| {
            // SAFETY: a `SoleFd` of the parent owned this number at the fork, and refuses to use or close it here.
            unsafe { libc::close(fd) };
        },
    );
}
