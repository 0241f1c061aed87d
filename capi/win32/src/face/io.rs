// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reading, writing, connecting, transacting, flushing, peeking.

use super::border::{boolean, buffer, bytes, check, store};
use crate::failure::{Answer, Failure, Outcome};
use crate::io::{flush, perform, perform_with_apc};
use crate::memory::{Overlapped, OverlappedAt, Target};
use crate::object::File;
use crate::pipe::Work;
use crate::runtime::here;

/// What `ReadFileEx` and `WriteFileEx` have called at the end.
///
/// # Safety
/// It is called once, in the thread that began the operation, with the `OVERLAPPED` that was given then.
pub type CompletionRoutine = unsafe extern "C" fn(code: u32, bytes: u32, overlapped: *mut Overlapped);

/// Tells how many bytes went, and whether it was all: what every call of this kind ends with.
///
/// # Safety
/// As [`store`].
unsafe fn told(outcome: Answer<Outcome>, count: *mut u32) -> Answer<()> {
    let bytes = outcome.map_or(0, |outcome| u32::try_from(outcome.bytes).unwrap_or(u32::MAX));
    // SAFETY: as the caller of this promises.
    unsafe { store(count, bytes) }?;
    outcome?.answer().map(drop)
}

/// Reads.
///
/// # Safety
/// The pointers are null, or what Windows wants there; the buffer and the `OVERLAPPED` stay until the operation is over.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ReadFile(
    file: usize,
    target: *mut u8,
    target_bytes: u32,
    got_bytes: *mut u32,
    overlapped: *mut Overlapped,
) -> i32 {
    boolean(|| {
        // SAFETY: as the caller of this promises.
        let overlapped = unsafe { OverlappedAt::new(overlapped) }?;
        // SAFETY: as above.
        let target = unsafe { Target::new(target, target_bytes as usize) }?;
        check(got_bytes)?;
        let outcome = here().and_then(|runtime| perform(runtime, file, Work::Read(target), overlapped));
        // SAFETY: as above.
        unsafe { told(outcome, got_bytes) }
    })
}

/// Writes.
///
/// # Safety
/// As [`ReadFile`]; the bytes are copied in the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn WriteFile(
    file: usize,
    source: *const u8,
    source_bytes: u32,
    written_bytes: *mut u32,
    overlapped: *mut Overlapped,
) -> i32 {
    boolean(|| {
        // SAFETY: as the caller of this promises.
        let overlapped = unsafe { OverlappedAt::new(overlapped) }?;
        // SAFETY: as above.
        let source = unsafe { bytes(source, source_bytes) }?;
        check(written_bytes)?;
        let outcome = here().and_then(|runtime| perform(runtime, file, Work::Write(source), overlapped));
        // SAFETY: as above.
        unsafe { told(outcome, written_bytes) }
    })
}

/// The call of a routine in an alertable wait.
fn calling(routine: CompletionRoutine, overlapped: OverlappedAt) -> Box<dyn FnOnce(Outcome) + Send> {
    Box::new(move |outcome: Outcome| {
        let bytes = u32::try_from(outcome.bytes).unwrap_or(u32::MAX);
        // SAFETY: a routine of this kind, as who began the operation has promised; in the thread that began it, with
        // its own `OVERLAPPED`, which it may write to again from now on.
        unsafe { routine(outcome.code(), bytes, overlapped.pointer()) }
    })
}

/// Reads, and has `routine` called in an alertable wait.
///
/// # Safety
/// As [`ReadFile`]; `routine` is null or such a function.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ReadFileEx(
    file: usize,
    target: *mut u8,
    target_bytes: u32,
    overlapped: *mut Overlapped,
    routine: Option<CompletionRoutine>,
) -> i32 {
    boolean(|| {
        // SAFETY: as the caller of this promises.
        let overlapped = unsafe { OverlappedAt::new(overlapped) }?.ok_or(Failure::INVALID_PARAMETER)?;
        let routine = routine.ok_or(Failure::INVALID_PARAMETER)?;
        // SAFETY: as above.
        let target = unsafe { Target::new(target, target_bytes as usize) }?;
        perform_with_apc(here()?, file, Work::Read(target), overlapped, calling(routine, overlapped))
    })
}

