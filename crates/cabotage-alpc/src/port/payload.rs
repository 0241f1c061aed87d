// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is more than bytes through the queue, on the server's side: views of either side, and replies that bring one.

use cabotage_link::{Deadline, Key};

use super::incoming::{Datagram, Request, Unanswered};
use super::{ClientId, ConnectionPort};
use crate::error::{ReplyError, SendError, WhyServed};
use crate::handles::Handles;
use crate::outgoing::Outgoing;
use crate::post::{Post, Takes};
use crate::rules::{Access, Settling, Technique};
use crate::section::{View, ViewMut};
use crate::wire::{Header, Word};

impl ConnectionPort {
    /// A plain view for `bytes` bytes, to fill and to send to this client, waiting for memory at most until `deadline`.
    ///
    /// # Errors
    /// [`SendError::TooLarge`] above the client's cap on sections; [`SendError::Full`], or the client is gone.
    pub fn view(&mut self, client: ClientId, bytes: usize, deadline: Deadline) -> Result<ViewMut, SendError> {
        let key = client.key().ok_or(SendError::NoClient)?;
        let takes = self.takes(key)?;
        let link = self.set.get_mut(key).ok_or(SendError::NoClient)?;
        Post::view(link, &takes, bytes, deadline)
    }

    /// Answers a request with all that goes with the message, waiting for room at most until `deadline`.
    ///
    /// # Errors
    /// [`Unanswered`] with the request; the message is as it was.
    pub fn reply_as(
        &mut self,
        mut request: Request,
        message: &mut Outgoing<'_>,
        deadline: Deadline,
    ) -> Result<(), Unanswered> {
        let sent = match request.held.is_of(&self.hall.desk) {
            true => self.send_reply_as(request.client(), request.id(), message, deadline),
            false => Err(ReplyError::Mismatch { id: request.id() }),
        };
        match sent {
            Ok(()) => {
                if let Some(letter) = request.held.take() {
                    self.hall.put_back(letter);
                }
                Ok(())
            }
            Err(error) => Err(Unanswered { error, request }),
        }
    }

    pub(super) fn send_reply_as(
        &mut self,
        client: ClientId,
        id: u64,
        message: &mut Outgoing<'_>,
        deadline: Deadline,
    ) -> Result<(), ReplyError> {
        let key = client.key().ok_or(SendError::NoClient)?;
        let client = self.hall.clients.get_mut(key).ok_or(SendError::NoClient)?;
        match client.owed.look(id) {
            Settling::Goes => {}
            Settling::Canceled => return Err(ReplyError::Canceled),
            Settling::Unknown => return Err(ReplyError::Mismatch { id }),
        }
        self.post_as(key, Header::new(Word::Reply, id, 0), message, deadline)?;
        if let Some(client) = self.hall.clients.get_mut(key) {
            client.owed.settle(id);
        }
        Ok(())
    }

    /// Sends a client something with a view that it does not answer.
    ///
    /// # Errors
    /// [`SendError`], with the message as it was.
    pub fn send_datagram_as(
        &mut self,
        client: ClientId,
        message: &mut Outgoing<'_>,
        deadline: Deadline,
    ) -> Result<(), SendError> {
        message.check_is_not_secure()?;
        let key = client.key().ok_or(SendError::NoClient)?;
        if !self.hall.clients.get(key).is_some_and(|client| client.connection.is_in()) {
            return Err(SendError::NoClient);
        }
        self.post_as(key, Header::new(Word::Datagram, 0, 0), message, deadline)
    }

    /// Sends a client a message with all that goes with it.
    #[cold]
    pub(super) fn post_as(
        &mut self,
        key: Key,
        header: Header,
        message: &mut Outgoing<'_>,
        deadline: Deadline,
    ) -> Result<(), SendError> {
        if message.lends() {
            // Only who waits for an answer lends.
            return Err(SendError::TooManyRanges { given: message.entries(false).len(), max: 0 });
        }
        let takes = self.takes(key)?;
        let link = self.set.get_mut(key).ok_or(SendError::NoClient)?;
        self.hall.post.send_outgoing(link, header, message, &takes, deadline)
    }

    /// What a client takes.
    fn takes(&self, key: Key) -> Result<Takes, SendError> {
        let terms = self.hall.clients.get(key).and_then(|client| client.terms.as_ref());
        let inline_bytes_max = self.hall.terms.inline_bytes_max as usize;
        Ok(Takes::new(terms.ok_or(SendError::NoClient)?, inline_bytes_max, self.hall.message_bytes_max))
    }
}

impl Request {
    /// How its body came.
    pub fn technique(&self) -> Technique {
        self.letter().map_or(Technique::Inline, |letter| letter.body.technique())
    }

    /// Why its body, if it was read directly, was copied by the client and not read where it lay.
    pub fn why_served(&self) -> Option<&WhyServed> {
        self.letter()?.body.why_served()
    }

    /// The view that came with it.
    pub fn view(&self) -> Option<&View> {
        self.letter()?.body.view()
    }

    /// Takes the view that came with it, which outlives the request. The body, if it lies there, is the view's from
    /// then on.
    pub fn take_view(&mut self) -> Option<View> {
        self.held.letter_mut()?.body.take_view()
    }

    /// The ranges of its asker's memory that it declares: how many bytes each has, and what may be done with it.
    pub fn ranges(&self) -> impl Iterator<Item = (u64, Access)> {
        let ranges = self.letter().and_then(|letter| letter.body.ranges());
        ranges.into_iter().flat_map(|ranges| ranges.entries()).map(|entry| (entry.bytes, entry.access()))
    }

    pub(super) fn range_bytes(&self, range: usize) -> Option<u64> {
        Some(self.letter()?.body.ranges()?.entries().get(range)?.bytes)
    }
}

impl Request {
    /// The handles that came with it, of which those that are not taken are closed with it.
    pub fn handles(&mut self) -> Option<&mut Handles> {
        self.held.letter_mut()?.body.handles().filter(|handles| !handles.is_empty())
    }
}

impl Datagram {
    /// The handles that came with it, of which those that are not taken are closed with it.
    pub fn handles(&mut self) -> Option<&mut Handles> {
        self.held.letter_mut()?.body.handles().filter(|handles| !handles.is_empty())
    }

    /// The view that came with it.
    pub fn view(&self) -> Option<&View> {
        self.letter()?.body.view()
    }

    /// Takes the view that came with it, which outlives the datagram. The body, if it lies there, is the view's from
    /// then on.
    pub fn take_view(&mut self) -> Option<View> {
        self.held.letter_mut()?.body.take_view()
    }
}
