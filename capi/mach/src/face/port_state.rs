// SPDX-License-Identifier: MIT OR Apache-2.0
//! `mach_port_`: what a receiver asks of its port, and sets.
//!
//! # Source
//! XNU, osfmk/ipc/mach_port.c, osfmk/mach/port.h.

use cabotage_c_support::pointers;
use cabotage_c_support::slot::Slot;
use cabotage_mach::kernel::calls::{GuardFlags, PortStatus};
use cabotage_mach::kernel::messages::TrailerFormat;
use cabotage_mach::{Name, Names};

use super::{call, given};
use crate::code::{Code, FAILURE, INVALID_ARGUMENT, INVALID_VALUE, of_kern, of_task};
use crate::message::{format_asked, peeked};
use crate::task::{self, Of};

const LIMITS_INFO: i32 = 1;
const RECEIVE_STATUS: i32 = 2;
const REQUESTS_SIZE: i32 = 3;
/// Hints about priorities, which are taken and change nothing.
const HINTS: std::ops::RangeInclusive<i32> = 4..=6;
const INFO_EXT: i32 = 7;
const GUARD_INFO: i32 = 8;

/// See mach/mach_port.h.
///
/// # Safety
/// `info` leads to as many words as `count` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mach_port_get_attributes(
    task: u32,
    name: u32,
    flavor: i32,
    info: *mut u32,
    count: *mut u32,
) -> Code {
    call(|| {
        // SAFETY: the caller's word.
        let count = given(unsafe { Slot::new(count) })?;
        // SAFETY: the caller's word.
        let room = unsafe { pointers::slice_mut(info, count.load() as usize) }.ok_or(INVALID_ARGUMENT)?;
        let name = Name::from_raw(name);
        let words = match task::of(task)? {
            Of::Own(names) => attributes(names, name, flavor)?,
            Of::Other(_, port) if flavor == RECEIVE_STATUS => {
                status_words(&port.status(name).map_err(of_task)?).to_vec()
            }
            Of::Other(..) => return Err(INVALID_ARGUMENT),
        };
        room.get_mut(..words.len()).ok_or(FAILURE)?.copy_from_slice(&words);
        count.store(u32::try_from(words.len()).unwrap_or(0));
        Ok(())
    })
}

fn attributes(names: Names, name: Name, flavor: i32) -> Result<Vec<u32>, Code> {
    let words = match flavor {
        LIMITS_INFO => names.limit(name).map(|limit| vec![limit]),
        RECEIVE_STATUS => names.status(name).map(|status| status_words(&status).to_vec()),
        REQUESTS_SIZE => {
            names.dead_name_requests(name).map(|size| vec![u32::try_from(size).unwrap_or(u32::MAX)])
        }
        // The status, then a count of boosts and six words that are reserved.
        INFO_EXT => names.status(name).map(|status| [status_words(&status).as_slice(), &[0; 7]].concat()),
        GUARD_INFO => names.context(name).map(halves),
        _ => return Err(INVALID_ARGUMENT),
    };
    words.map_err(of_kern)
}

/// A number of 64 bits as two words.
#[expect(clippy::cast_possible_truncation, reason = "a half is meant")]
fn halves(number: u64) -> Vec<u32> {
    let halves = [number as u32, (number >> 32) as u32];
    if cfg!(target_endian = "little") { halves.to_vec() } else { vec![halves[1], halves[0]] }
}

/// `mach_port_status_t`
fn status_words(status: &PortStatus) -> [u32; 10] {
    let flag = |is_set, bit| if is_set { bit } else { 0 };
    let flags = flag(status.is_guarded, 0x02)
        | flag(status.is_strictly_guarded, 0x04)
        | flag(status.is_immovable, 0x40);
    [
        status.in_set.into(),
        status.sequence,
        status.make_send_count,
        status.queue_limit,
        status.queued,
        status.send_once_rights,
        status.has_send_rights.into(),
        status.has_port_destroyed_request.into(),
        status.has_no_senders_request.into(),
        flags,
    ]
}

/// See mach/mach_port.h.
///
/// # Safety
/// `info` leads to `count` words.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mach_port_set_attributes(
    task: u32,
    name: u32,
    flavor: i32,
    info: *const u32,
    count: u32,
) -> Code {
    call(|| {
        let (names, name) = (task::own(task)?, Name::from_raw(name));
        // SAFETY: the caller's word.
        let words = unsafe { pointers::slice(info, count as usize) }.ok_or(INVALID_ARGUMENT)?;
        match flavor {
            LIMITS_INFO => names.set_limit(name, *words.first().ok_or(FAILURE)?).map_err(of_kern),
            flavor if HINTS.contains(&flavor) => names.status(name).map(drop).map_err(of_kern),
            _ => Err(INVALID_ARGUMENT),
        }
    })
}

