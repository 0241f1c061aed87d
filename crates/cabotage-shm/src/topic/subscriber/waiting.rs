// SPDX-License-Identifier: MIT OR Apache-2.0
//! How a subscriber waits: it looks for a while, asks for the bell, looks once more, and sleeps.

use std::time::{Duration, Instant};

use cabotage_lane::ring::Look;
use cabotage_link::{LOOKS_BETWEEN_CHECKS, Ready};
use cabotage_os::Deadline;

use super::end::{Found, Other};
use super::{MOMENT, Subscriber};
use crate::channel::ReceiveError;
use crate::meeting::appear::pause;

/// One who only ever tries looks so often whether the publisher is there.
const ASK_EVERY: Duration = Duration::from_millis(20);

impl Subscriber {
    /// Looks for a while, then sleeps until there is a record.
    #[inline(never)]
    pub(super) fn wait(&mut self, deadline: Deadline) -> Result<usize, ReceiveError> {
        loop {
            if let Some(bytes) = self.look_for_a_while(deadline)? {
                return Ok(bytes);
            }
            let is_late = deadline.has_passed();
            if !is_late && self.patience.looks().is_some() {
                self.sleep(deadline)?;
            } else {
                self.ear.hear(Deadline::Now)?;
            }
            match self.look_at_publisher()? {
                Found::Record(bytes) => return Ok(bytes),
                _ if is_late => return Err(ReceiveError::Nothing),
                Found::Between => pause(deadline.or_sooner(Deadline::within(MOMENT)))?,
                Found::Nobody => self.ear.hear(deadline)?,
                Found::Nothing => {}
            }
        }
    }

    /// Looks once, and then as often as patience allows.
    fn look_for_a_while(&mut self, deadline: Deadline) -> Result<Option<usize>, ReceiveError> {
        let found = self.take()?;
        if found.is_some() || deadline == Deadline::Now {
            return Ok(found);
        }
        for looks in 1..=self.patience.looks().unwrap_or(LOOKS_BETWEEN_CHECKS) {
            if let Some(bytes) = self.take()? {
                self.pace.came(looks);
                self.patience.paid(looks);
                return Ok(Some(bytes));
            }
            self.pace.rest(self.lane.position());
        }
        Ok(None)
    }

    fn sleep(&mut self, deadline: Deadline) -> Result<(), ReceiveError> {
        // Who may be gone is asked for before a sleep that only its bell would end.
        if self.ear.may_have_hung_up() || self.arm()? == Look::Ready {
            return Ok(());
        }
        let began = Instant::now();
        self.ear.hear(deadline)?;
        self.patience.slept(began.elapsed());
        Ok(())
    }

    fn arm(&mut self) -> Result<Look, ReceiveError> {
        let look = self.lane.arm()?;
        self.ring_if_awaited();
        Ok(look)
    }

    #[inline(never)]
    pub(super) fn try_otherwise(&mut self) -> Result<Option<usize>, ReceiveError> {
        if self.asked_at.is_some_and(|at| at.elapsed() < ASK_EVERY) {
            return Ok(None);
        }
        self.asked_at = Some(Instant::now());
        self.ear.hear(Deadline::Now)?;
        match self.look_at_publisher()? {
            Found::Record(bytes) => Ok(Some(bytes)),
            Found::Nothing | Found::Between | Found::Nobody => Ok(None),
        }
    }

    /// What is rung is heard before we ask for the bell, so that no ring is lost which the last look did not see.
    pub(super) fn try_ready(&mut self) -> Result<Ready, ReceiveError> {
        if !self.origin.is_here() {
            return Err(ReceiveError::Forked);
        }
        if self.untold.is_some() {
            return Ok(Ready::Ready);
        }
        self.asked_at = None;
        self.ear.hear(Deadline::Now)?;
        if self.ear.may_have_hung_up() {
            match self.ask()? {
                Other::Between => return Ok(Ready::Ready),
                Other::Gone(_) if !self.has_told_end => return Ok(Ready::Ready),
                Other::Here | Other::Gone(_) => {}
            }
        }
        Ok(match self.arm()? {
            Look::Ready => Ready::Ready,
            Look::Armed => Ready::Armed,
        })
    }
}
