// SPDX-License-Identifier: MIT OR Apache-2.0
//! The last error of each thread.

use std::cell::Cell;

thread_local! {
    static LAST: Cell<u32> = const { Cell::new(0) };
}

pub(super) fn set(code: u32) {
    // A thread that is ending keeps none.
    let _ = LAST.try_with(|last| last.set(code));
}

/// Why the last call of this thread that failed did. A call that succeeds leaves it.
#[unsafe(no_mangle)]
pub extern "C" fn GetLastError() -> u32 {
    LAST.try_with(Cell::get).unwrap_or(0)
}

/// From now on the last error of this thread is this.
#[unsafe(no_mangle)]
pub extern "C" fn SetLastError(code: u32) {
    set(code);
}
