// SPDX-License-Identifier: MIT OR Apache-2.0
//! The system's heap with a count, for tests that promise to do without it.
//!
//! A program makes it its own by `#[global_allocator] static HEAP: CountedHeap = CountedHeap;`. The count belongs to
//! the thread, as that of the [seam](crate::seam) does.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

/// How often this thread has asked a [`CountedHeap`] for memory since it started.
pub fn allocations() -> u64 {
    ALLOCATIONS.get()
}

/// The system's heap, which counts how often each thread asks for memory.
#[derive(Debug, Clone, Copy, Default)]
pub struct CountedHeap;

// SAFETY: every call goes to the system's heap as it came. The count is a plain number in the thread's own memory,
// which needs no heap and has no destructor.
unsafe impl GlobalAlloc for CountedHeap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: what our caller promises is what the system's heap asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: as above; the place came from the same heap.
        unsafe { System.dealloc(place, layout) }
    }
}
