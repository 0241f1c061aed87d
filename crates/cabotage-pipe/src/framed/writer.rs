// SPDX-License-Identifier: MIT OR Apache-2.0
//! The sending side: a message is cut into frames, and each frame is one atomic write.

use cabotage_os::fork::Origin;
use cabotage_os::{Deadline, Fault, SystemError, object};

use super::frame::{HEADER_BYTES, Header, PAYLOAD_BYTES_MAX, WriterId};
use crate::atomic::Atomic;
use crate::error::WriteError;
use crate::write::WriteEnd;

/// Sends messages on a pipe that other writers may use at the same time, each with a [`Writer`] of its own.
#[derive(Debug)]
pub struct Writer<W> {
    end: W,
    id: WriterId,
    /// Where the id was drawn: a forked child must not go on under its parent's.
    origin: Origin,
    frame: Box<[u8; Atomic::BYTES_MAX]>,
}

/// Why a message was not sent.
#[derive(Debug, thiserror::Error)]
#[error(
    "{sent_bytes} of {wanted_bytes} bytes of the message were sent, and a message begun is lost: {source}"
)]
pub struct SendError {
    /// How many bytes of the message are in the pipe; with none, the reader knows nothing of it.
    pub sent_bytes: usize,
    /// How long the message is.
    pub wanted_bytes: usize,
    /// Why no more.
    pub source: WriteError,
}

impl SendError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        self.source.fault()
    }
}

impl<W: WriteEnd> Writer<W> {
    /// A writer with an id of its own on the end `end`.
    ///
    /// # Errors
    /// The system's refusal of random bytes for the id.
    pub fn new(end: W) -> Result<Self, SystemError> {
        let (id, origin) = draw_id()?;
        Ok(Self { end, id, origin, frame: Box::new([0; Atomic::BYTES_MAX]) })
    }

    /// The id under which the reader knows this writer. In a forked child it changes with the first message.
    pub fn id(&self) -> WriterId {
        self.id
    }

    /// Sends one message, waiting for room until the deadline. One of up to 4,080 bytes is a single write, which
    /// is in the pipe whole or not at all. Of a longer one, a part may be there when this fails: the reader
    /// reports it as lost, and the next message is sent as if nothing had been.
    ///
    /// # Errors
    /// [`SendError`].
    pub fn send(&mut self, body: &[u8], deadline: impl Into<Deadline>) -> Result<(), SendError> {
        let (deadline, wanted_bytes) = (deadline.into(), body.len());
        let mut sent_bytes = 0;
        if !self.origin.is_here() {
            (self.id, self.origin) =
                draw_id().map_err(|error| SendError { sent_bytes, wanted_bytes, source: error.into() })?;
        }
        loop {
            let rest = &body[sent_bytes..];
            let payload = &rest[..rest.len().min(PAYLOAD_BYTES_MAX)];
            let is_last = payload.len() == rest.len();
            self.send_frame(sent_bytes == 0, is_last, payload, deadline).map_err(|source| SendError {
                sent_bytes,
                wanted_bytes,
                source,
            })?;
            sent_bytes += payload.len();
            if is_last {
                return Ok(());
            }
        }
    }

    fn send_frame(
        &mut self,
        is_first: bool,
        is_last: bool,
        payload: &[u8],
        deadline: Deadline,
    ) -> Result<(), WriteError> {
        let header = Header { writer: self.id, is_first, is_last, payload_bytes: payload.len() };
        let bytes = HEADER_BYTES + payload.len();
        self.frame[..HEADER_BYTES].copy_from_slice(&header.encode());
        self.frame[HEADER_BYTES..bytes].copy_from_slice(payload);
        self.end.write_atomic(Atomic::start_of(&self.frame, bytes), deadline)
    }

    /// The end it writes to.
    pub fn get_ref(&self) -> &W {
        &self.end
    }

    /// The end, for other use.
    pub fn into_inner(self) -> W {
        self.end
    }
}

fn draw_id() -> Result<(WriterId, Origin), SystemError> {
    Ok((WriterId(object::unguessable()?), Origin::here()?))
}
