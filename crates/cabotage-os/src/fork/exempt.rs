// SPDX-License-Identifier: MIT OR Apache-2.0
//! Descriptors that a forked child keeps for once, because it is about to execute a program that gets them.

use std::cell::Cell;
use std::marker::PhantomData;
use std::os::fd::RawFd;

thread_local! {
    static EXEMPT: Cell<(*const RawFd, usize)> = const { Cell::new((std::ptr::null(), 0)) };
}

/// Whether this thread keeps `fd` open in the children it forks now.
pub(super) fn is_exempt(fd: RawFd) -> bool {
    let (start, count) = EXEMPT.get();
    if start.is_null() {
        return false;
    }
    // SAFETY: pointer and length were set by `exempt` from a live slice, which its guard still borrows.
    unsafe { std::slice::from_raw_parts(start, count) }.contains(&fd)
}

/// While the guard lives, a fork *of this thread* leaves `fds` open in the child: for one that is about to
/// execute a program and hand them to it.
pub fn exempt(fds: &[RawFd]) -> Exemption<'_> {
    let before = EXEMPT.replace((fds.as_ptr(), fds.len()));
    Exemption { before, fds: PhantomData }
}

/// An exemption made by [`exempt`]; dropping it ends it.
#[derive(Debug)]
pub struct Exemption<'fds> {
    before: (*const RawFd, usize),
    fds: PhantomData<&'fds [RawFd]>,
}

impl Drop for Exemption<'_> {
    fn drop(&mut self) {
        EXEMPT.set(self.before);
    }
}
