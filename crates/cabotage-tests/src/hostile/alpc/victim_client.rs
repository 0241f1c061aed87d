// SPDX-License-Identifier: MIT OR Apache-2.0
//! The victim that is a client: an ordinary program that connects, asks for everything that a server may give, lends
//! it memory, answers its callbacks, and says how it ended.

use std::fmt;
use std::time::Duration;

use cabotage_alpc::{
    ChannelError, Client, ConnectError, HandleKind, Loss, Outgoing, ReceiveError, RequestError, SendError,
};
use cabotage_os::Deadline;

use super::server_fields::RANGE_BYTES;
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
    let place = Scratch::of(part.argument(0));
    part.say("ready");
    for order in part.orders() {
        let words: Vec<&str> = order.split(' ').collect();
        let ["meet", patience_ms] = words[..] else { panic!("an order that nobody understands: {order}") };
        let patience = Duration::from_millis(patience_ms.parse().expect("a number"));
        part.say(meet(&place, Deadline::within(patience)));
    }
}

/// How it went with one server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Met {
    /// How it ended.
    pub how: How,
    /// The error's words.
    pub words: String,
}

/// How a client's time with a server ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It got everything, and then the server closed.
    Served,
    /// The server went before that, or refused something.
    Gone,
    /// It broke a rule.
    Fault,
    /// It said nothing until the deadline.
    Silent,
    /// It gave something else than was asked for, and broke no rule by that.
    Unlike,
    /// The system refused something.
    Other,
}

const HOWS: [(How, &str); 6] = [
    (How::Served, "served"),
    (How::Gone, "gone"),
    (How::Fault, "fault"),
    (How::Silent, "silent"),
    (How::Unlike, "unlike"),
    (How::Other, "other"),
];

impl fmt::Display for Met {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = HOWS.iter().find(|(how, _)| *how == self.how).map_or("", |(_, name)| name);
        write!(f, "{how} {}", self.words)
    }
}

impl Met {
    fn new(how: How, words: impl fmt::Display) -> Self {
        Self { how, words: words.to_string() }
    }

    /// Reads what its [`Display`](fmt::Display) has written; `None` if it is something else.
    pub fn parse(line: &str) -> Option<Self> {
        let (name, words) = line.split_once(' ')?;
        let how = HOWS.iter().find(|(_, known)| *known == name)?.0;
        Some(Self { how, words: words.to_owned() })
    }

    fn of_channel(error: &ChannelError) -> Self {
        let how = match error {
            ChannelError::Closed | ChannelError::Died | ChannelError::Refused(_) => How::Gone,
            ChannelError::Fault(_) => How::Fault,
            _ => How::Other,
        };
        Self::new(how, error)
    }

    fn of_request(error: &RequestError) -> Self {
        match error {
            RequestError::Lost(Loss::Gone(error)) | RequestError::NotSent(SendError::Channel(error)) => {
                Self::of_channel(error)
            }
            RequestError::TimedOut | RequestError::NotSent(SendError::Full) => Self::new(How::Silent, error),
            _ => Self::new(How::Unlike, error),
        }
    }
}

/// Connects to whoever has the name, and asks until something goes wrong or the server closes.
fn meet(place: &Scratch, deadline: Deadline) -> Met {
    let options = super::connect_options(&place.registry()).deadline(deadline).wait_for_name();
    let mut client = match options.connect(super::NAME) {
        Ok(client) => client,
        Err(ConnectError::Channel(error)) => return Met::of_channel(&error),
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
            Err(ReceiveError::Channel(error)) => return Met::of_channel(&error),
            Err(error) => return Met::new(How::Silent, error),
        }
    }
}

fn ask_for_everything(client: &mut Client, deadline: Deadline) -> Result<(), Met> {
    let failed = |error: RequestError| Met::of_request(&error);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_it_went_is_read_back_as_it_was() {
        for (how, _) in HOWS {
            let met = Met::new(how, "the server has gone");
            assert_eq!(Met::parse(&met.to_string()), Some(met));
        }
        assert_eq!(Met::parse("hello"), None);
    }
}
