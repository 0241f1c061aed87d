// SPDX-License-Identifier: MIT OR Apache-2.0
//! Events. They have no names and belong to one process.

use super::border::{boolean, value};
use super::security::{SecurityAttributes, wanted};
use crate::event::Event;
use crate::failure::{Answer, Failure};
use crate::object::Object;
use crate::runtime::here;

const MANUAL: u32 = 1;
const SET: u32 = 2;

/// # Safety
/// As [`CreateEventA`].
unsafe fn created(attributes: *const SecurityAttributes, has_name: bool, flags: u32) -> Answer<usize> {
    if has_name {
        return Err(Failure::NOT_SUPPORTED);
    }
    if flags & !(MANUAL | SET) != 0 {
        return Err(Failure::INVALID_PARAMETER);
    }
    // SAFETY: as the caller of this promises.
    let inherit = unsafe { wanted(attributes) }?.inherit;
    let event = Event::new(flags & MANUAL != 0, flags & SET != 0);
    here()?.table.insert(Object::Event(event), inherit)
}

fn flags(is_manual: i32, is_set: i32) -> u32 {
    (if is_manual == 0 { 0 } else { MANUAL }) | (if is_set == 0 { 0 } else { SET })
}

/// Makes an event. One with a name is refused: what would find it by that is in another process.
///
/// # Safety
/// `attributes` is null or what Windows wants there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CreateEventA(
    attributes: *const SecurityAttributes,
    is_manual: i32,
    is_set: i32,
    name: *const u8,
) -> usize {
    // SAFETY: as the caller of this promises.
    value(0, || unsafe { created(attributes, !name.is_null(), flags(is_manual, is_set)) })
}

/// As [`CreateEventA`].
///
/// # Safety
/// As there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CreateEventW(
    attributes: *const SecurityAttributes,
    is_manual: i32,
    is_set: i32,
    name: *const u16,
) -> usize {
    // SAFETY: as the caller of this promises.
    value(0, || unsafe { created(attributes, !name.is_null(), flags(is_manual, is_set)) })
}

/// As [`CreateEventA`].
///
/// # Safety
/// As there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CreateEventExA(
    attributes: *const SecurityAttributes,
    name: *const u8,
    flags: u32,
    _access: u32,
) -> usize {
    // SAFETY: as the caller of this promises.
    value(0, || unsafe { created(attributes, !name.is_null(), flags) })
}

/// As [`CreateEventA`].
///
/// # Safety
/// As there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CreateEventExW(
    attributes: *const SecurityAttributes,
    name: *const u16,
    flags: u32,
    _access: u32,
) -> usize {
    // SAFETY: as the caller of this promises.
    value(0, || unsafe { created(attributes, !name.is_null(), flags) })
}

/// Signals an event.
#[unsafe(no_mangle)]
pub extern "C" fn SetEvent(event: usize) -> i32 {
    boolean(|| {
        let runtime = here()?;
        runtime.dispatcher.set(&*runtime.event(event)?);
        Ok(())
    })
}

/// Signals an event no more.
#[unsafe(no_mangle)]
pub extern "C" fn ResetEvent(event: usize) -> i32 {
    boolean(|| {
        let runtime = here()?;
        runtime.dispatcher.reset(&*runtime.event(event)?);
        Ok(())
    })
}

/// Signals an event for those who wait now.
#[unsafe(no_mangle)]
pub extern "C" fn PulseEvent(event: usize) -> i32 {
    boolean(|| {
        let runtime = here()?;
        runtime.dispatcher.pulse(&*runtime.event(event)?);
        Ok(())
    })
}