/// Writes, and has `routine` called in an alertable wait.
///
/// # Safety
/// As [`ReadFileEx`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn WriteFileEx(
    file: usize,
    source: *const u8,
    source_bytes: u32,
    overlapped: *mut Overlapped,
    routine: Option<CompletionRoutine>,
) -> i32 {
    boolean(|| {
        // SAFETY: as the caller of this promises.
        let overlapped = unsafe { OverlappedAt::new(overlapped) }?.ok_or(Failure::INVALID_PARAMETER)?;
        let routine = routine.ok_or(Failure::INVALID_PARAMETER)?;
        // SAFETY: as above.
        let source = unsafe { bytes(source, source_bytes) }?;
        perform_with_apc(here()?, file, Work::Write(source), overlapped, calling(routine, overlapped))
    })
}

/// Waits for a client.
///
/// # Safety
/// As [`ReadFile`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ConnectNamedPipe(pipe: usize, overlapped: *mut Overlapped) -> i32 {
    boolean(|| {
        // SAFETY: as the caller of this promises.
        let overlapped = unsafe { OverlappedAt::new(overlapped) }?;
        perform(here()?, pipe, Work::Connect, overlapped).map(drop)
    })
}

/// Writes a message and reads the next one.
///
/// # Safety
/// As [`ReadFile`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn TransactNamedPipe(
    pipe: usize,
    question: *const u8,
    question_bytes: u32,
    answer: *mut u8,
    answer_bytes: u32,
    got_bytes: *mut u32,
    overlapped: *mut Overlapped,
) -> i32 {
    boolean(|| {
        // SAFETY: as the caller of this promises.
        let overlapped = unsafe { OverlappedAt::new(overlapped) }?;
        // SAFETY: as above.
        let question = unsafe { bytes(question, question_bytes) }?;
        // SAFETY: as above.
        let answer = unsafe { Target::new(answer, answer_bytes as usize) }?;
        check(got_bytes)?;
        let work = Work::Transact(question, answer);
        let outcome = here().and_then(|runtime| perform(runtime, pipe, work, overlapped));
        // SAFETY: as above.
        unsafe { told(outcome, got_bytes) }
    })
}

/// Waits until the other end has read everything.
#[unsafe(no_mangle)]
pub extern "C" fn FlushFileBuffers(file: usize) -> i32 {
    boolean(|| flush(here()?, file))
}

/// Copies what is there to read.
///
/// # Safety
/// The pointers are null, or what Windows wants there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PeekNamedPipe(
    pipe: usize,
    target: *mut u8,
    target_bytes: u32,
    got_bytes: *mut u32,
    available_bytes: *mut u32,
    left_bytes: *mut u32,
) -> i32 {
    boolean(|| {
        let target_bytes = if target.is_null() { 0 } else { target_bytes };
        // SAFETY: as the caller of this promises.
        let target = unsafe { buffer(target, target_bytes) }?;
        let (got, available, left) = match here()?.file(pipe)? {
            File::Stream(stream) => {
                let (got, available) = stream.peek(target)?;
                (narrowed(got as u64), narrowed(available as u64), None)
            }
            File::Pipe(pipe) => {
                let (peeked, is_of_messages) = pipe.peek(target)?;
                let left = is_of_messages.then(|| narrowed(peeked.message_bytes_left));
                (narrowed(peeked.bytes as u64), narrowed(peeked.available_bytes), left)
            }
        };
        // SAFETY: as above.
        unsafe { store(got_bytes, got) }?;
        // SAFETY: as above.
        unsafe { store(available_bytes, available) }?;
        // A pipe of bytes has no message of which something is left; Windows counts from 0 down.
        // SAFETY: as above.
        unsafe { store(left_bytes, left.unwrap_or(0_u32.wrapping_sub(got))) }
    })
}

fn narrowed(bytes: u64) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}
