// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a server says: who may come in, replies, datagrams.

use cabotage_alpc::{CONNECT_BYTES_MAX, Outgoing, ReplyError, Status, Unanswered, ViewMut};
use cabotage_os::Deadline;

use super::{Channel, Server};
use crate::attributes;
use crate::layout::flags;
use crate::message::Sending;
use crate::status::Answer;

/// How long one waits for room under the lock of a port before others have their turn.
pub(crate) fn a_turn() -> Deadline {
    Deadline::within(std::time::Duration::from_millis(20))
}

impl Server {
    /// Lets the asker of this number in, at once or when the channel is complete; answers the channel.
    pub(crate) fn accept(
        &mut self,
        message: u32,
        data: Vec<u8>,
        context: usize,
        is_whole: bool,
    ) -> Answer<u64> {
        if data.len() > CONNECT_BYTES_MAX {
            return Err(Status::PORT_MESSAGE_TOO_LONG);
        }
        let asker = self.askers.remove(&message).ok_or(Status::REPLY_MESSAGE_MISMATCH)?;
        self.last_channel += 1;
        let number = self.last_channel;
        let identity = asker.identity();
        let incomplete = Some((asker, data));
        self.channels.insert(number, Channel { client: None, incomplete, context, identity, newest: 0 });
        if is_whole {
            self.complete(number)?;
        }
        Ok(number)
    }

    /// The client goes on: its connection is whole.
    pub(crate) fn complete(&mut self, channel: u64) -> Answer {
        let (asker, data) = self.channel(channel)?.incomplete.take().ok_or(Status::INVALID_PARAMETER)?;
        match self.port.accept(asker, &data, channel) {
            Ok(client) => {
                self.channel(channel)?.client = Some(client);
                Ok(())
            }
            Err(refused) => {
                self.channels.remove(&channel);
                Err(refused.error.status())
            }
        }
    }

    /// Does not let the asker of this number in.
    pub(crate) fn refuse(&mut self, message: u32, data: &[u8]) -> Answer {
        let asker = self.askers.remove(&message).ok_or(Status::REPLY_MESSAGE_MISMATCH)?;
        self.port.refuse(asker, data).map_err(|refused| refused.error.status())
    }

    /// Sends what C says by this port, of which `channel` is the handle's: a reply if it has a number.
    pub(crate) fn say(&mut self, sending: &mut Sending, channel: Option<u64>) -> Answer {
        if sending.data.len() > self.settings.data_bytes_max() {
            return Err(Status::PORT_MESSAGE_TOO_LONG);
        }
        match (sending.header.message_id, channel) {
            (0, None) => Err(Status::INVALID_PARAMETER),
            (0, Some(channel)) => self.say_datagram(sending, channel),
            (message, _) if message >> 31 != 0 => Err(Status::OBJECTID_NOT_FOUND),
            (message, channel) => self.reply(sending, message, channel),
        }
    }

    /// Answers the request of this number.
    pub(crate) fn reply(&mut self, sending: &mut Sending, message: u32, channel: Option<u64>) -> Answer {
        let asked = self.requests.get(&message).ok_or(Status::REPLY_MESSAGE_MISMATCH)?;
        if channel.is_some_and(|channel| channel != asked.channel) {
            return Err(Status::REPLY_MESSAGE_MISMATCH);
        }
        let client = asked.request.client();
        let view = self.view_of(sending, client)?;
        let Some(asked) = self.requests.remove(&message) else { return Err(Status::REPLY_MESSAGE_MISMATCH) };
        let channel = asked.channel;
        let sent = match (view, sending.handles.is_empty()) {
            (None, true) => self.port.reply_within(asked.request, &sending.data, a_turn()),
            (view, _) => {
                let data = std::mem::take(&mut sending.data);
                let sent = self.port.reply_as(asked.request, &mut outgoing(&data, view, sending), a_turn());
                sending.data = data;
                sent
            }
        };
        if sent.is_ok() {
            self.extra.forget(message);
        }
        sent.map_err(|Unanswered { error, request }| {
            // What is canceled is over; what did not go can go again.
            if !matches!(error, ReplyError::Canceled | ReplyError::Mismatch { .. }) {
                self.requests.insert(message, super::Asked { request, channel });
            }
            error.status()
        })
    }

    fn say_datagram(&mut self, sending: &mut Sending, channel: u64) -> Answer {
        let client = self.channel(channel)?.client.ok_or(Status::LPC_REQUESTS_NOT_ALLOWED)?;
        let view = self.view_of(sending, client)?;
        let sent = match (view, sending.handles.is_empty()) {
            (None, true) => self.port.send_datagram(client, &sending.data, a_turn()),
            (view, _) => {
                let data = std::mem::take(&mut sending.data);
                let sent = self.port.send_datagram_as(client, &mut outgoing(&data, view, sending), a_turn());
                sending.data = data;
                sent
            }
        };
        sent.map_err(|error| error.status())
    }

    /// The view that goes along, if one does: a copy of C's.
    fn view_of(&mut self, sending: &Sending, client: cabotage_alpc::ClientId) -> Answer<Option<ViewMut>> {
        let Some(view) = sending.attributes.as_ref().and_then(attributes::Attributes::view) else {
            return Ok(None);
        };
        let Self { port, sections, .. } = self;
        let make = || port.view(client, view.view_size, a_turn()).map_err(|error| error.status());
        let sent = sections.send(view.view_base, view.view_size, make)?;
        if view.flags & flags::VIEW_RELEASE != 0 {
            sections.delete_view(view.view_base)?;
        }
        Ok(Some(sent))
    }

    /// Lets go of a request without an answer.
    pub(crate) fn drop_request(&mut self, message: u32) -> Answer {
        self.requests.remove(&message).map(drop).ok_or(Status::INVALID_PARAMETER)
    }
}

/// All that goes along.
pub(crate) fn outgoing<'a>(data: &'a [u8], view: Option<ViewMut>, sending: &Sending) -> Outgoing<'a> {
    let mut outgoing = Outgoing::new(data);
    if let Some(view) = view {
        outgoing = outgoing.with_view(view);
    }
    for handle in &sending.handles {
        // One that can't be copied is missed by the receiver, as one of a kind that it does not take.
        if let Ok(copy) = handle.try_clone() {
            outgoing = outgoing.with_handle(copy);
        }
    }
    if sending.has(attributes::SECURITY) { outgoing.consent() } else { outgoing }
}
