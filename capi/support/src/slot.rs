// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where a call stores what it answers: found to be possible before the call does anything.

use crate::pointers;

/// A place of the C caller's for a `T`.
#[derive(Debug)]
pub struct Slot<T>(*mut T);

impl<T: Copy> Slot<T> {
    /// The place at an address; `None` if there can be none.
    ///
    /// # Safety
    /// If `at` is [plausible](pointers::is_plausible), a `T` can be written there as long as this value is used, and
    /// read if [`load`](Slot::load) is called.
    pub unsafe fn new(at: *mut T) -> Option<Self> {
        pointers::is_plausible(at, 1).then_some(Self(at))
    }

    /// Stores a value.
    pub fn store(&self, value: T) {
        // SAFETY: whoever made this slot said that a `T` can be written there.
        unsafe { self.0.write(value) };
    }

    /// What stands there.
    pub fn load(&self) -> T {
        // SAFETY: whoever made this slot said that a `T` can be read there.
        unsafe { self.0.read() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_holds_what_was_stored_and_null_is_none() {
        let mut word = 3_u32;
        // SAFETY: the address of a value of this test.
        let slot = unsafe { Slot::new(&raw mut word) }.unwrap();
        assert_eq!(slot.load(), 3);
        slot.store(4);
        assert_eq!(slot.load(), 4);
        // SAFETY: null is refused.
        assert!(unsafe { Slot::<u32>::new(std::ptr::null_mut()) }.is_none());
    }
}
