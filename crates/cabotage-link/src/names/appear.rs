// SPDX-License-Identifier: MIT OR Apache-2.0
//! Waiting for a name to appear, although its directory may not be there yet either.
//!
//! Every directory on the way is watched, from above: what was not there when its turn came is seen to appear by
//! the watch of the one above it. Where the kernel gives no watch, we look again every 20 ms.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use cabotage_os::poll::{self, Readiness};
use cabotage_os::watch::NameWatch;
use cabotage_os::{Deadline, Errno, SystemError};

use super::Kind;
use super::place::Place;

/// How long until the next look where nothing tells of news.
const PAUSE: Duration = Duration::from_millis(20);

/// News of names that appear. Cover the places, look for the name, then wait.
#[derive(Debug)]
pub(super) struct Appearing {
    watch: Option<NameWatch>,
    /// Whether the watch sees all that matters.
    sees_all: bool,
}

impl Appearing {
    /// Nothing is covered yet.
    pub(super) fn new() -> Self {
        // At the limit of watches, or in a sandbox: then without.
        Self { watch: NameWatch::new().ok(), sees_all: false }
    }

    /// Watches the places; what appears from now on ends the next wait.
    pub(super) fn cover<'place>(
        &mut self,
        mut places: impl Iterator<Item = &'place Place>,
        kind: Kind,
    ) -> Result<(), SystemError> {
        let Some(watch) = &self.watch else { return Ok(()) };
        // Old news goes first: what appears while we add watches is below the last of them, and must end the wait.
        watch.look()?;
        self.sees_all = places.all(|place| is_covered(watch, place, kind));
        Ok(())
    }

    /// What is readable when there is news, if the watch sees all that matters.
    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.watch.as_ref().map(AsFd::as_fd)
    }

    /// Whether the watch sees all that matters.
    pub(super) fn sees_all(&self) -> bool {
        self.watch.is_some() && self.sees_all
    }

    /// Waits for news, at most until `deadline`.
    pub(super) fn wait(&self, deadline: Deadline) -> Result<(), SystemError> {
        match &self.watch {
            Some(watch) if self.sees_all => poll::wait([(watch.as_fd(), Readiness::IN)], deadline).map(drop),
            _ => poll::wait([], deadline.or_sooner(Deadline::within(PAUSE))).map(drop),
        }
    }
}

fn is_covered(watch: &NameWatch, place: &Place, kind: Kind) -> bool {
    for (depth, level) in place.levels(kind).iter().enumerate() {
        match watch.add(level) {
            Ok(()) => {}
            Err(refusal) => return depth > 0 && refusal.errno() == Errno::NOENT,
        }
    }
    true
}
