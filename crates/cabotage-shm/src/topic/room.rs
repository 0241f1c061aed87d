// SPDX-License-Identifier: MIT OR Apache-2.0
//! Waiting for subscribers that may be dead: a subscriber's lock is free as soon as it has ended, and the publisher is
//! told of that by the kernel while it sleeps.
//!
//! Every process that closes the roster, by dying too, is seen by a watch on it (inotify), in every pid namespace. The
//! news comes a moment before the lock is free, so the lock is asked a few times in short succession then. Where there
//! are no watches the locks are asked now and then.

use std::os::fd::AsFd;
use std::time::Duration;

use cabotage_lane::topic::Place;
use cabotage_os::poll::{self, Readiness};
use cabotage_os::watch::Watch;
use cabotage_os::{Deadline, SystemError};

use super::bells::Tower;
use crate::meeting::appear::pause;
use crate::meeting::place::Seat;

/// How often locks are asked where nothing tells of an end.
const ASK_EVERY: Duration = Duration::from_millis(20);
/// After the news of an end: how often, and how long apart.
const ASK_AGAIN: u32 = 20;
const MOMENT: Duration = Duration::from_micros(500);

/// What tells that a subscriber may have ended; made when it is first needed.
#[derive(Debug, Default)]
pub(super) struct Departures {
    watch: Option<Watch>,
    is_made: bool,
    /// How often locks are still to be asked again.
    asking: u32,
}

impl Departures {
    /// Begins to watch. Ask for the locks after this, and sleep then.
    pub(super) fn begin(&mut self, roster: impl AsFd) {
        if !self.is_made {
            // At the limit of watches, or in a sandbox: then without.
            (self.watch, self.is_made) = (Watch::of(roster).ok(), true);
        }
    }

    /// Sleeps until a subscriber rings or may have ended, at most until `deadline`.
    pub(super) fn sleep(&mut self, tower: &Tower, deadline: Deadline) -> Result<(), SystemError> {
        if self.asking > 0 {
            self.asking -= 1;
            pause(deadline.or_sooner(Deadline::within(MOMENT)))?;
            return tower.hear();
        }
        match &self.watch {
            Some(watch) => {
                let sources = [(tower.room(), Readiness::IN), (watch.as_fd(), Readiness::IN)];
                poll::wait(sources, deadline)?;
                if watch.look()?.writer_closed {
                    self.asking = ASK_AGAIN;
                }
            }
            None => {
                let soon = deadline.or_sooner(Deadline::within(ASK_EVERY));
                poll::wait([(tower.room(), Readiness::IN)], soon)?;
            }
        }
        tower.hear()
    }
}

/// Holds the place of a subscriber that has ended, so that nobody takes it meanwhile; `None` if it lives.
pub(super) fn hold_dead<F: AsFd + Copy>(roster: F, place: Place) -> Result<Option<Seat<F>>, SystemError> {
    Ok(Seat::take(roster, [place])?.ok())
}
