// SPDX-License-Identifier: MIT OR Apache-2.0
//! Replies that found no room with their asker: kept, so that the server need not wait, up to so many bytes.
//!
//! A client that does not read costs the server this much memory and no time. When it is too much, the client goes.

use std::collections::VecDeque;

use cabotage_link::Key;
use cabotage_os::Deadline;

use super::ConnectionPort;
use super::incoming::{Request, Unanswered};
use crate::error::{ChannelError, Loss, ReplyError, SendError};

/// The replies that wait for one client to make room.
#[derive(Debug, Default)]
pub(super) struct Unsent {
    replies: VecDeque<(u64, Vec<u8>)>,
    bytes: usize,
}

impl Unsent {
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.replies.is_empty()
    }

    fn push(&mut self, id: u64, body: &[u8]) -> usize {
        self.bytes += body.len();
        self.replies.push_back((id, body.to_vec()));
        self.bytes
    }

    fn pop(&mut self) -> Option<(u64, Vec<u8>)> {
        let (id, body) = self.replies.pop_front()?;
        self.bytes -= body.len();
        Some((id, body))
    }

    fn put_back(&mut self, id: u64, body: Vec<u8>) {
        self.bytes += body.len();
        self.replies.push_front((id, body));
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
                    self.keep_reply(request, body);
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
        let waits = request.client().key().and_then(|key| self.hall.clients.get(key));
        if waits.is_some_and(|client| !client.unsent.is_empty()) && request.held.is_of(&self.hall.desk) {
            self.keep_reply(request, body);
            return Ok(());
        }
        match self.reply(request, body) {
            Err(Unanswered { error: ReplyError::NotSent(SendError::Full), request }) => {
                self.keep_reply(request, body);
                Ok(())
            }
            done => done,
        }
    }

    #[cold]
    fn keep_reply(&mut self, mut request: Request, body: &[u8]) {
        let (named, id) = (request.client(), request.id());
        if let Some(letter) = request.held.take() {
            self.hall.put_back(letter);
        }
        let Some(key) = named.key() else { return };
        let Some(client) = self.hall.clients.get_mut(key) else { return };
        let bytes = client.unsent.push(id, body);
        if bytes > self.hall.unread_bytes_max {
            return self.expel(key, ChannelError::Unread { bytes });
        }
        self.hall.say_later(key);
    }

    /// Sends what waits for this client, as far as it has room now.
    pub(super) fn send_kept(&mut self, key: Key) {
        loop {
            let Some(client) = self.hall.clients.get_mut(key) else { return };
            let Some((id, body)) = client.unsent.pop() else { return };
            match self.reply_to(super::ClientId::new(key), id, &body, Deadline::Now) {
                Err(ReplyError::NotSent(SendError::Full)) => {
                    if let Some(client) = self.hall.clients.get_mut(key) {
                        client.unsent.put_back(id, body);
                    }
                    return self.hall.say_later(key);
                }
                // It can't go at any time.
                Err(ReplyError::NotSent(SendError::TooLong { .. } | SendError::TooLarge(_))) => {
                    self.lose(key, id, &Loss::Dropped)
                }
                // Sent, not wanted any more, or the client is gone.
                _ => {}
            }
        }
    }
}
