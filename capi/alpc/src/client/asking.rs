// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a client says: requests, datagrams, answers to callbacks.

use std::collections::VecDeque;

use cabotage_alpc::{Outgoing, ReserveId, Status, ViewMut};

use super::{Asked, ClientEnd};
use crate::attributes::Attributes;
use crate::layout::flags;
use crate::message::Sending;
use crate::server::answering::{a_turn, outgoing};
use crate::status::{Answer, INVALID_PARAMETER_2};

/// What became of sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    /// A request, whose sender waits for its answer by this number.
    Asked(u32),
    /// An answer to a callback about the request of this number.
    AnsweredAbout(u32),
    /// Nobody waits. The number of the message, if it has one.
    Gone(u32),
}

/// LPC_REQUEST, as what a message without a waiting sender says that it is.
const REQUEST: u8 = 1;

impl ClientEnd {
    /// Sends what C says.
    pub(crate) fn say(&mut self, sending: &mut Sending) -> Answer<Said> {
        self.hear_answer()?;
        if let Some(context) = sending.attributes.as_ref().and_then(Attributes::security_context) {
            self.contexts.check(context)?;
        }
        if sending.data.len() > self.channel()?.message_bytes_max() {
            return Err(Status::PORT_MESSAGE_TOO_LONG);
        }
        let is_sync = sending.has_flag(flags::SYNC_REQUEST);
        let message = sending.header.message_id;
        if message >> 31 != 0 {
            return self.say_by_reserve(sending, is_sync);
        }
        if !is_sync || sending.has_flag(flags::REPLY_MESSAGE) {
            let callback = u32::try_from(sending.header.last).unwrap_or(0);
            match self.callbacks.get(&callback) {
                Some(&(id, about)) => {
                    self.channel()?.answer_callback(id, &sending.data, a_turn()).map_err(|e| e.status())?;
                    self.callbacks.remove(&callback);
                    return Ok(Said::AnsweredAbout(about));
                }
                None if message != 0 || sending.has_flag(flags::REPLY_MESSAGE) => {
                    return Err(Status::REPLY_MESSAGE_MISMATCH);
                }
                None => {}
            }
        }
        match (is_sync, sending.kind()) {
            (true, _) => self.ask(sending, true).map(Said::Asked),
            (false, REQUEST) => self.ask(sending, false).map(Said::Gone),
            (false, _) => self.say_datagram(sending),
        }
    }

    fn ask(&mut self, sending: &mut Sending, is_awaited: bool) -> Answer<u32> {
        let view = self.view_of(sending)?;
        let lent = sending.take_lent();
        let client = self.channel()?;
        let mut outgoing = outgoing(&sending.data, view, sending);
        let id = if is_awaited {
            client.begin_request(&mut outgoing, lent, a_turn()).map_err(|(error, lent)| {
                sending.lent = lent.into_iter().map(cabotage_alpc::Buffer::into_bytes).collect();
                error.status()
            })?
        } else if lent.is_empty() {
            client.send_request_as(&mut outgoing, a_turn()).map_err(|error| error.status())?
        } else {
            // Only who is blocked lends.
            return Err(Status::INVALID_PARAMETER);
        };
        Ok(self.note(id, is_awaited, sending.context()))
    }

    /// Notes a request that has gone; answers its number for C.
    fn note(&mut self, id: u64, is_awaited: bool, context: usize) -> u32 {
        let number = u32::try_from(id & 0x7FFF_FFFF).unwrap_or(0);
        let asked = Asked { id, is_awaited, context, callbacks: VecDeque::new(), became: None };
        self.asked.insert(number, asked);
        number
    }

    fn say_datagram(&mut self, sending: &mut Sending) -> Answer<Said> {
        if !sending.lent.is_empty() {
            return Err(Status::INVALID_PARAMETER);
        }
        let view = self.view_of(sending)?;
        let client = self.channel()?;
        let sent = match (view, sending.handles.is_empty()) {
            (None, true) => client.send_datagram(&sending.data, a_turn()),
            (view, _) => {
                let mut outgoing: Outgoing<'_> = outgoing(&sending.data, view, sending);
                client.send_datagram_as(&mut outgoing, a_turn())
            }
        };
        sent.map(|()| Said::Gone(0)).map_err(|error| error.status())
    }

    fn say_by_reserve(&mut self, sending: &Sending, is_sync: bool) -> Answer<Said> {
        let reserve = *self.reserves.get(&sending.header.message_id).ok_or(Status::OBJECTID_NOT_FOUND)?;
        let client = self.channel()?;
        if !is_sync && sending.kind() != REQUEST {
            let sent = client.send_datagram_by(reserve, &sending.data);
            return sent.map(|()| Said::Gone(0)).map_err(|error| error.status());
        }
        let id = client.send_request_by(reserve, &sending.data).map_err(|error| error.status())?;
        let number = self.note(id, is_sync, sending.context());
        Ok(if is_sync { Said::Asked(number) } else { Said::Gone(number) })
    }

    /// Claims room for one message of up to `bytes` bytes of data; answers the number by which it goes.
    pub(crate) fn create_reserve(&mut self, bytes: usize) -> Answer<u32> {
        let reserve: ReserveId =
            self.channel()?.create_reserve(bytes, a_turn()).map_err(|error| error.status())?;
        self.reserves.insert(reserve.number(), reserve);
        Ok(reserve.number())
    }

    /// Gives it up.
    pub(crate) fn delete_reserve(&mut self, number: u32) -> Answer {
        let reserve = self.reserves.remove(&number).ok_or(Status::OBJECTID_NOT_FOUND)?;
        self.channel()?.delete_reserve(reserve).map_err(|error| error.status())
    }

    /// The view that goes along, if one does: a copy of C's.
    fn view_of(&mut self, sending: &Sending) -> Answer<Option<ViewMut>> {
        let Some(view) = sending.attributes.as_ref().and_then(Attributes::view) else { return Ok(None) };
        if view.view_size == 0 {
            return Err(INVALID_PARAMETER_2);
        }
        self.channel()?;
        let Self { stage, sections, .. } = self;
        let super::Stage::In(client) = stage else { return Err(Status::LPC_REQUESTS_NOT_ALLOWED) };
        let make = || client.view(view.view_size, a_turn()).map_err(|error| error.status());
        let sent = sections.send(view.view_base, view.view_size, make)?;
        if view.flags & flags::VIEW_RELEASE != 0 {
            sections.delete_view(view.view_base)?;
        }
        Ok(Some(sent))
    }

    /// Whoever waits for the answer to this request is released.
    pub(crate) fn cancel(&mut self, message: u32) -> Answer {
        let asked = self.asked.get_mut(&message).ok_or(Status::INVALID_PARAMETER)?;
        if asked.became.is_some() {
            return Err(Status::MESSAGE_RETRIEVED);
        }
        let (id, is_awaited) = (asked.id, asked.is_awaited);
        asked.became = Some(Err(Status::MESSAGE_LOST));
        if !is_awaited {
            self.asked.remove(&message);
        }
        self.channel()?.cancel(id).map_err(|error| error.status())
    }
}
