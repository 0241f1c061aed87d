// SPDX-License-Identifier: MIT OR Apache-2.0
//! Is the other process still there? Each holds the end of a pipe whose other end only the other process has.

use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use cabotage::Deadline;
use cabotage::os::poll::{self, Readiness};

use crate::exit::{Exit, Failure};

/// The other process, as a pipe that hangs up when it ends.
#[derive(Debug)]
pub(crate) struct Peer(OwnedFd);

impl Peer {
    /// Whoever holds the other end of this pipe.
    pub(crate) fn at(pipe: impl AsFd) -> Result<Self, Failure> {
        Ok(Self(pipe.as_fd().try_clone_to_owned()?))
    }

    /// Fails if the other process has ended. Whoever waits for it asks this every [`PATIENCE`].
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let [state] = poll::wait([(self.0.as_fd(), Readiness::empty())], Deadline::Now)?;
        if state.intersects(Readiness::HUP | Readiness::ERR) { Err(gone()) } else { Ok(()) }
    }
}

/// The other process has ended.
pub(crate) fn gone() -> Failure {
    Failure::new(Exit::PeerGone, "the other process ended in the middle; run the tour again")
}

/// How long to wait before looking whether the other process lives.
pub(crate) const PATIENCE: Duration = Duration::from_millis(50);
