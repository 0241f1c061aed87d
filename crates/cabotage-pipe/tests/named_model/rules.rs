// SPDX-License-Identifier: MIT OR Apache-2.0
//! The rules put together into a pipe within this process: two states, told of what the other end does, and two
//! streams of bytes beside the places where messages end.

use cabotage_pipe::named::rules::{
    EndState, Flushing, HandleState, Listening, Reading, Side, State, may_transact,
};
use cabotage_pipe::named::{PipeError, PipeMode, WaitMode};

use crate::model::{Act, Answer, End, content};
use crate::subject::{Subject, refused};

/// One end: its state, its modes, and what it has to read.
struct Place {
    state: EndState,
    handle: HandleState,
    unread: Vec<u8>,
    /// Where messages end in `unread`.
    ends: Vec<usize>,
}

/// A pipe made of rules.
pub(crate) struct Rules {
    mode: PipeMode,
    server: Option<Place>,
    client: Option<Place>,
}

impl Place {
    fn new(state: EndState, read_mode: PipeMode) -> Self {
        let handle = HandleState { read_mode, wait_mode: WaitMode::NoWait };
        Self { state, handle, unread: Vec::new(), ends: Vec::new() }
    }

    fn empty(&mut self) {
        self.unread.clear();
        self.ends.clear();
    }

    /// Up to `bytes` bytes, and whether the message goes on.
    fn take(&mut self, bytes: usize) -> (Vec<u8>, bool) {
        let border = match self.handle.read_mode {
            PipeMode::Message => self.ends[0],
            PipeMode::Byte => self.unread.len(),
        };
        let taken = bytes.min(border);
        let data = self.unread.drain(..taken).collect();
        self.ends.retain_mut(|end| {
            *end = end.saturating_sub(taken);
            *end > 0
        });
        (data, self.handle.read_mode == PipeMode::Message && taken < border)
    }
}

impl Rules {
    fn place(&mut self, end: End) -> &mut Place {
        match end {
            End::Server => self.server.as_mut(),
            End::Client => self.client.as_mut(),
        }
        .expect("only ends that are there act")
    }

    /// The other end, if it belongs to the same connection.
    fn other(&mut self, end: End) -> Option<&mut Place> {
        let place = match end {
            End::Server => self.client.as_mut(),
            End::Client => self.server.as_mut(),
        };
        place.filter(|place| place.state.state() == State::Connected)
    }

    fn answer(&mut self, act: Act) -> Result<Answer, PipeError> {
        match act {
            Act::Open => {
                self.client = Some(Place::new(EndState::CLIENT, PipeMode::Byte));
                self.place(End::Server).state.client_came();
            }
            Act::CloseClient => {
                let was = self.client.take().map(|place| place.state.state());
                if let (Some(State::Connected), Some(server)) = (was, &mut self.server) {
                    server.state.peer_closed();
                }
            }
            Act::CloseServer => {
                let was = self.server.take().map(|place| place.state.state());
                if let (Some(State::Connected), Some(client)) = (was, &mut self.client) {
                    client.state.peer_closed();
                }
            }
            Act::Listen => {
                let server = self.place(End::Server);
                match server.state.listen(WaitMode::Wait)? {
                    Listening::Goes | Listening::Begins => return Ok(Answer::Waits),
                }
            }
            Act::Disconnect => {
                self.place(End::Server).state.disconnect()?;
                self.place(End::Server).empty();
                if let Some(client) = &mut self.client {
                    client.state.was_disconnected();
                    client.empty();
                }
            }
            Act::Read(end, bytes) => {
                let place = self.place(end);
                let is_unread = !place.unread.is_empty();
                match place.state.read(is_unread, WaitMode::Wait)? {
                    Reading::Wait => return Ok(Answer::Waits),
                    Reading::Take => {
                        let (data, is_part) = place.take(bytes);
                        if place.state.side() == Side::Server {
                            place.state.has_read();
                        }
                        return Ok(if is_part { Answer::Part(data) } else { Answer::Data(data) });
                    }
                }
            }
            Act::Write(end, bytes) => {
                self.place(end).state.write()?;
                let other = self.other(end).expect("connected, both of them");
                other.unread.extend((0..bytes).map(content));
                other.ends.push(other.unread.len());
            }
            Act::Peek(end) => {
                let place = self.place(end);
                place.state.peek(!place.unread.is_empty())?;
                return Ok(Answer::Bytes(place.unread.len()));
            }
            Act::Transact(end) => {
                let mode = self.mode;
                let place = self.place(end);
                place.state.transact()?;
                may_transact(mode, place.handle, !place.unread.is_empty())?;
                self.answer(Act::Write(end, 1))?;
                return Ok(Answer::Waits);
            }
            Act::Flush(end) => {
                let waits = self.place(end).state.flush()? == Flushing::WaitUntilRead;
                if waits && self.other(end).is_some_and(|other| !other.unread.is_empty()) {
                    return Ok(Answer::Waits);
                }
            }
            Act::Inform(end) => self.place(end).state.inform()?,
            Act::Identify(end) => self.place(end).state.identify()?,
            Act::ReadMode(end, read_mode) => {
                let mode = self.mode;
                let place = self.place(end);
                place.state.inform()?;
                place.handle = HandleState { read_mode, ..place.handle }.on(mode)?;
            }
        }
        Ok(Answer::Done)
    }
}

impl Subject for Rules {
    fn new(mode: PipeMode) -> Self {
        Self { mode, server: Some(Place::new(EndState::SERVER, mode)), client: None }
    }

    fn act(&mut self, act: Act) -> Answer {
        self.answer(act).unwrap_or_else(|error| refused(&error))
    }
}
