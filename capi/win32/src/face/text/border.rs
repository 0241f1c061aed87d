// SPDX-License-Identifier: MIT OR Apache-2.0
//! Texts of the caller: UTF-8 where a call ends in A, UTF-16 where it ends in W; and ours given back.

use std::ffi::c_char;

use cabotage_c_support::pointers;

use crate::face::border::store;
use crate::failure::{Answer, Failure};

/// The text at `from`; `None` for null.
///
/// # Errors
/// `ERROR_INVALID_NAME` for what is no UTF-8.
///
/// # Safety
/// As [`pointers::string`].
pub(in crate::face) unsafe fn narrow(from: *const c_char) -> Answer<Option<String>> {
    // SAFETY: as the caller of this promises.
    let Some(text) = (unsafe { pointers::string(from) }) else { return Ok(None) };
    text.to_str().map(|text| Some(text.to_owned())).map_err(|_| Failure::INVALID_NAME)
}

/// The text at `from`; `None` for null.
///
/// # Errors
/// `ERROR_INVALID_NAME` for what is no UTF-16; `ERROR_INVALID_PARAMETER` for an odd address.
///
/// # Safety
/// If `from` is not null, units stand there that end with a zero, and nobody writes to them.
pub(in crate::face) unsafe fn wide(from: *const u16) -> Answer<Option<String>> {
    if from.is_null() {
        return Ok(None);
    }
    let mut units = Vec::new();
    loop {
        // SAFETY: no zero was met before this unit, so it belongs to the text, or is its end.
        match unsafe { pointers::read(from.wrapping_add(units.len())) } {
            None => return Err(Failure::INVALID_PARAMETER),
            Some(0) => break,
            Some(unit) => units.push(unit),
        }
    }
    String::from_utf16(&units).map(Some).map_err(|_| Failure::INVALID_NAME)
}

/// The bytes of an environment block at `from`, its last two zeros included.
///
/// # Safety
/// Strings stand there, of which the last is empty, and nobody writes to them.
pub(in crate::face) unsafe fn narrow_block(from: *const u8) -> Vec<u8> {
    let mut block = Vec::new();
    loop {
        // SAFETY: no two zeros were met before this byte, so it belongs to the block.
        block.push(unsafe { from.wrapping_add(block.len()).read() });
        if block.ends_with(&[0, 0]) || block == [0] {
            return block;
        }
    }
}

/// The same in UTF-16, as UTF-8.
///
/// # Errors
/// `ERROR_INVALID_PARAMETER` for an odd address.
///
/// # Safety
/// As [`narrow_block`].
pub(in crate::face) unsafe fn wide_block(from: *const u16) -> Answer<Vec<u8>> {
    let mut block = Vec::new();
    while !(block.ends_with(&[0, 0]) || block == [0]) {
        // SAFETY: no two zeros were met before this unit, so it belongs to the block.
        let unit = unsafe { pointers::read(from.wrapping_add(block.len())) };
        block.push(unit.ok_or(Failure::INVALID_PARAMETER)?);
    }
    Ok(String::from_utf16_lossy(&block).into_bytes())
}

/// Puts a text of ours, and a zero behind it, into the caller's `room` of so many bytes.
///
/// # Errors
/// `ERROR_INSUFFICIENT_BUFFER`.
///
/// # Safety
/// As [`store`], for so many bytes.
pub(in crate::face) unsafe fn give_narrow(text: &str, to: *mut u8, room: u32) -> Answer<()> {
    let units: Vec<u8> = text.bytes().chain([0]).collect();
    // SAFETY: as the caller of this promises.
    unsafe { give(&units, to, room) }
}

/// The same in UTF-16; `room` counts units.
///
/// # Errors
/// As [`give_narrow`].
///
/// # Safety
/// As [`give_narrow`].
pub(in crate::face) unsafe fn give_wide(text: &str, to: *mut u16, room: u32) -> Answer<()> {
    let units: Vec<u16> = text.encode_utf16().chain([0]).collect();
    // SAFETY: as the caller of this promises.
    unsafe { give(&units, to, room) }
}

unsafe fn give<T: Copy>(units: &[T], to: *mut T, room: u32) -> Answer<()> {
    if units.len() > room as usize {
        return Err(Failure::INSUFFICIENT_BUFFER);
    }
    for (at, unit) in units.iter().enumerate() {
        // SAFETY: within the room that the caller promises.
        unsafe { store(to.wrapping_add(at), *unit) }?;
    }
    Ok(())
}
