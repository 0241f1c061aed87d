// SPDX-License-Identifier: MIT OR Apache-2.0
//! The two calls as Rust: what glibc asks of the kernel, and how it words the kernel's refusals.

use std::os::fd::IntoRawFd;

use cabotage_os::object::Directory;
use cabotage_os::{Errno, SystemError};

use crate::name::file_name;

/// Where glibc has its objects.
const PLACE: &str = "/dev/shm";

pub(crate) fn open(name: &[u8], flags: i32, mode: u32) -> Result<i32, Errno> {
    let file_name = file_name(name).ok_or(Errno::INVAL)?;
    match Directory::by_path(PLACE).open_as_asked(file_name, flags, mode) {
        Ok(object) => Ok(object.into_raw_fd()),
        // A directory is no object: the name was wrong.
        Err(refusal) if refusal.errno() == Errno::ISDIR => Err(Errno::INVAL),
        Err(refusal) => Err(refusal.errno()),
    }
}

pub(crate) fn unlink(name: &[u8]) -> Result<(), Errno> {
    let file_name = file_name(name).ok_or(Errno::NOENT)?; // glibc's word for a name that nothing can have
    let in_posix_words = |refusal: SystemError| match refusal.errno() {
        // The kernel's word about another user's file in a sticky directory; POSIX knows only the other.
        Errno::PERM => Errno::ACCESS,
        errno => errno,
    };
    Directory::by_path(PLACE).unlink(file_name).map_err(in_posix_words)
}
