// SPDX-License-Identifier: MIT OR Apache-2.0
//! Memory that C reads and writes by its address while Rust owns it, such as the view of a section.
//!
//! No reference to it exists but during a call of this file: C may write whenever no call of the library uses the
//! region, as with any buffer that is handed to one.

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::ptr::NonNull;

/// Where a region begins is a multiple of this many bytes, as views do on Windows.
pub const ALIGN_BYTES: usize = 64 << 10;

/// Zeroed memory at an address that stays.
#[derive(Debug)]
pub struct Region {
    base: NonNull<u8>,
    layout: Layout,
}

// SAFETY: it is memory that nothing else owns, so it may be freed in any thread.
unsafe impl Send for Region {}
// SAFETY: a shared region is read by copies; that nobody writes meanwhile is the word of the C caller who could.
unsafe impl Sync for Region {}

impl Region {
    /// Memory for `bytes` bytes, all zero; `None` if there is none, or none was asked for.
    #[must_use]
    pub fn new(bytes: usize) -> Option<Self> {
        let layout = Layout::from_size_align(bytes, ALIGN_BYTES).ok().filter(|layout| layout.size() > 0)?;
        // SAFETY: the size is not zero.
        let base = NonNull::new(unsafe { alloc_zeroed(layout) })?;
        Some(Self { base, layout })
    }

    /// Where it begins.
    #[must_use]
    pub fn base(&self) -> *mut u8 {
        self.base.as_ptr()
    }

    /// How many bytes it has.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.layout.size()
    }

    /// Lets `look` see the first `bytes` bytes; `None` if there are not so many.
    pub fn with<T>(&self, bytes: usize, look: impl FnOnce(&[u8]) -> T) -> Option<T> {
        if bytes > self.bytes() {
            return None;
        }
        // SAFETY: the region has so many bytes, which were zeroed when it was made, and lives as long as `self`.
        Some(look(unsafe { std::slice::from_raw_parts(self.base.as_ptr(), bytes) }))
    }

    /// Lets `change` write the first `bytes` bytes; `None` if there are not so many.
    pub fn with_mut<T>(&mut self, bytes: usize, change: impl FnOnce(&mut [u8]) -> T) -> Option<T> {
        if bytes > self.bytes() {
            return None;
        }
        // SAFETY: as in `with`; `self` is borrowed alone.
        Some(change(unsafe { std::slice::from_raw_parts_mut(self.base.as_ptr(), bytes) }))
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        // SAFETY: allocated in `new` with this layout, and freed once.
        unsafe { dealloc(self.base.as_ptr(), self.layout) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_by_address_is_read() {
        let mut region = Region::new(100_000).unwrap();
        assert_eq!(region.base().addr() % ALIGN_BYTES, 0);
        // SAFETY: inside the region, which lives.
        unsafe { region.base().wrapping_add(99_999).write(7) };
        assert_eq!(region.with(100_000, |bytes| bytes[99_999]), Some(7));
        region.with_mut(1, |bytes| bytes[0] = 9);
        // SAFETY: as above.
        assert_eq!(unsafe { region.base().read() }, 9);
        assert!(region.with(100_001, |_| ()).is_none() && Region::new(0).is_none());
    }
}
