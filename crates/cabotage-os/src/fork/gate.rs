// SPDX-License-Identifier: MIT OR Apache-2.0
//! Between a fork and the descriptors that it must not catch half-way.
//!
//! A fork copies the descriptors first and the memory later. So that a child's table of numbers fits its
//! descriptors, a fork waits for the threads that are changing both, and those wait for the fork. Both are short:
//! a few system calls; so waiting is yielding.

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering};

/// How many threads are inside [`undivided`], and in the highest bit whether a thread forks.
static STATE: AtomicU32 = AtomicU32::new(0);
const FORKING: u32 = 1 << 31;

thread_local! {
    /// How deep this thread is inside [`undivided`].
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// Runs `act` while no other thread forks: what it opens or closes is seen by a child wholly or not at all. Keep it
/// short, since a fork waits for it. It may be nested.
pub fn undivided<T>(act: impl FnOnce() -> T) -> T {
    let _inside = Inside::enter();
    act()
}

struct Inside;

impl Inside {
    fn enter() -> Self {
        if DEPTH.get() == 0 {
            change_when(|state| (state & FORKING == 0).then_some(state + 1));
        }
        DEPTH.set(DEPTH.get() + 1);
        Self
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
        if DEPTH.get() == 0 {
            STATE.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

/// Before a fork: one forking thread at a time, and nobody but itself inside.
pub(super) fn close() {
    change_when(|state| (state & FORKING == 0).then_some(state | FORKING));
    while STATE.load(Ordering::Acquire) & !FORKING != own() {
        std::thread::yield_now();
    }
}

/// After a fork, in the parent.
pub(super) fn open_in_parent() {
    STATE.fetch_and(!FORKING, Ordering::AcqRel);
}

/// After a fork, in the child: other threads that were waiting to enter do not exist here.
pub(super) fn open_in_child() {
    STATE.store(own(), Ordering::Release);
}

/// How often this thread counts in the state.
fn own() -> u32 {
    DEPTH.get().min(1)
}

/// Changes the state as soon as `change` knows how.
fn change_when(change: impl Fn(u32) -> Option<u32>) {
    while STATE.fetch_update(Ordering::AcqRel, Ordering::Acquire, &change).is_err() {
        std::thread::yield_now();
    }
}
