// SPDX-License-Identifier: MIT OR Apache-2.0
//! Requests of one who is blocked in them and waits elsewhere: in a poll loop, or under a lock that is let go meanwhile.
//!
//! To the server it is a synchronous request, whose asker can be called back and copies what it lends. What becomes of
//! it, callbacks included, comes by [`Client::receive`].

use cabotage_link::Deadline;

use super::Client;
use crate::error::{Loss, SendError};
use crate::outgoing::{Buffer, Outgoing};
use crate::rules::Way;

impl Client {
    /// Asks the server as one who is blocked until the reply comes, and does not wait: the caller goes on to receive
    /// until [`Received::Reply`](crate::Received::Reply) or a lost reply has the number that this answers. What comes
    /// before as [`Received::Callback`](crate::Received::Callback) wants an answer. `buffers` are lent to the server
    /// meanwhile: see [`Client::send_request_lending`].
    ///
    /// # Errors
    /// [`SendError`], with the buffers.
    pub fn begin_request(
        &mut self,
        message: &mut Outgoing<'_>,
        buffers: Vec<Buffer>,
        deadline: Deadline,
    ) -> Result<u64, (SendError, Vec<Buffer>)> {
        let id = self.channel.ask_lending(Way::Sync, message, buffers, deadline)?;
        self.channel.begun.insert(id);
        Ok(id)
    }

    /// Answers a callback, waiting for room at most until `deadline`. A server that does not wait any more misses
    /// nothing.
    ///
    /// # Errors
    /// [`SendError`].
    pub fn answer_callback(&mut self, id: u64, body: &[u8], deadline: Deadline) -> Result<(), SendError> {
        self.channel.answer(id, body, deadline)
    }

    /// Tells the server that a callback gets no answer.
    ///
    /// # Errors
    /// [`SendError`].
    pub fn decline_callback(&mut self, id: u64, deadline: Deadline) -> Result<(), SendError> {
        self.channel.lose(id, &Loss::Dropped, deadline)
    }
}
