// SPDX-License-Identifier: MIT OR Apache-2.0
//! Handles, errors and bytes between C and Rust; and the calls about errors and the version.

use std::ffi::{CString, c_char, c_int, c_void};
use std::os::fd::RawFd;
use std::sync::{Mutex, TryLockError};
use std::time::Duration;

use cabotage::Deadline;
use cabotage::link::Ready;
use cabotage_c_support::{border, pointers};

use crate::failure::{Code, Failure, Outcome};
use crate::kept::Kept;

/// A value that C holds by a pointer.
#[derive(Debug)]
pub struct Handle<T> {
    /// Which kind of value it is, as long as it is one: the size of its type and a word.
    mark: usize,
    value: Mutex<T>,
}

impl<T> Handle<T> {
    const MARK: usize = 0x6361_626f_7461_6765 ^ size_of::<T>();
}

/// An error that C owns.
#[derive(Debug)]
pub struct cabotage_error {
    code: c_int,
    words: CString,
}

/// Runs a call: panics stay inside, errno is kept, and an error goes where C wants it.
///
/// # Safety
/// `error` is null or can be written.
pub(crate) unsafe fn call(error: *mut *mut cabotage_error, body: impl FnOnce() -> Outcome) -> c_int {
    let fault = || Err(Failure::new(Code::Internal, "a fault of libcabotage: please report it"));
    let failure = match border::call(fault(), body) {
        Ok(()) => return 0,
        Err(failure) => failure,
    };
    let code = failure.code as c_int;
    let words = CString::new(failure.words.replace('\0', " ")).unwrap_or_default();
    let place = Box::into_raw(Box::new(cabotage_error { code, words }));
    // SAFETY: the caller's word.
    if !unsafe { pointers::write(error, place) } {
        // SAFETY: it was made just above, and nobody has it.
        drop(unsafe { Box::from_raw(place) });
    }
    code
}

/// Gives C a new handle.
///
/// # Safety
/// `to` is null or can be written.
pub(crate) unsafe fn give<T>(to: *mut *mut Handle<T>, value: T) -> Outcome {
    let handle = Box::into_raw(Box::new(Handle { mark: Handle::<T>::MARK, value: Mutex::new(value) }));
    // SAFETY: the caller's word.
    if unsafe { pointers::write(to, handle) } {
        return Ok(());
    }
    // SAFETY: it was made just above, and nobody has it.
    drop(unsafe { Box::from_raw(handle) });
    Err(Failure::new(Code::Invalid, "there is no place for the handle: its pointer is null"))
}

/// The same for what may have come; null where nothing has.
///
/// # Safety
/// As [`give`].
pub(crate) unsafe fn give_if_any<T>(to: *mut *mut Handle<T>, value: Option<T>) -> Outcome {
    match value {
        // SAFETY: the caller's word.
        Some(value) => unsafe { give(to, value) },
        None => {
            // SAFETY: the caller's word.
            unsafe { tell(to, std::ptr::null_mut()) };
            Ok(())
        }
    }
}

/// Does something with what a handle holds.
///
/// # Safety
/// `handle` is null, or came from [`give`] and was not taken back.
pub(crate) unsafe fn on<T, R>(handle: *mut Handle<T>, act: impl FnOnce(&mut T) -> Outcome<R>) -> Outcome<R> {
    // SAFETY: the caller's word: it was given and not taken.
    let handle = unsafe { known(handle) }?;
    match handle.value.try_lock() {
        Ok(mut value) => act(&mut value),
        Err(TryLockError::Poisoned(poisoned)) => act(&mut poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => Err(Failure::new(
            Code::Busy,
            "another thread is in a call on this handle: give it one of its own",
        )),
    }
}

/// # Safety
/// As [`on`].
unsafe fn known<'a, T>(handle: *mut Handle<T>) -> Outcome<&'a Handle<T>> {
    if !pointers::is_plausible(handle, 1) {
        return Err(Failure::new(Code::Invalid, "the handle is null or none"));
    }
    // SAFETY: the caller's word.
    let handle = unsafe { &*handle };
    if handle.mark == Handle::<T>::MARK {
        Ok(handle)
    } else {
        Err(Failure::new(Code::Invalid, "the handle is of another kind, or was freed"))
    }
}

/// Takes a handle back; null is none.
///
/// # Safety
/// As [`on`]; no other call on it is under way, and none follows.
pub(crate) unsafe fn take<T>(handle: *mut Handle<T>) -> Option<T> {
    // SAFETY: the caller's word.
    unsafe { known(handle) }.ok()?;
    // SAFETY: the caller's word; it came from `Box::into_raw` in `give`.
    let mut taken = unsafe { Box::from_raw(handle) };
    taken.mark = 0;
    Some(taken.value.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner))
}

/// Frees a handle, whose value closes what it holds.
///
/// # Safety
/// As [`take`].
pub(crate) unsafe fn free<T>(handle: *mut Handle<T>) {
    // SAFETY: the caller's word.
    border::call((), || drop(unsafe { take(handle) }));
}

