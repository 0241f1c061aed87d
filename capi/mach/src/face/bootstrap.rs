// SPDX-License-Identifier: MIT OR Apache-2.0
//! servers/bootstrap.h.

use std::ffi::{CStr, c_char};

use cabotage_c_support::slot::Slot;
use cabotage_c_support::{border, pointers};
use cabotage_mach::Name;

use super::{call, given};
use crate::code::{Code, INVALID_ARGUMENT};
use crate::services::{self, UNKNOWN_SERVICE};

/// How long a name may be, its end counted.
const NAME_BYTES: usize = 128;

/// The name that C hands over: it ends within its 128 bytes.
///
/// # Safety
/// `name` is null or leads to a string that ends with a zero.
unsafe fn service<'name>(name: *const c_char) -> Result<&'name str, Code> {
    // SAFETY: the caller's word.
    let name: &CStr = unsafe { pointers::string(name) }.ok_or(INVALID_ARGUMENT)?;
    let is_short = name.count_bytes() < NAME_BYTES;
    name.to_str().ok().filter(|_| is_short).ok_or(UNKNOWN_SERVICE)
}

/// See servers/bootstrap.h.
///
/// # Safety
/// See `face`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bootstrap_register(bootstrap: u32, name: *const c_char, port: u32) -> Code {
    // SAFETY: the caller's word.
    unsafe { bootstrap_register2(bootstrap, name, port, 0) }
}

/// See servers/bootstrap.h.
///
/// # Safety
/// See `face`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bootstrap_register2(
    bootstrap: u32,
    name: *const c_char,
    port: u32,
    _flags: u64,
) -> Code {
    // SAFETY: the caller's word.
    call(|| services::register(bootstrap, unsafe { service(name) }?, Name::from_raw(port)))
}

/// See servers/bootstrap.h.
///
/// # Safety
/// See `face`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bootstrap_look_up(bootstrap: u32, name: *const c_char, port: *mut u32) -> Code {
    // SAFETY: the caller's word.
    unsafe { named(name, port, |name| services::look_up(bootstrap, name)) }
}

/// See servers/bootstrap.h.
///
/// # Safety
/// See `face`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bootstrap_check_in(bootstrap: u32, name: *const c_char, port: *mut u32) -> Code {
    // SAFETY: the caller's word.
    unsafe { named(name, port, |name| services::check_in(bootstrap, name)) }
}

/// See servers/bootstrap.h.
///
/// # Safety
/// See `face`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bootstrap_create_service(
    bootstrap: u32,
    name: *const c_char,
    port: *mut u32,
) -> Code {
    // SAFETY: the caller's word.
    unsafe { named(name, port, |name| services::create(bootstrap, name)) }
}

/// A call that takes a name and answers a right.
///
/// # Safety
/// See `face`.
unsafe fn named(name: *const c_char, port: *mut u32, body: impl FnOnce(&str) -> Result<Name, Code>) -> Code {
    call(|| {
        // SAFETY: the caller's word.
        let place = given(unsafe { Slot::new(port) })?;
        // SAFETY: the caller's word.
        let name = unsafe { service(name) }?;
        place.store(body(name)?.as_raw());
        Ok(())
    })
}

/// See servers/bootstrap.h.
///
/// # Safety
/// See `face`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bootstrap_status(bootstrap: u32, name: *const c_char, status: *mut i32) -> Code {
    call(|| {
        // SAFETY: the caller's word.
        let place = given(unsafe { Slot::new(status) })?;
        // SAFETY: the caller's word.
        place.store(services::status(bootstrap, unsafe { service(name) }?)?);
        Ok(())
    })
}

/// See servers/bootstrap.h.
///
/// # Safety
/// See `face`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bootstrap_subset(bootstrap: u32, requestor: u32, port: *mut u32) -> Code {
    call(|| {
        // SAFETY: the caller's word.
        let place = given(unsafe { Slot::new(port) })?;
        place.store(services::subset(bootstrap, Name::from_raw(requestor))?.as_raw());
        Ok(())
    })
}

/// See servers/bootstrap.h.
///
/// # Safety
/// See `face`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bootstrap_parent(bootstrap: u32, port: *mut u32) -> Code {
    call(|| {
        // SAFETY: the caller's word.
        let place = given(unsafe { Slot::new(port) })?;
        place.store(services::parent(bootstrap)?.as_raw());
        Ok(())
    })
}

/// See servers/bootstrap.h.
#[unsafe(no_mangle)]
pub extern "C" fn bootstrap_strerror(code: Code) -> *const c_char {
    border::call(c"".as_ptr(), || services::word(code).unwrap_or(c"unknown result").as_ptr())
}
