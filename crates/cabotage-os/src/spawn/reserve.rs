// SPDX-License-Identifier: MIT OR Apache-2.0
//! Keeping the child's numbers free of anything that the child must not lose.
//!
//! std opens a pipe just before the fork, by which the child reports that execve failed. Were it given a number
//! that the child will overwrite, the report would be lost. So every wanted number is occupied in the parent by
//! a copy of ours. One that somebody else occupies is remembered by its inode: if another thread closes it and
//! std's pipe comes to lie there, the child sees it and the start is tried anew.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use super::child::Plan;
use super::{Passed, SpawnError};
use crate::error::{SystemError, attempt};
use crate::seam::Errno;

/// Occupies the wanted numbers, moves the listed descriptors out of one another's way, and completes the plan.
/// Dropping the answer frees the numbers.
pub(super) fn numbers(passed: &mut [Passed], plan: &Plan) -> Result<Vec<OwnedFd>, SpawnError> {
    let mut reserved = Vec::new();
    for one in passed.iter_mut() {
        let own = one.fd.as_raw_fd();
        if own != one.number && plan.targets().any(|target| target == own) {
            let moved = beside_the_targets(one.fd.as_fd(), plan, &mut reserved)?;
            reserved.push(std::mem::replace(&mut one.fd, moved));
        }
    }
    for (index, Passed { fd, number }) in passed.iter().enumerate() {
        let is_ours = fd.as_raw_fd() == *number || reserved.iter().any(|fd| fd.as_raw_fd() == *number);
        let occupant = if is_ours { Occupant::Ours } else { occupy(fd.as_fd(), *number, &mut reserved)? };
        plan.set(index, fd.as_raw_fd(), occupant.inode());
    }
    Ok(reserved)
}

/// A copy of `fd` under a number that nobody wants. The wanted ones met on the way are thereby occupied.
fn beside_the_targets(
    fd: BorrowedFd<'_>,
    plan: &Plan,
    reserved: &mut Vec<OwnedFd>,
) -> Result<OwnedFd, SystemError> {
    loop {
        let copy = copy_from(fd, 3)?;
        if plan.targets().all(|target| target != copy.as_raw_fd()) {
            return Ok(copy);
        }
        reserved.push(copy);
    }
}

enum Occupant {
    Ours,
    Other { inode: u64 },
}

impl Occupant {
    fn inode(&self) -> u64 {
        match self {
            Self::Ours => 0,
            Self::Other { inode } => *inode,
        }
    }
}

fn occupy(fd: BorrowedFd<'_>, number: RawFd, reserved: &mut Vec<OwnedFd>) -> Result<Occupant, SpawnError> {
    match copy_from(fd, number) {
        Ok(copy) if copy.as_raw_fd() == number => {
            reserved.push(copy);
            Ok(Occupant::Ours)
        }
        Ok(_elsewhere) => other_at(number, None),
        Err(error) if error.errno() == Errno::INVAL => Err(SpawnError::BeyondLimit { number }),
        // Nothing is free from here up, which says nothing about this number itself.
        Err(error) if error.errno() == Errno::MFILE => other_at(number, Some(error)),
        Err(error) => Err(error.into()),
    }
}

/// Who has the number; if nobody has it any more, whatever the child finds there is wrong.
fn other_at(number: RawFd, shortage: Option<SystemError>) -> Result<Occupant, SpawnError> {
    const NOBODY: u64 = u64::MAX;
    match (super::child::inode_at(number), shortage) {
        (Some(inode), _) => Ok(Occupant::Other { inode }),
        (None, None) => Ok(Occupant::Other { inode: NOBODY }),
        (None, Some(shortage)) => Err(shortage.into()),
    }
}

fn copy_from(fd: BorrowedFd<'_>, lowest: RawFd) -> Result<OwnedFd, SystemError> {
    attempt("fcntl(F_DUPFD_CLOEXEC)", format_args!("descriptor {}", fd.as_raw_fd()), || {
        rustix::io::fcntl_dupfd_cloexec(fd, lowest)
    })
}
