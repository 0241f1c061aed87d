// SPDX-License-Identifier: MIT OR Apache-2.0
//! Writing to a pipe that nobody reads is an error of the call, never a signal to the process.
//!
//! Rust's own programs ignore `SIGPIPE` before `main` begins, so their writes need nothing. In another host (a C
//! program that loads us) the signal would kill. There each write carries `RWF_NOSIGNAL`, or on kernels before
//! 6.18 runs with the signal blocked in this thread and takes it back. What the process does with the signal is
//! looked up once, at the first write; [`look_again`] after changing it. (docs/decisions/0010)

use std::io::IoSlice;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicU8, Ordering};

use rustix::io::ReadWriteFlags;
use rustix::process::Signal;

use crate::probe::{self, Feature};
use crate::seam::{self, Errno};
use crate::signals::set_of;

/// How a write must be made so that it raises no signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quiet {
    /// The process ignores the signal: any write will do.
    Already,
    /// With the flag `RWF_NOSIGNAL`.
    ByFlag,
    /// With the signal [`blocked`].
    ByMask,
}

/// How this process has to write.
#[inline]
pub(crate) fn quiet() -> Quiet {
    match KNOWN.load(Ordering::Relaxed) {
        IGNORED => Quiet::Already,
        UNKNOWN if look() == IGNORED => Quiet::Already,
        _ if probe::has(Feature::PipeNosignal, flag_works) => Quiet::ByFlag,
        _ => Quiet::ByMask,
    }
}

/// Tries the flag on a pipe of its own; an empty write would not do, the kernel answers it before it looks.
#[cold]
fn flag_works() -> bool {
    let Ok((_reader, writer)) = crate::pipe::create() else { return false };
    write_flagged(writer.as_fd(), &[0], ReadWriteFlags::empty()).is_ok()
}

/// Writes with `RWF_NOSIGNAL` and `flags`.
pub(crate) fn write_flagged(
    end: BorrowedFd<'_>,
    source: &[u8],
    flags: ReadWriteFlags,
) -> Result<usize, Errno> {
    seam::call_until_done("pwritev2", || {
        rustix::io::pwritev2(end, &[IoSlice::new(source)], STREAM, flags | NOSIGNAL)
    })
}

/// The offset that means "wherever the stream is".
pub(crate) const STREAM: u64 = u64::MAX;
/// `RWF_NOSIGNAL` (Linux 6.18), which rustix does not name yet.
const NOSIGNAL: ReadWriteFlags = ReadWriteFlags::from_bits_retain(0x100);

const UNKNOWN: u8 = 0;
const IGNORED: u8 = 1;
const DELIVERED: u8 = 2;

static KNOWN: AtomicU8 = AtomicU8::new(UNKNOWN);

/// Makes the next write look up anew what this process does with `SIGPIPE`. Needed only by a program that has
/// stopped ignoring the signal after it had written to a pipe.
pub fn look_again() {
    KNOWN.store(UNKNOWN, Ordering::Relaxed);
}

#[cold]
fn look() -> u8 {
    let mut action = MaybeUninit::<libc::sigaction>::uninit();
    let answer = seam::call("rt_sigaction", || {
        // SAFETY: no new action is given; the present one is written to a place of the right type.
        match unsafe { libc::sigaction(libc::SIGPIPE, std::ptr::null(), action.as_mut_ptr()) } {
            0 => Ok(()),
            _ => Err(Errno::INVAL),
        }
    });
    if answer.is_err() {
        return DELIVERED; // Unknown: write as if the signal would come, and ask again next time.
    }
    // SAFETY: the call succeeded, so it has filled the structure.
    let action = unsafe { action.assume_init() };
    let found = if action.sa_sigaction == libc::SIG_IGN { IGNORED } else { DELIVERED };
    KNOWN.store(found, Ordering::Relaxed);
    found
}

/// Runs a call with `SIGPIPE` blocked in this thread, if the process would get it.
pub(crate) fn blocked<T>(name: &'static str, act: impl FnMut() -> Result<T, Errno>) -> Result<T, Errno> {
    let _blocked = match quiet() {
        Quiet::Already => None,
        Quiet::ByFlag | Quiet::ByMask => Some(Blocked::new()?),
    };
    seam::call_until_done(name, act)
}

/// `SIGPIPE` blocked in this thread; dropping it takes back the signal that came meanwhile, then unblocks.
#[derive(Debug)]
struct Blocked {
    before: libc::sigset_t,
    was_pending: bool,
}

impl Blocked {
    fn new() -> Result<Self, Errno> {
        let mut before = set_of(&[]);
        let was_pending = is_pending()?;
        seam::call("rt_sigprocmask", || {
            // SAFETY: both sets are live.
            match unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &set_of(&[Signal::PIPE]), &raw mut before) }
            {
                0 => Ok(()),
                error => Err(Errno::from_raw_os_error(error)),
            }
        })?;
        Ok(Self { before, was_pending })
    }
}

impl Drop for Blocked {
    fn drop(&mut self) {
        // Whatever the call answered: one that wrote a part before the last reader left succeeded, and raised the
        // signal all the same. Neither call can fail, so neither passes the seam: a test must not stop them.
        if !self.was_pending {
            let at_once = libc::timespec { tv_sec: 0, tv_nsec: 0 };
            // SAFETY: set and time-out are live; no information about the signal is asked for.
            unsafe { libc::sigtimedwait(&set_of(&[Signal::PIPE]), std::ptr::null_mut(), &raw const at_once) };
        }
        // SAFETY: the set is the one that the kernel filled; the present mask is not asked for.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.before, std::ptr::null_mut()) };
    }
}

fn is_pending() -> Result<bool, Errno> {
    let mut pending = set_of(&[]);
    seam::call("rt_sigpending", || {
        // SAFETY: writes the set it is given.
        match unsafe { libc::sigpending(&raw mut pending) } {
            0 => Ok(()),
            _ => Err(Errno::INVAL),
        }
    })?;
    // SAFETY: reads a set that the kernel has filled.
    Ok(unsafe { libc::sigismember(&raw const pending, libc::SIGPIPE) } == 1)
}
