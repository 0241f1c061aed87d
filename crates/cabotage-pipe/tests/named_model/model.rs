// SPDX-License-Identifier: MIT OR Apache-2.0
//! One instance and its client, as simple as can be: a few facts, two queues, and the state table as it is printed.

use std::collections::VecDeque;

use cabotage_pipe::named::PipeMode;

/// Which end acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Server,
    Client,
}

/// What an end does. Nothing here waits, and no size is 0: what those mean has tests of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// A new client opens the pipe; the one before, if it is still there, is closed.
    Open,
    CloseClient,
    CloseServer,
    Listen,
    Disconnect,
    Read(End, usize),
    Write(End, usize),
    Peek(End),
    /// Asks with one byte, and gets no answer in time.
    Transact(End),
    Flush(End),
    Inform(End),
    Identify(End),
    ReadMode(End, PipeMode),
}

/// What comes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    Done,
    Data(Vec<u8>),
    /// More of the message is left.
    Part(Vec<u8>),
    /// How many bytes there are to read.
    Bytes(usize),
    Waits,
    /// The word of the table.
    Refused(&'static str),
}

/// Each operation, and what it answers in each state: listening, connected, closing, disconnected at the server's end,
/// disconnected at the client's end. A dash is not reached.
const TABLE: &[(&str, [&str; 5])] = &[
    ("read, empty", ["LISTENING", "waits", "BROKEN", "DISCONNECTED", "DISCONNECTED"]),
    ("read, data queued", ["-", "data", "data", "-", "-"]),
    ("write", ["LISTENING", "done", "CLOSING", "DISCONNECTED", "DISCONNECTED"]),
    ("peek, empty", ["INVALID_PIPE_STATE", "bytes", "BROKEN", "INVALID_PIPE_STATE", "DISCONNECTED"]),
    ("peek, data queued", ["-", "bytes", "bytes", "-", "-"]),
    ("transact", ["INVALID_PIPE_STATE", "done", "INVALID_PIPE_STATE", "INVALID_PIPE_STATE", "DISCONNECTED"]),
    ("flush, empty", ["done", "done", "done", "done", "DISCONNECTED"]),
    ("flush, unread", ["-", "waits", "done", "-", "-"]),
    ("listen", ["waits", "CONNECTED", "CLOSING", "listen", "-"]),
    ("disconnect", ["LISTENING", "disconnect", "disconnect", "DISCONNECTED", "-"]),
    ("inform", ["done", "done", "done", "done", "DISCONNECTED"]),
    ("identify", ["NOT_FOUND", "done", "done", "NOT_FOUND", "DISCONNECTED"]),
];

/// What is true of the instance.
#[derive(Debug)]
pub(crate) struct Model {
    mode: PipeMode,
    read_modes: [PipeMode; 2],
    has_server: bool,
    /// The instance is offered to whoever comes.
    is_offered: bool,
    /// The server and the last client have not been parted.
    are_joined: bool,
    has_client: bool,
    /// What each end has to read.
    unread: [VecDeque<Vec<u8>>; 2],
}

impl Model {
    pub(crate) fn new(mode: PipeMode) -> Self {
        Self {
            mode,
            read_modes: [mode, PipeMode::Byte],
            has_server: true,
            is_offered: true,
            are_joined: false,
            has_client: false,
            unread: Default::default(),
        }
    }

    /// Whether the act makes sense: a handle that does not exist does nothing.
    pub(crate) fn allows(&self, act: Act) -> bool {
        match act {
            Act::Open => self.is_offered && self.has_server,
            Act::Listen | Act::Disconnect | Act::CloseServer => self.has_server,
            Act::CloseClient => self.has_client,
            Act::Read(end, _)
            | Act::Write(end, _)
            | Act::Peek(end)
            | Act::Transact(end)
            | Act::Flush(end)
            | Act::Inform(end)
            | Act::Identify(end)
            | Act::ReadMode(end, _) => match end {
                End::Server => self.has_server,
                End::Client => self.has_client,
            },
        }
    }

