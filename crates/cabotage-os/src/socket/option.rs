// SPDX-License-Identifier: MIT OR Apache-2.0
//! Socket options that rustix does not know.

use std::os::fd::{AsRawFd, BorrowedFd};

use crate::error::{SystemError, attempt};
use crate::probe::{self, Feature};
use crate::seam::{self, Errno};

/// `SO_PASSRIGHTS` (Linux 6.16), the same number on x86_64 and aarch64.
pub(super) const PASS_RIGHTS: libc::c_int = 83;

/// What a yes-or-no option takes up.
const INT_BYTES: libc::socklen_t = 4;
const _: () = assert!(size_of::<libc::c_int>() == INT_BYTES as usize);

/// Reads an option of the socket level into `answer`; tells how many bytes the kernel wrote.
pub(super) fn get(
    socket: BorrowedFd<'_>,
    option: libc::c_int,
    answer: &mut [u8],
) -> Result<usize, SystemError> {
    attempt("getsockopt", format_args!("socket option {option}"), || {
        let mut bytes = libc::socklen_t::try_from(answer.len()).map_err(|_| Errno::INVAL)?;
        // SAFETY: the kernel writes at most `bytes` bytes to `answer`, which has exactly so many, and the count
        // back to `bytes`.
        let status = unsafe {
            libc::getsockopt(
                socket.as_raw_fd(),
                libc::SOL_SOCKET,
                option,
                answer.as_mut_ptr().cast(),
                &raw mut bytes,
            )
        };
        if status == 0 { Ok(bytes as usize) } else { Err(seam::last_errno()) }
    })
}

/// Sets a yes-or-no option of the socket level.
fn set(socket: BorrowedFd<'_>, option: libc::c_int, wanted: bool) -> Result<(), SystemError> {
    attempt("setsockopt", format_args!("socket option {option}"), || {
        let value = libc::c_int::from(wanted);
        // SAFETY: the kernel reads one int from `value`, which lives until the call returns.
        let status = unsafe {
            libc::setsockopt(
                socket.as_raw_fd(),
                libc::SOL_SOCKET,
                option,
                (&raw const value).cast(),
                INT_BYTES,
            )
        };
        if status == 0 { Ok(()) } else { Err(seam::last_errno()) }
    })
}

/// Sets an option that older kernels lack; answers whether this one has it.
pub(super) fn set_if_known(
    socket: BorrowedFd<'_>,
    feature: Feature,
    option: libc::c_int,
    wanted: bool,
) -> Result<bool, SystemError> {
    if !probe::allows(feature) {
        return Ok(false);
    }
    match set(socket, option, wanted) {
        Ok(()) => Ok(true),
        Err(refusal) if refusal.errno() == Errno::NOPROTOOPT => {
            probe::learn(feature, false);
            Ok(false)
        }
        Err(refusal) => Err(refusal),
    }
}
