// SPDX-License-Identifier: MIT OR Apache-2.0
//! Messages that go for sure: their room was claimed beforehand, and nothing else is sent in it.

use cabotage_link::{Deadline, SendError as LinkSendError};

use super::Client;
use crate::error::{ReserveError, SendError};
use crate::rules::{ReserveId, Way};
use crate::wire::{HEADER_BYTES, Header, Word};

impl Client {
    /// Claims room for one message with a body of up to `bytes` bytes, waiting for it at most until `deadline`. From
    /// then on such a message goes at once by this reserve, however full the channel is. The room is missing to all
    /// other messages, so a channel has few, and for short messages.
    ///
    /// # Errors
    /// [`ReserveError::NotSent`]: there is no room, or so much is never kept.
    pub fn create_reserve(&mut self, bytes: usize, deadline: Deadline) -> Result<ReserveId, ReserveError> {
        let bytes_max = self.channel.message_bytes_max();
        if bytes > bytes_max {
            return Err(SendError::TooLong { bytes, bytes_max }.into());
        }
        let link = self.channel.link().map_err(SendError::from)?;
        let room = link.keep_room(HEADER_BYTES + bytes, deadline).map_err(SendError::from)?;
        Ok(self.reserves.add(room))
    }

    /// Gives a reserve's room to other messages again.
    ///
    /// # Errors
    /// [`ReserveError::Unknown`].
    pub fn delete_reserve(&mut self, reserve: ReserveId) -> Result<(), ReserveError> {
        let room = self.reserves.remove(reserve).ok_or(ReserveError::Unknown(reserve))?;
        if let Ok(link) = self.channel.link() {
            link.give_up_room(room);
        }
        Ok(())
    }

    /// Asks the server by a reserve, at once and without waiting for the answer, which [`Client::receive`] gives under
    /// the number that this answers. The reserve is in use until then.
    ///
    /// # Errors
    /// [`ReserveError`]; nothing was sent.
    pub fn send_request_by(&mut self, reserve: ReserveId, body: &[u8]) -> Result<u64, ReserveError> {
        let id = self.channel.asked.ask(Way::Async);
        match self.send_by(reserve, &Header::new(Word::Request, id, body.len()), body) {
            Ok(()) => Ok(id),
            Err(error) => {
                self.channel.asked.forget(id);
                Err(error)
            }
        }
    }

    /// Says something to the server by a reserve, at once. The reserve is in use until the server has taken it.
    ///
    /// # Errors
    /// [`ReserveError`]; nothing was sent.
    pub fn send_datagram_by(&mut self, reserve: ReserveId, body: &[u8]) -> Result<(), ReserveError> {
        self.send_by(reserve, &Header::new(Word::Datagram, 0, body.len()), body)
    }

    fn send_by(&mut self, id: ReserveId, header: &Header, body: &[u8]) -> Result<(), ReserveError> {
        let Self { channel, reserves, .. } = self;
        let reserve = reserves.get_mut(id).ok_or(ReserveError::Unknown(id))?;
        if channel.asked.way(reserve.request).is_some() {
            return Err(ReserveError::InUse(id));
        }
        let link = channel.link().map_err(SendError::from)?;
        match link.send_kept(&mut reserve.room, &[header.bytes(), body].concat()) {
            Ok(()) => {
                reserve.request = header.id;
                Ok(())
            }
            Err(LinkSendError::Full) => Err(ReserveError::InUse(id)),
            Err(LinkSendError::TooLong { bytes_max, .. }) => {
                let bytes_max = bytes_max.saturating_sub(HEADER_BYTES);
                Err(SendError::TooLong { bytes: body.len(), bytes_max }.into())
            }
            Err(error) => Err(SendError::from(error).into()),
        }
    }
}
