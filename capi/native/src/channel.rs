// SPDX-License-Identifier: MIT OR Apache-2.0
//! A producer and a consumer that meet by a name, of which either may be killed and followed by another.

use std::ffi::{c_char, c_int, c_void};
use std::os::fd::{AsFd, AsRawFd};

use cabotage::shm::{Consumer, Producer};

use crate::border::{
    Handle, Place, bytes_at, cabotage_error, call, deadline, free, give, on, prepare_wait, receive_at, take,
    text,
};
use crate::failure::{Code, Failure};
use crate::kept::Kept;

/// Who sends.
pub type cabotage_producer = Handle<Producer>;
/// Who receives.
pub type cabotage_consumer = Handle<Kept<Consumer, ()>>;

/// Creates a channel, or follows a producer that has ended, between processes that need not trust each other.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_producer_create(
    name: *const c_char,
    producer: *mut *mut cabotage_producer,
    error: *mut *mut cabotage_error,
) -> c_int {
    let body = || {
        // SAFETY: the caller's word.
        let made = Producer::create(unsafe { text(name) }?)?;
        // SAFETY: the caller's word.
        unsafe { give(producer, made) }
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// The same over plain shared memory, between processes that trust each other.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_producer_create_trusting(
    name: *const c_char,
    producer: *mut *mut cabotage_producer,
    error: *mut *mut cabotage_error,
) -> c_int {
    let body = || {
        // SAFETY: the caller's word.
        let made = Producer::create_trusting(unsafe { text(name) }?)?;
        // SAFETY: the caller's word.
        unsafe { give(producer, made) }
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// Sends a record; waits while there is no room.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_producer_send(
    producer: *mut cabotage_producer,
    data: *const c_void,
    bytes: usize,
    patience: i64,
    error: *mut *mut cabotage_error,
) -> c_int {
    let body = || {
        // SAFETY: the caller's word.
        let data = unsafe { bytes_at(data, bytes) }?;
        // SAFETY: the caller's word.
        unsafe { on(producer, |end| Ok(end.send(data, deadline(patience))?)) }
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// Waits until every record was consumed.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_producer_wait_until_consumed(
    producer: *mut cabotage_producer,
    patience: i64,
    error: *mut *mut cabotage_error,
) -> c_int {
    let body = || {
        // SAFETY: the caller's word.
        unsafe { on(producer, |end| Ok(end.wait_until_consumed(deadline(patience))?)) }
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// Closes: the consumer receives what was sent, and is then told.
///
/// # Safety
/// As `cabotage.h` says: it came from a call of this library, and is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_producer_free(producer: *mut cabotage_producer) {
    // SAFETY: the caller's word.
    unsafe { free(producer) }
}

/// Opens a channel.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_consumer_open(
    name: *const c_char,
    consumer: *mut *mut cabotage_consumer,
    error: *mut *mut cabotage_error,
) -> c_int {
    let body = || {
        // SAFETY: the caller's word.
        let made = Consumer::open(unsafe { text(name) }?)?;
        // SAFETY: the caller's word.
        unsafe { give(consumer, Kept::new(made)) }
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// Opens one over plain shared memory.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_consumer_open_trusting(
    name: *const c_char,
    consumer: *mut *mut cabotage_consumer,
    error: *mut *mut cabotage_error,
) -> c_int {
    let body = || {
        // SAFETY: the caller's word.
        let made = Consumer::open_trusting(unsafe { text(name) }?)?;
        // SAFETY: the caller's word.
        unsafe { give(consumer, Kept::new(made)) }
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// Receives the next record; what does not fit stays.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_consumer_receive(
    consumer: *mut cabotage_consumer,
    buffer: *mut c_void,
    capacity: usize,
    bytes: *mut usize,
    patience: i64,
    error: *mut *mut cabotage_error,
) -> c_int {
    let body = || {
        let to = Place { buffer, capacity, bytes };
        // SAFETY: the caller's word.
        unsafe { receive_at(consumer, to, |end| Ok((end.receive(deadline(patience))?.to_vec(), ()))) }
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// Arranges for its descriptor to become readable when there is something.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_consumer_prepare_wait(
    consumer: *mut cabotage_consumer,
    descriptor: *mut c_int,
    is_ready: *mut c_int,
    error: *mut *mut cabotage_error,
) -> c_int {
    let body = || {
        let number = |end: &Consumer| Ok(end.as_fd().as_raw_fd());
        // SAFETY: the caller's word.
        unsafe { prepare_wait(consumer, (descriptor, is_ready), |end| Ok(end.ready()?), number) }
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// Removes the channel and frees the handle.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_consumer_remove(
    consumer: *mut cabotage_consumer,
    error: *mut *mut cabotage_error,
) -> c_int {
    let body = || {
        // SAFETY: the caller's word.
        let taken = unsafe { take(consumer) };
        let taken = taken.ok_or_else(|| Failure::new(Code::Invalid, "the handle is null or none"))?;
        Ok(taken.end.remove()?)
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// Closes; another consumer may follow.
///
/// # Safety
/// As `cabotage.h` says: it came from a call of this library, and is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_consumer_free(consumer: *mut cabotage_consumer) {
    // SAFETY: the caller's word.
    unsafe { free(consumer) }
}
