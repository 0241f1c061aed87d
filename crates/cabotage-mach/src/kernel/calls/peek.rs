// SPDX-License-Identifier: MIT OR Apache-2.0
//! Looking at a message without taking it: `mach_port_peek`.
//!
//! # Source
//! XNU, osfmk/ipc/mach_port.c: `mach_port_peek`; osfmk/ipc/ipc_mqueue.c: `ipc_mqueue_peek_locked`.

use crate::code::KernError;
use crate::kernel::Kernel;
use crate::kernel::ids::SpaceId;
use crate::kernel::message::Sender;
use crate::name::Name;

/// What is known of a message in a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peeked {
    /// The sequence number that it will have when it is taken.
    pub sequence: u32,
    /// The user's number: `msgh_id`.
    pub id: i32,
    /// How large it is, as its sender sent it.
    pub bytes: usize,
    /// Who sent it.
    pub sender: Sender,
}

impl Kernel {
    /// Looks at the message that will have this sequence number, or at the first one for 0.
    ///
    /// # Errors
    /// [`KernError::InvalidTask`], [`KernError::InvalidName`]; [`KernError::InvalidRight`] if it is no receive right;
    /// [`KernError::Failure`] if there is no such message.
    pub fn peek(&mut self, space: SpaceId, name: Name, sequence: u32) -> Result<Peeked, KernError> {
        let port = self.received_port(space, name)?;
        let at = if sequence == 0 { 0 } else { sequence.wrapping_sub(port.sequence) };
        let sequence = port.sequence.wrapping_add(at);
        let port = self.receive_right(space, name)?;
        let message = self.ports.get(port).and_then(|port| port.queue.get(at as usize));
        let message = message.ok_or(KernError::Failure)?;
        Ok(Peeked { sequence, id: message.id, bytes: self.bytes_of(message), sender: message.sender })
    }
}
