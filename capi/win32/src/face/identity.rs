// SPDX-License-Identifier: MIT OR Apache-2.0
//! Who is at the other end, and acting as a client.

use std::cell::RefCell;

use cabotage_os::process::{RunAs, RunAsError};

use super::border::{boolean, store};
use crate::failure::{Answer, Failure, PIPE_LOCAL};
use crate::pipe::{Asked, Whose};
use crate::runtime::here;

thread_local! {
    /// As whom this thread acts.
    static ACTS_AS: RefCell<Option<RunAs>> = const { RefCell::new(None) };
}

/// # Safety
/// `to` is null or can be written to.
unsafe fn tell(pipe: usize, to: *mut u32, whose: Whose, asked: Asked) -> i32 {
    boolean(|| {
        let found = here()?.pipe(pipe)?.identity(whose, asked)?;
        if to.is_null() {
            return Err(Failure::INSUFFICIENT_BUFFER);
        }
        // SAFETY: as the caller of this promises.
        unsafe { store(to, found) }
    })
}

/// The client's process.
///
/// # Safety
/// `id` is null or can be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GetNamedPipeClientProcessId(pipe: usize, id: *mut u32) -> i32 {
    // SAFETY: as the caller of this promises.
    unsafe { tell(pipe, id, Whose::Client, Asked::Process) }
}

/// The server's process.
///
/// # Safety
/// As [`GetNamedPipeClientProcessId`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GetNamedPipeServerProcessId(pipe: usize, id: *mut u32) -> i32 {
    // SAFETY: as the caller of this promises.
    unsafe { tell(pipe, id, Whose::Server, Asked::Process) }
}

/// The session of the client's process: the number of its leader here.
///
/// # Safety
/// As [`GetNamedPipeClientProcessId`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GetNamedPipeClientSessionId(pipe: usize, id: *mut u32) -> i32 {
    // SAFETY: as the caller of this promises.
    unsafe { tell(pipe, id, Whose::Client, Asked::Session) }
}

/// The session of the server's process.
///
/// # Safety
/// As [`GetNamedPipeClientProcessId`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GetNamedPipeServerSessionId(pipe: usize, id: *mut u32) -> i32 {
    // SAFETY: as the caller of this promises.
    unsafe { tell(pipe, id, Whose::Server, Asked::Session) }
}

/// The client's machine: it is this one, which Windows answers with an error.
fn local(pipe: usize) -> Answer<()> {
    here()?.pipe(pipe)?.identity(Whose::Client, Asked::Process)?;
    Err(PIPE_LOCAL)
}

/// Says that the client is of this machine: `ERROR_PIPE_LOCAL`. Nothing is written.
#[unsafe(no_mangle)]
pub extern "C" fn GetNamedPipeClientComputerNameA(pipe: usize, _name: *mut u8, _room_bytes: u32) -> i32 {
    boolean(|| local(pipe))
}

/// Says that the client is of this machine: `ERROR_PIPE_LOCAL`. Nothing is written.
#[unsafe(no_mangle)]
pub extern "C" fn GetNamedPipeClientComputerNameW(pipe: usize, _name: *mut u16, _room_bytes: u32) -> i32 {
    boolean(|| local(pipe))
}

/// The calling thread acts as the client, until it reverts.
#[unsafe(no_mangle)]
pub extern "C" fn ImpersonateNamedPipeClient(pipe: usize) -> i32 {
    boolean(|| {
        let token = here()?.pipe(pipe)?.impersonate()?;
        ACTS_AS.with_borrow_mut(|acts_as| {
            // As itself first: only from there it may become another.
            *acts_as = None;
            *acts_as = Some(token.run_as().map_err(refused)?);
            Ok(())
        })
    })
}

fn refused(error: RunAsError) -> Failure {
    match error {
        RunAsError::NotPrivileged { .. } => Failure::PRIVILEGE_NOT_HELD,
        RunAsError::System(refusal) => refusal.into(),
        _ => Failure::CANNOT_IMPERSONATE,
    }
}

/// The calling thread acts as itself again.
#[unsafe(no_mangle)]
pub extern "C" fn RevertToSelf() -> i32 {
    boolean(|| {
        ACTS_AS.with_borrow_mut(|acts_as| *acts_as = None);
        Ok(())
    })
}
