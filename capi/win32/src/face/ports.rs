// SPDX-License-Identifier: MIT OR Apache-2.0
//! Completion ports.

use cabotage_c_support::pointers;

use super::border::{boolean, store, value};
use super::create::INVALID;
use crate::failure::{Failure, Outcome};
use crate::object::{File, Handles, Object};
use crate::port::{Packet, Port};
use crate::runtime::here;
use crate::threads;
use crate::waits::deadline;

/// `OVERLAPPED_ENTRY`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct OverlappedEntry {
    key: usize,
    overlapped: usize,
    internal: usize,
    bytes: u32,
}

impl From<Packet> for OverlappedEntry {
    fn from(Packet { key, overlapped, outcome }: Packet) -> Self {
        let bytes = u32::try_from(outcome.bytes).unwrap_or(u32::MAX);
        Self { key, overlapped, internal: outcome.status as usize, bytes }
    }
}

/// Makes a completion port, or has one told of what is over on a handle, or both.
#[unsafe(no_mangle)]
pub extern "C" fn CreateIoCompletionPort(file: usize, port: usize, key: usize, _threads: u32) -> usize {
    value(0, || {
        let runtime = here()?;
        if file == INVALID {
            if port != 0 {
                return Err(Failure::INVALID_PARAMETER);
            }
            return runtime.table.insert(Object::Port(Handles::new(Port::new(), runtime)), false);
        }
        let File::Pipe(pipe) = runtime.file(file)? else { return Err(Failure::INVALID_PARAMETER) };
        let handle = match port {
            0 => runtime.table.insert(Object::Port(Handles::new(Port::new(), runtime)), false)?,
            port => port,
        };
        let bound = runtime.port(handle).and_then(|port| pipe.bind(port, key));
        if bound.is_err() && port == 0 {
            runtime.table.remove(handle)?;
        }
        bound.map(|()| handle)
    })
}

/// Puts an entry into a port.
#[unsafe(no_mangle)]
pub extern "C" fn PostQueuedCompletionStatus(port: usize, bytes: u32, key: usize, overlapped: usize) -> i32 {
    boolean(|| {
        let runtime = here()?;
        let outcome = Outcome::done(bytes as usize);
        runtime.port(port)?.post(&runtime.dispatcher, Packet { key, overlapped, outcome });
        Ok(())
    })
}

/// Takes an entry out of a port. That of an operation that failed is taken, and the call fails as it did.
///
/// # Safety
/// The pointers can be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GetQueuedCompletionStatus(
    port: usize,
    bytes: *mut u32,
    key: *mut usize,
    overlapped: *mut usize,
    timeout_ms: u32,
) -> i32 {
    boolean(|| {
        if bytes.is_null() || key.is_null() || overlapped.is_null() {
            return Err(Failure::INVALID_PARAMETER);
        }
        // SAFETY: as the caller of this promises.
        unsafe { store(overlapped, 0) }?;
        let runtime = here()?;
        let taken = runtime.port(port)?.take(&runtime.dispatcher, 1, None, deadline(timeout_ms))?;
        let packet = *taken.first().ok_or(Failure::GEN_FAILURE)?;
        // SAFETY: as above.
        unsafe { store(bytes, OverlappedEntry::from(packet).bytes) }?;
        // SAFETY: as above.
        unsafe { store(key, packet.key) }?;
        // SAFETY: as above.
        unsafe { store(overlapped, packet.overlapped) }?;
        packet.outcome.answer().map(drop)
    })
}

/// Takes several entries out of a port.
///
/// # Safety
/// `entries` has room for `count_max`, and `count` can be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GetQueuedCompletionStatusEx(
    port: usize,
    entries: *mut OverlappedEntry,
    count_max: u32,
    count: *mut u32,
    timeout_ms: u32,
    alertable: i32,
) -> i32 {
    boolean(|| {
        if count_max == 0 || count.is_null() || !pointers::is_plausible(entries, count_max as usize) {
            return Err(Failure::INVALID_PARAMETER);
        }
        let runtime = here()?;
        let alertable = (alertable != 0).then(|| threads::own(runtime));
        let port = runtime.port(port)?;
        let taken = port.take(&runtime.dispatcher, count_max as usize, alertable, deadline(timeout_ms))?;
        for (at, packet) in taken.iter().enumerate() {
            // SAFETY: no more were taken than there is room for, as the caller of this promises.
            unsafe { store(entries.wrapping_add(at), (*packet).into()) }?;
        }
        // SAFETY: as above.
        unsafe { store(count, u32::try_from(taken.len()).unwrap_or(count_max)) }
    })
}

/// Which tellings of an overlapped handle are not wanted.
#[unsafe(no_mangle)]
pub extern "C" fn SetFileCompletionNotificationModes(file: usize, flags: u8) -> i32 {
    boolean(|| here()?.pipe(file)?.skip(flags))
}
