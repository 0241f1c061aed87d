// SPDX-License-Identifier: MIT OR Apache-2.0
//! `mach_port_`: names and rights.

use cabotage_c_support::pointers;
use cabotage_c_support::slot::Slot;
use cabotage_mach::kernel::calls::{Notice, PortFlags};
use cabotage_mach::{Disposition, Name};

use super::{call, given};
use crate::code::{Code, INVALID_ARGUMENT, INVALID_CAPABILITY, INVALID_VALUE, of_kern, of_task};
use crate::memory;
use crate::task::{self, Of, disposition, kind};

/// See mach/mach_port.h.
///
/// # Safety
/// See `face`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mach_port_allocate(task: u32, right: u32, name: *mut u32) -> Code {
    call(|| {
        // SAFETY: the caller's word.
        let place = given(unsafe { Slot::new(name) })?;
        let fresh = match task::of(task)? {
            Of::Own(names) => names.allocate(kind(right)?).map_err(of_kern)?,
            Of::Other(_, port) => port.allocate(kind(right)?).map_err(of_task)?,
        };
        place.store(fresh.as_raw());
        Ok(())
    })
}

/// See mach/mach_port.h.
#[unsafe(no_mangle)]
pub extern "C" fn mach_port_allocate_name(task: u32, right: u32, name: u32) -> Code {
    call(|| task::own(task)?.allocate_name(kind(right)?, Name::from_raw(name)).map_err(of_kern))
}

/// What `mach_port_construct` is told: `mach_port_options_t`.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct PortOptions {
    flags: u32,
    queue_limit: u32,
    reserved: [u64; 2],
}

/// See mach/mach_port.h.
///
/// # Safety
/// See `face`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mach_port_construct(
    task: u32,
    options: *const PortOptions,
    context: u64,
    name: *mut u32,
) -> Code {
    call(|| {
        // SAFETY: the caller's word.
        let options = unsafe { pointers::read(options) }.ok_or(INVALID_ARGUMENT)?;
        // SAFETY: the caller's word.
        let place = given(unsafe { Slot::new(name) })?;
        let flags = PortFlags::from_raw(options.flags).ok_or(INVALID_ARGUMENT)?;
        let fresh = task::own(task)?.construct(flags, options.queue_limit, context).map_err(of_kern)?;
        place.store(fresh.as_raw());
        Ok(())
    })
}

/// See mach/mach_port.h.
#[unsafe(no_mangle)]
pub extern "C" fn mach_port_destruct(task: u32, name: u32, send_delta: i32, guard: u64) -> Code {
    call(|| task::own(task)?.destruct(Name::from_raw(name), send_delta, guard).map_err(of_kern))
}

/// See mach/mach_port.h.
#[unsafe(no_mangle)]
pub extern "C" fn mach_port_destroy(task: u32, name: u32) -> Code {
    call(|| task::own(task)?.destroy(Name::from_raw(name)).map_err(of_kern))
}

/// See mach/mach_port.h.
#[unsafe(no_mangle)]
pub extern "C" fn mach_port_deallocate(task: u32, name: u32) -> Code {
    let name = Name::from_raw(name);
    call(|| match task::of(task)? {
        Of::Own(names) => names.deallocate(name).map_err(of_kern),
        Of::Other(_, port) => port.deallocate(name).map_err(of_task),
    })
}

/// See mach/mach_port.h.
///
/// # Safety
/// See `face`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mach_port_get_refs(task: u32, name: u32, right: u32, references: *mut u32) -> Code {
    call(|| {
        // SAFETY: the caller's word.
        let place = given(unsafe { Slot::new(references) })?;
        let names = task::own(task)?;
        // There are no labels here, so nobody has one.
        let count = match right {
            LABEL_HANDLE => names.type_of(Name::from_raw(name)).map(|_| 0),
            right => names.references(Name::from_raw(name), kind(right)?),
        };
        place.store(count.map_err(of_kern)?);
        Ok(())
    })
}

/// `MACH_PORT_RIGHT_LABELH`
const LABEL_HANDLE: u32 = 5;

/// See mach/mach_port.h.
#[unsafe(no_mangle)]
pub extern "C" fn mach_port_mod_refs(task: u32, name: u32, right: u32, delta: i32) -> Code {
    let name = Name::from_raw(name);
    call(|| match task::of(task)? {
        Of::Own(names) => names.modify_references(name, kind(right)?, delta).map_err(of_kern),
        Of::Other(_, port) => port.modify_references(name, kind(right)?, delta).map_err(of_task),
    })
}

/// See mach/mach_port.h.
#[unsafe(no_mangle)]
pub extern "C" fn mach_port_insert_right(task: u32, name: u32, right: u32, how: u32) -> Code {
    call(|| {
        let disposition = disposition(how)?;
        let (name, right) = (Name::from_raw(name), Name::from_raw(right));
        if !right.is_valid() {
            return Err(INVALID_CAPABILITY);
        }
        match task::of(task)? {
            Of::Own(names) => names.insert_right(right, disposition, (names, name)).map_err(of_kern),
            Of::Other(names, port) => {
                let right = task::take(names, right, disposition)?;
                port.insert_right(name, right).map(drop).map_err(of_task)
            }
        }
    })
}

