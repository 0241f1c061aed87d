// SPDX-License-Identifier: MIT OR Apache-2.0
//! Waiting for a name to appear in a directory of objects, or for a place to become free.

use std::os::fd::AsFd;
use std::time::Duration;

use cabotage_os::poll::{self, Readiness};
use cabotage_os::watch::NameWatch;
use cabotage_os::{Deadline, SystemError};

use crate::directory::Directory;

/// How long until the next look where nothing tells of news.
const PAUSE: Duration = Duration::from_millis(20);

/// News of names that appear in a directory. Make it, look for the name, then wait.
#[derive(Debug)]
pub(crate) struct Appearing {
    watch: Option<NameWatch>,
}

impl Appearing {
    /// What appears in the directory from now on ends the next wait.
    pub(crate) fn new(directory: &Directory) -> Self {
        // At the limit of watches, or in a sandbox: then without.
        let watch = NameWatch::new().ok();
        Self { watch: watch.filter(|watch| watch.add(directory.path()).is_ok()) }
    }

    /// Waits for news, at most until `deadline`.
    pub(crate) fn wait(&self, deadline: Deadline) -> Result<(), SystemError> {
        match &self.watch {
            Some(watch) => {
                poll::wait([(watch.as_fd(), Readiness::IN)], deadline)?;
                watch.look().map(drop)
            }
            None => pause(deadline.or_sooner(Deadline::within(PAUSE))),
        }
    }
}

/// Waits a moment for a process that is about to do something, of which nothing tells.
pub(crate) fn pause(deadline: Deadline) -> Result<(), SystemError> {
    poll::wait([], deadline).map(|[]| ())
}
