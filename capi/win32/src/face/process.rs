// SPDX-License-Identifier: MIT OR Apache-2.0
//! Children: `CreateProcess`, its attribute list, their exit codes.

use std::ffi::c_char;

use cabotage_c_support::pointers;

use super::border::{boolean, store};
use super::security::SecurityAttributes;
use super::text;
use crate::failure::{Answer, Failure};
use crate::object::Object;
use crate::runtime::here;
use crate::spawn::attributes::AttributeList;
use crate::spawn::environment::{Variable, parse};
use crate::spawn::{STILL_ACTIVE, Start, start};

/// `STARTUPINFO`, with either kind of text, and what follows it in a `STARTUPINFOEX`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct StartupInfo {
    bytes: u32,
    texts: [usize; 3],
    numbers: [u32; 7],
    flags: u32,
    show_window: u16,
    reserved_bytes: u16,
    reserved: usize,
    streams: [usize; 3],
}

/// `STARTUPINFOEX`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct StartupInfoEx {
    info: StartupInfo,
    attributes: *const AttributeList,
}

/// `PROCESS_INFORMATION`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct ProcessInformation {
    process: usize,
    thread: usize,
    process_id: u32,
    thread_id: u32,
}

const _: () = assert!(size_of::<StartupInfo>() == 104 && size_of::<StartupInfoEx>() == 112);
const _: () = assert!(size_of::<ProcessInformation>() == 24);

const SUSPENDED: u32 = 0x4;
const NEW_GROUP: u32 = 0x200;
const WIDE_ENVIRONMENT: u32 = 0x400;
const EXTENDED: u32 = 0x0008_0000;
/// `STARTF_USESTDHANDLES`.
const USE_STREAMS: u32 = 0x100;

/// The pointers of `CreateProcess` that have one form, and its numbers.
struct Rest {
    inherits: bool,
    flags: u32,
    environment: *const u8,
    info: *const StartupInfo,
    made: *mut ProcessInformation,
}

impl Rest {
    /// # Safety
    /// The pointers are null, or what Windows wants there.
    unsafe fn carry_out(
        self,
        program: Option<String>,
        command_line: Option<String>,
        directory: Option<String>,
    ) -> Answer<()> {
        if self.flags & SUSPENDED != 0 {
            return Err(Failure::NOT_SUPPORTED);
        }
        // SAFETY: as the caller of this promises.
        let info = unsafe { pointers::read(self.info) }.ok_or(Failure::INVALID_PARAMETER)?;
        if self.made.is_null() {
            return Err(Failure::INVALID_PARAMETER);
        }
        let asked = Start {
            program,
            command_line,
            directory,
            inherits: self.inherits,
            // SAFETY: as above.
            environment: unsafe { self.environment() }?,
            streams: (info.flags & USE_STREAMS != 0).then_some(info.streams),
            // SAFETY: as above.
            listed: unsafe { self.listed(info) }?,
            own_group: self.flags & NEW_GROUP != 0,
        };
        let runtime = here()?;
        let process = start(runtime, asked)?;
        let id = process.id;
        let handle = runtime.table.insert(Object::Process(process.clone()), false)?;
        let thread = runtime.table.insert(Object::ChildThread(process), false)?;
        let made = ProcessInformation { process: handle, thread, process_id: id, thread_id: id };
        // SAFETY: as above.
        unsafe { store(self.made, made) }
    }

    /// # Safety
    /// As [`Self::carry_out`].
    unsafe fn environment(&self) -> Answer<Option<Vec<Variable>>> {
        if self.environment.is_null() {
            return Ok(None);
        }
        let block = match self.flags & WIDE_ENVIRONMENT != 0 {
            // SAFETY: as the caller of this promises; an odd address is refused there.
            true => unsafe { text::wide_block(self.environment.cast()) }?,
            // SAFETY: as above.
            false => unsafe { text::narrow_block(self.environment) },
        };
        Ok(Some(parse(&block)))
    }

    /// The handles of the attribute list.
    ///
    /// # Safety
    /// As [`Self::carry_out`].
    unsafe fn listed(&self, info: StartupInfo) -> Answer<Option<Vec<usize>>> {
        if self.flags & EXTENDED == 0 {
            return Ok(None);
        }
        if info.bytes as usize != size_of::<StartupInfoEx>() {
            return Err(Failure::INVALID_PARAMETER);
        }
        // SAFETY: it says by its size that it is one, as the caller of this promises.
        let extended = unsafe { pointers::read(self.info.cast::<StartupInfoEx>()) };
        let attributes = extended.ok_or(Failure::INVALID_PARAMETER)?.attributes;
        if attributes.is_null() {
            return Ok(None);
        }
        // SAFETY: as above.
        let list = unsafe { pointers::read(attributes) }.ok_or(Failure::INVALID_PARAMETER)?.checked()?;
        let Some(count) = list.handle_count() else { return Ok(None) };
        let handles = std::ptr::with_exposed_provenance::<usize>(list.handles);
        // SAFETY: they have to stay there until now, by the word of `UpdateProcThreadAttribute`.
        let handles = unsafe { pointers::slice(handles, count) }.ok_or(Failure::INVALID_PARAMETER)?;
        Ok(Some(handles.to_vec()))
    }
}

