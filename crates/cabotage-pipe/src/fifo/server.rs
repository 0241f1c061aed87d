// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reading a FIFO for longer than any one writer stays, without spinning when nobody is there.
//!
//! Once its last writer has left, a FIFO polls as hung up for ever, so whoever polls on burns a processor. The
//! server is told of changes only (an edge-triggered set), and of writers that come by a watch of openings. Every
//! look goes in one order: first the watch is emptied, then the FIFO is read. What the read finds is at least as
//! new as what the watch told, and whatever comes later wakes the next wait. (docs/decisions/0012)

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use cabotage_os::epoll::{Events, Poller, Trigger};
use cabotage_os::fifo::{End, Opening};
use cabotage_os::poll::Readiness;
use cabotage_os::watch::Watch;
use cabotage_os::{Deadline, Fault, SystemError, pipe};

use super::{Fifo, OpenError, open};

/// The one reader of a FIFO that many writers open and close.
///
/// Its descriptor ([`AsFd`]) is the same for life, to stand in a poll or epoll set beside others. Wait on it only
/// after [`next_event`](Self::next_event) with [`Deadline::Now`] answered [`ServerError::TimedOut`].
#[derive(Debug)]
pub struct Server {
    /// Non-blocking.
    fifo: OwnedFd,
    watch: Watch,
    poller: Poller,
    events: Events,
    presence: Presence,
}

/// What the caller has been told, and what is to be told next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Presence {
    /// Nobody is here.
    Nobody,
    /// Nobody is here, though somebody was since [`Event::Left`].
    Visited,
    /// That visit is told half: that it began.
    VisitTold,
    /// Somebody is here, and may have sent this byte.
    Here(Option<u8>),
}

/// What happened at a FIFO.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The first writer has come.
    Joined,
    /// So many bytes were written; they stand at the start of the caller's buffer.
    Data(usize),
    /// The last writer has left, and everything it wrote was told before.
    Left,
}

/// Why there is nothing to tell.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// Nothing happened in time.
    #[error("nothing happened at the FIFO before the deadline")]
    TimedOut,
    /// A buffer without room cannot tell data from the end of file.
    #[error("the buffer is empty: give it room for at least one byte")]
    EmptyBuffer,
    /// The system's refusal.
    #[error(transparent)]
    System(#[from] SystemError),
}

impl ServerError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::TimedOut => Fault::Peer,
            Self::EmptyBuffer => Fault::Caller,
            Self::System(_) => Fault::System,
        }
    }
}

impl Server {
    /// Opens the FIFO at `path`, as [`Fifo::at`] and [`Fifo::server`] do.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Fifo::at(path)?.server()
    }

    pub(super) fn new(fifo: &Fifo) -> Result<Self, OpenError> {
        let end = open::open(fifo, End::Read, Opening::IsNonblocking)?;
        let watch = Watch::of(&end)?;
        let poller = Poller::new()?;
        poller.add(&watch, WATCH, Readiness::IN, Trigger::Level)?;
        poller.add(&end, FIFO, Readiness::IN, Trigger::Edge)?;
        let events = Events::with_capacity(2);
        Ok(Self { fifo: end, watch, poller, events, presence: Presence::Nobody })
    }

    /// Waits for what happens next. Data goes to the start of `target`.
    ///
    /// Writers that follow one another between two looks count as one. A visit without data is told as well, save
    /// one that falls into the very moment in which the last writer is found to have left.
    ///
    /// # Errors
    /// [`ServerError`].
    ///
    /// # Source
    /// fifo(7), inotify(7), epoll(7).
    pub fn next_event(
        &mut self,
        target: &mut [u8],
        deadline: impl Into<Deadline>,
    ) -> Result<Event, ServerError> {
        let deadline = deadline.into();
        if target.is_empty() {
            return Err(ServerError::EmptyBuffer);
        }
        loop {
            if let Some(event) = self.look(target)? {
                return Ok(event);
            }
            // At the end, once more: what has happened must be taken note of, or the descriptor stays readable.
            let is_last = deadline.has_passed();
            if !self.wait(deadline)? && is_last {
                return Err(ServerError::TimedOut);
            }
        }
    }

    fn look(&mut self, target: &mut [u8]) -> Result<Option<Event>, SystemError> {
        match self.presence {
            Presence::Nobody | Presence::Visited => self.look_for_writers(),
            Presence::VisitTold => {
                self.presence = Presence::Nobody;
                Ok(Some(Event::Left))
            }
            Presence::Here(first) => self.look_for_data(first, target),
        }
    }

    /// Reads one byte: its absence tells whether anybody is here.
    fn look_for_writers(&mut self) -> Result<Option<Event>, SystemError> {
        let mut first = [0];
        self.presence = match pipe::read(&self.fifo, &mut first)? {
            None => Presence::Here(None),
            Some(0) if self.presence == Presence::Visited => Presence::VisitTold,
            Some(0) => return Ok(None),
            Some(_) => Presence::Here(Some(first[0])),
        };
        Ok(Some(Event::Joined))
    }

    fn look_for_data(&mut self, first: Option<u8>, target: &mut [u8]) -> Result<Option<Event>, SystemError> {
        let kept = usize::from(first.is_some());
        let room = &mut target[kept..];
        let more = if room.is_empty() { None } else { pipe::read(&self.fifo, room)? };
        if let Some(first) = first {
            target[0] = first;
            self.presence = Presence::Here(None);
            return Ok(Some(Event::Data(kept + more.unwrap_or(0))));
        }
        match more {
            None => Ok(None),
            Some(0) => {
                // What the watch knows by now is of the writers that have left.
                self.watch.look()?;
                self.presence = Presence::Nobody;
                Ok(Some(Event::Left))
            }
            Some(bytes) => Ok(Some(Event::Data(bytes))),
        }
    }

    /// Whether anything has happened before the deadline.
    fn wait(&mut self, deadline: Deadline) -> Result<bool, SystemError> {
        let happened = self.poller.wait(&mut self.events, deadline)? > 0;
        if self.events.iter().any(|event| event.token == WATCH) {
            let seen = self.watch.look()?;
            if seen.writer_closed && self.presence == Presence::Nobody {
                self.presence = Presence::Visited;
            }
        }
        Ok(happened)
    }
}

const WATCH: u64 = 0;
const FIFO: u64 = 1;

impl AsFd for Server {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.poller.as_fd()
    }
}
