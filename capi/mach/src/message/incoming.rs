// SPDX-License-Identifier: MIT OR Apache-2.0
//! A message that came, or came back, in C's layout: header, descriptors, inline data.

use cabotage_mach::kernel::message::{Item, Letter};
use cabotage_mach::kernel::messages::{BareHeader, Received};
use cabotage_mach::{Disposition, Name, Names};

use super::descriptor::VIRTUAL_COPY;
use super::outgoing::IMMOVABLE_RECEIVE;
use super::{Descriptor, HEADER_BYTES, Header, put};
use crate::code::{Code, IPC_SPACE, SUCCESS, VM_SPACE};
use crate::memory;

/// Lays out a message that was received; answers its size, and what was lost for want of names or room.
pub(crate) fn lay_out(names: Names, received: Received, buffer: &mut [u8]) -> (usize, Code) {
    let Received { header, reply, body, items, complex, .. } = received;
    let to = (header.port, Some(header.sent_by));
    let first = Header::new(complex || !items.is_empty(), reply, to, header.id);
    let laid = write(names, first, items, &body, buffer);
    Received::let_go(body);
    laid
}

/// Lays out a message that was not sent, as if its sender had received it, but that its header is not turned round.
pub(crate) fn come_back(names: Names, letter: Letter, buffer: &mut [u8]) -> Code {
    let is_complex = letter.complex || !letter.items.is_empty();
    let first = Header::new(is_complex, letter.destination, letter.reply, letter.id);
    write(names, first, letter.items, &letter.body, buffer).1
}

/// What a receiver is told of a message that was destroyed.
pub(crate) fn lay_out_bare(header: &BareHeader, buffer: &mut [u8]) {
    let to = (header.port, Some(header.sent_by));
    Header::new(false, (Name::NULL, None), to, header.id).write(HEADER_BYTES, buffer);
}

fn write(names: Names, first: Header, items: Vec<Item>, body: &[u8], buffer: &mut [u8]) -> (usize, Code) {
    let (mut at, mut lost) = (HEADER_BYTES, SUCCESS);
    if first.is_complex() {
        put(buffer, at, &u32::try_from(items.len()).unwrap_or(0).to_ne_bytes());
        at += 4;
        for item in items {
            let descriptor = describe(names, item, &mut lost);
            descriptor.write(buffer, at);
            at += descriptor.size();
        }
    }
    put(buffer, at, body);
    // A sender of ours may have any number of bytes; a message of C's is a multiple of four.
    let end = at + body.len();
    let size = end.next_multiple_of(4);
    put(buffer, end, &[0; 3][..size - end]);
    first.write(size, buffer);
    (size, lost)
}

/// The descriptor of what came. Memory is the receiver's to deallocate, rights are named.
fn describe(names: Names, item: Item, lost: &mut Code) -> Descriptor {
    match item {
        Item::Port(name, disposition) => {
            Descriptor::Port { name: name.as_raw(), disposition: disposition as u32 }
        }
        Item::Guarded(name, handover) => Descriptor::Guarded {
            context: handover.guard,
            flags: if handover.immovable { IMMOVABLE_RECEIVE } else { 0 },
            disposition: Disposition::MoveReceive as u32,
            name: name.as_raw(),
        },
        Item::File(file) => {
            let name = names.make_file_port(file).unwrap_or_else(|_| {
                *lost |= IPC_SPACE;
                Name::NULL
            });
            Descriptor::Port { name: name.as_raw(), disposition: Disposition::MoveSend as u32 }
        }
        Item::Memory(memory) => {
            let (address, bytes) = settled(memory::place_memory(&memory), memory.bytes(), lost);
            Descriptor::Memory { address, bytes, deallocate: true, copy: VIRTUAL_COPY }
        }
        Item::Ports(ports, disposition) => {
            let array: Vec<u8> = ports.iter().flat_map(|name| name.as_raw().to_ne_bytes()).collect();
            let placed = memory::place(array.len(), |target| put(target, 0, &array));
            let (address, bytes) = settled(placed, array.len(), lost);
            Descriptor::Ports {
                address,
                count: bytes / 4,
                disposition: disposition as u32,
                deallocate: true,
                copy: VIRTUAL_COPY,
            }
        }
    }
}

/// Where something came to lie, and how many bytes it has; nowhere, and `lost` says so, if there was no room.
fn settled(placed: Result<usize, Code>, bytes: usize, lost: &mut Code) -> (u64, u32) {
    match (placed, u32::try_from(bytes)) {
        (Ok(address), Ok(bytes)) => (address as u64, bytes),
        _ => {
            *lost |= VM_SPACE;
            (0, 0)
        }
    }
}
