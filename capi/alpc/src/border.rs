// SPDX-License-Identifier: MIT OR Apache-2.0
//! Messages, names and attributes between C's memory and ours: everything is copied in before it is looked at, and
//! copied out when it is whole.

use std::ffi::c_void;

use cabotage_alpc::{RANGES_MAX, Status};
use cabotage_c_support::pointers;

use crate::attributes::{self, Attributes, Brought};
use crate::layout::{DataEntry, HEADER_BYTES, Handle32, ObjectAttributes, PortMessage, UnicodeString, flags};
use crate::message::{Delivery, Room, Sending};
use crate::name::port_name;
use crate::status::{ACCESS_VIOLATION, Answer, NOT_SUPPORTED};
use crate::table;

/// Where the memory lies that a request lends.
pub(crate) type Lent = Vec<(*mut u8, usize)>;

/// What C has room for at `message` and `attributes`; `None` if it receives nothing.
///
/// # Safety
/// As the header says of the receiving pointers: each is null or points to what it names.
pub(crate) unsafe fn room(
    message: *mut PortMessage,
    length: *mut usize,
    attributes: *mut c_void,
) -> Answer<Option<Room>> {
    if message.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller's word.
    let bytes = unsafe { pointers::read(length) }.ok_or(Status::INVALID_PARAMETER)?;
    if bytes < HEADER_BYTES || !pointers::is_plausible(message, 1) {
        return Err(Status::INVALID_PARAMETER);
    }
    // SAFETY: the caller's word: a buffer of attributes begins with the set of those that are allocated.
    let allocated = unsafe { pointers::read(attributes.cast::<u32>()) }.unwrap_or(0);
    Ok(Some(Room { bytes, attributes: allocated }))
}

/// The attributes at `from`; `None` if there are none.
///
/// # Safety
/// `from` is null, or points to as many bytes as its first number asks for.
pub(crate) unsafe fn attributes(from: *const c_void) -> Answer<Option<Attributes>> {
    if from.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller's word.
    let allocated = unsafe { pointers::read(from.cast::<u32>()) }.ok_or(ACCESS_VIOLATION)?;
    // SAFETY: the caller's word.
    let bytes = unsafe { pointers::slice(from.cast::<u8>(), attributes::bytes_for(allocated)) };
    let mut bytes = bytes.ok_or(ACCESS_VIOLATION)?.to_vec();
    // What was looked at first counts, whatever another thread has written meanwhile.
    bytes[..4].copy_from_slice(&allocated.to_ne_bytes());
    Ok(Some(Attributes::new(bytes)))
}

/// The message that C sends, and where what it lends lies.
///
/// # Safety
/// `message` points to a header and as many bytes of data behind it as it says; `attributes` as in [`attributes`];
/// what the message lends can be read, and written until the reply has come.
pub(crate) unsafe fn sending(
    message: *const PortMessage,
    attributes: *const c_void,
    message_flags: u32,
) -> Answer<(Sending, Lent)> {
    // SAFETY: the caller's word.
    let header = unsafe { pointers::read(message) }.ok_or(ACCESS_VIOLATION)?;
    let (data, total) = (usize::from(header.data_length), usize::from(header.total_length));
    if total < HEADER_BYTES || total - HEADER_BYTES < data {
        return Err(Status::INVALID_PARAMETER);
    }
    // SAFETY: the caller's word: the data stand behind the header.
    let data = unsafe { pointers::slice(message.wrapping_add(1).cast::<u8>(), data) };
    let data = data.ok_or(ACCESS_VIOLATION)?.to_vec();
    // SAFETY: the caller's word.
    let attributes = unsafe { self::attributes(attributes) }?;
    if attributes.as_ref().is_some_and(|attributes| attributes.has(attributes::DIRECT)) {
        // There are no events here to be signalled.
        return Err(NOT_SUPPORTED);
    }
    let mut sending = Sending { header, data, attributes, flags: message_flags, ..Sending::default() };
    if let Some(handle) = sending.attributes.as_ref().and_then(Attributes::handle) {
        // SAFETY: the caller's word.
        sending.handles = unsafe { handles(handle) }?;
    }
    let mut places = Vec::new();
    for (base, bytes) in lent_ranges(&header, &sending.data)? {
        let place = std::ptr::with_exposed_provenance_mut::<u8>(base);
        // SAFETY: the caller's word: what the message lends can be read.
        let content = unsafe { pointers::slice(place.cast_const(), bytes) }.ok_or(ACCESS_VIOLATION)?;
        sending.lent.push(content.to_vec());
        places.push((place, bytes));
    }
    Ok((sending, places))
}

