// SPDX-License-Identifier: MIT OR Apache-2.0
//! A descriptor in the care of tokio's reactor, which tells when it is readable. Only with the feature `tokio`.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::task::{Context, Poll, ready};

use ::tokio::io::Interest;
use ::tokio::io::unix::AsyncFd;

use crate::error::{SystemError, attempt};
use crate::fork::SoleFd;

/// A descriptor that tokio watches: a copy of its own, so that whatever becomes of the original does not matter to the
/// reactor. Drop it before the original where others wait for that to be closed.
///
/// A forked child has no part in it, nor in the runtime.
#[derive(Debug)]
pub struct Watched {
    /// `None` at its end only.
    copy: Option<AsyncFd<Copied>>,
}

#[derive(Debug)]
struct Copied(SoleFd);

impl AsRawFd for Copied {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_fd().as_raw_fd()
    }
}

impl Watched {
    /// Registers a copy of `fd` with the runtime in which this is called.
    ///
    /// # Errors
    /// The system's refusal.
    ///
    /// # Panics
    /// Outside of a runtime of tokio, and in one without its driver of input and output.
    ///
    /// # Source
    /// fcntl(2) `F_DUPFD_CLOEXEC`, epoll_ctl(2).
    pub fn new(fd: BorrowedFd<'_>) -> io::Result<Self> {
        let copy = SoleFd::made_by(|| {
            attempt("fcntl(F_DUPFD_CLOEXEC)", "a descriptor to watch", || {
                rustix::io::fcntl_dupfd_cloexec(fd, 3)
            })
        })
        .map_err(|refusal: SystemError| io::Error::from(refusal))?;
        // SAFETY:
        // - open: `Copied` owns the descriptor and `AsyncFd` owns `Copied`, which nobody else can reach; it is closed
        //   after the reactor has let go of it.
        // - the same: `as_raw_fd` answers the number of a field that never changes.
        // - forks: the child's copy is closed by the hook; its drop leaves the reactor alone, see below.
        let copy = unsafe { AsyncFd::register_with_interest(Copied(copy), Interest::READABLE) }?;
        Ok(Self { copy: Some(copy) })
    }

    /// Ready when the descriptor may have become readable since this last said so; otherwise the waker of the last call
    /// is woken when it does.
    ///
    /// # Errors
    /// The runtime is shut down.
    pub fn poll_readable(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(copy) = &self.copy else { return Poll::Pending };
        let mut guard = ready!(copy.poll_read_ready(context))?;
        guard.clear_ready();
        Poll::Ready(Ok(()))
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let is_here = self.copy.as_ref().is_none_or(|copy| copy.get_ref().0.is_here());
        if !is_here {
            // In a forked child the number may be another's by now, and the reactor is the parent's.
            std::mem::forget(self.copy.take());
        }
    }
}