/// See mach/mach_port.h.
#[unsafe(no_mangle)]
pub extern "C" fn mach_port_set_mscount(task: u32, name: u32, count: u32) -> Code {
    call(|| task::own(task)?.set_make_send_count(Name::from_raw(name), count).map_err(of_kern))
}

/// See mach/mach_port.h.
#[unsafe(no_mangle)]
pub extern "C" fn mach_port_set_seqno(task: u32, name: u32, sequence: u32) -> Code {
    call(|| task::own(task)?.set_sequence(Name::from_raw(name), sequence).map_err(of_kern))
}

/// See mach/mach_port.h.
///
/// # Safety
/// See `face`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mach_port_get_srights(task: u32, name: u32, rights: *mut u32) -> Code {
    call(|| {
        // SAFETY: the caller's word.
        let place = given(unsafe { Slot::new(rights) })?;
        place.store(task::own(task)?.send_rights(Name::from_raw(name)).map_err(of_kern)?);
        Ok(())
    })
}

/// See mach/mach_port.h.
///
/// # Safety
/// `trailer` leads to as many bytes as `trailer_bytes` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mach_port_peek(
    task: u32,
    name: u32,
    trailer_type: u32,
    sequence: *mut u32,
    size: *mut u32,
    id: *mut i32,
    trailer: *mut u8,
    trailer_bytes: *mut u32,
) -> Code {
    call(|| {
        // SAFETY: the caller's word.
        let sequence = given(unsafe { Slot::new(sequence) })?;
        // SAFETY: the caller's word.
        let size = given(unsafe { Slot::new(size) })?;
        // SAFETY: the caller's word.
        let id = given(unsafe { Slot::new(id) })?;
        // SAFETY: the caller's word.
        let room = given(unsafe { Slot::new(trailer_bytes) })?;
        let format = format_asked(trailer_type).map_err(|_| INVALID_VALUE)?;
        if format > TrailerFormat::Audit {
            return Err(INVALID_VALUE);
        }
        // SAFETY: the caller's word.
        let target = unsafe { pointers::slice_mut(trailer, room.load() as usize) }.ok_or(INVALID_ARGUMENT)?;
        let target = target.get_mut(..format.bytes()).ok_or(FAILURE)?;
        let found = task::own(task)?.peek(Name::from_raw(name), sequence.load()).map_err(of_kern)?;
        target.copy_from_slice(&peeked(found.sequence, found.sender, format)[..format.bytes()]);
        room.store(u32::try_from(format.bytes()).unwrap_or(0));
        sequence.store(found.sequence);
        size.store(u32::try_from(found.bytes).unwrap_or(u32::MAX));
        id.store(found.id);
        Ok(())
    })
}

/// See mach/mach_port.h.
///
/// # Safety
/// See `face`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mach_port_get_context(task: u32, name: u32, context: *mut u64) -> Code {
    call(|| {
        // SAFETY: the caller's word.
        let place = given(unsafe { Slot::new(context) })?;
        place.store(task::own(task)?.context(Name::from_raw(name)).map_err(of_kern)?);
        Ok(())
    })
}

/// See mach/mach_port.h.
#[unsafe(no_mangle)]
pub extern "C" fn mach_port_set_context(task: u32, name: u32, context: u64) -> Code {
    call(|| task::own(task)?.set_context(Name::from_raw(name), context).map_err(of_kern))
}

/// See mach/mach_port.h.
#[unsafe(no_mangle)]
pub extern "C" fn mach_port_guard(task: u32, name: u32, guard: u64, strict: u32) -> Code {
    call(|| task::own(task)?.guard(Name::from_raw(name), guard, strict != 0).map_err(of_kern))
}

/// See mach/mach_port.h.
#[unsafe(no_mangle)]
pub extern "C" fn mach_port_guard_with_flags(task: u32, name: u32, guard: u64, flags: u64) -> Code {
    call(|| {
        let flags = u32::try_from(flags).ok().and_then(GuardFlags::from_raw).ok_or(INVALID_ARGUMENT)?;
        task::own(task)?.guard_with_flags(Name::from_raw(name), guard, flags).map_err(of_kern)
    })
}

/// See mach/mach_port.h.
#[unsafe(no_mangle)]
pub extern "C" fn mach_port_unguard(task: u32, name: u32, guard: u64) -> Code {
    call(|| task::own(task)?.unguard(Name::from_raw(name), guard).map_err(of_kern))
}

/// See mach/mach_port.h.
#[unsafe(no_mangle)]
pub extern "C" fn mach_port_swap_guard(task: u32, name: u32, old: u64, new: u64) -> Code {
    call(|| task::own(task)?.swap_guard(Name::from_raw(name), old, new).map_err(of_kern))
}
