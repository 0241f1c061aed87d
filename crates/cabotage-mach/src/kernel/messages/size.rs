// SPDX-License-Identifier: MIT OR Apache-2.0
//! How large a message is: what XNU's layout of it would take, so that sizes mean the same to programs that were written
//! for it.
//!
//! # Source
//! XNU, osfmk/mach/message.h, for 64-bit tasks; the greatest sizes: osfmk/ipc/ipc_policy.h, osfmk/ipc/mach_msg.h.

use crate::kernel::Kernel;
use crate::kernel::message::{Cargo, Item, Letter, Message};

/// The header of a message.
pub const HEADER_BYTES: usize = 24;
/// The most bytes that a message has, out-of-line memory not counted.
pub const MESSAGE_BYTES_MAX: usize = (48 << 20) - 68;
/// The most rights that a message carries.
pub const RIGHTS_MAX: usize = 16_383;

const COUNT_BYTES: usize = 4;
const PORT_BYTES: usize = 12;
const MEMORY_BYTES: usize = 16;

impl Letter {
    /// How large the message is, in bytes, out-of-line memory not counted.
    pub fn bytes(&self) -> usize {
        total(self.complex, self.body.len(), self.items.iter().map(item_bytes))
    }

    /// How many rights go along.
    pub(super) fn rights(&self) -> usize {
        let of = |item: &Item| match item {
            Item::Port(..) | Item::Guarded(..) | Item::File(_) => 1,
            Item::Ports(names, _) => names.len(),
            Item::Memory(_) => 0,
        };
        self.items.iter().map(of).sum()
    }
}

impl Kernel {
    /// How large a message is, in bytes, out-of-line memory not counted.
    pub fn bytes_of(&self, message: &Message) -> usize {
        let descriptors = message.cargo.iter().map(|cargo| self.cargo_bytes(cargo));
        total(message.complex, message.body.len(), descriptors)
    }

    fn cargo_bytes(&self, cargo: &Cargo) -> usize {
        match cargo {
            Cargo::Port(right, _) if self.handover_of(right).is_some() => MEMORY_BYTES,
            Cargo::Port(..) | Cargo::File(_) => PORT_BYTES,
            Cargo::Memory(_) | Cargo::Ports(..) => MEMORY_BYTES,
        }
    }
}

fn item_bytes(item: &Item) -> usize {
    match item {
        Item::Port(..) | Item::File(_) => PORT_BYTES,
        Item::Memory(_) | Item::Ports(..) | Item::Guarded(..) => MEMORY_BYTES,
    }
}

/// A body's length counts rounded up to 4, as C programs send it.
pub(super) fn total(complex: bool, body_bytes: usize, descriptors: impl Iterator<Item = usize>) -> usize {
    let descriptors: usize = descriptors.sum();
    let count = if complex || descriptors > 0 { COUNT_BYTES } else { 0 };
    HEADER_BYTES + count + descriptors + body_bytes.next_multiple_of(4)
}
