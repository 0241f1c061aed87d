// SPDX-License-Identifier: MIT OR Apache-2.0
//! The handles of this process: multiples of four, each with a generation, so that a closed one names nothing again
//! soon. A forked child finds an empty table.

use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cabotage_alpc::Status;
use cabotage_c_support::home::Home;

use crate::client::ClientPort;
use crate::completion::packets::Packets;
use crate::completion::port::Notifying;
use crate::layout::Handle;
use crate::server::ServerPort;
use crate::status::{Answer, OBJECT_TYPE_MISMATCH};

/// What a handle names.
#[derive(Debug, Clone)]
pub(crate) enum Object {
    /// A server's connection port.
    Connection(Arc<ServerPort>),
    /// A server's port of one channel, by its number there.
    Communication(Arc<ServerPort>, u64),
    /// A client's port.
    Client(Arc<ClientPort>),
    /// A descriptor, which goes with messages.
    Descriptor(Arc<OwnedFd>),
    /// A completion port.
    Packets(Arc<Packets>),
}

#[derive(Debug, Default)]
struct Table {
    slots: Vec<Slot>,
    free: VecDeque<u32>,
}

#[derive(Debug, Default)]
struct Slot {
    generation: u32,
    object: Option<Object>,
}

/// Handles fit into 31 bits, since Windows has structures with room for no more.
const INDEX_BITS: u32 = 20;
const GENERATIONS: u32 = 1 << (29 - INDEX_BITS);

static TABLE: Home<Mutex<Table>> = Home::new();

fn table() -> Answer<MutexGuard<'static, Table>> {
    let table = TABLE.get_or(Mutex::default).map_err(|_| Status::INSUFFICIENT_RESOURCES)?;
    Ok(table.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Gives an object a handle.
///
/// # Errors
/// There are as many as there may be.
pub(crate) fn enter(object: Object) -> Answer<Handle> {
    let mut table = table()?;
    let index = match table.free.pop_front() {
        Some(index) => index,
        None => {
            let index = u32::try_from(table.slots.len()).unwrap_or(u32::MAX);
            if index >= 1 << INDEX_BITS {
                return Err(Status::INSUFFICIENT_RESOURCES);
            }
            table.slots.push(Slot::default());
            index
        }
    };
    let slot = &mut table.slots[index as usize];
    slot.object = Some(object);
    Ok((((slot.generation << INDEX_BITS | index) as usize) + 1) << 2)
}

fn place(handle: Handle) -> Option<(usize, u32)> {
    let number = u32::try_from((handle >> 2).checked_sub(1)?).ok()?;
    (handle.is_multiple_of(4)).then_some(((number & ((1 << INDEX_BITS) - 1)) as usize, number >> INDEX_BITS))
}

/// The object behind a handle.
///
/// # Errors
/// [`Status::INVALID_HANDLE`].
pub(crate) fn get(handle: Handle) -> Answer<Object> {
    let (index, generation) = place(handle).ok_or(Status::INVALID_HANDLE)?;
    let table = table()?;
    let slot = table.slots.get(index).filter(|slot| slot.generation == generation);
    slot.and_then(|slot| slot.object.clone()).ok_or(Status::INVALID_HANDLE)
}

/// Takes a handle back; what it named comes out.
///
/// # Errors
/// [`Status::INVALID_HANDLE`].
pub(crate) fn leave(handle: Handle) -> Answer<Object> {
    let (index, generation) = place(handle).ok_or(Status::INVALID_HANDLE)?;
    let mut table = table()?;
    let slot = table.slots.get_mut(index).filter(|slot| slot.generation == generation);
    let object = slot.and_then(|slot| {
        let object = slot.object.take()?;
        slot.generation = (slot.generation + 1) % GENERATIONS;
        Some(object)
    });
    let object = object.ok_or(Status::INVALID_HANDLE)?;
    // The place that has been free for longest is used next.
    table.free.push_back(u32::try_from(index).unwrap_or(u32::MAX));
    Ok(object)
}

/// The port to which the client came that asks under this number.
///
/// # Errors
/// [`Status::REPLY_MESSAGE_MISMATCH`]: nobody does.
pub(crate) fn asked_by(message: u32) -> Answer<Arc<ServerPort>> {
    let ports: Vec<_> = table()?.slots.iter().filter_map(|slot| slot.object.clone()).collect();
    let has_it = |port: &ServerPort| port.with(|server| Ok(server.has_asker(message))).unwrap_or(false);
    let found = ports.into_iter().find_map(|object| match object {
        Object::Connection(port) if has_it(&port) => Some(port),
        _ => None,
    });
    found.ok_or(Status::REPLY_MESSAGE_MISMATCH)
}

/// The server's port behind a handle, and the channel if it is that of one.
///
/// # Errors
/// [`Status::INVALID_HANDLE`]; [`OBJECT_TYPE_MISMATCH`].
pub(crate) fn server(handle: Handle) -> Answer<(Arc<ServerPort>, Option<u64>)> {
    match get(handle)? {
        Object::Connection(port) => Ok((port, None)),
        Object::Communication(port, channel) => Ok((port, Some(channel))),
        Object::Client(_) | Object::Descriptor(_) | Object::Packets(_) => Err(OBJECT_TYPE_MISMATCH),
    }
}

/// The descriptor behind a handle.
///
/// # Errors
/// As [`server`].
pub(crate) fn descriptor(handle: Handle) -> Answer<Arc<OwnedFd>> {
    match get(handle)? {
        Object::Descriptor(fd) => Ok(fd),
        _ => Err(OBJECT_TYPE_MISMATCH),
    }
}

/// The completion port behind a handle.
///
/// # Errors
/// As [`server`].
pub(crate) fn packets(handle: Handle) -> Answer<Arc<Packets>> {
    match get(handle)? {
        Object::Packets(packets) => Ok(packets),
        _ => Err(OBJECT_TYPE_MISMATCH),
    }
}

/// The port behind a handle to which messages come.
///
/// # Errors
/// As [`server`]; [`Status::INVALID_PARAMETER`] for a server's port of one channel, whose messages come to the
/// connection port.
pub(crate) fn receiving(handle: Handle) -> Answer<Arc<dyn Notifying>> {
    match get(handle)? {
        Object::Connection(port) => Ok(port),
        Object::Client(port) => Ok(port),
        Object::Communication(..) => Err(Status::INVALID_PARAMETER),
        Object::Descriptor(_) | Object::Packets(_) => Err(OBJECT_TYPE_MISMATCH),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some() -> Object {
        Object::Descriptor(Arc::new(std::fs::File::open("/dev/null").unwrap().into()))
    }

    #[test]
    fn a_closed_handle_names_nothing_and_its_place_is_used_again() {
        let first = enter(some()).unwrap();
        assert!(first.is_multiple_of(4) && first != 0 && u32::try_from(first).is_ok());
        assert!(descriptor(first).is_ok());
        leave(first).unwrap();
        assert_eq!(get(first).map(drop), Err(Status::INVALID_HANDLE));
        assert_eq!(leave(first).map(drop), Err(Status::INVALID_HANDLE));
        let next = enter(some()).unwrap();
        assert_ne!(next, first);
        leave(next).unwrap();
    }

    #[test]
    fn what_is_no_handle_names_nothing() {
        for handle in [0, 3, usize::MAX, usize::MAX - 3, 4 << 20] {
            assert_eq!(get(handle).map(drop), Err(Status::INVALID_HANDLE), "{handle:#x}");
        }
    }
}
