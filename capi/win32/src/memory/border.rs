// SPDX-License-Identifier: MIT OR Apache-2.0
//! The caller's memory that an operation goes on to use after the call has returned: its buffer, and its `OVERLAPPED`.
//!
//! Whoever begins such an operation promises, as on Windows, that both stay where they are until it is over. That
//! promise is taken here once, by an unsafe constructor; what is done with them afterwards is safe.

use std::sync::atomic::{AtomicUsize, Ordering};

use cabotage_c_support::pointers;

use crate::failure::{Answer, Failure, Outcome, PENDING};

/// What an operation is known by, and where its result stands: the layout is that of 64-bit Windows.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Overlapped {
    /// The NTSTATUS.
    internal: AtomicUsize,
    /// How many bytes.
    internal_high: AtomicUsize,
    /// Offsets, of no meaning to pipes.
    _offset: [u32; 2],
    event: usize,
}

const _: () = assert!(size_of::<Overlapped>() == 4 * size_of::<usize>());

/// An `OVERLAPPED` of the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OverlappedAt(*const Overlapped);

// SAFETY: what it points to is only used through atomics, but for the event, which its owner writes before and nobody
// while an operation is under way; it lives until then by the promise of `new`.
unsafe impl Send for OverlappedAt {}
// SAFETY: as above.
unsafe impl Sync for OverlappedAt {}

impl OverlappedAt {
    /// `None` for a null pointer.
    ///
    /// # Errors
    /// `ERROR_INVALID_PARAMETER` for what can be no address of one.
    ///
    /// # Safety
    /// It points to an `OVERLAPPED` that stays there until the operation that it is given to is over, and that nobody
    /// writes to meanwhile.
    pub(crate) unsafe fn new(at: *const Overlapped) -> Answer<Option<Self>> {
        match at.is_null() {
            true => Ok(None),
            false if pointers::is_plausible(at, 1) => Ok(Some(Self(at))),
            false => Err(Failure::INVALID_PARAMETER),
        }
    }

    fn get(&self) -> &Overlapped {
        // SAFETY: not null and aligned, checked by `new`; alive and shared by the promise made there.
        unsafe { &*self.0 }
    }

    /// The address, by which the caller knows the operation.
    pub(crate) fn address(self) -> usize {
        self.0.addr()
    }

    /// The pointer as the caller gave it, to give it back.
    pub(crate) fn pointer(self) -> *mut Overlapped {
        self.0.cast_mut()
    }

    /// The handle of the event, with the mark in its lowest bit that keeps a packet from a completion port.
    pub(crate) fn event(&self) -> usize {
        self.get().event
    }

    /// Says that an operation is under way.
    pub(crate) fn begin(&self) {
        self.get().internal_high.store(0, Ordering::Relaxed);
        self.get().internal.store(PENDING as usize, Ordering::Release);
    }

    /// Says what came of it.
    pub(crate) fn end(&self, outcome: Outcome) {
        self.get().internal_high.store(outcome.bytes, Ordering::Relaxed);
        self.get().internal.store(outcome.status as usize, Ordering::Release);
    }

    /// What came of it; `None` while it is under way.
    pub(crate) fn outcome(&self) -> Option<Outcome> {
        let status = u32::try_from(self.get().internal.load(Ordering::Acquire)).unwrap_or(u32::MAX);
        let bytes = self.get().internal_high.load(Ordering::Relaxed);
        (status != PENDING).then_some(Outcome { status, bytes })
    }
}

/// A buffer of the caller that is filled when the operation is over.
#[derive(Debug)]
pub(crate) struct Target {
    start: *mut u8,
    bytes: usize,
}

// SAFETY: it is used by one thread at a time, through `&mut`, and the memory is no thread's own.
unsafe impl Send for Target {}

impl Target {
    /// # Errors
    /// `ERROR_INVALID_PARAMETER` for what can be no buffer.
    ///
    /// # Safety
    /// So many bytes can be written there until the operation is over, and nobody else uses them meanwhile.
    pub(crate) unsafe fn new(start: *mut u8, bytes: usize) -> Answer<Self> {
        if bytes > 0 && !pointers::is_plausible(start.cast_const(), bytes) {
            return Err(Failure::INVALID_PARAMETER);
        }
        Ok(Self { start, bytes })
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The buffer.
    pub(crate) fn as_mut(&mut self) -> &mut [u8] {
        if self.bytes == 0 {
            return &mut [];
        }
        // SAFETY: a plausible address of so many bytes, checked by `new`; alive and unshared by the promise made there.
        unsafe { std::slice::from_raw_parts_mut(self.start, self.bytes) }
    }

    /// Fills it from its start with what was read, which is never longer.
    pub(crate) fn fill(&mut self, data: &[u8]) {
        let count = data.len().min(self.bytes);
        self.as_mut()[..count].copy_from_slice(&data[..count]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overlapped_tells_what_came_of_it_once_it_is_over() {
        let place = Overlapped {
            internal: AtomicUsize::new(0),
            internal_high: AtomicUsize::new(7),
            _offset: [0; 2],
            event: 12,
        };
        // SAFETY: it lives to the end of this function.
        let overlapped = unsafe { OverlappedAt::new(&raw const place) }.unwrap().unwrap();
        overlapped.begin();
        assert_eq!(overlapped.outcome(), None);
        overlapped.end(Outcome::done(5));
        assert_eq!(overlapped.outcome(), Some(Outcome::done(5)));
        assert_eq!((overlapped.event(), overlapped.address()), (12, (&raw const place).addr()));
    }

    #[test]
    fn what_can_be_no_buffer_is_refused() {
        // SAFETY: no byte is ever written there.
        assert_eq!(unsafe { Target::new(std::ptr::null_mut(), 4) }.unwrap_err().code, 87);
        // SAFETY: of no bytes.
        assert_eq!(unsafe { Target::new(std::ptr::null_mut(), 0) }.unwrap().as_mut().len(), 0);
    }
}