/// Starts a program.
///
/// # Safety
/// The pointers are null, or what Windows wants there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CreateProcessA(
    program: *const c_char,
    command_line: *mut c_char,
    _process: *const SecurityAttributes,
    _thread: *const SecurityAttributes,
    inherits: i32,
    flags: u32,
    environment: *const u8,
    directory: *const c_char,
    info: *const StartupInfo,
    made: *mut ProcessInformation,
) -> i32 {
    boolean(|| {
        // SAFETY: as the caller of this promises.
        let program = unsafe { text::narrow(program) }?;
        // SAFETY: as above.
        let command_line = unsafe { text::narrow(command_line) }?;
        // SAFETY: as above.
        let directory = unsafe { text::narrow(directory) }?;
        let rest = Rest { inherits: inherits != 0, flags, environment, info, made };
        // SAFETY: as above.
        unsafe { rest.carry_out(program, command_line, directory) }
    })
}

/// Starts a program. The command line is only read.
///
/// # Safety
/// As [`CreateProcessA`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CreateProcessW(
    program: *const u16,
    command_line: *mut u16,
    _process: *const SecurityAttributes,
    _thread: *const SecurityAttributes,
    inherits: i32,
    flags: u32,
    environment: *const u8,
    directory: *const u16,
    info: *const StartupInfo,
    made: *mut ProcessInformation,
) -> i32 {
    boolean(|| {
        // SAFETY: as the caller of this promises.
        let program = unsafe { text::wide(program) }?;
        // SAFETY: as above.
        let command_line = unsafe { text::wide(command_line) }?;
        // SAFETY: as above.
        let directory = unsafe { text::wide(directory) }?;
        let rest = Rest { inherits: inherits != 0, flags, environment, info, made };
        // SAFETY: as above.
        unsafe { rest.carry_out(program, command_line, directory) }
    })
}

/// The exit code of a child; 259 while it runs.
///
/// # Safety
/// `code` is null or can be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GetExitCodeProcess(process: usize, code: *mut u32) -> i32 {
    boolean(|| {
        if code.is_null() {
            return Err(Failure::INVALID_PARAMETER);
        }
        let exit = here()?.process(process)?.exit().unwrap_or(STILL_ACTIVE);
        // SAFETY: as the caller of this promises.
        unsafe { store(code, exit) }
    })
}

/// Ends a child.
#[unsafe(no_mangle)]
pub extern "C" fn TerminateProcess(process: usize, code: u32) -> i32 {
    boolean(|| here()?.process(process)?.terminate(code))
}

/// Makes an attribute list in the caller's memory, or says how much of that it needs.
///
/// # Safety
/// `bytes` can be read and written, and so many bytes at `list`, unless that is null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn InitializeProcThreadAttributeList(
    list: *mut AttributeList,
    attributes_max: u32,
    flags: u32,
    bytes: *mut usize,
) -> i32 {
    boolean(|| {
        let made = AttributeList::new(attributes_max, flags)?;
        // SAFETY: as the caller of this promises.
        let room = unsafe { pointers::read(bytes) }.ok_or(Failure::INVALID_PARAMETER)?;
        // SAFETY: as above.
        unsafe { store(bytes, size_of::<AttributeList>()) }?;
        if list.is_null() || room < size_of::<AttributeList>() {
            return Err(Failure::INSUFFICIENT_BUFFER);
        }
        // SAFETY: there is so much room, as the caller of this promises.
        unsafe { store(list, made) }
    })
}

/// Gives an attribute list its list of handles, which has to stay where it is until the start.
///
/// # Safety
/// `list` was initialised.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn UpdateProcThreadAttribute(
    list: *mut AttributeList,
    flags: u32,
    attribute: usize,
    handles: *const usize,
    bytes: usize,
    former: usize,
    former_bytes: usize,
) -> i32 {
    boolean(|| {
        if flags != 0 || former != 0 || former_bytes != 0 {
            return Err(Failure::INVALID_PARAMETER);
        }
        // SAFETY: as the caller of this promises.
        let known = unsafe { pointers::read(list) }.ok_or(Failure::INVALID_PARAMETER)?.checked()?;
        let updated = known.with(attribute, handles.expose_provenance(), bytes)?;
        // SAFETY: it was read there just now.
        unsafe { store(list, updated) }
    })
}

/// Ends an attribute list: it is none any more.
///
/// # Safety
/// `list` is null or was initialised.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn DeleteProcThreadAttributeList(list: *mut AttributeList) {
    boolean(|| {
        // SAFETY: as the caller of this promises.
        unsafe { store(list, AttributeList::GONE) }
    });
}
