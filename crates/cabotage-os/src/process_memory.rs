// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reading the memory of another process that allows it.
//!
//! Only reading: a write into another process cannot be called back and may hit whoever got its pid. The process
//! is meant by its [`Pidfd`], and that is looked at before the first piece and after each: what was read behind a
//! pid that may have changed hands is wiped, not handed out. The other process can change its bytes at any time, and
//! one that serves its own page faults can make this call wait for ever, whatever the deadline of the caller.
//!
//! A process is one as long as it lives, but not always the same user's: it may execute a program that has more
//! rights than it had. Who reads with the power to trace others would read that program for whoever told the
//! address; [`lends_no_power`] says whether that can be.

use rustix::process::Pid;
use rustix::thread::CapabilitySet;

use crate::error::{SystemError, attempt};
use crate::probe::{self, Feature};
use crate::process::Pidfd;
use crate::seam::{self, Errno};

/// The most that one system call is asked for, so that the process is looked at in between.
pub const PIECE_BYTES_MAX: usize = 1 << 20;

/// Why nothing was read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// Reading other processes is not to be had here (a seccomp filter, or a kernel built without).
    #[error("this system does not let processes read each other's memory: have the bytes sent instead")]
    Unavailable,
    /// That process does not let us: another user's, a privileged one, or Yama's rules.
    #[error(
        "process {0} may not be read by us: it belongs to another user, is protected, or Yama forbids it"
    )]
    Denied(Pid),
    /// It has ended, perhaps while we read.
    #[error("process {0} has ended")]
    Gone(Pid),
    /// Nothing is mapped for reading at the first byte.
    #[error("process {pid} has nothing to read at {address:#x}")]
    BadAddress {
        /// The process.
        pid: Pid,
        /// The address there.
        address: u64,
    },
    /// The kernel refused.
    #[error(transparent)]
    System(#[from] SystemError),
}

/// Copies from `address` in another process into `target`; answers how many bytes. Fewer than asked for mean that
/// the process has nothing mapped for reading after them.
///
/// # Errors
/// [`ReadError`]; `target` holds zeros then.
///
/// # Source
/// process_vm_readv(2).
pub fn read(process: &Pidfd, address: u64, target: &mut [u8]) -> Result<usize, ReadError> {
    let answer = read_in_pieces(process, address, target);
    if answer.is_err() {
        target.fill(0);
    }
    answer
}

/// Whether reading a process that belonged to `user` when we met it can show us nothing that this user, or we
/// without privilege, could not read: either this thread has no power to trace others, so that the kernel asks anew
/// at each read who the process belongs to now; or both are root already.
///
/// # Errors
/// The system's refusal.
///
/// # Source
/// ptrace(2), "Ptrace access mode checking"; capget(2).
pub fn lends_no_power(user: u32) -> Result<bool, SystemError> {
    if user == 0 && rustix::process::geteuid().is_root() {
        return Ok(true);
    }
    let own = attempt("capget", "this thread", || rustix::thread::capabilities(None))?;
    Ok(!own.effective.contains(CapabilitySet::SYS_PTRACE))
}

fn read_in_pieces(process: &Pidfd, address: u64, target: &mut [u8]) -> Result<usize, ReadError> {
    if !probe::allows(Feature::ProcessMemory) {
        return Err(ReadError::Unavailable);
    }
    see_alive(process)?;
    let mut done = 0;
    for piece in target.chunks_mut(PIECE_BYTES_MAX) {
        let wanted = piece.len();
        let Some(from) = address.checked_add(done as u64) else { break };
        let got = match read_piece(process.pid(), from, piece) {
            Err(Errno::FAULT) if done > 0 => 0,
            answer => answer.map_err(|errno| explain(errno, process.pid(), address))?,
        };
        see_alive(process)?;
        done += got;
        if got < wanted {
            break;
        }
    }
    Ok(done)
}

fn see_alive(process: &Pidfd) -> Result<(), ReadError> {
    if process.has_exited()? { Err(ReadError::Gone(process.pid())) } else { Ok(()) }
}

fn read_piece(pid: Pid, address: u64, piece: &mut [u8]) -> Result<usize, Errno> {
    let there_start = usize::try_from(address).map_err(|_| Errno::FAULT)?;
    let here = libc::iovec { iov_base: piece.as_mut_ptr().cast(), iov_len: piece.len() };
    let there = libc::iovec { iov_base: std::ptr::without_provenance_mut(there_start), iov_len: piece.len() };
    seam::call("process_vm_readv", || {
        // SAFETY:
        // - here: `piece` is borrowed mutably and exactly as long as said.
        // - there: an address of another process, which the kernel checks; nothing of ours is read through it
        //   unless the process is our own, and then as any other bytes that may change meanwhile.
        let answer = unsafe {
            libc::process_vm_readv(pid.as_raw_nonzero().get(), &raw const here, 1, &raw const there, 1, 0)
        };
        usize::try_from(answer).map_err(|_| seam::last_errno())
    })
}

fn explain(errno: Errno, pid: Pid, address: u64) -> ReadError {
    match errno {
        Errno::PERM | Errno::ACCESS => ReadError::Denied(pid),
        Errno::SRCH => ReadError::Gone(pid),
        Errno::FAULT => ReadError::BadAddress { pid, address },
        Errno::NOSYS => {
            probe::learn(Feature::ProcessMemory, false);
            ReadError::Unavailable
        }
        errno => SystemError::new("process_vm_readv", format_args!("process {pid}"), errno).into(),
    }
}
