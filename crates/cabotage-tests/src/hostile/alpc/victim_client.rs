// SPDX-License-Identifier: MIT OR Apache-2.0
//! The victim that is a client: an ordinary program that connects, asks for everything that a server may give, lends
//! it memory, answers its callbacks, and says how it ended.

use cabotage_alpc::{
    ChannelError, Client, ConnectError, HandleKind, Loss, Outgoing, ReceiveError, RequestError, SendError,
};
use cabotage_os::Deadline;

use super::server_fields::RANGE_BYTES;
use crate::hostile::met::{self, How, Met};
use crate::role::Part;
use crate::scratch::Scratch;

/// What the client asks for, in this order: what an honest server does with each.
pub mod wish {
    /// Answer with the same bytes.
    pub const ECHO: &[u8] = b"echo";
    /// Read the first range, and write the second.
    pub const COPY: &[u8] = b"copy";
    /// Call me back.
    pub const CALL_BACK: &[u8] = b"call";
    /// Answer in a view.
    pub const VIEW: &[u8] = b"view";
    /// Answer with handles.
    pub const HANDLES: &[u8] = b"hand";
    /// Do not answer.
    pub const LOSE: &[u8] = b"lose";
}

/// Plays it: its place.
pub(crate) fn play(part: &Part) {
    met::play(part, meet);
}

/// What a channel's error says of its server.
fn of_channel(error: &ChannelError) -> Met {
    let how = match error {
        ChannelError::Closed | ChannelError::Died | ChannelError::Refused(_) => How::Gone,
        ChannelError::Fault(_) => How::Fault,
        _ => How::Other,
    };
    Met::new(how, error)
}

fn of_request(error: &RequestError) -> Met {
    match error {
        RequestError::Lost(Loss::Gone(error)) | RequestError::NotSent(SendError::Channel(error)) => {
            of_channel(error)
        }
        RequestError::TimedOut | RequestError::NotSent(SendError::Full) => Met::new(How::Silent, error),
        _ => Met::new(How::Unlike, error),
    }
}

/// Connects to whoever has the name, and asks until something goes wrong or the server closes.
fn meet(place: &Scratch, deadline: Deadline) -> Met {
    let options = super::connect_options(&place.registry()).deadline(deadline).wait_for_name();
    let mut client = match options.connect(super::NAME) {
        Ok(client) => client,
        Err(ConnectError::Channel(error)) => return of_channel(&error),
        Err(error @ (ConnectError::Refused { .. } | ConnectError::Crowded)) => {
            return Met::new(How::Gone, error);
        }
        Err(error @ ConnectError::TimedOut) => return Met::new(How::Silent, error),
        Err(error) => return Met::new(How::Other, error),
    };
    if let Err(met) = ask_for_everything(&mut client, deadline) {
        return met;
    }
    loop {
        match client.receive(deadline) {
            Ok(_) => {}
            Err(ReceiveError::Channel(ChannelError::Closed)) => {
                return Met::new(How::Served, "the server has closed in order");
            }
            Err(ReceiveError::Channel(error)) => return of_channel(&error),
            Err(error) => return Met::new(How::Silent, error),
        }
    }
}

fn ask_for_everything(client: &mut Client, deadline: Deadline) -> Result<(), Met> {
    let failed = |error: RequestError| of_request(&error);
    let unlike = |what: &str| Met::new(How::Unlike, format_args!("the server {what}"));
    let reply = client.request_within(wish::ECHO, deadline).map_err(failed)?;
    if reply.is_empty() {
        // It was the answer to the wish for handles, of one who gives these first of all.
        return take_handles(client).map_err(unlike);
    }
    if *reply != *wish::ECHO {
        return Err(unlike("answers with other bytes"));
    }
    let mut target = [0; 8_192];
    let source = [7; RANGE_BYTES];
    let mut lends = Outgoing::new(wish::COPY).readable(&source).writable(&mut target);
    client.request_as(&mut lends, deadline).map_err(failed)?;
    client.request_with(wish::CALL_BACK, deadline, |_, _| b"here").map_err(failed)?;
    client.request_within(wish::VIEW, deadline).map_err(failed)?;
    match client.take_view() {
        Some(view) => view.to_vec().map(drop).map_err(|error| Met::new(How::Other, error))?,
        None => return Err(unlike("gives no view")),
    }
    client.request_within(wish::HANDLES, deadline).map_err(failed)?;
    take_handles(client).map_err(unlike)?;
    match client.request_within(wish::LOSE, deadline) {
        Err(RequestError::Lost(Loss::Dropped)) => {}
        Err(error) => return Err(failed(error)),
        Ok(_) => return Err(unlike("answers what it should not")),
    }
    client.request_within(wish::ECHO, deadline).map(drop).map_err(failed)
}

fn take_handles(client: &mut Client) -> Result<(), &'static str> {
    let handles = client.handles_received().ok_or("gives no handles")?;
    let taken = std::iter::from_fn(|| handles.take(HandleKind::Device)).count();
    if taken == 2 { Ok(()) } else { Err("gives other handles") }
}
