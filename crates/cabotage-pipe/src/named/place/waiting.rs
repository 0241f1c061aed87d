// SPDX-License-Identifier: MIT OR Apache-2.0
//! Waiting for an instance of a pipe that has none free: told of each that enters listening, and of the end of the
//! server that was seen alive, however it ended.
//!
//! Where the kernel gives no watch, as at the user's limit of them, we look again after pauses.

use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use cabotage_os::directory::Directory;
use cabotage_os::poll::{self, Readiness};
use cabotage_os::watch::NameWatch;
use cabotage_os::{Deadline, SystemError, object};

use super::folder::Folder;

/// The first and the longest pause until the next look where nothing tells of news.
const PAUSES: [Duration; 2] = [Duration::from_millis(2), Duration::from_millis(50)];

/// News of the posts of a pipe.
#[derive(Debug)]
pub(super) struct Waiting {
    folder: Folder,
    listening: Directory,
    /// The sign of an instance: while it lives the pipe exists.
    living: OwnedFd,
    watch: Option<NameWatch>,
    pause: Duration,
}

impl Waiting {
    /// For an instance that enters listening. `living` is the sign of one that lives.
    pub(super) fn for_post(folder: Folder, listening: Directory, living: OwnedFd) -> Self {
        Self { folder, listening, living, watch: None, pause: PAUSES[0] }
    }

    /// Where the posts are.
    pub(super) fn listening(&self) -> &Directory {
        &self.listening
    }

    /// Begins to watch: what enters listening from now on ends the next wait.
    pub(super) fn begin(&mut self) {
        // At the limit of watches, or in a sandbox: then without.
        self.watch = NameWatch::new().ok().filter(|watch| self.is_watched_by(watch));
    }

    /// That something goes from the folder itself means that somebody removes it by hand.
    fn is_watched_by(&self, watch: &NameWatch) -> bool {
        watch.add_arrivals(&self.listening).is_ok() && watch.add_departures(self.folder.directory()).is_ok()
    }

    /// Waits at most until `deadline`. `false` when the instance is gone whose sign was seen, or somebody has removed
    /// the pipe by hand.
    pub(super) fn wait(&mut self, deadline: Deadline) -> Result<bool, SystemError> {
        let sign = (self.living.as_fd(), Readiness::empty());
        let [sign] = match &self.watch {
            Some(watch) => {
                let [sign, _] = poll::wait([sign, (watch.as_fd(), Readiness::IN)], deadline)?;
                watch.look()?;
                [sign]
            }
            None => {
                let pause = self.pause;
                self.pause = (pause * 2).min(PAUSES[1]);
                poll::wait([sign], deadline.or_sooner(Deadline::within(pause)))?
            }
        };
        Ok(sign.is_empty() && object::facts(&self.listening, "the posts of a pipe")?.links > 0)
    }
}
