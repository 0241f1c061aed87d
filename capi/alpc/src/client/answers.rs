// SPDX-License-Identifier: MIT OR Apache-2.0
//! What comes to a client: replies for those who wait for them, and what anybody may receive.

use cabotage_alpc::{Buffer, Kind, ReceiveError, Received, Status};

use super::{ClientEnd, Stage};
use crate::message::{Delivery, Got, Room};
use crate::status::Answer;

/// How much may wait for one who does not receive it.
const WAITING_MAX: usize = 1024;

impl ClientEnd {
    /// What became of a request: a callback about it, its reply, or that there is none.
    pub(crate) fn answer_to(&mut self, message: u32, room: Room, may_take: bool) -> Answer<Option<Got>> {
        if may_take {
            self.take_in(|end| end.has_for(message))?;
        }
        let asked = self.asked.get_mut(&message).ok_or(Status::MESSAGE_LOST)?;
        asked.is_awaited = true;
        if let Some(callback) = asked.callbacks.front() {
            if !callback.fits(room) {
                return Ok(Some(Got::TooSmall(callback.total_bytes(room))));
            }
            let callback = asked.callbacks.pop_front();
            // Who has got a callback waits for the answer in another call, if at all.
            asked.is_awaited = false;
            return callback.map(|callback| self.settled(Box::new(callback), room)).transpose();
        }
        match &asked.became {
            None => Ok(None),
            Some(Ok(delivery)) if !delivery.fits(room) => {
                asked.is_awaited = false;
                Ok(Some(Got::TooSmall(asked.became_bytes(room))))
            }
            Some(_) => match self.asked.remove(&message).and_then(|asked| asked.became) {
                Some(Ok(delivery)) => self.settled(delivery, room).map(Some),
                Some(Err(status)) => Err(status),
                None => Ok(None),
            },
        }
    }

    /// The next message that nobody waits for by its number.
    pub(super) fn next(&mut self, room: Room, may_take: bool) -> Answer<Option<Got>> {
        let taken = if may_take {
            self.take_in(|end| !end.waiting.is_empty() || end.free().is_some())
        } else {
            Ok(())
        };
        if let Some(delivery) = self.waiting.front() {
            if !delivery.fits(room) {
                return Ok(Some(Got::TooSmall(delivery.total_bytes(room))));
            }
            let delivery = self.waiting.pop_front();
            return delivery.map(|delivery| self.settled(Box::new(delivery), room)).transpose();
        }
        if let Some(message) = self.free() {
            let got = self.answer_to(message, room, false);
            if let Some(asked) = self.asked.get_mut(&message) {
                asked.is_awaited = false;
            }
            return match got {
                Err(status) => {
                    let lost = Delivery::new(Kind::LostReply.type_number(), message, Vec::new());
                    let _ = status;
                    self.settled(Box::new(lost), room).map(Some)
                }
                got => got,
            };
        }
        taken?;
        match &self.stage {
            Stage::Over(status) => Err(*status),
            _ => Ok(None),
        }
    }

    /// The first request that nobody waits for and that has news.
    pub(super) fn free(&self) -> Option<u32> {
        let mut asked = self.asked.iter().filter(|(_, asked)| !asked.is_awaited);
        let found = asked.find(|(_, asked)| asked.became.is_some() || !asked.callbacks.is_empty());
        found.map(|(number, _)| *number)
    }

    fn settled(&mut self, mut delivery: Box<Delivery>, room: Room) -> Answer<Got> {
        delivery.settle(room, &mut self.sections, &mut self.extra)?;
        Ok(Got::Message(delivery))
    }

    fn has_for(&self, message: u32) -> bool {
        self.asked.get(&message).is_none_or(|asked| asked.became.is_some() || !asked.callbacks.is_empty())
    }

    /// Whoever waited for this request has given up.
    pub(crate) fn give_up(&mut self, message: u32) {
        if let Some(asked) = self.asked.remove(&message)
            && asked.became.is_none()
            && let Ok(client) = self.channel()
        {
            // One that was answered meanwhile is dropped.
            let _ = client.cancel(asked.id);
            let _ = client.take_buffers(asked.id);
        }
    }

