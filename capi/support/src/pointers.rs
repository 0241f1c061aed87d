// SPDX-License-Identifier: MIT OR Apache-2.0
//! What C hands over by address: looked at as far as a process can look at its own memory.
//!
//! Null, misaligned and impossibly long are found; that an address is mapped, and that nobody else writes there
//! meanwhile, is the caller's word, as in every C library. Values are copied, so no reference into C's memory
//! outlives the call or meets a second one.

use std::ffi::{CStr, c_char};

/// Whether `count` values of `T` can lie at `start`, as far as the numbers tell.
pub fn is_plausible<T>(start: *const T, count: usize) -> bool {
    let bytes = size_of::<T>().checked_mul(count);
    let ends = |bytes: usize| bytes <= isize::MAX.unsigned_abs() && start.addr().checked_add(bytes).is_some();
    !start.is_null() && start.is_aligned() && bytes.is_some_and(ends)
}

/// The value at `from`; `None` if there can be none.
///
/// # Safety
/// If `from` is [plausible](is_plausible), a value of `T` can be read there.
pub unsafe fn read<T: Copy>(from: *const T) -> Option<T> {
    // SAFETY: not null and aligned, as `is_plausible` says; readable by the caller's word.
    is_plausible(from, 1).then(|| unsafe { from.read() })
}

/// Stores `value` at `to`, if something can be there.
///
/// # Safety
/// If `to` is [plausible](is_plausible), a value of `T` can be written there.
pub unsafe fn write<T>(to: *mut T, value: T) -> bool {
    let is_there = is_plausible(to, 1);
    if is_there {
        // SAFETY: not null and aligned, as `is_plausible` says; writable by the caller's word.
        unsafe { to.write(value) };
    }
    is_there
}

/// The `count` values at `from`; the empty slice if there are none, whatever the address; `None` if they cannot be
/// there.
///
/// # Safety
/// If [plausible](is_plausible), the values can be read there for as long as `'a`, and nobody writes to them.
pub unsafe fn slice<'a, T: Copy>(from: *const T, count: usize) -> Option<&'a [T]> {
    if count == 0 {
        return Some(&[]);
    }
    // SAFETY: not null, aligned and of a possible length, as `is_plausible` says; the rest is the caller's word.
    is_plausible(from, count).then(|| unsafe { std::slice::from_raw_parts(from, count) })
}

/// The same to be written: what stands there must be values of `T`, as every pattern of bits is for numbers.
///
/// # Safety
/// As [`slice()`], and nobody else reads or writes them as long as `'a`.
pub unsafe fn slice_mut<'a, T: Copy>(at: *mut T, count: usize) -> Option<&'a mut [T]> {
    if count == 0 {
        return Some(&mut []);
    }
    // SAFETY: not null, aligned and of a possible length, as `is_plausible` says; the rest is the caller's word.
    is_plausible(at, count).then(|| unsafe { std::slice::from_raw_parts_mut(at, count) })
}

/// The string that begins at `from`, without its zero; `None` for null.
///
/// # Safety
/// If `from` is not null, a string that ends with a zero stands there for as long as `'a`, and nobody writes to it.
pub unsafe fn string<'a>(from: *const c_char) -> Option<&'a CStr> {
    // SAFETY: not null; the rest is the caller's word.
    (!from.is_null()).then(|| unsafe { CStr::from_ptr(from) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_an_address_is_refused() {
        let words = [1_u32, 2];
        let odd = words.as_ptr().cast::<u8>().wrapping_add(1).cast::<u32>();
        assert!(is_plausible(words.as_ptr(), 2));
        assert!(!is_plausible(odd, 1) && !is_plausible(std::ptr::null::<u32>(), 0));
        assert!(!is_plausible(words.as_ptr(), usize::MAX / 4), "longer than memory");
        assert!(!is_plausible(std::ptr::without_provenance::<u8>(usize::MAX), 2), "past the end of memory");
    }

    #[test]
    fn nothing_may_be_anywhere() {
        // SAFETY: no value is read.
        assert_eq!(unsafe { slice::<u8>(std::ptr::null(), 0) }, Some(&[][..]));
        // SAFETY: null is refused before anything is read.
        assert_eq!(unsafe { slice::<u8>(std::ptr::null(), 1) }, None);
    }

    #[test]
    fn values_go_in_and_out() {
        let mut word = 3_u32;
        let at = &raw mut word;
        // SAFETY: the address of a value of this test.
        assert!(unsafe { write(at, 4) });
        // SAFETY: as above.
        assert_eq!(unsafe { read(at) }, Some(4));
        // SAFETY: null is refused before anything is written.
        assert!(!unsafe { write(std::ptr::null_mut(), 4_u32) });
    }
}
