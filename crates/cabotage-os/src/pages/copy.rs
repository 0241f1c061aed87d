// SPDX-License-Identifier: MIT OR Apache-2.0
//! Copying to and from an address by the kernel, which finds out what is not there.

use std::os::fd::{AsFd, AsRawFd};
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{SystemError, attempt};
use crate::memfd::Memfd;
use crate::seam::{self, Errno};

/// Copies bytes of this process from an address into `target`; answers whether all of them are there to be read.
/// What other threads write meanwhile may or may not be seen.
///
/// # Errors
/// The system has no memory for it.
///
/// # Source
/// process_vm_readv(2).
pub fn read(address: usize, target: &mut [u8]) -> Result<bool, SystemError> {
    copy(address, Side::Into(target))
}

/// Copies `source` to an address of this process; answers whether all of it could be written there. If not, the first
/// part may have been.
///
/// # Errors
/// The system has no memory for it.
///
/// # Safety
/// Nobody has references to what lies there, and nobody relies on it.
///
/// # Source
/// process_vm_writev(2).
pub(super) unsafe fn write(address: usize, source: &[u8]) -> Result<bool, SystemError> {
    copy(address, Side::From(source))
}

/// What is copied from or to an address.
enum Side<'a> {
    Into(&'a mut [u8]),
    From(&'a [u8]),
}

/// Whether this system lets a process name itself in process_vm_readv(2): filters forbid that at times.
static IS_REFUSED: AtomicBool = AtomicBool::new(false);

fn copy(address: usize, mut side: Side<'_>) -> Result<bool, SystemError> {
    let bytes = match &side {
        Side::Into(target) => target.len(),
        Side::From(source) => source.len(),
    };
    if bytes == 0 {
        return Ok(true);
    }
    if address.checked_add(bytes).is_none() {
        return Ok(false);
    }
    let mut done = 0;
    while !IS_REFUSED.load(Ordering::Relaxed) {
        match step(address, &mut side, done) {
            Ok(0) | Err(Errno::FAULT) => return Ok(false),
            Ok(more) if done + more == bytes => return Ok(true),
            Ok(more) => done += more,
            Err(Errno::NOMEM) => {
                return Err(SystemError::new("process_vm_readv", "own memory", Errno::NOMEM));
            }
            Err(_) => IS_REFUSED.store(true, Ordering::Relaxed),
        }
    }
    by_way_of_an_object(address, side)
}

/// process_vm_readv(2), or process_vm_writev(2).
///
/// # Safety
/// The vectors are what they say here; what is said of the addresses there is looked at by the kernel.
type Copy = unsafe extern "C" fn(
    libc::pid_t,
    *const libc::iovec,
    libc::c_ulong,
    *const libc::iovec,
    libc::c_ulong,
    libc::c_ulong,
) -> libc::ssize_t;

/// As much as one call copies.
fn step(address: usize, side: &mut Side<'_>, done: usize) -> Result<usize, Errno> {
    let (here, bytes) = match side {
        Side::Into(target) => (target[done..].as_mut_ptr(), target.len() - done),
        Side::From(source) => (source[done..].as_ptr().cast_mut(), source.len() - done),
    };
    let here = libc::iovec { iov_base: here.cast(), iov_len: bytes };
    let there = ptr::with_exposed_provenance_mut(address + done);
    let there = libc::iovec { iov_base: there, iov_len: bytes };
    let pid = std::process::id().cast_signed();
    let (name, act) = match side {
        Side::Into(_) => ("process_vm_readv", libc::process_vm_readv as Copy),
        Side::From(_) => ("process_vm_writev", libc::process_vm_writev as Copy),
    };
    seam::call(name, || {
        // SAFETY:
        // - here: borrowed for this call, mutably where it is written to, and exactly as long as said.
        // - there: the kernel finds out whether anything is there; for a write the caller of `write` gave its word.
        let answer = unsafe { act(pid, &raw const here, 1, &raw const there, 1, 0) };
        usize::try_from(answer).map_err(|_| seam::last_errno())
    })
}

/// The same where those calls are refused: write(2) and read(2) on a memory object find out, too.
fn by_way_of_an_object(address: usize, side: Side<'_>) -> Result<bool, SystemError> {
    let object = Memfd::create_sparse("cabotage-copy", 0)?;
    match side {
        Side::Into(target) => {
            if !transfer(&object, address, target.len(), true)? {
                return Ok(false);
            }
            let all = attempt("pread", "own memory", || rustix::io::pread(object.as_fd(), &mut *target, 0))?;
            Ok(all == target.len())
        }
        Side::From(source) => {
            object.write_at(0, source)?;
            transfer(&object, address, source.len(), false)
        }
    }
}

/// Moves bytes between the object and an address.
fn transfer(object: &Memfd, address: usize, bytes: usize, is_read: bool) -> Result<bool, SystemError> {
    let fd = object.as_fd().as_raw_fd();
    let mut done = 0;
    while done < bytes {
        let there: *mut libc::c_void = ptr::with_exposed_provenance_mut(address + done);
        let at = i64::try_from(done).unwrap_or(i64::MAX);
        let answer = seam::call_until_done("pread", || {
            let answer = match is_read {
                // SAFETY: the kernel finds out what is there to be read.
                true => unsafe { libc::pwrite(fd, there, bytes - done, at) },
                // SAFETY: the kernel finds out what can be written; the caller of `write` gave its word.
                false => unsafe { libc::pread(fd, there, bytes - done, at) },
            };
            usize::try_from(answer).map_err(|_| seam::last_errno())
        });
        match answer {
            Ok(0) | Err(Errno::FAULT) => return Ok(false),
            Ok(more) => done += more,
            Err(errno) => return Err(SystemError::new("pread", "own memory", errno)),
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::{Content, Place, Protection, Word, map};

    #[test]
    fn where_the_direct_way_is_refused_another_one_does_the_same() {
        let address =
            map(Place::Anywhere { alignment: 1 }, 4096, Content::Zeros, Protection::READ | Protection::WRITE)
                .unwrap();
        let mut back = [0; 5];
        // SAFETY: pages of this test.
        assert!(unsafe { write(address, b"there") }.unwrap());
        assert!(by_way_of_an_object(address, Side::Into(&mut back)).unwrap());
        assert!(by_way_of_an_object(address + 5, Side::From(b"fore")).unwrap());
        assert!(!by_way_of_an_object(8, Side::Into(&mut back)).unwrap());
        assert!(!by_way_of_an_object(8, Side::From(b"no")).unwrap());
        let mut all = [0; 9];
        assert!(read(address, &mut all).unwrap());
        assert_eq!((&back, &all), (b"there", b"therefore"));
        // SAFETY: pages of this test.
        unsafe { Word::given() }.unmap(address, 4096).unwrap();
    }
}
