// SPDX-License-Identifier: MIT OR Apache-2.0
//! Plain data: values that are nothing but their bytes, and so may come out of a peer's memory by copy.
//!
//! Whatever bytes the peer wrote, the value is a value: there is nothing to check before it exists, only what
//! its numbers mean. Everything here works on private memory.

use std::mem::MaybeUninit;

/// A type for which any bytes are a value, and whose values are all bytes: numbers, arrays of them, and structures
/// made by [`plain!`](crate::plain!), which needs no unsafe code. Neither `bool` nor `char`, enumerations, references
/// or pointers are: there are bytes that none of their values has, or that mean nothing in another process.
///
/// # Safety
/// Every bit pattern of the type's size must be a valid value, and the type must have no padding: each of its bytes
/// is initialised whenever a value exists.
pub unsafe trait Plain: Copy + 'static {}

macro_rules! numbers_are_plain {
    ($($number:ty)*) => {$(
        // SAFETY: a number of the machine: no padding, and every bit pattern is one.
        unsafe impl Plain for $number {}
    )*};
}

numbers_are_plain!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64);

// SAFETY: an array has no bytes but those of its elements.
unsafe impl<T: Plain, const N: usize> Plain for [T; N] {}

/// The bytes of a value, as they lie in memory: the machine's own order.
#[inline]
pub fn bytes_of<T: Plain>(value: &T) -> &[u8] {
    // SAFETY: `Plain` promises that all these bytes are initialised; the borrow of `value` keeps them so, in private
    // memory, as long as the slice lives.
    unsafe { std::slice::from_raw_parts(std::ptr::from_ref(value).cast(), size_of::<T>()) }
}

/// The word in which two halves lie one behind the other, in the machine's own order.
#[inline]
pub fn word_of(halves: [u32; 2]) -> u64 {
    let [first, second] = halves.map(u64::from);
    if cfg!(target_endian = "little") { second << 32 | first } else { first << 32 | second }
}

/// The value that these bytes are; `None` unless there are exactly as many as it has.
#[inline]
pub fn value_of<T: Plain>(bytes: &[u8]) -> Option<T> {
    let filled = fill(|target| match bytes.len() == target.len() {
        true => {
            target.copy_from_slice(bytes);
            Ok(())
        }
        false => Err(()),
    });
    filled.ok()
}

/// The value whose bytes `write` writes; what it leaves alone is zero.
#[inline]
pub(crate) fn fill<T: Plain, E>(write: impl FnOnce(&mut [u8]) -> Result<(), E>) -> Result<T, E> {
    let mut value = MaybeUninit::<T>::zeroed();
    // SAFETY: all bytes of `value`, which are initialised, in private memory that nobody else borrows meanwhile.
    let bytes = unsafe { std::slice::from_raw_parts_mut(value.as_mut_ptr().cast::<u8>(), size_of::<T>()) };
    write(bytes)?;
    // SAFETY: every byte is initialised, and `Plain` promises that any bytes are a value.
    Ok(unsafe { value.assume_init() })
}

/// Defines a structure of plain fields that is [`Plain`] itself, laid out as C would (`repr(C)`).
///
/// It is `Copy`; derive more in front of it. A structure with padding does not compile: order its fields from the
/// largest to the smallest, or name the gap as a field.
///
/// ```
/// cabotage_lane::plain! {
///     /// One reading of a sensor.
///     #[derive(Debug, PartialEq)]
///     pub struct Reading {
///         /// Nanoseconds since the start.
///         pub at: u64,
///         /// Volts of each channel.
///         pub volts: [f32; 2],
///     }
/// }
/// let reading = Reading { at: 7, volts: [1.5, 2.5] };
/// let bytes = cabotage_lane::bytes_of(&reading);
/// assert_eq!(cabotage_lane::value_of(bytes), Some(reading));
/// ```
///
/// ```compile_fail
/// cabotage_lane::plain! {
///     struct Gap { small: u8, large: u32 }
/// }
/// ```
///
/// ```compile_fail
/// cabotage_lane::plain! {
///     struct Truth { is_so: bool }
/// }
/// ```
#[macro_export]
macro_rules! plain {
    // No attribute but these: `cfg` on a field or a macro on the structure could change what is checked below.
    ($(#[doc = $text:literal])* $(#[derive($($derived:path),* $(,)?)])? $vis:vis struct $name:ident {
        $($(#[doc = $field_text:literal])* $field_vis:vis $field:ident : $type:ty),* $(,)?
    }) => {
        $(#[doc = $text])*
        $(#[derive($($derived),*)])?
        #[derive(::core::clone::Clone, ::core::marker::Copy)]
        #[repr(C)]
        $vis struct $name {
            $($(#[doc = $field_text])* $field_vis $field: $type,)*
        }

        const _: () = {
            /// The size of a field, which must be plain.
            #[allow(dead_code)] // a structure without fields calls it never
            const fn bytes<S, T: $crate::Plain>(_field: fn(S) -> T) -> usize {
                ::core::mem::size_of::<T>()
            }
            let fields = 0 $(+ bytes(|whole: $name| whole.$field))*;
            ::core::assert!(
                ::core::mem::size_of::<$name>() == fields,
                "the structure has padding: name the gap as a field"
            );
        };

        // SAFETY: all fields are plain, and there is no byte beside them: both checked right above.
        unsafe impl $crate::Plain for $name {}
    };
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    crate::plain! {
        /// A structure with every kind of field.
        #[derive(Debug, PartialEq)]
        struct Mixed {
            large: u128,
            real: f64,
            rest: [[u16; 2]; 2],
        }
    }

    crate::plain! {
        struct Nothing {}
    }

    #[test]
    fn values_survive_the_way_through_their_bytes() {
        let mixed = Mixed { large: u128::MAX - 3, real: -0.5, rest: [[1, 2], [3, u16::MAX]] };
        assert_eq!(bytes_of(&mixed).len(), 32);
        assert_eq!(value_of(bytes_of(&mixed)), Some(mixed));
        assert_eq!(value_of::<u64>(&1_u64.to_ne_bytes()), Some(1));
        assert!(value_of::<Nothing>(&[]).is_some());
    }

    #[test]
    fn a_word_of_halves_has_their_bytes() {
        assert_eq!(word_of([7, u32::MAX]).to_ne_bytes(), bytes_of(&[7_u32, u32::MAX]));
    }

    #[test]
    fn bytes_of_another_number_are_no_value() {
        assert_eq!(value_of::<u64>(&[0; 7]), None);
        assert_eq!(value_of::<u64>(&[0; 9]), None);
        assert!(value_of::<Nothing>(&[0]).is_none());
    }
}
