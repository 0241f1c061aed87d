// SPDX-License-Identifier: MIT OR Apache-2.0
//! Small files and directories of /proc, read whole: what the kernel tells about itself and its processes.
//!
//! /proc may be missing, or hide other users' processes: an absent entry is `None`, and only a shortage of this
//! process (descriptors, memory) is an error.

use std::ffi::{CStr, CString};
use std::fmt;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use rustix::fs::{CWD, Mode, OFlags};

use crate::error::{SystemError, attempt_until_done};
use crate::listing;
use crate::seam::Errno;

/// Opens an entry of `directory` to read it.
pub(crate) fn open(directory: BorrowedFd<'_>, name: &CStr, flags: OFlags) -> Result<OwnedFd, SystemError> {
    let flags = flags | OFlags::RDONLY | OFlags::CLOEXEC;
    attempt_until_done("openat", Quoted(name), || rustix::fs::openat(directory, name, flags, Mode::empty()))
}

/// A directory by its path.
pub(crate) fn open_directory(path: &CStr) -> Result<OwnedFd, SystemError> {
    open(CWD, path, OFlags::DIRECTORY)
}

/// The whole content of an entry of `directory`.
pub(crate) fn read(directory: BorrowedFd<'_>, name: &CStr) -> Result<Vec<u8>, SystemError> {
    let file = open(directory, name, OFlags::empty())?;
    let mut content = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let bytes = attempt_until_done("read", Quoted(name), || rustix::io::read(&file, &mut chunk))?;
        match chunk.get(..bytes) {
            Some([]) | None => return Ok(content),
            Some(part) => content.extend_from_slice(part),
        }
    }
}

/// The names in a directory, without `.` and `..`.
pub(crate) fn names(
    directory: BorrowedFd<'_>,
    called: impl fmt::Display,
) -> Result<Vec<CString>, SystemError> {
    let mut names = Vec::new();
    listing::for_each(directory, |name, _kind| names.push(name.to_owned()))
        .map_err(|errno| SystemError::new("getdents64", called, errno))?;
    Ok(names)
}

/// The number that a file of one line holds; `None` when the file is missing, hidden, or holds something else.
pub(crate) fn number(path: &CStr) -> Result<Option<usize>, SystemError> {
    match read(CWD, path) {
        Ok(content) => Ok(std::str::from_utf8(&content).ok().and_then(|text| text.trim().parse().ok())),
        Err(error) if is_absence(error.errno()) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Opens once more what `fd` stands for, as a description of its own.
pub(crate) fn reopen(fd: BorrowedFd<'_>, flags: OFlags) -> Result<OwnedFd, SystemError> {
    let path = own_link(fd);
    attempt_until_done("open", &path, || rustix::fs::open(path.as_str(), flags, Mode::empty()))
}

/// The path under which this process reaches what `fd` stands for.
pub(crate) fn own_link(fd: BorrowedFd<'_>) -> String {
    format!("/proc/self/fd/{}", fd.as_raw_fd())
}

/// Whether a refusal means "not there, or not for you" rather than a shortage.
pub(crate) fn is_absence(errno: Errno) -> bool {
    matches!(errno, Errno::NOENT | Errno::SRCH | Errno::ACCESS | Errno::PERM | Errno::NOTDIR)
}

struct Quoted<'name>(&'name CStr);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.to_string_lossy().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use super::*;

    #[test]
    fn a_number_of_the_kernel_is_read_and_a_missing_one_is_none() {
        assert!(number(c"/proc/sys/kernel/pid_max").unwrap().is_some_and(|pids| pids > 1));
        assert_eq!(number(c"/proc/sys/kernel/no_such_number").unwrap(), None);
    }

    #[test]
    fn a_long_directory_is_listed_whole() {
        let directory = tempfile::tempdir().unwrap();
        for index in 0..500 {
            std::fs::write(directory.path().join(format!("{index:0>40}")), "").unwrap();
        }
        let opened = std::fs::File::open(directory.path()).unwrap();
        assert_eq!(names(opened.as_fd(), "the directory").unwrap().len(), 500);
    }
}