    /// Takes what is at hand off the channel until `is_enough`.
    pub(super) fn take_in(&mut self, is_enough: impl Fn(&Self) -> bool) -> Answer {
        self.hear_answer()?;
        while !is_enough(self) && self.waiting.len() < WAITING_MAX {
            let Stage::In(client) = &mut self.stage else { break };
            match client.try_receive() {
                Ok(None) => break,
                Ok(Some(Received::Reply { id, body })) => {
                    let body = body.to_vec();
                    self.file_reply(id, body);
                }
                Ok(Some(Received::LostReply { id, loss })) => {
                    let status = loss.status();
                    if let Some(asked) = self.asked.values_mut().find(|asked| asked.id == id) {
                        asked.became = Some(Err(status));
                    }
                }
                Ok(Some(Received::Datagram(body))) => {
                    let body = body.to_vec();
                    let delivery = self.came(Kind::Datagram.type_number(), 0, body);
                    self.waiting.push_back(delivery);
                }
                Ok(Some(Received::Callback { id, about, body })) => {
                    let body = body.to_vec();
                    self.file_callback(id, about, body);
                }
                Ok(Some(_)) => {}
                Err(ReceiveError::Channel(error)) => self.end(error.status()),
                Err(error) => return Err(error.status()),
            }
        }
        Ok(())
    }

    fn file_reply(&mut self, id: u64, body: Vec<u8>) {
        let found = self.asked.iter().find(|(_, asked)| asked.id == id);
        let Some((number, context)) = found.map(|(number, asked)| (*number, asked.context)) else { return };
        let mut delivery = self.came(Kind::Reply.type_number(), number, body);
        delivery.brought.message_context = context;
        if let Stage::In(client) = &mut self.stage {
            let lent = client.take_buffers(id).unwrap_or_default();
            delivery.returned = lent.into_iter().map(Buffer::into_bytes).collect();
        }
        if let Some(asked) = self.asked.get_mut(&number) {
            asked.became = Some(Ok(Box::new(delivery)));
        }
    }

    fn file_callback(&mut self, id: u64, about: u64, body: Vec<u8>) {
        let found = self.asked.iter().find(|(_, asked)| asked.id == about).map(|(number, _)| *number);
        let Some(message) = found else {
            if let Stage::In(client) = &mut self.stage {
                // A server that does not hear it finds its callback unanswered at its own deadline.
                let _ = client.decline_callback(id, cabotage_alpc::Deadline::Now);
            }
            return;
        };
        let number = u32::try_from(id & 0x7FFF_FFFF).unwrap_or(0);
        let mut delivery = self.came(Kind::Request.type_number(), message, body);
        (delivery.header.last, delivery.brought.callback_id) = (number as usize, number);
        self.callbacks.insert(number, (id, message));
        if let Some(asked) = self.asked.get_mut(&message) {
            asked.callbacks.push_back(delivery);
        }
    }

    /// What was received last, with all that came beside it.
    fn came(&mut self, kind: u16, message: u32, body: Vec<u8>) -> Delivery {
        let mut delivery = Delivery::new(kind, message, body);
        let Stage::In(client) = &mut self.stage else { return delivery };
        let server = client.server();
        delivery.header.process = usize::try_from(server.pid).unwrap_or(0);
        delivery.brought.token = Some([0, server.uid.into(), server.gid.into()]);
        delivery.take_handles(client.handles_received());
        let is_in_view = client.view_received().is_some_and(|view| view.bytes() == delivery.data.len());
        delivery.view = client.take_view();
        delivery.is_in_view = is_in_view;
        if is_in_view {
            delivery.data.clear();
        }
        delivery
    }
}

impl super::Asked {
    /// How many bytes its next news need.
    pub(super) fn next_bytes(&self, room: Room) -> usize {
        match (self.callbacks.front(), &self.became) {
            (Some(callback), _) => callback.total_bytes(room),
            (None, Some(Ok(delivery))) => delivery.total_bytes(room),
            (None, _) => crate::layout::HEADER_BYTES,
        }
    }

    fn became_bytes(&self, room: Room) -> usize {
        match &self.became {
            Some(Ok(delivery)) => delivery.total_bytes(room),
            _ => 0,
        }
    }
}
