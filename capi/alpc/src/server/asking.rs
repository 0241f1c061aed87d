// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a server asks of a client that is blocked in a request: callbacks, and copies from and to its memory.

use std::time::Duration;

use cabotage_alpc::{ClientId, Status};
use cabotage_os::Deadline;

use super::Server;
use super::answering::a_turn;
use crate::message::{Got, Room, Sending};
use crate::status::Answer;

/// How long a client may take to copy what a server asks for: it waits in its request, and does nothing else.
const COPY_WITHIN: Duration = Duration::from_secs(10);

/// A callback that somebody waits for.
pub(crate) type Callback = (ClientId, u64);

impl Server {
    /// Calls a client back about the request that the message names, or the newest in which it is blocked.
    pub(crate) fn call_back(&mut self, sending: &Sending, channel: u64) -> Answer<Callback> {
        let newest = self.channel(channel)?.newest;
        let message = if sending.header.message_id == 0 { newest } else { sending.header.message_id };
        let asked = self.requests.get(&message).filter(|asked| asked.channel == channel);
        let request = &asked.ok_or(Status::LPC_REQUESTS_NOT_ALLOWED)?.request;
        let client = request.client();
        let called = self.port.callback(request, &sending.data, a_turn());
        let id = called.map_err(|error| error.status())?;
        self.callbacks.insert((client, id), None);
        Ok((client, id))
    }

    /// What became of a callback, once that is known.
    pub(crate) fn called_back(
        &mut self,
        callback: Callback,
        room: Room,
        may_take: bool,
    ) -> Answer<Option<Got>> {
        if may_take {
            self.take_in(|server| server.callbacks.get(&callback).is_none_or(Option::is_some))?;
        }
        let is_there = self.channels.values().any(|channel| channel.client == Some(callback.0));
        let became = self.callbacks.get(&callback).ok_or(Status::LPC_REPLY_LOST)?;
        if became.is_none() && !is_there {
            // Its end was told to who receives, and there is nobody to answer.
            return Err(Status::LPC_REPLY_LOST);
        }
        match became {
            None => Ok(None),
            Some(Ok(delivery)) if !delivery.fits(room) => Ok(Some(Got::TooSmall(delivery.total_bytes(room)))),
            Some(_) => match self.callbacks.remove(&callback).flatten() {
                Some(Ok(mut delivery)) => {
                    delivery.settle(room, &mut self.sections, &mut self.extra)?;
                    Ok(Some(Got::Message(delivery)))
                }
                Some(Err(status)) => Err(status),
                None => Err(Status::LPC_REPLY_LOST),
            },
        }
    }

    /// Nobody waits for a callback any more.
    pub(crate) fn give_up(&mut self, callback: Callback) {
        self.callbacks.remove(&callback);
    }

    /// Fills `target` from the memory that a request lends.
    pub(crate) fn read_lent(&mut self, message: u32, range: usize, target: &mut [u8]) -> Answer {
        let asked = self.requests.get(&message).ok_or(Status::REPLY_MESSAGE_MISMATCH)?;
        let copied = self.port.read_at(&asked.request, range, 0, target, Deadline::within(COPY_WITHIN));
        copied.map_err(|error| error.status())
    }

    /// Writes `source` into the memory that a request lends.
    pub(crate) fn write_lent(&mut self, message: u32, range: usize, source: &[u8]) -> Answer {
        let asked = self.requests.get(&message).ok_or(Status::REPLY_MESSAGE_MISMATCH)?;
        let copied = self.port.write_at(&asked.request, range, 0, source, Deadline::within(COPY_WITHIN));
        copied.map_err(|error| error.status())
    }
}
