// SPDX-License-Identifier: MIT OR Apache-2.0
//! The one call of ALPC that sends and receives: what is sent where, and what is waited for after it.

use std::sync::Arc;

use cabotage_alpc::{Deadline, Status};

use crate::client::asking::Said;
use crate::client::{ClientEnd, ClientPort};
use crate::layout::flags;
use crate::message::{Got, Room, Sending};
use crate::server::{Server, ServerPort};
use crate::status::{Answer, INVALID_PARAMETER_2, LPC_RECEIVE_BUFFER_EXPECTED};
use crate::table::{self, Object};
use crate::waiting::Shared;

/// What an exchange comes back with.
#[derive(Debug, Default)]
pub(crate) struct Exchanged {
    /// The number that the sent message has got.
    pub(crate) sent: Option<u32>,
    pub(crate) got: Option<Got>,
}

/// Sends, receives, or both.
pub(crate) fn exchange(
    handle: usize,
    message_flags: u32,
    sending: Option<&mut Sending>,
    room: Option<Room>,
    deadline: Deadline,
) -> Answer<Exchanged> {
    let is_sync = message_flags & flags::SYNC_REQUEST != 0;
    match (&sending, room) {
        (None, _) if is_sync => return Err(INVALID_PARAMETER_2),
        (Some(_), None) if is_sync => return Err(LPC_RECEIVE_BUFFER_EXPECTED),
        (None, None) => return Err(Status::INVALID_PARAMETER),
        _ => {}
    }
    match table::get(handle)? {
        Object::Client(port) => by_client(&port, sending, room, deadline),
        Object::Connection(port) => by_server(&port, None, sending, room, deadline),
        Object::Communication(port, channel) => by_server(&port, Some(channel), sending, room, deadline),
        Object::Descriptor(_) | Object::Packets(_) => Err(crate::status::OBJECT_TYPE_MISMATCH),
    }
}

fn by_client(
    port: &Arc<ClientPort>,
    sending: Option<&mut Sending>,
    room: Option<Room>,
    deadline: Deadline,
) -> Answer<Exchanged> {
    let said = match sending {
        Some(sending) => Some(in_turns(port, deadline, |end: &mut ClientEnd| end.say(sending))?),
        None => None,
    };
    let sent = match said {
        // A request that is waited for is over before its buffer can be looked at.
        Some(Said::Gone(number)) => Some(number),
        _ => None,
    };
    let Some(room) = room else { return Ok(Exchanged { sent, got: None }) };
    let got = match said {
        Some(Said::Asked(message) | Said::AnsweredAbout(message)) => {
            let waited = port.wait(deadline, |end, may_take| end.answer_to(message, room, may_take));
            if waited.as_ref().is_err_and(|status| *status == Status::TIMEOUT) {
                port.with(|end| {
                    end.give_up(message);
                    Ok(())
                })?;
            }
            waited?
        }
        _ => port.receive(deadline, room)?,
    };
    Ok(Exchanged { sent, got: Some(got) })
}

fn by_server(
    port: &Arc<ServerPort>,
    channel: Option<u64>,
    sending: Option<&mut Sending>,
    room: Option<Room>,
    deadline: Deadline,
) -> Answer<Exchanged> {
    if let Some(sending) = sending {
        let is_request = sending.has_flag(flags::SYNC_REQUEST) && !sending.has_flag(flags::REPLY_MESSAGE);
        if let (true, Some(room)) = (is_request, room) {
            let channel = channel.ok_or(Status::LPC_REQUESTS_NOT_ALLOWED)?;
            return call_back(port, channel, sending, room, deadline);
        }
        in_turns(port, deadline, |server: &mut Server| server.say(sending, channel))?;
    }
    let Some(room) = room else { return Ok(Exchanged::default()) };
    let got = match channel {
        None => port.receive(deadline, room)?,
        // What clients send comes to the connection port.
        Some(_) => port.wait_for_end(deadline)?,
    };
    Ok(Exchanged { sent: None, got: Some(got) })
}

fn call_back(
    port: &Arc<ServerPort>,
    channel: u64,
    sending: &Sending,
    room: Room,
    deadline: Deadline,
) -> Answer<Exchanged> {
    let callback = in_turns(port, deadline, |server: &mut Server| server.call_back(sending, channel))?;
    let got = port.wait(deadline, |server, may_take| server.called_back(callback, room, may_take));
    if got.is_err() {
        port.with(|server| {
            server.give_up(callback);
            Ok(())
        })?;
    }
    Ok(Exchanged { sent: None, got: Some(got?) })
}

/// Tries again and again while the other side leaves no room, and lets others use the port between.
pub(crate) fn in_turns<E: crate::waiting::End, T>(
    port: &Arc<Shared<E>>,
    deadline: Deadline,
    mut act: impl FnMut(&mut E) -> Answer<T>,
) -> Answer<T> {
    loop {
        match port.with(&mut act) {
            Err(Status::TIMEOUT) if !deadline.has_passed() => std::thread::yield_now(),
            answer => return answer,
        }
    }
}
