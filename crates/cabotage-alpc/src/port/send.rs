// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a server sends: replies, datagrams, and that a reply will not come.

use cabotage_link::{self as link, Key};
use cabotage_os::Deadline;

use super::incoming::{Request, Unanswered};
use super::{ClientId, ConnectionPort};
use crate::error::{ChannelFault, ReplyError, SendError};
use crate::outgoing::Outgoing;
use crate::rules::Settling;
use crate::wire::{Header, Word};

/// How many lost replies a client is not told of at most, since it does not read, before it has to go.
const UNSAID_MAX: usize = 4096;

impl ConnectionPort {
    /// Answers a request, if its asker has room for the answer now.
    ///
    /// # Errors
    /// [`Unanswered`] with the request.
    #[inline]
    pub fn reply(&mut self, request: Request, body: &[u8]) -> Result<(), Unanswered> {
        self.reply_within(request, body, Deadline::Now)
    }

    /// Answers a request, waiting for room at most until `deadline`: a client that does not read makes the server
    /// wait.
    ///
    /// # Errors
    /// [`Unanswered`] with the request.
    #[inline]
    pub fn reply_within(
        &mut self,
        mut request: Request,
        body: &[u8],
        deadline: Deadline,
    ) -> Result<(), Unanswered> {
        match self.answer(&request, body, deadline) {
            Ok(()) => {
                if let Some(letter) = request.held.take() {
                    self.hall.put_back(letter);
                }
                Ok(())
            }
            Err(error) => Err(Unanswered { error, request }),
        }
    }

    #[inline]
    fn answer(&mut self, request: &Request, body: &[u8], deadline: Deadline) -> Result<(), ReplyError> {
        if !request.held.is_of(&self.hall.desk) {
            return Err(ReplyError::Mismatch { id: request.id() });
        }
        self.send_reply(request.client(), request.id(), body, deadline)
    }

    /// Answers a request that is known by its number: see [`Request::into_id`].
    ///
    /// # Errors
    /// [`ReplyError`].
    pub fn reply_to(
        &mut self,
        client: ClientId,
        id: u64,
        body: &[u8],
        deadline: Deadline,
    ) -> Result<(), ReplyError> {
        let sent = self.send_reply(client, id, body, deadline);
        if let (Err(ReplyError::Canceled), Some(key)) = (&sent, client.key())
            && let Some(client) = self.hall.clients.get_mut(key)
        {
            client.owed.settle(id);
        }
        sent
    }

    #[inline]
    fn send_reply(
        &mut self,
        client: ClientId,
        id: u64,
        body: &[u8],
        deadline: Deadline,
    ) -> Result<(), ReplyError> {
        if id == 0 {
            return Err(ReplyError::NoRequest);
        }
        let key = client.key().ok_or(SendError::NoClient)?;
        let client = self.hall.clients.get_mut(key).ok_or(SendError::NoClient)?;
        match client.owed.look(id) {
            Settling::Goes => {}
            Settling::Canceled => return Err(ReplyError::Canceled),
            Settling::Unknown => return Err(ReplyError::Mismatch { id }),
        }
        if body.len() > self.hall.terms.inline_bytes_max as usize {
            return self.send_long_reply(key, id, body, deadline);
        }
        let link = self.set.get_mut(key).ok_or(SendError::NoClient)?;
        let header = Header::new(Word::Reply, id, body.len());
        self.hall.post.send(link, &header, body, deadline).map_err(SendError::from)?;
        client.owed.settle(id);
        Ok(())
    }

    #[cold]
    fn send_long_reply(
        &mut self,
        key: Key,
        id: u64,
        body: &[u8],
        deadline: Deadline,
    ) -> Result<(), ReplyError> {
        self.post(key, &Header::new(Word::Reply, id, body.len()), body, deadline)?;
        if let Some(client) = self.hall.clients.get_mut(key) {
            client.owed.settle(id);
        }
        Ok(())
    }

    /// Sends a client something that it does not answer.
    ///
    /// # Errors
    /// [`SendError`].
    pub fn send_datagram(
        &mut self,
        client: ClientId,
        body: &[u8],
        deadline: Deadline,
    ) -> Result<(), SendError> {
        let key = client.key().ok_or(SendError::NoClient)?;
        if !self.hall.clients.get(key).is_some_and(|client| client.connection.is_in()) {
            return Err(SendError::NoClient);
        }
        self.post(key, &Header::new(Word::Datagram, 0, body.len()), body, deadline)
    }

    /// Sends a client a message.
    #[inline]
    pub(super) fn post(
        &mut self,
        key: Key,
        header: &Header,
        body: &[u8],
        deadline: Deadline,
    ) -> Result<(), SendError> {
        if body.len() > self.hall.terms.inline_bytes_max as usize {
            return self.post_as(key, *header, &mut Outgoing::new(body), deadline);
        }
        let link = self.set.get_mut(key).ok_or(SendError::NoClient)?;
        Ok(self.hall.post.send(link, header, body, deadline)?)
    }

    /// Tells a client that a reply will not come; where there is no room for that now, later.
    pub(super) fn say_lost(&mut self, key: Key, id: u64, number: u64) {
        let header = Header { about: number, ..Header::new(Word::Lost, id, 0) };
        let Some(link) = self.set.get_mut(key) else { return };
        if let Err(link::SendError::Full) = self.hall.post.send(link, &header, &[], Deadline::Now)
            && let Some(client) = self.hall.clients.get_mut(key)
        {
            client.unsaid.push((id, number));
            let messages = client.unsaid.len();
            if messages > UNSAID_MAX {
                return self.expel(key, ChannelFault::Flood { messages }.into());
            }
            self.hall.say_later(key);
        }
    }
}
