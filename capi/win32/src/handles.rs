// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is done with handles themselves: closing, duplicating, marking, and the handles of the standard streams.

use std::io;
use std::sync::{Mutex, PoisonError};

use crate::failure::{Answer, Failure};
use crate::object::{Handles, Object};
use crate::runtime::Runtime;
use crate::stream::{Standard, Stream};
use crate::threads;
use crate::waits::{OWN_PROCESS, OWN_THREAD};

/// `HANDLE_FLAG_INHERIT`.
const INHERIT: u32 = 1;
/// `HANDLE_FLAG_PROTECT_FROM_CLOSE`.
const PROTECT: u32 = 2;
/// `DUPLICATE_CLOSE_SOURCE`.
const CLOSE_SOURCE: u32 = 1;
/// `DUPLICATE_SAME_ACCESS`.
const SAME_ACCESS: u32 = 2;

/// # Errors
/// As `CloseHandle`. The handles that only mean something are never closed.
pub(crate) fn close(runtime: &'static Runtime, handle: usize) -> Answer<()> {
    if matches!(handle, OWN_PROCESS | OWN_THREAD) {
        return Ok(());
    }
    runtime.table.remove(handle).map(drop)
}

/// What a call of `DuplicateHandle` names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Duplication {
    pub(crate) source_process: usize,
    pub(crate) source: usize,
    pub(crate) target_process: usize,
    /// Whether somebody takes the new handle.
    pub(crate) is_taken: bool,
    pub(crate) inherit: bool,
    pub(crate) options: u32,
}

/// The new handle; 0 if nobody takes it.
///
/// # Errors
/// As `DuplicateHandle`; `ERROR_NOT_SUPPORTED` from or to another process.
pub(crate) fn duplicate(runtime: &'static Runtime, asked: Duplication) -> Answer<usize> {
    if asked.options & !(CLOSE_SOURCE | SAME_ACCESS) != 0 {
        return Err(Failure::INVALID_PARAMETER);
    }
    for process in [asked.source_process, asked.target_process] {
        if process != OWN_PROCESS {
            runtime.process(process)?;
            return Err(Failure::NOT_SUPPORTED);
        }
    }
    let object = match asked.source {
        OWN_THREAD => Object::Thread(threads::own(runtime)),
        OWN_PROCESS => return Err(Failure::NOT_SUPPORTED),
        handle => runtime.table.get(handle)?.object,
    };
    let made = if asked.is_taken { runtime.table.insert(object, asked.inherit)? } else { 0 };
    if asked.options & CLOSE_SOURCE != 0 {
        close(runtime, asked.source)?;
    }
    Ok(made)
}

/// The flags of a handle.
///
/// # Errors
/// As `GetHandleInformation`.
pub(crate) fn flags(runtime: &'static Runtime, handle: usize) -> Answer<u32> {
    runtime.table.with(handle, |entry| {
        (if entry.inherit { INHERIT } else { 0 }) | (if entry.protect { PROTECT } else { 0 })
    })
}

/// Sets the flags of `mask` to those of `flags`.
///
/// # Errors
/// As `SetHandleInformation`.
pub(crate) fn set_flags(runtime: &'static Runtime, handle: usize, mask: u32, flags: u32) -> Answer<()> {
    if mask & !(INHERIT | PROTECT) != 0 {
        return Err(Failure::INVALID_PARAMETER);
    }
    runtime.table.with(handle, |entry| {
        if mask & INHERIT != 0 {
            entry.inherit = flags & INHERIT != 0;
        }
        if mask & PROTECT != 0 {
            entry.protect = flags & PROTECT != 0;
        }
    })
}

/// The handles of the standard streams, made when they are asked for, or set by the program.
#[derive(Debug, Default)]
pub(crate) struct StandardHandles {
    handles: Mutex<[Option<usize>; 3]>,
}

/// `STD_INPUT_HANDLE` and its siblings count down from here.
const FIRST: u32 = 10_u32.wrapping_neg();

fn place_of(number: u32) -> Answer<usize> {
    match FIRST.wrapping_sub(number) {
        place @ 0..=2 => Ok(place as usize),
        _ => Err(Failure::INVALID_HANDLE),
    }
}

/// # Errors
/// As `GetStdHandle`.
pub(crate) fn standard(runtime: &'static Runtime, number: u32) -> Answer<usize> {
    let place = place_of(number)?;
    let mut handles = runtime.standard.handles.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(handle) = handles[place] {
        return Ok(handle);
    }
    let standard = match place {
        0 => Standard::Input(io::stdin()),
        1 => Standard::Output(io::stdout()),
        _ => Standard::Error(io::stderr()),
    };
    let object = Object::Stream(Handles::new(Stream::standard(standard)?, runtime));
    // A child has them, as on Windows.
    let handle = runtime.table.insert(object, true)?;
    handles[place] = Some(handle);
    Ok(handle)
}

/// # Errors
/// As `SetStdHandle`.
pub(crate) fn set_standard(runtime: &'static Runtime, number: u32, handle: usize) -> Answer<()> {
    let place = place_of(number)?;
    runtime.standard.handles.lock().unwrap_or_else(PoisonError::into_inner)[place] = Some(handle);
    Ok(())
}
