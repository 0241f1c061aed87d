// SPDX-License-Identifier: MIT OR Apache-2.0
//! A client's end: `CreateFile`, `WaitNamedPipe`, `CallNamedPipe`.

use std::ffi::c_char;

use super::border::{boolean, buffer, bytes, check, store, value};
use super::create::{INVALID, OVERLAPPED};
use super::security::{SecurityAttributes, Wanted, wanted};
use super::text;
use crate::failure::{Answer, Failure};
use crate::object::{Handles, Object};
use crate::pipe::{Opening, call, open, wait_for_instance};
use crate::runtime::here;

const READ: u32 = 0x8000_0000 | 0x1000_0000 | 1;
const WRITE: u32 = 0x4000_0000 | 0x1000_0000 | 2;

fn opened(name: Option<&str>, access: u32, disposition: u32, flags: u32, wanted: Wanted) -> Answer<usize> {
    /// `OPEN_EXISTING` and `OPEN_ALWAYS`: nothing else opens a pipe.
    const DISPOSITIONS: [u32; 2] = [3, 4];
    let name = name.ok_or(Failure::PATH_NOT_FOUND)?;
    if !DISPOSITIONS.contains(&disposition) {
        // What is no pipe is refused first.
        crate::pipe_name::to_open(name)?;
        return Err(Failure::INVALID_PARAMETER);
    }
    let runtime = here()?;
    let opening = Opening {
        reads: access & READ != 0,
        writes: access & WRITE != 0,
        is_overlapped: flags & OVERLAPPED != 0,
    };
    let pipe = open(runtime, name, opening)?;
    runtime.table.insert(Object::Pipe(Handles::of(pipe, runtime)), wanted.inherit)
}

/// Opens a pipe. There are no files here.
///
/// # Safety
/// The pointers are null, or what Windows wants there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CreateFileA(
    name: *const c_char,
    access: u32,
    _share: u32,
    attributes: *const SecurityAttributes,
    disposition: u32,
    flags: u32,
    _template: usize,
) -> usize {
    value(INVALID, || {
        // SAFETY: as the caller of this promises.
        let wanted = unsafe { wanted(attributes) }?;
        // SAFETY: as above.
        opened(unsafe { text::narrow(name) }?.as_deref(), access, disposition, flags, wanted)
    })
}

/// Opens a pipe. There are no files here.
///
/// # Safety
/// As [`CreateFileA`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CreateFileW(
    name: *const u16,
    access: u32,
    _share: u32,
    attributes: *const SecurityAttributes,
    disposition: u32,
    flags: u32,
    _template: usize,
) -> usize {
    value(INVALID, || {
        // SAFETY: as the caller of this promises.
        let wanted = unsafe { wanted(attributes) }?;
        // SAFETY: as above.
        opened(unsafe { text::wide(name) }?.as_deref(), access, disposition, flags, wanted)
    })
}

/// Waits until an instance listens.
///
/// # Safety
/// As [`CreateFileA`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn WaitNamedPipeA(name: *const c_char, timeout_ms: u32) -> i32 {
    boolean(|| {
        // SAFETY: as the caller of this promises.
        let name = unsafe { text::narrow(name) }?.ok_or(Failure::PATH_NOT_FOUND)?;
        wait_for_instance(&name, timeout_ms)
    })
}

/// Waits until an instance listens.
///
/// # Safety
/// As [`CreateFileA`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn WaitNamedPipeW(name: *const u16, timeout_ms: u32) -> i32 {
    boolean(|| {
        // SAFETY: as the caller of this promises.
        let name = unsafe { text::wide(name) }?.ok_or(Failure::PATH_NOT_FOUND)?;
        wait_for_instance(&name, timeout_ms)
    })
}

/// The bytes of a call, and where its answer goes.
struct Exchange {
    question: *const u8,
    question_bytes: u32,
    answer: *mut u8,
    answer_bytes: u32,
    got_bytes: *mut u32,
}

impl Exchange {
    /// # Safety
    /// What they point to is as C says.
    unsafe fn carry_out(self, name: Option<String>, timeout_ms: u32) -> Answer<()> {
        let name = name.ok_or(Failure::PATH_NOT_FOUND)?;
        // SAFETY: as the caller of this promises.
        let question = unsafe { bytes(self.question, self.question_bytes) }?;
        // SAFETY: as above.
        let answer = unsafe { buffer(self.answer, self.answer_bytes) }?;
        check(self.got_bytes)?;
        let room = self.answer_bytes;
        let called = call(&name, question, answer, timeout_ms);
        let got = match called {
            Ok(bytes) => u32::try_from(bytes).unwrap_or(room),
            Err(Failure { code: 234, .. }) => room,
            Err(_) => 0,
        };
        // SAFETY: as above.
        unsafe { store(self.got_bytes, got) }?;
        called.map(drop)
    }
}

/// Opens a pipe of messages, asks, takes the answer, closes.
///
/// # Safety
/// As [`CreateFileA`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CallNamedPipeA(
    name: *const c_char,
    question: *const u8,
    question_bytes: u32,
    answer: *mut u8,
    answer_bytes: u32,
    got_bytes: *mut u32,
    timeout_ms: u32,
) -> i32 {
    let exchange = Exchange { question, question_bytes, answer, answer_bytes, got_bytes };
    boolean(|| {
        // SAFETY: as the caller of this promises.
        let name = unsafe { text::narrow(name) }?;
        // SAFETY: as above.
        unsafe { exchange.carry_out(name, timeout_ms) }
    })
}

/// Opens a pipe of messages, asks, takes the answer, closes.
///
/// # Safety
/// As [`CreateFileA`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CallNamedPipeW(
    name: *const u16,
    question: *const u8,
    question_bytes: u32,
    answer: *mut u8,
    answer_bytes: u32,
    got_bytes: *mut u32,
    timeout_ms: u32,
) -> i32 {
    let exchange = Exchange { question, question_bytes, answer, answer_bytes, got_bytes };
    boolean(|| {
        // SAFETY: as the caller of this promises.
        let name = unsafe { text::wide(name) }?;
        // SAFETY: as above.
        unsafe { exchange.carry_out(name, timeout_ms) }
    })
}
