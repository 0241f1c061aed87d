// SPDX-License-Identifier: MIT OR Apache-2.0
//! Giving a name to a file that has none: from one moment to the next it is there, complete, and only if the name is
//! free.

use std::fmt::Display;
use std::os::fd::{AsRawFd, BorrowedFd};

use rustix::fs::{AtFlags, CWD, linkat};

use crate::error::{SystemError, attempt};
use crate::probe::{self, Feature};
use crate::seam::Errno;

/// Links the file behind `fd` to `path`, seen from `base`; `shown` is the path for messages.
///
/// # Errors
/// `EEXIST` if the name is taken; `ENOENT` if the directory is gone, or if /proc is not mounted and the kernel does
/// not link by descriptor.
///
/// # Source
/// linkat(2), `AT_EMPTY_PATH`; open(2), `O_TMPFILE`.
pub(crate) fn give_name(
    fd: BorrowedFd<'_>,
    base: BorrowedFd<'_>,
    path: &[u8],
    shown: &dyn Display,
) -> Result<(), SystemError> {
    if !probe::allows(Feature::LinkByDescriptor) {
        return by_proc(fd, base, path, shown);
    }
    match attempt("linkat", shown, || linkat(fd, "", base, path, AtFlags::EMPTY_PATH)) {
        Err(refusal) if refusal.errno() == Errno::NOENT => {
            by_proc(fd, base, path, shown)?;
            probe::learn(Feature::LinkByDescriptor, false);
            Ok(())
        }
        answer => answer,
    }
}

fn by_proc(
    fd: BorrowedFd<'_>,
    base: BorrowedFd<'_>,
    path: &[u8],
    shown: &dyn Display,
) -> Result<(), SystemError> {
    let source = format!("/proc/self/fd/{}", fd.as_raw_fd());
    attempt("linkat", shown, || linkat(CWD, &source, base, path, AtFlags::SYMLINK_FOLLOW))
}
