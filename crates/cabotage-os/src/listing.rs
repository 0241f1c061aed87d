// SPDX-License-Identifier: MIT OR Apache-2.0
//! Walking over the names in an open directory, one getdents64 at a time.
//!
//! The descriptor's own position moves, so walk over a descriptor opened for the walk, never over one that others
//! share.

use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::os::fd::BorrowedFd;

use rustix::fs::{FileType, RawDir};

use crate::seam::{self, Errno};

/// Room for at least a dozen of the longest names.
const BUFFER_BYTES: usize = 4096;

/// Shows every name but `.` and `..` to `visit`, with the type where the file system tells it.
pub(crate) fn for_each(
    directory: BorrowedFd<'_>,
    mut visit: impl FnMut(&CStr, FileType),
) -> Result<(), Errno> {
    let mut buffer = [MaybeUninit::uninit(); BUFFER_BYTES];
    let mut names = RawDir::new(directory, &mut buffer);
    loop {
        let next = if names.is_buffer_empty() {
            let names = &mut names;
            seam::call("getdents64", move || names.next().transpose())?
        } else {
            names.next().transpose()?
        };
        match next {
            None => return Ok(()),
            Some(entry) if matches!(entry.file_name().to_bytes(), b"." | b"..") => {}
            Some(entry) => visit(entry.file_name(), entry.file_type()),
        }
    }
}
