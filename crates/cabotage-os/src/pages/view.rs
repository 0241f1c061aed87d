// SPDX-License-Identifier: MIT OR Apache-2.0
//! A memory object from some byte on, as one descriptor: it is open for what its holder may do, and its position says
//! where it begins. So it can be handed to another process as it is.

use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{OFlags, SeekFrom};

use crate::error::{SystemError, attempt};
use crate::procfs;

/// A view of the object from `start` on, opened anew: what is done with its position concerns no other descriptor.
///
/// # Errors
/// The system's refusal; `EACCES` for more than the descriptor's holder may do.
///
/// # Source
/// open(2) on proc_pid_fd(5), lseek(2).
pub fn view(object: impl AsFd, start: u64, is_writable: bool) -> Result<OwnedFd, SystemError> {
    let access = if is_writable { OFlags::RDWR } else { OFlags::RDONLY };
    let view = procfs::reopen(object.as_fd(), access | OFlags::CLOEXEC)?;
    attempt("lseek", "a view of memory", || rustix::fs::seek(&view, SeekFrom::Start(start)))?;
    Ok(view)
}

/// Where a view begins.
///
/// # Errors
/// `ESPIPE`: it is a pipe or the like, and none.
pub fn start_of(view: impl AsFd) -> Result<u64, SystemError> {
    attempt("lseek", "a view of memory", || rustix::fs::tell(view.as_fd()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memfd::Memfd;
    use crate::seam::Errno;

    #[test]
    fn views_of_one_object_begin_where_each_says() {
        let object = Memfd::create("view", 8192).unwrap();
        let [first, second] = [0, 4096].map(|start| view(object.as_fd(), start, true).unwrap());
        assert_eq!((start_of(&first), start_of(&second)), (Ok(0), Ok(4096)));
        let read_only = view(&second, 8, false).unwrap();
        assert_eq!(start_of(&read_only), Ok(8));
        assert_eq!(rustix::io::pwrite(&read_only, b"no", 0), Err(Errno::BADF));
        let (pipe, _other) = std::io::pipe().unwrap();
        assert_eq!(start_of(&pipe).unwrap_err().errno(), Errno::SPIPE);
    }
}
