// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sending: the order in which a message is checked, taken out of its sender's space, and handed over.
//!
//! # Source
//! XNU, osfmk/ipc/mach_msg.c, osfmk/ipc/ipc_kmsg.c: `ipc_kmsg_copyin`, `ipc_kmsg_send`.

use super::options::{SendOptions, WhenFull};
use super::outcome::{From, SendFailed, Sent};
use super::size::{MESSAGE_BYTES_MAX, RIGHTS_MAX};
use crate::error::SendError;
use crate::kernel::Kernel;
use crate::kernel::ids::SpaceId;
use crate::kernel::message::{Letter, Message, Sender};

impl Kernel {
    /// Sends a message from a space.
    ///
    /// # Errors
    /// [`SendFailed`], with the message or what is left of it.
    pub fn send(
        &mut self,
        space: SpaceId,
        letter: Letter,
        options: &SendOptions,
    ) -> Result<Sent, Box<SendFailed>> {
        if let Err(error) = self.may_send(space, &letter, options) {
            return Err(SendFailed::untouched(error, letter));
        }
        let header = match self.copy_in_header(space, letter.destination, letter.reply) {
            Ok(header) => header,
            Err(error) => return Err(SendFailed::untouched(error, letter)),
        };
        let body = self.copy_in_body(space, letter.items);
        let message = Message {
            id: letter.id,
            destination: header.destination,
            reply: header.reply,
            body: letter.body,
            complex: letter.complex || !body.cargo.is_empty(),
            cargo: body.cargo,
            sender: Sender::Task(options.sender),
            origin: None,
        };
        if !body.rest.is_empty() {
            self.destroy_message(message);
            let error = SendError::InvalidRight;
            return Err(Box::new(SendFailed { error, letter: None, rest: body.rest, right_lost: false }));
        }
        let from =
            From { space, name: letter.destination.0, wait: options.wait, when_full: options.when_full };
        self.deliver(message, from)
    }

    /// What can be said about a message before anything is taken.
    fn may_send(&mut self, space: SpaceId, letter: &Letter, options: &SendOptions) -> Result<(), SendError> {
        if letter.bytes() > MESSAGE_BYTES_MAX || letter.rights() > RIGHTS_MAX {
            return Err(SendError::TooLarge);
        }
        match options.when_full {
            WhenFull::Cache(notify) if self.receive_right(space, notify).is_err() => {
                Err(SendError::InvalidNotify)
            }
            _ => Ok(()),
        }
    }
}
