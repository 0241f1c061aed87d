// SPDX-License-Identifier: MIT OR Apache-2.0
//! A message that could not be sent goes back to its sender, as if that had received it, but that its header is not
//! turned round: so it can be sent again as it is.
//!
//! # Source
//! XNU, osfmk/ipc/ipc_kmsg.c: `ipc_kmsg_copyout_pseudo`.

use crate::kernel::Kernel;
use crate::kernel::ids::SpaceId;
use crate::kernel::message::{Capability, Cargo, Item, Letter, Message};
use crate::name::Name;
use crate::right::Disposition;

impl Kernel {
    /// Puts the rights of a message into a space again, perhaps under other names, and says whether one had to be
    /// destroyed because there was no name for it.
    pub(super) fn give_back(&mut self, space: SpaceId, message: Message) -> (Letter, bool) {
        let mut lost = false;
        let sent_by = message.destination.received_as();
        let destination = (self.put(space, message.destination, &mut lost), sent_by);
        let (right, disposition) = message.reply;
        let reply = (self.put(space, right, &mut lost), disposition);
        let items = self.put_cargo(space, message.cargo, &mut lost);
        let letter = Letter {
            id: message.id,
            destination,
            reply,
            body: message.body,
            items,
            complex: message.complex,
        };
        (letter, lost)
    }

    /// Puts what a message carries into a space.
    pub(super) fn put_cargo(&mut self, space: SpaceId, cargo: Vec<Cargo>, lost: &mut bool) -> Vec<Item> {
        if cargo.is_empty() {
            return Vec::new();
        }
        let put = |cargo| match cargo {
            Cargo::Port(right, disposition) => {
                let guarded = self.handover_of(&right);
                let name = self.put(space, right, lost);
                guarded.map_or(Item::Port(name, disposition), |handover| Item::Guarded(name, handover))
            }
            Cargo::Ports(rights, disposition) => {
                let names = rights.into_iter().map(|right| self.put(space, right, lost)).collect();
                Item::Ports(names, disposition)
            }
            Cargo::Memory(memory) => Item::Memory(memory),
            Cargo::File(file) => Item::File(file),
        };
        cargo.into_iter().map(put).collect()
    }

    /// Puts a right into a space; one for which there is no name is destroyed.
    fn put(&mut self, space: SpaceId, right: Capability, lost: &mut bool) -> Name {
        self.copy_out(space, right).unwrap_or_else(|(_, right)| {
            *lost = true;
            self.destroy_capability(right);
            Name::NULL
        })
    }
}

impl Capability {
    /// The disposition with which a receiver sees it.
    pub(super) fn received_as(&self) -> Option<Disposition> {
        match self {
            Self::Null | Self::Dead => None,
            Self::Send(_) => Some(Disposition::MoveSend),
            Self::SendOnce(_) => Some(Disposition::MoveSendOnce),
            Self::Receive(_) => Some(Disposition::MoveReceive),
        }
    }
}
