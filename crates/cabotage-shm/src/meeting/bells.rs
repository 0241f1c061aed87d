// SPDX-License-Identifier: MIT OR Apache-2.0
//! Waking one another by two FIFOs, of which each end writes one.
//!
//! Each end opens its own FIFO for reading and writing, which always succeeds, and is its only writer; and the
//! other's for reading. A ring is one byte into one's own; a full FIFO counts as rung. When an end closes or dies the
//! kernel closes its FIFO, which wakes whoever sleeps on it at once: then the [place](super::place) tells the truth.
//! Between two holders of an end its FIFO hangs up for as long as the reader keeps it open. To sleep until a newcomer
//! rings, [`Bells::renew`] opens it again: an opening that has seen no writer is told of no hang-up.

use std::os::fd::{AsFd, BorrowedFd};

use cabotage_os::epoll::{Poller, Trigger};
use cabotage_os::fork::SoleFd;
use cabotage_os::object::Access;
use cabotage_os::poll::{self, Readiness};
use cabotage_os::{Deadline, SystemError, pipe};

use crate::directory::Directory;
use crate::name::Name;

/// Both bells of one end.
#[derive(Debug)]
pub(crate) struct Bells {
    own: SoleFd,
    other: SoleFd,
    /// Watches `other`, whichever opening of it: the descriptor that stays the same for life.
    poller: Poller,
    directory: Directory,
    other_name: Name,
}

/// What was heard of the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Its bell is open: it is there.
    Somebody,
    /// Nobody holds its bell open now.
    Nobody,
}

impl Bells {
    /// Opens both FIFOs, which are there.
    pub(crate) fn open(directory: &Directory, own: &Name, other: &Name) -> Result<Self, SystemError> {
        let bells = Self {
            own: open(directory, own, Access::ReadWrite)?,
            other: open(directory, other, Access::ReadOnly)?,
            poller: Poller::new()?,
            directory: directory.clone(),
            other_name: other.clone(),
        };
        watch(&bells.poller, &bells.other)?;
        Ok(bells)
    }

    /// Wakes the other end, if it sleeps.
    pub(crate) fn ring(&self) -> Result<(), SystemError> {
        pipe::write(&self.own, &[1]).map(drop)
    }

    /// Takes away what has been rung, and answers whether anybody could ring.
    pub(crate) fn hear(&self) -> Result<Heard, SystemError> {
        loop {
            match pipe::read(&self.other, &mut [0; 64])? {
                None => return Ok(Heard::Somebody),
                Some(0) => return Ok(Heard::Nobody),
                Some(_) => {}
            }
        }
    }

    /// Sleeps until the other end rings or hangs up, at most until `deadline`.
    pub(crate) fn sleep(&self, deadline: Deadline) -> Result<(), SystemError> {
        poll::wait([(self.other.as_fd(), Readiness::IN)], deadline).map(drop)
    }

    /// Forgets that the other end has hung up: from now on only a newcomer ends a sleep.
    pub(crate) fn renew(&mut self) -> Result<(), SystemError> {
        // Opened before the old one is closed, so that what a newcomer has rung already is kept.
        let fresh = open(&self.directory, &self.other_name, Access::ReadOnly)?;
        watch(&self.poller, &fresh)?;
        let stale = std::mem::replace(&mut self.other, fresh);
        // Should this be refused, the set forgets it when it is closed, right after.
        let _ = self.poller.remove(&stale);
        Ok(())
    }
}

impl AsFd for Bells {
    /// Readable while the other end's bell has rung and was not heard, or has hung up.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.poller.as_fd()
    }
}

fn open(directory: &Directory, name: &Name, access: Access) -> Result<SoleFd, SystemError> {
    SoleFd::made_by(|| directory.calls().open(name.file_name(), access))
}

fn watch(poller: &Poller, other: &SoleFd) -> Result<(), SystemError> {
    poller.add(other, 0, Readiness::IN, Trigger::Level)
}