/// The text at `from`.
///
/// # Safety
/// `from` is null, or a string that ends with a zero.
pub(crate) unsafe fn text<'a>(from: *const c_char) -> Outcome<&'a str> {
    // SAFETY: the caller's word.
    let string = unsafe { pointers::string(from) };
    string
        .and_then(|string| string.to_str().ok())
        .ok_or_else(|| Failure::new(Code::Invalid, "a name is a string of UTF-8, and not null"))
}

/// The bytes at `from`.
///
/// # Safety
/// `from` has so many bytes, to which nobody writes during the call.
pub(crate) unsafe fn bytes_at<'a>(from: *const c_void, bytes: usize) -> Outcome<&'a [u8]> {
    // SAFETY: the caller's word.
    let slice = unsafe { pointers::slice(from.cast::<u8>(), bytes) };
    slice.ok_or_else(|| Failure::new(Code::Invalid, "the data are null, or impossibly long"))
}

/// The room at `to`.
///
/// # Safety
/// `to` has so many bytes, which nobody else reads or writes during the call.
pub(crate) unsafe fn room_at<'a>(to: *mut c_void, bytes: usize) -> Outcome<&'a mut [u8]> {
    // SAFETY: the caller's word.
    let slice = unsafe { pointers::slice_mut(to.cast::<u8>(), bytes) };
    slice.ok_or_else(|| Failure::new(Code::Invalid, "the buffer is null, or impossibly long"))
}

/// Stores a number where C wants it; null is nowhere.
///
/// # Safety
/// `to` is null or can be written.
pub(crate) unsafe fn tell<T>(to: *mut T, value: T) {
    // SAFETY: the caller's word.
    unsafe { pointers::write(to, value) };
}

/// Where C wants a message: so many bytes of room, and a place for how many the message has, or null.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) buffer: *mut c_void,
    pub(crate) capacity: usize,
    pub(crate) bytes: *mut usize,
}

/// Receives the next message of an end into C's buffer; answers what goes with it.
///
/// # Safety
/// As [`on`], [`room_at`] and [`tell`].
pub(crate) unsafe fn receive_at<T, M>(
    handle: *mut Handle<Kept<T, M>>,
    to: Place,
    receive: impl FnOnce(&mut T) -> Outcome<(Vec<u8>, M)>,
) -> Outcome<M> {
    // SAFETY: the caller's word.
    let room = unsafe { room_at(to.buffer, to.capacity) }?;
    let mut found = 0;
    // SAFETY: the caller's word.
    let received = unsafe { on(handle, |end| end.receive(room, &mut found, receive)) };
    // SAFETY: the caller's word.
    unsafe { tell(to.bytes, found) };
    received
}

/// Tells C whether an end has something now, and otherwise which descriptor becomes readable when it has.
///
/// # Safety
/// As [`on`] and [`tell`].
pub(crate) unsafe fn prepare_wait<T, M>(
    handle: *mut Handle<Kept<T, M>>,
    (descriptor, is_ready): (*mut c_int, *mut c_int),
    ready: impl FnOnce(&mut T) -> Outcome<Ready>,
    number: impl FnOnce(&T) -> Outcome<RawFd>,
) -> Outcome {
    let look = |end: &mut Kept<T, M>| {
        let found = end.has_one() || ready(&mut end.end)? == Ready::Ready;
        Ok((found, number(&end.end)?))
    };
    // SAFETY: the caller's word.
    let (found, number) = unsafe { on(handle, look) }?;
    // SAFETY: the caller's word.
    unsafe { tell(descriptor, number) };
    // SAFETY: the caller's word.
    unsafe { tell(is_ready, c_int::from(found)) };
    Ok(())
}

/// Nanoseconds from now; negative is for ever.
pub(crate) fn deadline(patience: i64) -> Deadline {
    match u64::try_from(patience) {
        Ok(0) => Deadline::Now,
        Ok(nanoseconds) => Deadline::within(Duration::from_nanos(nanoseconds)),
        Err(_) => Deadline::Never,
    }
}

/// The version of the library, such as "0.1.0".
#[unsafe(no_mangle)]
pub extern "C" fn cabotage_version() -> *const c_char {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    VERSION.as_ptr().cast()
}

/// The code of an error; 0 for null.
///
/// # Safety
/// `error` is null, or came from a call and was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_error_code(error: *const cabotage_error) -> c_int {
    // SAFETY: the caller's word.
    unsafe { error.as_ref() }.map_or(0, |error| error.code)
}

/// What an error says: as long as it is not freed.
///
/// # Safety
/// As [`cabotage_error_code`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_error_message(error: *const cabotage_error) -> *const c_char {
    // SAFETY: the caller's word.
    unsafe { error.as_ref() }.map_or(c"no error".as_ptr(), |error| error.words.as_ptr())
}

/// Frees an error; null is none.
///
/// # Safety
/// As [`cabotage_error_code`], and it is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_error_free(error: *mut cabotage_error) {
    if !error.is_null() {
        // SAFETY: the caller's word; it came from `Box::into_raw` in `call`.
        drop(unsafe { Box::from_raw(error) });
    }
}
