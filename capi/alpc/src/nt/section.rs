// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sections, views and reserves: what a port keeps for its messages.

use cabotage_alpc::Status;
use cabotage_c_support::pointers;

use super::status;
use crate::border::give;
use crate::exchange::in_turns;
use crate::layout::{DataView, Handle};
use crate::sections::Sections;
use crate::status::{ACCESS_VIOLATION, Answer, NOT_SUPPORTED, NtStatus, OBJECT_TYPE_MISMATCH};
use crate::table::{self, Object};

/// Does something with the sections of a port, whose cap on them it is told.
fn with_sections<T>(port: Handle, act: impl FnOnce(&mut Sections, u64) -> Answer<T>) -> Answer<T> {
    match table::get(port)? {
        Object::Connection(server) | Object::Communication(server, _) => {
            server.with(|server| act(&mut server.sections, server.settings.section_bytes_max))
        }
        Object::Client(client) => client.with(|end| act(&mut end.sections, end.settings.section_bytes_max)),
        Object::Descriptor(_) | Object::Packets(_) => Err(OBJECT_TYPE_MISMATCH),
    }
}

/// # Safety
/// As `cabotage/alpc.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NtAlpcCreatePortSection(
    port: Handle,
    _flags: u32,
    section_object: Handle,
    bytes: usize,
    section: *mut usize,
    actual: *mut usize,
) -> NtStatus {
    status(|| {
        if section_object != 0 {
            // A section that was made otherwise: there is no call here that makes one.
            return Err(NOT_SUPPORTED);
        }
        let (number, rounded) = with_sections(port, |sections, max| sections.create(bytes, max))?;
        // SAFETY: the caller's word.
        unsafe { give(section, number) }?;
        // SAFETY: the caller's word.
        unsafe { give(actual, rounded) }
    })
}

/// Deletes a section; it goes with its last view.
#[unsafe(no_mangle)]
pub extern "C" fn NtAlpcDeletePortSection(port: Handle, _flags: u32, section: usize) -> NtStatus {
    status(|| with_sections(port, |sections, _| sections.delete(section)))
}

/// # Safety
/// `view` is null or points to a view attribute.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NtAlpcCreateSectionView(port: Handle, _flags: u32, view: *mut DataView) -> NtStatus {
    status(|| {
        // SAFETY: the caller's word.
        let asked = unsafe { pointers::read(view) }.ok_or(ACCESS_VIOLATION)?;
        let made = with_sections(port, |sections, _| sections.view(asked.section_handle, asked.view_size));
        let (view_base, view_size) = made?;
        // SAFETY: the caller's word.
        unsafe { give(view, DataView { view_base, view_size, ..asked }) }
    })
}

/// Lets go of a view, by its address.
#[unsafe(no_mangle)]
pub extern "C" fn NtAlpcDeleteSectionView(port: Handle, _flags: u32, base: usize) -> NtStatus {
    status(|| with_sections(port, |sections, _| sections.delete_view(base)))
}

/// # Safety
/// `reserve` is null or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NtAlpcCreateResourceReserve(
    port: Handle,
    _flags: u32,
    bytes: usize,
    reserve: *mut u32,
) -> NtStatus {
    status(|| {
        let Object::Client(client) = table::get(port)? else { return Err(NOT_SUPPORTED) };
        let data = bytes.saturating_sub(crate::layout::HEADER_BYTES);
        let deadline = cabotage_alpc::Deadline::within(std::time::Duration::from_secs(1));
        let number = in_turns(&client, deadline, |end| end.create_reserve(data))?;
        // SAFETY: the caller's word.
        let given = unsafe { give(reserve, number) };
        if given.is_err() {
            client.with(|end| end.delete_reserve(number))?;
        }
        given
    })
}

/// Gives up a reserve.
#[unsafe(no_mangle)]
pub extern "C" fn NtAlpcDeleteResourceReserve(port: Handle, _flags: u32, reserve: u32) -> NtStatus {
    status(|| match table::get(port)? {
        Object::Client(client) => client.with(|end| end.delete_reserve(reserve)),
        _ => Err(Status::OBJECTID_NOT_FOUND),
    })
}
