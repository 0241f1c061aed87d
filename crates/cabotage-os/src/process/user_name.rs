// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the system calls a user.

use std::ffi::{CStr, c_char};
use std::mem::MaybeUninit;
use std::ptr;

use crate::error::{SystemError, attempt};
use crate::seam::Errno;

/// Entries are far shorter.
const ROOM: usize = 4096;

/// The name of the user with this number; `None` where the system has none for it.
///
/// # Errors
/// The refusal of the system's list of users.
///
/// # Source
/// getpwuid_r(3).
pub fn user_name(uid: u32) -> Result<Option<String>, SystemError> {
    let mut entry = MaybeUninit::<libc::passwd>::uninit();
    let mut room = [0 as c_char; ROOM];
    let mut found = ptr::null_mut();
    attempt("getpwuid_r", format_args!("user {uid}"), || {
        // SAFETY: the entry and the room for its texts outlive the call, which is told how large that is.
        match unsafe {
            libc::getpwuid_r(uid, entry.as_mut_ptr(), room.as_mut_ptr(), room.len(), &raw mut found)
        } {
            0 => Ok(()),
            // Some lists say so of users that are not there.
            libc::ENOENT | libc::ESRCH => Ok(()),
            error => Err(Errno::from_raw_os_error(error)),
        }
    })?;
    if found.is_null() {
        return Ok(None);
    }
    // SAFETY: `found` is not null, so the entry was filled.
    let entry = unsafe { entry.assume_init() };
    // SAFETY: a string in `room`, which is alive.
    Ok(Some(unsafe { CStr::from_ptr(entry.pw_name) }.to_string_lossy().into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_a_name_or_none() {
        assert_eq!(user_name(0).unwrap().as_deref(), Some("root"));
        assert_eq!(user_name(4_123_456_789), Ok(None));
    }
}