/// The descriptors that a HANDLE attribute names.
///
/// # Safety
/// With the flag for many, the handle is the address of as many entries as there are.
unsafe fn handles(
    (handle_flags, handle, count): (u32, usize, u32),
) -> Answer<Vec<std::sync::Arc<std::os::fd::OwnedFd>>> {
    if handle_flags & flags::HANDLE_INDIRECT == 0 {
        return Ok(vec![table::descriptor(handle)?]);
    }
    if count as usize > cabotage_alpc::HANDLES_MAX {
        return Err(Status::LPC_HANDLE_COUNT_EXCEEDED);
    }
    let entries = std::ptr::with_exposed_provenance::<Handle32>(handle);
    // SAFETY: the caller's word.
    let entries = unsafe { pointers::slice(entries, count as usize) }.ok_or(ACCESS_VIOLATION)?;
    attributes::many(entries).map(table::descriptor).collect()
}

/// The list of what a request lends, in its own data: a count, and entries.
fn lent_ranges(header: &PortMessage, data: &[u8]) -> Answer<Vec<(usize, usize)>> {
    if header.data_info_offset == 0 {
        return Ok(Vec::new());
    }
    let start = usize::from(header.data_info_offset).checked_sub(HEADER_BYTES);
    let list = start.and_then(|start| data.get(start..)).ok_or(Status::INVALID_PARAMETER)?;
    let number = |at: usize| {
        list.get(at..at + 4).map(|bytes| u32::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    };
    let count = number(0).ok_or(Status::INVALID_PARAMETER)? as usize;
    if count > RANGES_MAX {
        return Err(Status::INVALID_PARAMETER);
    }
    let entry = |index: usize| {
        let at = 8 + index * size_of::<DataEntry>();
        let base = list.get(at..at + 8)?;
        let base = u64::from_ne_bytes(base.try_into().ok()?);
        Some((usize::try_from(base).ok()?, number(at + 8)? as usize))
    };
    (0..count).map(|index| entry(index).ok_or(Status::INVALID_PARAMETER)).collect()
}

/// Copies a message out: header, data, what was lent.
///
/// # Safety
/// `to` has room for all of it, as [`room`] was told; what was lent can be written, as [`sending`] was told.
pub(crate) unsafe fn deliver(delivery: &Delivery, to: *mut PortMessage, lent: &Lent) {
    // SAFETY: the caller's word.
    unsafe { pointers::write(to, delivery.header) };
    // SAFETY: the caller's word: there is room for the data behind the header.
    let room = unsafe { pointers::slice_mut(to.wrapping_add(1).cast::<u8>(), delivery.data.len()) };
    if let Some(room) = room {
        room.copy_from_slice(&delivery.data);
    }
    for (&(place, bytes), content) in lent.iter().zip(&delivery.returned) {
        // SAFETY: the caller's word: it was lent until now.
        let target = unsafe { pointers::slice_mut(place, bytes) };
        if let Some(target) = target.filter(|target| target.len() == content.len()) {
            target.copy_from_slice(content);
        }
    }
}

/// Fills in the attributes that C has room for.
///
/// # Safety
/// As [`attributes`], and they can be written.
pub(crate) unsafe fn fill(brought: &Brought, to: *mut c_void) -> Answer {
    // SAFETY: the caller's word.
    let Some(mut attributes) = (unsafe { attributes(to) })? else { return Ok(()) };
    attributes.fill(brought);
    let filled = attributes.bytes();
    // SAFETY: the caller's word: as many bytes as were read.
    let room = unsafe { pointers::slice_mut(to.cast::<u8>(), filled.len()) }.ok_or(ACCESS_VIOLATION)?;
    room.copy_from_slice(filled);
    Ok(())
}

/// The name in a UNICODE_STRING.
///
/// # Safety
/// `from` is null, or points to one whose buffer has as many bytes as it says.
pub(crate) unsafe fn name(from: *const UnicodeString) -> Answer<String> {
    // SAFETY: the caller's word.
    let string = unsafe { pointers::read(from) }.ok_or(Status::OBJECT_NAME_INVALID)?;
    if string.length % 2 != 0 || string.length > string.maximum_length {
        return Err(Status::OBJECT_NAME_INVALID);
    }
    // SAFETY: the caller's word.
    let units = unsafe { pointers::slice(string.buffer, usize::from(string.length / 2)) };
    port_name(units.ok_or(ACCESS_VIOLATION)?)
}

/// The name in OBJECT_ATTRIBUTES.
///
/// # Safety
/// `from` is null, or points to them, and they to a name as in [`name`].
pub(crate) unsafe fn object_name(from: *const ObjectAttributes) -> Answer<String> {
    // SAFETY: the caller's word.
    let attributes = unsafe { pointers::read(from) }.ok_or(Status::INVALID_PARAMETER)?;
    if attributes.length as usize != size_of::<ObjectAttributes>() || attributes.root_directory != 0 {
        return Err(Status::INVALID_PARAMETER);
    }
    // SAFETY: the caller's word.
    unsafe { name(attributes.object_name) }
}

/// Stores an answer where C wants it.
///
/// # Safety
/// `to` is null or can be written.
pub(crate) unsafe fn give<T>(to: *mut T, value: T) -> Answer {
    // SAFETY: the caller's word.
    if unsafe { pointers::write(to, value) } { Ok(()) } else { Err(ACCESS_VIOLATION) }
}
