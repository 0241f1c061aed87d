// SPDX-License-Identifier: MIT OR Apache-2.0
//! The open matrix: each end of a FIFO, and what its opening does about the other end.
//!
//! The kernel offers two behaviours, waiting for ever and not at all. Waiting until a deadline is made of the
//! second: the reader opens at once, then learns of a writer by poll (one that wrote, or came and left) or by a
//! watch of openings (one that is silent). The writer tries again at every opening, and every few milliseconds,
//! because a reader that waits inside its own open raises no event. (docs/decisions/0011)

use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use cabotage_os::fifo::{End, Opening, make_blocking};
use cabotage_os::pipe::splice::is_at_end;
use cabotage_os::poll::{self, Readiness};
use cabotage_os::watch::Watch;
use cabotage_os::{Deadline, Errno, SystemError};

use super::{Fifo, OpenError};

/// What opening an end does about the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// Waits for it: with [`Deadline::Never`] this is the kernel's own blocking open.
    Wait(Deadline),
    /// Fails if it is not there.
    Required,
    /// Does not care and never waits. A reader is at the end of file, and a writer is broken, until it comes; a
    /// writer needs the right to read the FIFO for this.
    Any,
}

impl Peer {
    /// Waits for it as long as `patience`.
    pub fn within(patience: Duration) -> Self {
        Self::Wait(Deadline::within(patience))
    }
}

/// Opens the end that reads, as a blocking description.
pub(super) fn reader(fifo: &Fifo, peer: Peer) -> Result<OwnedFd, OpenError> {
    let deadline = match peer {
        Peer::Wait(Deadline::Never) => return open(fifo, End::Read, Opening::Waits),
        Peer::Wait(deadline) => Some(deadline),
        Peer::Required => Some(Deadline::Now),
        Peer::Any => None,
    };
    let end = open(fifo, End::Read, Opening::IsNonblocking)?;
    if let Some(deadline) = deadline {
        await_writer(&end, deadline)?
            .then_some(())
            .ok_or_else(|| no_peer(fifo, peer, |path| OpenError::NoWriter { path }))?;
    }
    make_blocking(&end)?;
    Ok(end)
}

/// Opens the end that writes, as a blocking description.
pub(super) fn writer(fifo: &Fifo, peer: Peer) -> Result<OwnedFd, OpenError> {
    let deadline = match peer {
        Peer::Wait(Deadline::Never) => return open(fifo, End::Write, Opening::Waits),
        Peer::Wait(deadline) => deadline,
        Peer::Required | Peer::Any => Deadline::Now,
    };
    let end = match await_reader(fifo, deadline)? {
        Some(end) => end,
        None if peer == Peer::Any => open_unread(fifo)?,
        None => return Err(no_peer(fifo, peer, |path| OpenError::NoReader { path })),
    };
    make_blocking(&end)?;
    Ok(end)
}

/// Whether a writer came before the deadline: it is here, it left bytes, or it came and left.
fn await_writer(end: &OwnedFd, deadline: Deadline) -> Result<bool, SystemError> {
    if deadline == Deadline::Now {
        return Ok(!is_at_end(end)?);
    }
    let watch = Watch::of(end).ok();
    let mut pauses = Pauses::new();
    loop {
        // The watch stands already, so a writer that comes after this look is seen by it.
        if !is_at_end(end)? {
            return Ok(true);
        }
        let news = match &watch {
            Some(watch) => {
                let [news, opened] =
                    poll::wait([(end.as_fd(), Readiness::IN), (watch.as_fd(), Readiness::IN)], deadline)?;
                if !opened.is_empty() {
                    watch.look()?;
                }
                news
            }
            None => poll::wait([(end.as_fd(), Readiness::IN)], pauses.next(deadline))?[0],
        };
        if !news.is_empty() {
            return Ok(true);
        }
        if deadline.has_passed() {
            return Ok(!is_at_end(end)?);
        }
    }
}

/// The writing end, non-blocking, as soon as there is a reader; `None` when there was none until the deadline.
fn await_reader(fifo: &Fifo, deadline: Deadline) -> Result<Option<OwnedFd>, OpenError> {
    let watch = if deadline == Deadline::Now { None } else { Watch::of(&fifo.pin).ok() };
    let mut pauses = Pauses::new();
    loop {
        match open(fifo, End::Write, Opening::IsNonblocking) {
            Ok(end) => return Ok(Some(end)),
            Err(OpenError::System(error)) if error.errno() == Errno::NXIO => {}
            Err(error) => return Err(error),
        }
        if deadline.has_passed() {
            return Ok(None);
        }
        let pause = pauses.next(deadline);
        match &watch {
            Some(watch) => {
                poll::wait([(watch.as_fd(), Readiness::IN)], pause)?;
                watch.look()?;
            }
            None => {
                poll::wait([], pause)?;
            }
        }
    }
}

/// The writing end of a FIFO that nobody reads: opened while a description for both directions stands in.
fn open_unread(fifo: &Fifo) -> Result<OwnedFd, OpenError> {
    let _stand_in = open(fifo, End::Both, Opening::IsNonblocking)?;
    open(fifo, End::Write, Opening::IsNonblocking)
}

pub(super) fn open(fifo: &Fifo, end: End, opening: Opening) -> Result<OwnedFd, OpenError> {
    let path = || fifo.path().to_owned();
    match fifo.place.open(end, opening) {
        Ok((fd, status)) if fifo.is_same(&status) => Ok(fd),
        Ok(_) => Err(OpenError::Replaced { path: path() }),
        Err(error) => Err(match error.errno() {
            Errno::NOENT => OpenError::Missing { path: path() },
            Errno::LOOP => OpenError::Replaced { path: path() },
            _ => error.into(),
        }),
    }
}

fn no_peer(fifo: &Fifo, peer: Peer, absent: impl FnOnce(std::path::PathBuf) -> OpenError) -> OpenError {
    match peer {
        Peer::Wait(_) => OpenError::TimedOut { path: fifo.path().into() },
        Peer::Required | Peer::Any => absent(fifo.path().into()),
    }
}

/// Growing pauses between looks for what raises no event: 1 ms at first, 10 ms at last.
struct Pauses(Duration);

impl Pauses {
    const LONGEST: Duration = Duration::from_millis(10);

    fn new() -> Self {
        Self(Duration::from_millis(1))
    }

    /// The end of the next pause, no later than `deadline`.
    fn next(&mut self, deadline: Deadline) -> Deadline {
        let pause = self.0;
        self.0 = Self::LONGEST.min(pause * 2);
        Deadline::within(pause).or_sooner(deadline)
    }
}
