// SPDX-License-Identifier: MIT OR Apache-2.0
//! Receiving: which message, whether it fits, and its rights' way into the receiver's space.
//!
//! # Source
//! XNU, osfmk/ipc/ipc_mqueue.c: `ipc_mqueue_copyin`, `ipc_mqueue_select_on_thread_locked`; osfmk/ipc/mach_msg.c:
//! `mach_msg_receive_results`, `msg_receive_error`; osfmk/ipc/ipc_kmsg.c: `ipc_kmsg_copyout`.

use super::options::ReceiveOptions;
use super::outcome::{BareHeader, Receipt, Received};
use super::wait::Source;
use crate::error::ReceiveError;
use crate::kernel::Kernel;
use crate::kernel::ids::{PortId, SpaceId};
use crate::kernel::message::{Capability, Cargo, Message};
use crate::kernel::port::Home;
use crate::kernel::space::Held;
use crate::name::Name;
use crate::right::Disposition;

impl Kernel {
    /// Takes the next message of a port, or of the port whose turn it is in a set.
    ///
    /// # Errors
    /// [`ReceiveError::InvalidName`]
    pub fn receive(
        &mut self,
        space: SpaceId,
        name: Name,
        options: &ReceiveOptions,
    ) -> Result<Receipt, ReceiveError> {
        let (id, set) = match self.source(space, name).ok_or(ReceiveError::InvalidName)? {
            Source::Port(port) => (Some(port), None),
            Source::Set(set) => (self.first_in_set(set), Some(set)),
        };
        let Some((id, header)) = id.and_then(|id| Some((id, self.first_header(id)?))) else {
            return Ok(Receipt::Nothing);
        };
        let fits = header.bytes.saturating_add(options.trailer.bytes()) <= options.bytes_max;
        if !fits && options.leave_large {
            return Ok(Receipt::TooLarge { bytes: header.bytes, port: header.port });
        }
        if let Some(set) = set {
            self.had_its_turn(set);
        }
        let Some((message, _)) = self.take(id) else { return Ok(Receipt::Nothing) };
        if fits {
            return Ok(self.copy_out_message(space, message, header));
        }
        self.destroy_all_but_header(message.reply.0, message.cargo, message.destination);
        Ok(Receipt::Destroyed(ReceiveError::TooLarge, header))
    }

    /// Whether there is a message to receive.
    ///
    /// # Errors
    /// [`ReceiveError::InvalidName`]
    pub fn has_message(&mut self, space: SpaceId, name: Name) -> Result<bool, ReceiveError> {
        Ok(match self.source(space, name).ok_or(ReceiveError::InvalidName)? {
            Source::Port(port) => self.queued(port) > 0,
            Source::Set(set) => self.first_in_set(set).is_some(),
        })
    }

    /// What a name is received from by.
    pub(super) fn source(&mut self, space: SpaceId, name: Name) -> Option<Source> {
        match self.looked_up(space, name)?.0 {
            Held::Receive(port) | Held::SendReceive(port) => Some(Source::Port(port)),
            Held::Set(set) => Some(Source::Set(set)),
            _ => None,
        }
    }

    /// What is known of the first message in a queue.
    fn first_header(&self, id: PortId) -> Option<BareHeader> {
        let port = self.ports.get(id)?;
        let message = port.queue.front()?;
        let name = match port.home {
            Home::Space(_, name) => name,
            _ => Name::NULL,
        };
        Some(BareHeader {
            id: message.id,
            port: name,
            sent_by: message.destination.received_as().unwrap_or(Disposition::MoveSend),
            bytes: self.bytes_of(message),
            sequence: port.sequence,
            sender: message.sender,
            context: port.rare.as_ref().map_or(0, |rare| rare.context),
        })
    }

    fn copy_out_message(&mut self, space: SpaceId, message: Message, header: BareHeader) -> Receipt {
        let Message { destination, reply: (right, disposition), body, cargo, complex, .. } = message;
        let reply = match self.copy_out(space, right) {
            Ok(name) => (name, disposition),
            Err((_, right)) => {
                self.destroy_all_but_header(right, cargo, destination);
                return Receipt::Destroyed(ReceiveError::NoNameForReply, header);
            }
        };
        // After the reply right was counted, since it may be the last one to this very port.
        self.use_up(destination);
        let mut lost = false;
        let items = self.put_cargo(space, cargo, &mut lost);
        let fault = lost.then_some(ReceiveError::NoNameForRight);
        Receipt::Letter(Received { header, reply, body, items, complex, fault })
    }

    /// The message counts as received, since its header is.
    fn destroy_all_but_header(&mut self, reply: Capability, cargo: Vec<Cargo>, sent_by: Capability) {
        self.doom(reply);
        self.doom_cargo(cargo);
        self.use_up(sent_by);
        self.reap();
    }
}
