// SPDX-License-Identifier: MIT OR Apache-2.0
//! Shared memory objects: created whole, opened, read, written, mapped, removed.

use std::ffi::{c_char, c_int, c_void};
use std::os::fd::{AsFd, AsRawFd};

use cabotage::os::map::MapMut;
use cabotage::shm::{self, Name, Object};

use crate::border::{Handle, bytes_at, cabotage_error, call, free, give, on, room_at, tell, text};
use crate::failure::{Code, Failure};

/// An object, and its map once C has asked for it.
#[derive(Debug)]
pub struct Mapped {
    object: Object,
    map: Option<MapMut>,
}

/// A handle of one.
pub type cabotage_shm = Handle<Mapped>;

/// Creates an object of so many zero bytes, which appears whole.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_shm_create(
    name: *const c_char,
    bytes: usize,
    shm: *mut *mut cabotage_shm,
    error: *mut *mut cabotage_error,
) -> c_int {
    let body = || {
        // SAFETY: the caller's word.
        let name = Name::parse(unsafe { text(name) }?)?;
        let object = Object::create(&name, bytes)?;
        // SAFETY: the caller's word.
        unsafe { give(shm, Mapped { object, map: None }) }
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// Opens an object for reading and writing.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_shm_open(
    name: *const c_char,
    shm: *mut *mut cabotage_shm,
    error: *mut *mut cabotage_error,
) -> c_int {
    let body = || {
        // SAFETY: the caller's word.
        let name = Name::parse(unsafe { text(name) }?)?;
        let object = Object::open(&name)?;
        // SAFETY: the caller's word.
        unsafe { give(shm, Mapped { object, map: None }) }
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// Opens an object for reading.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_shm_open_read_only(
    name: *const c_char,
    shm: *mut *mut cabotage_shm,
    error: *mut *mut cabotage_error,
) -> c_int {
    let body = || {
        // SAFETY: the caller's word.
        let name = Name::parse(unsafe { text(name) }?)?;
        let object = Object::open_read_only(&name)?;
        // SAFETY: the caller's word.
        unsafe { give(shm, Mapped { object, map: None }) }
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// How many bytes it has now.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_shm_bytes(
    shm: *mut cabotage_shm,
    bytes: *mut usize,
    error: *mut *mut cabotage_error,
) -> c_int {
    let body = || {
        // SAFETY: the caller's word.
        let found = unsafe { on(shm, |end| Ok(end.object.bytes()?)) }?;
        // SAFETY: the caller's word.
        unsafe { tell(bytes, found) };
        Ok(())
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// Copies bytes out of it; a shrink meanwhile is an error, never a signal.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_shm_read(
    shm: *mut cabotage_shm,
    at: usize,
    buffer: *mut c_void,
    bytes: usize,
    error: *mut *mut cabotage_error,
) -> c_int {
    let body = || {
        // SAFETY: the caller's word.
        let room = unsafe { room_at(buffer, bytes) }?;
        // SAFETY: the caller's word.
        unsafe { on(shm, |end| Ok(end.object.read_at(at, room)?)) }
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// Copies bytes into it.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_shm_write(
    shm: *mut cabotage_shm,
    at: usize,
    data: *const c_void,
    bytes: usize,
    error: *mut *mut cabotage_error,
) -> c_int {
    let body = || {
        // SAFETY: the caller's word.
        let data = unsafe { bytes_at(data, bytes) }?;
        // SAFETY: the caller's word.
        unsafe { on(shm, |end| Ok(end.object.write_at(at, data)?)) }
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// Makes it larger; its new bytes are zero.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_shm_grow(
    shm: *mut cabotage_shm,
    bytes: usize,
    error: *mut *mut cabotage_error,
) -> c_int {
    let body = || {
        // SAFETY: the caller's word.
        unsafe { on(shm, |end| Ok(end.object.grow(bytes)?)) }
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// Maps the whole object; the address is valid as long as the handle.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_shm_map(
    shm: *mut cabotage_shm,
    address: *mut *mut c_void,
    bytes: *mut usize,
    error: *mut *mut cabotage_error,
) -> c_int {
    let body = || {
        // SAFETY: the caller's word.
        let (at, length) = unsafe {
            on(shm, |end| {
                let map = match end.map.take() {
                    Some(map) => map,
                    None => end.object.map()?,
                };
                let place = (map.as_mut_ptr(), map.bytes());
                end.map = Some(map);
                Ok(place)
            })
        }?;
        if address.is_null() {
            return Err(Failure::new(Code::Invalid, "there is no place for the address"));
        }
        // SAFETY: the caller's word.
        unsafe { tell(address, at.cast()) };
        // SAFETY: the caller's word.
        unsafe { tell(bytes, length) };
        Ok(())
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// Its descriptor, which belongs to the handle.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_shm_descriptor(
    shm: *mut cabotage_shm,
    descriptor: *mut c_int,
    error: *mut *mut cabotage_error,
) -> c_int {
    let body = || {
        // SAFETY: the caller's word.
        let number = unsafe { on(shm, |end| Ok(end.object.as_fd().as_raw_fd())) }?;
        // SAFETY: the caller's word.
        unsafe { tell(descriptor, number) };
        Ok(())
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// Removes its name, if that still names this object.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_shm_unlink(
    shm: *mut cabotage_shm,
    error: *mut *mut cabotage_error,
) -> c_int {
    let body = || {
        // SAFETY: the caller's word.
        unsafe { on(shm, |end| Ok(end.object.unlink_if_mine()?)) }
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// Removes a name, whatever object has it.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_shm_remove(name: *const c_char, error: *mut *mut cabotage_error) -> c_int {
    let body = || {
        // SAFETY: the caller's word.
        let name = Name::parse(unsafe { text(name) }?)?;
        Ok(shm::unlink(&name)?)
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// Unmaps and closes; the object stays until its name is removed.
///
/// # Safety
/// As `cabotage.h` says: it came from a call of this library, and is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_shm_free(shm: *mut cabotage_shm) {
    // SAFETY: the caller's word.
    unsafe { free(shm) }
}
