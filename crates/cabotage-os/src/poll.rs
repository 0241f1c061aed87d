// SPDX-License-Identifier: MIT OR Apache-2.0
//! Waiting on a handful of descriptors until a deadline; for many, see [`crate::epoll`].

use std::os::fd::BorrowedFd;

pub use rustix::event::PollFlags as Readiness;
use rustix::event::{PollFd, poll};

use crate::deadline::Deadline;
use crate::error::SystemError;
use crate::seam::{self, Errno};

/// Waits until one of the descriptors is ready or `deadline` passes; answers what each is ready for, in order
/// (all empty when the time was up). An interrupted wait goes on with the time that is left.
///
/// # Errors
/// The system's refusal (`ENOMEM`, or `EINVAL` for more descriptors than the process may have).
///
/// # Source
/// poll(2).
pub fn wait<const N: usize>(
    watched: [(BorrowedFd<'_>, Readiness); N],
    deadline: Deadline,
) -> Result<[Readiness; N], SystemError> {
    let mut entries = watched.map(|(fd, interest)| PollFd::from_borrowed_fd(fd, interest));
    loop {
        let timeout = deadline.timespec();
        match seam::call("poll", || poll(&mut entries, timeout.as_ref())) {
            Ok(0) if !deadline.has_passed() => {}
            Ok(_) => return Ok(std::array::from_fn(|at| entries[at].revents())),
            Err(Errno::INTR) if deadline.has_passed() => return Ok([Readiness::empty(); N]),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(SystemError::new("poll", format_args!("{N} descriptors"), errno)),
        }
    }
}
