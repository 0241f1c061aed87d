// SPDX-License-Identifier: MIT OR Apache-2.0
//! The quickest looks: for a message like the one before, which one comparison finds.

use cabotage_lane::ring::Glimpse;
use cabotage_os::Deadline;

use super::{Found, Incoming};
use crate::core::Core;
use crate::wait::LOOKS_BETWEEN_CHECKS;

impl Incoming {
    /// Whether there is a plain message like the one before, now or within a short while. `false` says nothing.
    #[inline(always)]
    pub(crate) fn comes(&mut self, core: &Core, deadline: Deadline) -> bool {
        let looks_at_once = !self.holds_off() || deadline == Deadline::Now;
        ((looks_at_once && self.is_like_last()) || self.becomes_usual(core, deadline)) && self.is_plain
    }

    /// Whether there is a plain message like the one before: the quickest look of all. `false` says nothing.
    #[inline(always)]
    pub(crate) fn is_usual(&self) -> bool {
        self.is_plain && self.is_like_last()
    }

    /// Whether there is a message like the one before. `false` says nothing.
    #[inline(always)]
    pub(crate) fn is_like_last(&self) -> bool {
        self.is_flowing && self.lane.as_ref().is_some_and(|lane| lane.glimpse() == Glimpse::Usual)
    }

    /// Whether what is waited for is an answer that can't have come yet.
    #[inline(always)]
    pub(crate) fn holds_off(&self) -> bool {
        self.hold_off.is_worth_it() && !self.has_received
    }

    /// Looks for a message like the one before for a short while, if looking is worth it. `false` says nothing.
    #[inline(never)]
    fn becomes_usual(&mut self, core: &Core, deadline: Deadline) -> bool {
        let looks_max = self.patience.looks().unwrap_or(u32::MAX);
        if deadline == Deadline::Now || looks_max == 0 {
            return false;
        }
        match self.comes_within(core, looks_max, || false) {
            Ok(looks) => {
                self.patience.paid(looks);
                true
            }
            Err(_) => false,
        }
    }

    /// Looks for a message like the one before, so many times at most, not so often that the kernel has to be asked
    /// meanwhile, and not after `is_wanted` has said that the caller is wanted elsewhere; answers with which look it came.
    ///
    /// # Errors
    /// How many looks found nothing before something else came, or looking was given up.
    ///
    /// The first looks tell the peer nothing of what was consumed: an answer that is on its way comes sooner than
    /// anybody can use that.
    #[inline]
    pub(crate) fn comes_within(
        &mut self,
        core: &Core,
        looks_max: u32,
        is_wanted: impl Fn() -> bool,
    ) -> Result<u32, u32> {
        const LOOKS_BEFORE_TELLING: u32 = 32;
        let looks_max = looks_max.min(LOOKS_BETWEEN_CHECKS);
        if !self.is_flowing {
            return Err(0);
        }
        let is_answer = !self.has_received;
        if is_answer {
            self.hold_off.wait();
        }
        let looks_first = LOOKS_BEFORE_TELLING.min(looks_max);
        if let Some(came) = self.watch(looks_first, &is_wanted) {
            if let (true, Ok(looks)) = (is_answer, came) {
                self.hold_off.came(looks);
            }
            return came;
        }
        match self.look(core) {
            Ok(Found::Nothing) => self.watch(looks_max, &is_wanted).unwrap_or(Err(looks_max)),
            _ => Err(looks_first),
        }
    }

    /// With which of so many looks a message like the one before came, or, as an error, something else did; `None` if all
    /// found nothing.
    #[inline(always)]
    fn watch(&mut self, looks_max: u32, is_wanted: &impl Fn() -> bool) -> Option<Result<u32, u32>> {
        let lane = self.lane.as_ref()?;
        for looks in 1..=looks_max {
            match lane.glimpse() {
                Glimpse::Nothing if is_wanted() => return Some(Err(looks)),
                Glimpse::Nothing => self.pace.rest(lane.consumed()),
                Glimpse::Other => return Some(Err(looks)),
                Glimpse::Usual => {
                    lane.fetch();
                    self.pace.came(looks);
                    return Some(Ok(looks));
                }
            }
        }
        None
    }
}
