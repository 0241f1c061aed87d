// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a pipe and its handle are like, and changing that.

use std::ffi::c_char;

use super::border::{boolean, store};
use super::create::{NOWAIT, READ_MESSAGES, TYPE_MESSAGE};
use super::text;
use crate::failure::{Answer, Failure};
use crate::object::File;
use crate::pipe::HandleModes;
use crate::runtime::here;

use cabotage_c_support::pointers;
use cabotage_os::pipe::Direction;
use cabotage_os::process::user_name;
use cabotage_pipe::named::{PipeMode, Side};

const SERVER_END: u32 = 1;

/// Throws the client out.
#[unsafe(no_mangle)]
pub extern "C" fn DisconnectNamedPipe(pipe: usize) -> i32 {
    boolean(|| here()?.pipe(pipe)?.disconnect())
}

/// From now on the handle reads and waits like this.
///
/// # Safety
/// The pointers are null, or what Windows wants there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SetNamedPipeHandleState(
    pipe: usize,
    mode: *const u32,
    collection_bytes: *const u32,
    collection_ms: *const u32,
) -> i32 {
    boolean(|| {
        // They are for clients of other machines.
        if !collection_bytes.is_null() || !collection_ms.is_null() {
            return Err(Failure::INVALID_PARAMETER);
        }
        let file = here()?.file(pipe)?;
        // SAFETY: as the caller of this promises.
        let mode = match unsafe { pointers::read(mode) } {
            Some(mode) if mode & !(NOWAIT | READ_MESSAGES) == 0 => mode,
            None if mode.is_null() => return Ok(()),
            _ => return Err(Failure::INVALID_PARAMETER),
        };
        let modes = HandleModes { is_message: mode & READ_MESSAGES != 0, is_nowait: mode & NOWAIT != 0 };
        match file {
            File::Pipe(pipe) => pipe.set_modes(modes),
            File::Stream(stream) if stream.is_pipe && !modes.is_message => {
                stream.set_nowait(modes.is_nowait);
                Ok(())
            }
            File::Stream(_) => Err(Failure::INVALID_PARAMETER),
        }
    })
}

/// What `GetNamedPipeHandleState` gives, but for the user.
struct Wanted {
    state: *mut u32,
    instances: *mut u32,
    collection_bytes: *mut u32,
    collection_ms: *mut u32,
}

impl Wanted {
    /// # Safety
    /// The pointers are null or can be written to.
    unsafe fn give(self, handle: usize) -> Answer<()> {
        if !self.collection_bytes.is_null() || !self.collection_ms.is_null() {
            return Err(Failure::INVALID_PARAMETER);
        }
        let (modes, instances) = match here()?.file(handle)? {
            File::Pipe(pipe) => {
                let modes = pipe.modes()?;
                let instances = if self.instances.is_null() { 0 } else { pipe.info()?.current_instances };
                (modes, instances)
            }
            File::Stream(stream) if stream.is_pipe => {
                (HandleModes { is_message: false, is_nowait: stream.is_nowait() }, 1)
            }
            File::Stream(_) => return Err(Failure::INVALID_FUNCTION),
        };
        let state =
            (if modes.is_message { READ_MESSAGES } else { 0 }) | (if modes.is_nowait { NOWAIT } else { 0 });
        // SAFETY: as the caller of this promises.
        unsafe { store(self.state, state) }?;
        // SAFETY: as above.
        unsafe { store(self.instances, u32::try_from(instances).unwrap_or(u32::MAX)) }
    }
}

/// The name of the client's user, as the server may know it.
fn client_of(handle: usize) -> Answer<String> {
    let pipe = here()?.pipe(handle)?;
    if !pipe.is_server()? {
        return Err(Failure::INVALID_PARAMETER);
    }
    let uid = pipe.impersonate()?.identity().uid();
    // Where the system has no name, the number is one.
    Ok(user_name(uid)?.unwrap_or_else(|| uid.to_string()))
}

/// How a handle reads and waits, how many instances there are, and as whom the client runs.
///
/// # Safety
/// The pointers are null or can be written to, that of the name for `name_room` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GetNamedPipeHandleStateA(
    pipe: usize,
    state: *mut u32,
    instances: *mut u32,
    collection_bytes: *mut u32,
    collection_ms: *mut u32,
    name: *mut c_char,
    name_room: u32,
) -> i32 {
    boolean(|| {
        // SAFETY: as the caller of this promises.
        unsafe { Wanted { state, instances, collection_bytes, collection_ms }.give(pipe) }?;
        if name.is_null() {
            return Ok(());
        }
        // SAFETY: as above.
        unsafe { text::give_narrow(&client_of(pipe)?, name.cast(), name_room) }
    })
}

/// The same; `name_room` counts units.
///
/// # Safety
/// As [`GetNamedPipeHandleStateA`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GetNamedPipeHandleStateW(
    pipe: usize,
    state: *mut u32,
    instances: *mut u32,
    collection_bytes: *mut u32,
    collection_ms: *mut u32,
    name: *mut u16,
    name_room: u32,
) -> i32 {
    boolean(|| {
        // SAFETY: as the caller of this promises.
        unsafe { Wanted { state, instances, collection_bytes, collection_ms }.give(pipe) }?;
        if name.is_null() {
            return Ok(());
        }
        // SAFETY: as above.
        unsafe { text::give_wide(&client_of(pipe)?, name, name_room) }
    })
}

/// What kind of pipe it is.
///
/// # Safety
/// The pointers are null or can be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GetNamedPipeInfo(
    pipe: usize,
    flags: *mut u32,
    out_bytes: *mut u32,
    in_bytes: *mut u32,
    instances_max: *mut u32,
) -> i32 {
    boolean(|| {
        let (found, out, inner, max) = match here()?.file(pipe)? {
            File::Pipe(pipe) => {
                let info = pipe.info()?;
                let end = if info.end == Side::Server { SERVER_END } else { 0 };
                let kind = if info.mode == PipeMode::Message { TYPE_MESSAGE } else { 0 };
                (end | kind, info.out_buffer_size, info.in_buffer_size, info.max_instances.number())
            }
            // An anonymous pipe is one whose server reads.
            File::Stream(stream) if stream.is_pipe => {
                let end = if stream.direction == Direction::Read { SERVER_END } else { 0 };
                (end, stream.size_bytes, stream.size_bytes, 1)
            }
            File::Stream(_) => return Err(Failure::INVALID_FUNCTION),
        };
        // SAFETY: as the caller of this promises.
        unsafe { store(flags, found) }?;
        // SAFETY: as above.
        unsafe { store(out_bytes, out) }?;
        // SAFETY: as above.
        unsafe { store(in_bytes, inner) }?;
        // SAFETY: as above.
        unsafe { store(instances_max, max.into()) }
    })
}
