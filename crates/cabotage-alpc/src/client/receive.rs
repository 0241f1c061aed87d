// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a client receives that does not wait for one reply: replies to asynchronous requests, and datagrams.

use std::time::Duration;

use cabotage_link::Deadline;

use super::Client;
use super::channel::Came;
use super::inbox::Kept;
use crate::error::{ChannelFault, Loss, ReceiveError};
use crate::kind::Kind;
use crate::rules::Way;

/// How long one waits at most for memory to answer a copy request that comes between other things.
const COPY_WITHIN: Duration = Duration::from_secs(1);

/// What the server said.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Received<'client> {
    /// The answer to a request.
    Reply {
        /// The number of the request.
        id: u64,
        /// The answer.
        body: &'client [u8],
    },
    /// No answer will come to a request.
    LostReply {
        /// The number of the request.
        id: u64,
        /// Why.
        loss: Loss,
    },
    /// Something that wants no answer.
    Datagram(&'client [u8]),
    /// The server asks something about a request that was [begun](Client::begin_request), and waits for the answer:
    /// see [`Client::answer_callback`].
    Callback {
        /// The number of the callback.
        id: u64,
        /// The number of the request.
        about: u64,
        /// What the server asks.
        body: &'client [u8],
    },
}

impl Received<'_> {
    /// What it is, with Windows' numbers.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Reply { .. } => Kind::Reply,
            Self::LostReply { .. } => Kind::LostReply,
            Self::Datagram(_) => Kind::Datagram,
            Self::Callback { .. } => Kind::Request,
        }
    }

    /// Its bytes.
    pub fn body(&self) -> &[u8] {
        match self {
            Self::Reply { body, .. } | Self::Datagram(body) | Self::Callback { body, .. } => body,
            Self::LostReply { .. } => &[],
        }
    }
}

impl Client {
    /// Receives what the server says next, waiting for it at most until `deadline`.
    ///
    /// When the channel is over, each request that waits is told as lost before the end is.
    ///
    /// # Errors
    /// [`ReceiveError::Nothing`] when nothing came in time; the channel is over.
    pub fn receive(&mut self, deadline: Deadline) -> Result<Received<'_>, ReceiveError> {
        let kept = self.next(deadline)?;
        Ok(self.show(kept))
    }

    /// Receives what is at hand, if anything is. This never arranges for the descriptor to become readable: see
    /// [`Client::ready`].
    ///
    /// # Errors
    /// The channel is over.
    pub fn try_receive(&mut self) -> Result<Option<Received<'_>>, ReceiveError> {
        match self.next(Deadline::Now) {
            Ok(kept) => Ok(Some(self.show(kept))),
            Err(ReceiveError::Nothing) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Receives what the server says next, if it is at most `bytes_max` bytes long. What is longer stays the next to
    /// be received.
    ///
    /// # Errors
    /// [`ReceiveError::BufferTooSmall`] says how many bytes are needed; otherwise as [`Client::receive`].
    pub fn receive_at_most(
        &mut self,
        bytes_max: usize,
        deadline: Deadline,
    ) -> Result<Received<'_>, ReceiveError> {
        if self.inbox.is_empty() {
            let kept = self.next(deadline)?;
            self.keep(kept)?;
        }
        match self.inbox.front().map(Kept::bytes) {
            Some(bytes) if bytes > bytes_max => Err(ReceiveError::BufferTooSmall { bytes }),
            _ => self.receive(Deadline::Now),
        }
    }

    fn next(&mut self, deadline: Deadline) -> Result<Kept, ReceiveError> {
        loop {
            if let Some(kept) = self.inbox.pop() {
                return Ok(kept);
            }
            match self.channel.take(deadline) {
                Ok(came) => self.put_away(came)?,
                Err(ReceiveError::Channel(error)) => {
                    self.lose_all(&error);
                    if self.inbox.is_empty() {
                        return Err(error.into());
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Makes what was kept the present message.
    fn show(&mut self, kept: Kept) -> Received<'_> {
        match kept {
            Kept::Reply(id, body) => {
                self.channel.body = body;
                Received::Reply { id, body: self.channel.body.bytes() }
            }
            Kept::Datagram(body) => {
                self.channel.body = body;
                Received::Datagram(self.channel.body.bytes())
            }
            Kept::Lost(id, loss) => Received::LostReply { id, loss },
            Kept::Callback(id, about, body) => {
                self.channel.body = body;
                Received::Callback { id, about, body: self.channel.body.bytes() }
            }
        }
    }

    /// Keeps what came for later.
    pub(super) fn put_away(&mut self, came: Came) -> Result<(), ReceiveError> {
        if let Came::Reply(id) | Came::Lost(id, _) = came
            && !self.channel.begun.is_empty()
        {
            self.channel.begun.remove(&id);
        }
        let kept = match came {
            Came::Reply(id) => Kept::Reply(id, std::mem::take(&mut self.channel.body)),
            Came::Datagram => Kept::Datagram(std::mem::take(&mut self.channel.body)),
            Came::Lost(id, loss) => Kept::Lost(id, loss),
            Came::Callback(id, about) if self.channel.begun.contains(&about) => {
                Kept::Callback(id, about, std::mem::take(&mut self.channel.body))
            }
            Came::Callback(id, _) => {
                // Nobody here is blocked and could answer it.
                let _ = self.channel.lose(id, &Loss::NotAwaited, Deadline::Now);
                return Ok(());
            }
            Came::Copy => {
                // A channel that ended over it is found by the next look.
                let _ = self.channel.serve(None, Deadline::within(COPY_WITHIN));
                return Ok(());
            }
            Came::Nothing => return Ok(()),
        };
        self.keep(kept)
    }

    fn keep(&mut self, kept: Kept) -> Result<(), ReceiveError> {
        let kept = self.inbox.keep(kept);
        kept.map_err(|messages| self.channel.condemn(ChannelFault::Flood { messages }).into())
    }

    /// The channel is over: what waits gets no reply. Those who are blocked are told where they wait.
    fn lose_all(&mut self, error: &crate::error::ChannelError) {
        while let Some((id, way)) = self.channel.asked.lose() {
            if way == Way::Async || self.channel.begun.contains(&id) {
                let _ = self.inbox.keep(Kept::Lost(id, Loss::Gone(error.clone())));
            }
        }
    }
}