/// See mach/mach_port.h.
///
/// # Safety
/// See `face`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mach_port_extract_right(
    task: u32,
    name: u32,
    how: u32,
    right: *mut u32,
    kind: *mut u32,
) -> Code {
    call(|| {
        // SAFETY: the caller's word.
        let right_place = given(unsafe { Slot::new(right) })?;
        // SAFETY: the caller's word.
        let kind_place = given(unsafe { Slot::new(kind) })?;
        let disposition = disposition(how)?;
        let name = Name::from_raw(name);
        let (right, kind) = match task::of(task)? {
            Of::Own(names) => {
                let right = names.transfer(name, disposition, names).map_err(of_kern)?;
                (right, disposition.received())
            }
            Of::Other(_, port) => task::name_of(port.extract_right(name, disposition).map_err(of_task)?),
        };
        right_place.store(right.as_raw());
        kind_place.store(kind as u32);
        Ok(())
    })
}

/// See mach/mach_port.h.
///
/// # Safety
/// See `face`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mach_port_type(task: u32, name: u32, types: *mut u32) -> Code {
    call(|| {
        // SAFETY: the caller's word.
        let place = given(unsafe { Slot::new(types) })?;
        let name = Name::from_raw(name);
        let types = match task::of(task)? {
            Of::Own(names) => names.type_of(name).map_err(of_kern)?,
            Of::Other(_, port) => port.type_of(name).map_err(of_task)?,
        };
        place.store(types.as_raw());
        Ok(())
    })
}

/// See mach/mach_port.h.
///
/// # Safety
/// See `face`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mach_port_names(
    task: u32,
    names: *mut usize,
    names_count: *mut u32,
    types: *mut usize,
    types_count: *mut u32,
) -> Code {
    call(|| {
        // SAFETY: the caller's word.
        let place_of_names = given(unsafe { Slot::new(names) })?;
        // SAFETY: the caller's word.
        let place_of_types = given(unsafe { Slot::new(types) })?;
        // SAFETY: the caller's word.
        let count_of_names = given(unsafe { Slot::new(names_count) })?;
        // SAFETY: the caller's word.
        let count_of_types = given(unsafe { Slot::new(types_count) })?;
        let all = match task::of(task)? {
            Of::Own(names) => names.names().map_err(of_kern)?,
            Of::Other(_, port) => port.names().map_err(of_task)?,
        };
        let (names, types): (Vec<u32>, Vec<u32>) =
            all.into_iter().map(|(name, types)| (name.as_raw(), types.as_raw())).unzip();
        let count = u32::try_from(names.len()).map_err(|_| INVALID_VALUE)?;
        let first = memory::place_words(&names)?;
        let second = memory::place_words(&types)?;
        place_of_names.store(first);
        place_of_types.store(second);
        count_of_names.store(count);
        count_of_types.store(count);
        Ok(())
    })
}

/// See mach/mach_port.h.
#[unsafe(no_mangle)]
pub extern "C" fn mach_port_move_member(task: u32, member: u32, set: u32) -> Code {
    call(|| task::own(task)?.move_member(Name::from_raw(member), Name::from_raw(set)).map_err(of_kern))
}

/// See mach/mach_port.h.
#[unsafe(no_mangle)]
pub extern "C" fn mach_port_insert_member(task: u32, member: u32, set: u32) -> Code {
    call(|| task::own(task)?.insert_member(Name::from_raw(member), Name::from_raw(set)).map_err(of_kern))
}

/// See mach/mach_port.h.
#[unsafe(no_mangle)]
pub extern "C" fn mach_port_extract_member(task: u32, member: u32, set: u32) -> Code {
    call(|| task::own(task)?.extract_member(Name::from_raw(member), Name::from_raw(set)).map_err(of_kern))
}

/// See mach/mach_port.h.
///
/// # Safety
/// See `face`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mach_port_get_set_status(
    task: u32,
    set: u32,
    members: *mut usize,
    count: *mut u32,
) -> Code {
    call(|| {
        // SAFETY: the caller's word.
        let place = given(unsafe { Slot::new(members) })?;
        // SAFETY: the caller's word.
        let count = given(unsafe { Slot::new(count) })?;
        let found = task::own(task)?.set_members(Name::from_raw(set)).map_err(of_kern)?;
        let members: Vec<u32> = found.into_iter().map(Name::as_raw).collect();
        place.store(memory::place_words(&members)?);
        count.store(u32::try_from(members.len()).map_err(|_| INVALID_VALUE)?);
        Ok(())
    })
}

/// See mach/mach_port.h.
///
/// # Safety
/// See `face`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mach_port_request_notification(
    task: u32,
    name: u32,
    id: i32,
    sync: u32,
    notify: u32,
    how: u32,
    previous: *mut u32,
) -> Code {
    call(|| {
        // SAFETY: the caller's word.
        let place = given(unsafe { Slot::new(previous) })?;
        let names = task::own(task)?;
        let notice = Notice::from_raw(id).ok_or(INVALID_VALUE)?;
        let notify = Name::from_raw(notify);
        let how = match notify {
            Name::DEAD => return Err(INVALID_CAPABILITY),
            Name::NULL => Disposition::MoveSendOnce,
            _ => disposition(how)?,
        };
        let before = names.request_notification(Name::from_raw(name), (notice, sync), (notify, how));
        place.store(before.map_err(of_kern)?.as_raw());
        Ok(())
    })
}