    pub(crate) fn act(&mut self, act: Act) -> Answer {
        match act {
            Act::Open => {
                (self.is_offered, self.are_joined, self.has_client) = (false, true, true);
                self.read_modes[1] = PipeMode::Byte;
                Answer::Done
            }
            Act::CloseClient => {
                self.has_client = false;
                self.unread[End::Client as usize].clear();
                Answer::Done
            }
            Act::CloseServer => {
                self.has_server = false;
                self.unread[End::Server as usize].clear();
                Answer::Done
            }
            Act::Listen => self.look_up("listen", End::Server),
            Act::Disconnect => self.look_up("disconnect", End::Server),
            Act::Read(end, bytes) => self.read(end, bytes),
            Act::Write(end, bytes) => self.write(end, bytes),
            Act::Peek(end) => {
                let row = if self.has_something(end) { "peek, data queued" } else { "peek, empty" };
                self.look_up(row, end)
            }
            Act::Transact(end) => match self.look_up("transact", end) {
                Answer::Done if (self.mode, self.read_modes[end as usize]) != MESSAGES => {
                    Answer::Refused("INVALID_READ_MODE")
                }
                Answer::Done if self.has_something(end) => Answer::Refused("PIPE_BUSY"),
                Answer::Done => {
                    self.unread[end.other() as usize].push_back(vec![content(0)]);
                    Answer::Waits
                }
                answer => answer,
            },
            Act::Flush(end) => {
                let row = if self.has_something(end.other()) { "flush, unread" } else { "flush, empty" };
                self.look_up(row, end)
            }
            Act::Inform(end) => self.look_up("inform", end),
            Act::Identify(end) => self.look_up("identify", end),
            Act::ReadMode(end, mode) => match self.look_up("inform", end) {
                Answer::Done if (self.mode, mode) == (PipeMode::Byte, PipeMode::Message) => {
                    Answer::Refused("INVALID_PARAMETER")
                }
                Answer::Done => {
                    self.read_modes[end as usize] = mode;
                    Answer::Done
                }
                answer => answer,
            },
        }
    }

    fn column(&self, end: End) -> usize {
        let has_other = if end == End::Server { self.has_client } else { self.has_server };
        match (end, self.are_joined, has_other) {
            (End::Server, ..) if self.is_offered => 0,
            (_, true, true) => 1,
            (_, true, false) => 2,
            (End::Server, false, _) => 3,
            (End::Client, false, _) => 4,
        }
    }

    fn look_up(&mut self, row: &str, end: End) -> Answer {
        let (_, cells) = TABLE.iter().find(|(name, _)| *name == row).expect("a row");
        match cells[self.column(end)] {
            "done" => Answer::Done,
            "waits" => Answer::Waits,
            "data" => Answer::Data(Vec::new()),
            "bytes" => Answer::Bytes(self.available(end)),
            "listen" => {
                self.is_offered = true;
                Answer::Waits
            }
            "disconnect" => {
                self.are_joined = false;
                self.unread = Default::default();
                Answer::Done
            }
            "-" => unreachable!("{row} of {end:?}: {self:?}"),
            word => Answer::Refused(word),
        }
    }

    fn read(&mut self, end: End, bytes: usize) -> Answer {
        let row = if self.has_something(end) { "read, data queued" } else { "read, empty" };
        let answer = self.look_up(row, end);
        if answer != Answer::Data(Vec::new()) {
            return answer;
        }
        let as_messages = (self.mode, self.read_modes[end as usize]) == MESSAGES;
        let queue = &mut self.unread[end as usize];
        let mut data = Vec::new();
        while let Some(first) = queue.front_mut() {
            let taken = first.len().min(bytes - data.len());
            data.extend(first.drain(..taken));
            if !first.is_empty() {
                return if as_messages { Answer::Part(data) } else { Answer::Data(data) };
            }
            queue.pop_front();
            if as_messages || data.len() == bytes {
                break;
            }
        }
        Answer::Data(data)
    }

    fn write(&mut self, end: End, bytes: usize) -> Answer {
        let answer = self.look_up("write", end);
        if answer == Answer::Done {
            self.unread[end.other() as usize].push_back((0..bytes).map(content).collect());
        }
        answer
    }

    fn has_something(&self, end: End) -> bool {
        !self.unread[end as usize].is_empty()
    }

    fn available(&self, end: End) -> usize {
        self.unread[end as usize].iter().map(Vec::len).sum()
    }
}

impl End {
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Server => Self::Client,
            Self::Client => Self::Server,
        }
    }
}

/// The byte at this place of a write.
pub(crate) fn content(at: usize) -> u8 {
    u8::try_from(at % 251).expect("below 251")
}

const MESSAGES: (PipeMode, PipeMode) = (PipeMode::Message, PipeMode::Message);
