// SPDX-License-Identifier: MIT OR Apache-2.0
//! Replies that found no room with their asker: kept, so that the server need not wait, up to so many bytes.
//!
//! A client that does not read costs the server this much memory and no time. When it is too much, the client goes.

use std::collections::VecDeque;

use cabotage_link::Key;
use cabotage_os::Deadline;

use super::incoming::{Request, Unanswered};
use super::{ClientId, ConnectionPort};
use crate::error::{ChannelError, Loss, ReplyError, SendError};
use crate::serve::Answer;

/// The replies that wait for one client to make room.
#[derive(Debug, Default)]
pub(super) struct Unsent {
    replies: VecDeque<(u64, Answer)>,
    bytes: usize,
}

impl Unsent {
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.replies.is_empty()
    }

    fn push(&mut self, id: u64, answer: Answer) -> usize {
        self.bytes += answer.bytes();
        self.replies.push_back((id, answer));
        self.bytes
    }

    fn pop(&mut self) -> Option<(u64, Answer)> {
        let (id, answer) = self.replies.pop_front()?;
        self.bytes -= answer.bytes();
        Some((id, answer))
    }

    fn put_back(&mut self, id: u64, answer: Answer) {
        self.bytes += answer.bytes();
        self.replies.push_front((id, answer));
    }
}

impl ConnectionPort {
    /// Answers a request, now or, if its asker has no room for the answer, as soon as it has: the port sends it in its
    /// next calls. A client for which more than [`PortOptions::unread_bytes_max`](super::PortOptions) wait is
    /// disconnected, which is received as [`Incoming::Disconnected`](super::Incoming::Disconnected).
    ///
    /// # Errors
    /// [`Unanswered`] with the request.
    #[inline]
    pub fn reply_or_keep(&mut self, request: Request, body: &[u8]) -> Result<(), Unanswered> {
        if self.hall.unsaid.is_empty() {
            match self.reply(request, body) {
                Err(Unanswered { error: ReplyError::NotSent(SendError::Full), request }) => {
                    self.keep_reply(request, Answer::new(body.to_vec()));
                    Ok(())
                }
                done => done,
            }
        } else {
            self.reply_behind(request, body)
        }
    }

    /// Others wait: perhaps of the same client.
    #[cold]
    fn reply_behind(&mut self, request: Request, body: &[u8]) -> Result<(), Unanswered> {
        if self.is_behind(&request) {
            self.keep_reply(request, Answer::new(body.to_vec()));
            return Ok(());
        }
        match self.reply(request, body) {
            Err(Unanswered { error: ReplyError::NotSent(SendError::Full), request }) => {
                self.keep_reply(request, Answer::new(body.to_vec()));
                Ok(())
            }
            done => done,
        }
    }

    /// Whether other replies wait to go to the asker first.
    fn is_behind(&self, request: &Request) -> bool {
        let client = request.client().key().and_then(|key| self.hall.clients.get(key));
        client.is_some_and(|client| !client.unsent.is_empty()) && request.held.is_of(&self.hall.desk)
    }

    /// Answers with what a handler has returned. What can't go is lost, of which the client is told when the request is
    /// dropped; a client that is gone or has canceled wants none.
    #[inline]
    pub(crate) fn answer_or_keep(&mut self, request: Request, answer: Answer) {
        match (&answer.body, &answer.more) {
            (Some(body), None) => drop(self.reply_or_keep(request, body)),
            (Some(_), Some(_)) => self.answer_with_more(request, answer),
            (None, _) => {}
        }
    }

    #[cold]
    fn answer_with_more(&mut self, mut request: Request, mut answer: Answer) {
        let sent = match request.held.is_of(&self.hall.desk) {
            _ if self.is_behind(&request) => Err(SendError::Full.into()),
            true => self.send_answer(request.client(), request.id(), &mut answer),
            false => Err(ReplyError::Mismatch { id: request.id() }),
        };
        match sent {
            Ok(()) => {
                if let Some(letter) = request.held.take() {
                    self.hall.put_back(letter);
                }
            }
            Err(ReplyError::NotSent(SendError::Full)) => self.keep_reply(request, answer),
            Err(_) => {}
        }
    }

    fn send_answer(&mut self, client: ClientId, id: u64, answer: &mut Answer) -> Result<(), ReplyError> {
        if answer.more.is_none() {
            let body = answer.body.as_deref().unwrap_or_default();
            return self.reply_to(client, id, body, Deadline::Now);
        }
        if let Some(bytes) = answer.wants_view() {
            let view = self.view(client, bytes, Deadline::Now)?;
            answer.fill(view)?;
        }
        let sent = answer.send(|message| self.send_reply_as(client, id, message, Deadline::Now));
        if let (Err(ReplyError::Canceled), Some(key)) = (&sent, client.key())
            && let Some(client) = self.hall.clients.get_mut(key)
        {
            client.owed.settle(id);
        }
        sent
    }

    #[cold]
    fn keep_reply(&mut self, mut request: Request, answer: Answer) {
        let (named, id) = (request.client(), request.id());
        if let Some(letter) = request.held.take() {
            self.hall.put_back(letter);
        }
        let Some(key) = named.key() else { return };
        let Some(client) = self.hall.clients.get_mut(key) else { return };
        let bytes = client.unsent.push(id, answer);
        if bytes > self.hall.unread_bytes_max {
            return self.expel(key, ChannelError::Unread { bytes });
        }
        self.hall.say_later(key);
    }

    /// Sends what waits for this client, as far as it has room now.
    pub(super) fn send_kept(&mut self, key: Key) {
        loop {
            let Some(client) = self.hall.clients.get_mut(key) else { return };
            let Some((id, mut answer)) = client.unsent.pop() else { return };
            match self.send_answer(ClientId::new(key), id, &mut answer) {
                Err(ReplyError::NotSent(SendError::Full)) => {
                    if let Some(client) = self.hall.clients.get_mut(key) {
                        client.unsent.put_back(id, answer);
                    }
                    return self.hall.say_later(key);
                }
                // The client is gone.
                Err(ReplyError::NotSent(SendError::NoClient | SendError::Channel(_))) => {}
                // It can't go at any time.
                Err(ReplyError::NotSent(_)) => self.lose(key, id, &Loss::Dropped),
                // Sent, or not wanted any more.
                _ => {}
            }
        }
    }
}
