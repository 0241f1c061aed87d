// SPDX-License-Identifier: MIT OR Apache-2.0
//! Handles themselves.

use cabotage_c_support::border::call;

use super::border::{boolean, store, value};
use super::create::INVALID;
use crate::failure::Failure;
use crate::handles::{Duplication, close, duplicate, flags, set_flags, set_standard, standard};
use crate::object::Object;
use crate::runtime::here;
use crate::threads;
use crate::waits::{OWN_PROCESS, OWN_THREAD};

/// Closes a handle.
#[unsafe(no_mangle)]
pub extern "C" fn CloseHandle(handle: usize) -> i32 {
    boolean(|| close(here()?, handle))
}

/// A second handle to the same object.
///
/// # Safety
/// `target` is null or can be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn DuplicateHandle(
    source_process: usize,
    source: usize,
    target_process: usize,
    target: *mut usize,
    _access: u32,
    inherit: i32,
    options: u32,
) -> i32 {
    boolean(|| {
        let (is_taken, inherit) = (!target.is_null(), inherit != 0);
        let asked = Duplication { source_process, source, target_process, is_taken, inherit, options };
        let made = duplicate(here()?, asked)?;
        // SAFETY: as the caller of this promises.
        unsafe { store(target, made) }
    })
}

/// The flags of a handle.
///
/// # Safety
/// `to` is null or can be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GetHandleInformation(handle: usize, to: *mut u32) -> i32 {
    boolean(|| {
        let found = flags(here()?, handle)?;
        if to.is_null() {
            return Err(Failure::INVALID_PARAMETER);
        }
        // SAFETY: as the caller of this promises.
        unsafe { store(to, found) }
    })
}

/// Changes the flags of a handle.
#[unsafe(no_mangle)]
pub extern "C" fn SetHandleInformation(handle: usize, mask: u32, flags: u32) -> i32 {
    boolean(|| set_flags(here()?, handle, mask, flags))
}

/// The handle of a standard stream.
#[unsafe(no_mangle)]
pub extern "C" fn GetStdHandle(number: u32) -> usize {
    value(INVALID, || standard(here()?, number))
}

/// From now on that is the handle of a standard stream, for who asks.
#[unsafe(no_mangle)]
pub extern "C" fn SetStdHandle(number: u32, handle: usize) -> i32 {
    boolean(|| set_standard(here()?, number, handle))
}

/// What stands for this process.
#[unsafe(no_mangle)]
pub extern "C" fn GetCurrentProcess() -> usize {
    OWN_PROCESS
}

/// What stands for the calling thread.
#[unsafe(no_mangle)]
pub extern "C" fn GetCurrentThread() -> usize {
    OWN_THREAD
}

/// The number of this process.
#[unsafe(no_mangle)]
pub extern "C" fn GetCurrentProcessId() -> u32 {
    std::process::id()
}

/// The number of the calling thread, by which [`OpenThread`] finds it from now on.
#[unsafe(no_mangle)]
pub extern "C" fn GetCurrentThreadId() -> u32 {
    let own = || here().map(|runtime| threads::own(runtime).id());
    call(Err(Failure::GEN_FAILURE), own).unwrap_or_else(|_| cabotage_os::process::own_thread_id())
}

/// A handle to a thread of this process that has called this library.
#[unsafe(no_mangle)]
pub extern "C" fn OpenThread(_access: u32, inherit: i32, id: u32) -> usize {
    value(0, || {
        let runtime = here()?;
        let thread = runtime.threads.find(id).ok_or(Failure::INVALID_PARAMETER)?;
        runtime.table.insert(Object::Thread(thread), inherit != 0)
    })
}
