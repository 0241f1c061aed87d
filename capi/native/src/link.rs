// SPDX-License-Identifier: MIT OR Apache-2.0
//! Links: messages between two processes that need not trust each other, found by a name or handed over.

use std::ffi::{c_char, c_int, c_void};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, IntoRawFd, OwnedFd};

use cabotage::link::{End, Link, Listener, Options};

use crate::border::{
    Handle, Place, bytes_at, cabotage_error, call, deadline, free, give, on, prepare_wait, receive_at, tell,
    text,
};
use crate::failure::{Code, Failure};
use crate::kept::Kept;

/// One end.
pub type cabotage_link = Handle<Kept<Link, ()>>;
/// A name under which links are made.
pub type cabotage_listener = Handle<Listener>;

/// Publishes a name for this user.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_listener_publish(
    name: *const c_char,
    patience: i64,
    listener: *mut *mut cabotage_listener,
    error: *mut *mut cabotage_error,
) -> c_int {
    let body = || {
        // SAFETY: the caller's word.
        let made = Listener::publish(unsafe { text(name) }?, Options::new(), deadline(patience))?;
        // SAFETY: the caller's word.
        unsafe { give(listener, made) }
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// Takes the next who connects.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_listener_accept(
    listener: *mut cabotage_listener,
    patience: i64,
    link: *mut *mut cabotage_link,
    error: *mut *mut cabotage_error,
) -> c_int {
    let body = || {
        // SAFETY: the caller's word.
        let made = unsafe { on(listener, |end| Ok(end.accept(deadline(patience))?)) }?;
        // SAFETY: the caller's word.
        unsafe { give(link, Kept::new(made)) }
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// Its descriptor, readable when somebody connects; it belongs to the handle.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_listener_descriptor(
    listener: *mut cabotage_listener,
    descriptor: *mut c_int,
    error: *mut *mut cabotage_error,
) -> c_int {
    let body = || {
        // SAFETY: the caller's word.
        let number = unsafe { on(listener, |end| Ok(end.as_fd().as_raw_fd())) }?;
        // SAFETY: the caller's word.
        unsafe { tell(descriptor, number) };
        Ok(())
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// Takes the name back.
///
/// # Safety
/// As `cabotage.h` says: it came from a call of this library, and is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_listener_free(listener: *mut cabotage_listener) {
    // SAFETY: the caller's word.
    unsafe { free(listener) }
}

/// Connects to who has published the name.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_link_connect(
    name: *const c_char,
    patience: i64,
    link: *mut *mut cabotage_link,
    error: *mut *mut cabotage_error,
) -> c_int {
    let body = || {
        // SAFETY: the caller's word.
        let made = Link::connect(unsafe { text(name) }?, Options::new(), deadline(patience))?;
        // SAFETY: the caller's word.
        unsafe { give(link, Kept::new(made)) }
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// Makes a link, and the other end as a descriptor for a child or another process, which the caller closes.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_link_pair(
    link: *mut *mut cabotage_link,
    other_end: *mut c_int,
    error: *mut *mut cabotage_error,
) -> c_int {
    let body = || {
        let (near, far) = Link::pair(Options::new())?;
        let far = far.into_fd().ok_or_else(|| Failure::new(Code::Forked, "the process has forked"))?;
        // SAFETY: the caller's word.
        unsafe { give(link, Kept::new(near)) }?;
        // SAFETY: the caller's word.
        unsafe { tell(other_end, far.into_raw_fd()) };
        Ok(())
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// Makes the other end a link, to which the descriptor belongs from now on, even if this fails.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_link_from_descriptor(
    descriptor: c_int,
    link: *mut *mut cabotage_link,
    error: *mut *mut cabotage_error,
) -> c_int {
    let body = || {
        if descriptor < 0 {
            return Err(Failure::new(Code::Invalid, "a descriptor is not negative"));
        }
        // SAFETY: open, and the caller gives it away.
        let given = unsafe { OwnedFd::from_raw_fd(descriptor) };
        let made = End::received(given)?.link(Options::new())?;
        // SAFETY: the caller's word.
        unsafe { give(link, Kept::new(made)) }
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// Sends a message; waits while there is no room.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_link_send(
    link: *mut cabotage_link,
    data: *const c_void,
    bytes: usize,
    patience: i64,
    error: *mut *mut cabotage_error,
) -> c_int {
    let body = || {
        // SAFETY: the caller's word.
        let data = unsafe { bytes_at(data, bytes) }?;
        // SAFETY: the caller's word.
        unsafe { on(link, |end| Ok(end.end.send(data, deadline(patience))?)) }
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// Receives the next message; what does not fit stays.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_link_receive(
    link: *mut cabotage_link,
    buffer: *mut c_void,
    capacity: usize,
    bytes: *mut usize,
    patience: i64,
    error: *mut *mut cabotage_error,
) -> c_int {
    let body = || {
        let to = Place { buffer, capacity, bytes };
        // SAFETY: the caller's word.
        unsafe { receive_at(link, to, |end| Ok((end.receive(deadline(patience))?.to_vec(), ()))) }
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// Arranges for its descriptor to become readable when there is something.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_link_prepare_wait(
    link: *mut cabotage_link,
    descriptor: *mut c_int,
    is_ready: *mut c_int,
    error: *mut *mut cabotage_error,
) -> c_int {
    let body = || {
        let number = |end: &Link| Ok(end.as_fd().as_raw_fd());
        // SAFETY: the caller's word.
        unsafe { prepare_wait(link, (descriptor, is_ready), |end| Ok(end.ready()?), number) }
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// Who is at the other end, in the kernel's words.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_link_peer(
    link: *mut cabotage_link,
    pid: *mut i32,
    uid: *mut u32,
    gid: *mut u32,
    error: *mut *mut cabotage_error,
) -> c_int {
    let body = || {
        // SAFETY: the caller's word.
        let peer =
            unsafe { on(link, |end| Ok(end.end.with_peer(|peer| (peer.pid(), peer.uid(), peer.gid())))) }?;
        let unknown = || Failure::new(Code::TimedOut, "the other side has not spoken yet: receive, or wait");
        let (found_pid, found_uid, found_gid) = peer.ok_or_else(unknown)?;
        // SAFETY: the caller's word.
        unsafe { tell(pid, found_pid) };
        // SAFETY: the caller's word.
        unsafe { tell(uid, found_uid) };
        // SAFETY: the caller's word.
        unsafe { tell(gid, found_gid) };
        Ok(())
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// Closes: the other side receives what was sent, and is then told.
///
/// # Safety
/// As `cabotage.h` says: it came from a call of this library, and is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_link_free(link: *mut cabotage_link) {
    // SAFETY: the caller's word.
    unsafe { free(link) }
}
