// SPDX-License-Identifier: MIT OR Apache-2.0
//! Cancelling.

use super::border::boolean;
use crate::failure::Failure;
use crate::object::{File, Object};
use crate::runtime::here;
use crate::threads;

/// Cancels what this thread has begun on a handle.
#[unsafe(no_mangle)]
pub extern "C" fn CancelIo(file: usize) -> i32 {
    boolean(|| {
        let runtime = here()?;
        match runtime.file(file)? {
            File::Pipe(pipe) => pipe.cancel_of(&threads::own(runtime)),
            // Only another thread can wait in it.
            File::Stream(_) => {}
        }
        Ok(())
    })
}

/// Cancels one operation on a handle, or all, whoever has begun them. The structure is known by its address alone.
#[unsafe(no_mangle)]
pub extern "C" fn CancelIoEx(file: usize, overlapped: usize) -> i32 {
    boolean(|| match here()?.file(file)? {
        File::Pipe(pipe) => pipe.cancel((overlapped != 0).then_some(overlapped)),
        File::Stream(stream) => stream.cancel(),
    })
}

/// Cancels the call in which a thread waits.
#[unsafe(no_mangle)]
pub extern "C" fn CancelSynchronousIo(thread: usize) -> i32 {
    boolean(|| {
        let runtime = here()?;
        let thread = runtime.table.with(thread, |entry| match &entry.object {
            Object::Thread(thread) => Ok(thread.clone()),
            _ => Err(Failure::INVALID_HANDLE),
        })??;
        if runtime.dispatcher.cancel(&thread) { Ok(()) } else { Err(Failure::NOT_FOUND) }
    })
}
