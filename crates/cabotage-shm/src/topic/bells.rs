// SPDX-License-Identifier: MIT OR Apache-2.0
//! Two FIFOs: one by which the publisher wakes all who sleep, and one by which they wake it.
//!
//! The publisher's bell always holds one byte or none. Ringing takes what is there and puts a byte in, and every
//! subscriber watches the FIFO for changes (edge-triggered), so one pair of calls wakes a thousand, of whom nobody
//! takes the byte away from another. The publisher opens it for reading and writing and is the only writer; when it ends
//! the FIFO hangs up, which wakes all too. A successor opens the same FIFO and rings.
//!
//! The subscribers' bell is read by the publisher and written by all; a full one counts as rung.

use std::os::fd::{AsFd, BorrowedFd};

use cabotage_os::epoll::{Events, Poller, Trigger};
use cabotage_os::fork::SoleFd;
use cabotage_os::object::Access;
use cabotage_os::poll::{self, Readiness};
use cabotage_os::{Deadline, SystemError, pipe};

use super::create::{BELL, ROOM};
use crate::directory::Directory;
use crate::meeting::companion::Companions;

/// Both FIFOs as the publisher has them.
#[derive(Debug)]
pub(super) struct Tower {
    bell: SoleFd,
    room: SoleFd,
}

/// Both FIFOs as a subscriber has them.
#[derive(Debug)]
pub(super) struct Ear {
    bell: SoleFd,
    room: SoleFd,
    /// Watches `bell`: the descriptor that a caller may wait on.
    poller: Poller,
    /// Whether the bell may have hung up since that was last looked into.
    has_hung_up: bool,
}

impl Tower {
    pub(super) fn open(directory: &Directory, companions: Companions) -> Result<Self, SystemError> {
        let open = |role| open(directory, companions, role, Access::ReadWrite);
        Ok(Self { bell: open(BELL)?, room: open(ROOM)? })
    }

    /// Wakes all subscribers that sleep.
    pub(super) fn ring(&self) -> Result<(), SystemError> {
        pipe::read(&self.bell, &mut [0; 8])?;
        pipe::write(&self.bell, &[1]).map(drop)
    }

    /// Takes away what subscribers have rung.
    pub(super) fn hear(&self) -> Result<(), SystemError> {
        while pipe::read(&self.room, &mut [0; 512])?.is_some_and(|bytes| bytes > 0) {}
        Ok(())
    }

    /// What is readable when a subscriber has rung.
    pub(super) fn room(&self) -> BorrowedFd<'_> {
        self.room.as_fd()
    }
}

impl Ear {
    pub(super) fn open(directory: &Directory, companions: Companions) -> Result<Self, SystemError> {
        let ear = Self {
            bell: open(directory, companions, BELL, Access::ReadOnly)?,
            room: open(directory, companions, ROOM, Access::ReadWrite)?,
            poller: Poller::new()?,
            has_hung_up: true,
        };
        ear.poller.add(&ear.bell, 0, Readiness::IN, Trigger::Edge)?;
        // One that finds no writer is told of no hang-up before a writer has come and gone: so one does.
        drop(open(directory, companions, BELL, Access::ReadWrite)?);
        Ok(ear)
    }

    /// Wakes the publisher if it sleeps.
    pub(super) fn ring(&self) -> Result<(), SystemError> {
        pipe::write(&self.room, &[1]).map(drop)
    }

    /// Takes note of what was rung, and sleeps until something is, at most until `deadline`.
    pub(super) fn hear(&mut self, deadline: Deadline) -> Result<(), SystemError> {
        let mut events = Events::with_capacity(1);
        self.poller.wait(&mut events, deadline)?;
        self.has_hung_up |= events.iter().any(|event| event.readiness.contains(Readiness::HUP));
        Ok(())
    }

    /// Whether the bell may have hung up since [`Ear::is_somebody_there`] was last asked.
    #[inline]
    pub(super) fn may_have_hung_up(&self) -> bool {
        self.has_hung_up
    }

    /// Whether a publisher has the bell open now.
    pub(super) fn is_somebody_there(&mut self) -> Result<bool, SystemError> {
        let [found] = poll::wait([(self.bell.as_fd(), Readiness::empty())], Deadline::Now)?;
        self.has_hung_up = found.contains(Readiness::HUP);
        Ok(!self.has_hung_up)
    }
}

impl AsFd for Ear {
    /// Readable while the bell has rung or hung up and that was not heard.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.poller.as_fd()
    }
}

fn open(
    directory: &Directory,
    companions: Companions,
    role: &str,
    access: Access,
) -> Result<SoleFd, SystemError> {
    let file = companions.file(role);
    SoleFd::made_by(|| directory.calls().open(file.file_name(), access))
}
