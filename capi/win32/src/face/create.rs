// SPDX-License-Identifier: MIT OR Apache-2.0
//! New pipes: `CreateNamedPipe` and `CreatePipe`.

use std::ffi::c_char;

use super::border::{boolean, store, value};
use super::security::{SecurityAttributes, Wanted, wanted};
use super::text;
use crate::failure::{Answer, Failure};
use crate::object::{Handles, Object};
use crate::pipe::{Creation, HandleModes, create};
use crate::runtime::here;
use crate::stream;

/// `INVALID_HANDLE_VALUE`.
pub(super) const INVALID: usize = usize::MAX;

const OPEN_MODES: u32 =
    ACCESS_INBOUND | ACCESS_OUTBOUND | FIRST_INSTANCE | OVERLAPPED | WRITE_THROUGH | RIGHTS;
const ACCESS_INBOUND: u32 = 1;
const ACCESS_OUTBOUND: u32 = 2;
const FIRST_INSTANCE: u32 = 0x0008_0000;
pub(super) const OVERLAPPED: u32 = 0x4000_0000;
const WRITE_THROUGH: u32 = 0x8000_0000;
/// `WRITE_DAC` and `ACCESS_SYSTEM_SECURITY`: rights to change what is fixed here.
const RIGHTS: u32 = 0x0004_0000 | 0x0100_0000;

const PIPE_MODES: u32 = NOWAIT | READ_MESSAGES | TYPE_MESSAGE | REJECT_REMOTE;
pub(super) const NOWAIT: u32 = 1;
pub(super) const READ_MESSAGES: u32 = 2;
pub(super) const TYPE_MESSAGE: u32 = 4;
const REJECT_REMOTE: u32 = 8;

/// The numbers of `CreateNamedPipe`, in its order.
#[derive(Clone, Copy)]
struct Numbers {
    open_mode: u32,
    pipe_mode: u32,
    instances_max: u32,
    out_bytes: u32,
    in_bytes: u32,
    timeout_ms: u32,
}

fn created(name: Option<&str>, numbers: Numbers, wanted: Wanted) -> Answer<usize> {
    let Numbers { open_mode, pipe_mode, instances_max, out_bytes, in_bytes, timeout_ms } = numbers;
    if open_mode & !OPEN_MODES != 0 || pipe_mode & !PIPE_MODES != 0 {
        return Err(Failure::INVALID_PARAMETER);
    }
    let asked = Creation {
        reads: open_mode & ACCESS_INBOUND != 0,
        writes: open_mode & ACCESS_OUTBOUND != 0,
        is_first: open_mode & FIRST_INSTANCE != 0,
        is_overlapped: open_mode & OVERLAPPED != 0,
        is_of_messages: pipe_mode & TYPE_MESSAGE != 0,
        modes: HandleModes { is_message: pipe_mode & READ_MESSAGES != 0, is_nowait: pipe_mode & NOWAIT != 0 },
        instances_max,
        out_bytes,
        in_bytes,
        timeout_ms,
        who: wanted.who,
    };
    let runtime = here()?;
    let pipe = create(runtime, name.ok_or(Failure::PATH_NOT_FOUND)?, &asked)?;
    runtime.table.insert(Object::Pipe(Handles::of(pipe, runtime)), wanted.inherit)
}

/// Creates an instance of a pipe, which listens. The name is UTF-8.
///
/// # Safety
/// The pointers are null, or what Windows wants there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CreateNamedPipeA(
    name: *const c_char,
    open_mode: u32,
    pipe_mode: u32,
    instances_max: u32,
    out_bytes: u32,
    in_bytes: u32,
    timeout_ms: u32,
    attributes: *const SecurityAttributes,
) -> usize {
    let numbers = Numbers { open_mode, pipe_mode, instances_max, out_bytes, in_bytes, timeout_ms };
    value(INVALID, || {
        // SAFETY: as the caller of this promises.
        let wanted = unsafe { wanted(attributes) }?;
        // SAFETY: as above.
        created(unsafe { text::narrow(name) }?.as_deref(), numbers, wanted)
    })
}

/// Creates an instance of a pipe, which listens. The name is UTF-16.
///
/// # Safety
/// As [`CreateNamedPipeA`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CreateNamedPipeW(
    name: *const u16,
    open_mode: u32,
    pipe_mode: u32,
    instances_max: u32,
    out_bytes: u32,
    in_bytes: u32,
    timeout_ms: u32,
    attributes: *const SecurityAttributes,
) -> usize {
    let numbers = Numbers { open_mode, pipe_mode, instances_max, out_bytes, in_bytes, timeout_ms };
    value(INVALID, || {
        // SAFETY: as the caller of this promises.
        let wanted = unsafe { wanted(attributes) }?;
        // SAFETY: as above.
        created(unsafe { text::wide(name) }?.as_deref(), numbers, wanted)
    })
}

/// Makes an anonymous pipe.
///
/// # Safety
/// As [`CreateNamedPipeA`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CreatePipe(
    reader: *mut usize,
    writer: *mut usize,
    attributes: *const SecurityAttributes,
    bytes: u32,
) -> i32 {
    boolean(|| {
        if reader.is_null() || writer.is_null() {
            return Err(Failure::INVALID_PARAMETER);
        }
        // SAFETY: as the caller of this promises.
        let inherit = unsafe { wanted(attributes) }?.inherit;
        let runtime = here()?;
        let [read, write] = stream::create(bytes)?.map(|end| Object::Stream(Handles::new(end, runtime)));
        let read = runtime.table.insert(read, inherit)?;
        let write = runtime.table.insert(write, inherit).inspect_err(|_| _ = runtime.table.remove(read))?;
        // SAFETY: as the caller of this promises.
        unsafe { store(reader, read) }?;
        // SAFETY: as above.
        unsafe { store(writer, write) }
    })
}
