// SPDX-License-Identifier: MIT OR Apache-2.0
//! The quickest way to the next message of a set: one like the one before, from the link whose turn it is.
//!
//! One comparison tells that there is one. A link that is the only active one is looked at like this for a short while;
//! with others beside it, once, since it is their turn then.

use cabotage_lane::ring::Shape;
use cabotage_os::Deadline;

use super::LinkSet;
use super::crew::Member;
use super::key::Key;
use super::member::Linked;

impl LinkSet {
    /// The link whose turn it is, if it has a message like the one before, and what that looks like. `None` says
    /// nothing.
    ///
    /// Written out although [`usual_within`](Self::usual_within) does the same in more steps: by that one a round trip of
    /// ALPC took half as long again.
    #[inline]
    pub(super) fn usual(&mut self, deadline: Deadline) -> Option<(Key, Shape)> {
        if self.pace.is_check_due() {
            return None;
        }
        let is_alone = self.crew.turns.seated() == 1;
        let (key, member) = self.crew.current()?;
        let Member::Link(linked) = member else { return None };
        if (is_alone && linked.link.inc.holds_off()) || !linked.has_usual() {
            let looks_max = self.patience.looks().unwrap_or(u32::MAX);
            if !is_alone || looks_max == 0 || deadline == Deadline::Now {
                return None;
            }
            let looks = linked.watch(looks_max, || false);
            // The end of the ring comes often, and is no reason to ask the kernel.
            self.pace.missed_all(looks.unwrap_or_else(|missed| missed));
            self.patience.paid(looks.ok()?);
        }
        let delivered = self.pace.delivered();
        let linked = self.crew.link_mut(key)?;
        linked.found(delivered);
        if !linked.link.inc.has_received {
            linked.link.out.expect_answer();
        }
        let shape = linked.link.inc.lane.as_ref()?.shape();
        self.pace.found();
        self.crew.turns.spend();
        Some((key, shape))
    }

    /// The same with so many looks at most, and none after `is_wanted` has said that the caller is wanted elsewhere;
    /// answers with which look it came, too, or 0 if it was there already.
    ///
    /// # Errors
    /// How many looks found nothing.
    #[inline]
    pub(super) fn usual_within(
        &mut self,
        looks_max: u32,
        is_wanted: impl Fn() -> bool,
    ) -> Result<(Key, Shape, u32), u32> {
        if self.pace.is_check_due() {
            return Err(0);
        }
        let is_alone = self.crew.turns.seated() == 1;
        let Some((key, Member::Link(linked))) = self.crew.current() else { return Err(0) };
        let mut looks = 0;
        if (is_alone && linked.link.inc.holds_off()) || !linked.has_usual() {
            if !is_alone || looks_max == 0 {
                return Err(0);
            }
            let came = linked.watch(looks_max, is_wanted);
            // The end of the ring comes often, and is no reason to ask the kernel.
            self.pace.missed_all(came.unwrap_or_else(|missed| missed));
            looks = came?;
        }
        let delivered = self.pace.delivered();
        let linked = self.crew.link_mut(key).ok_or(looks)?;
        linked.found(delivered);
        if !linked.link.inc.has_received {
            linked.link.out.expect_answer();
        }
        let shape = linked.link.inc.lane.as_ref().ok_or(looks)?.shape();
        self.pace.found();
        self.crew.turns.spend();
        Ok((key, shape, looks))
    }
}

impl Linked {
    /// Whether there is a message like the one before.
    #[inline(always)]
    fn has_usual(&self) -> bool {
        self.link.core.is_open() && self.link.inc.is_like_last()
    }

    /// Looks for a message like the one before, so many times at most; answers with which look it came.
    ///
    /// # Errors
    /// How many looks found nothing, if it did not.
    #[inline]
    fn watch(&mut self, looks_max: u32, is_wanted: impl Fn() -> bool) -> Result<u32, u32> {
        if !self.link.core.is_open() {
            return Err(0);
        }
        let crate::link::Link { inc, core, .. } = &mut self.link;
        inc.comes_within(core, looks_max, is_wanted)
    }
}
