// SPDX-License-Identifier: MIT OR Apache-2.0
//! How a set looks, asks the kernel, and sleeps.

use std::time::Instant;

use cabotage_os::Deadline;

use super::crew::Member;
use super::event::SetError;
use super::key::Key;
use super::member::Sight;
use super::{EVENTS_AT_ONCE, LinkSet, Step};
use crate::receive::Ready;

/// How often the kernel is asked in a row while it has more to tell.
const CHECKS_MAX: usize = 64;
/// How often a set tries to come to rest before it answers that it does not: peers that ring without end must not
/// keep it.
const SETTLES_MAX: usize = 16;

impl LinkSet {
    /// Looks and waits until there is something.
    #[inline]
    pub(super) fn wait(&mut self, deadline: Deadline) -> Result<Step, SetError> {
        if self.pace.is_check_due() {
            self.check()?;
        }
        match self.round() {
            Some(step) => Ok(step),
            None => self.wait_longer(deadline),
        }
    }

    fn wait_longer(&mut self, deadline: Deadline) -> Result<Step, SetError> {
        if self.crew.is_empty() {
            return Err(SetError::Empty);
        }
        loop {
            if deadline.has_passed() {
                // The last look is at those that are parked, too.
                self.check()?;
                return self.round().ok_or(SetError::Nothing);
            }
            if let Some(step) = self.look_for_a_while(deadline)? {
                return Ok(step);
            }
            self.sleep(deadline)?;
            // Where somebody does not let us sleep, nobody else is heard of without asking.
            if self.pace.is_check_due() {
                self.check()?;
            }
            if let Some(step) = self.round() {
                return Ok(step);
            }
        }
    }

    /// One look at each active member, up to the first that has something.
    #[inline]
    pub(super) fn round(&mut self) -> Option<Step> {
        let seated = self.crew.turns.seated();
        (0..seated).find_map(|_| self.look())
    }

    /// One look at the member whose turn it is.
    #[inline]
    fn look(&mut self) -> Option<Step> {
        let active = self.crew.turns.seated();
        let (key, member) = self.crew.current()?;
        let Member::Link(linked) = member else { return self.accept(key) };
        match linked.look(self.pace.delivered(), active) {
            Sight::Found(found) => {
                self.pace.found();
                self.crew.turns.spend();
                return Some(Step::Found(key, found));
            }
            Sight::Nothing => self.crew.turns.pass(),
            Sight::Mail => {
                self.pace.was_away();
                self.crew.turns.pass();
            }
            Sight::Rests => self.crew.turns.leave(key.place),
            Sight::Over(error) => return Some(Step::Other(self.end(key, error))),
        }
        self.pace.missed();
        None
    }

    /// Looks as often as patience allows, for as long as somebody is active.
    fn look_for_a_while(&mut self, deadline: Deadline) -> Result<Option<Step>, SetError> {
        let looks_max = self.patience.looks();
        let mut looks = 0_u32;
        while self.crew.turns.seated() > 0 && looks_max.is_none_or(|max| looks < max) {
            looks = looks.wrapping_add(1);
            if let Some(step) = self.look() {
                self.patience.paid(looks);
                return Ok(Some(step));
            }
            if self.pace.is_check_due() {
                self.check()?;
                if deadline.has_passed() {
                    return Ok(None);
                }
            }
            std::hint::spin_loop();
        }
        Ok(None)
    }

    /// Sleeps until something has happened to a member, or one wants to be looked at. Afterwards whoever it happened
    /// to is active.
    fn sleep(&mut self, deadline: Deadline) -> Result<(), SetError> {
        if !self.settle() || deadline.has_passed() {
            return Ok(());
        }
        let began = Instant::now();
        self.ask(deadline.or_sooner(self.alarms.next()))?;
        self.patience.slept(began.elapsed());
        self.sound_alarms();
        Ok(())
    }

    /// Parks everybody; answers whether that was possible. Whoever has something keeps the turn.
    fn settle(&mut self) -> bool {
        for _ in 0..self.crew.turns.seated() {
            let Some((key, member)) = self.crew.current() else { break };
            let rests = match member {
                Member::Link(linked) => linked.settle(),
                // Whether clients wait is found out by accepting one.
                Member::Listener(_) => false,
            };
            if !rests {
                return false;
            }
            self.crew.turns.leave(key.place);
        }
        true
    }

    /// Parks everybody, and sees that the kernel has nothing left to tell.
    pub(super) fn settle_all(&mut self) -> Result<Ready, SetError> {
        for _ in 0..SETTLES_MAX {
            if !self.settle() {
                return Ok(Ready::Ready);
            }
            self.check()?;
            if self.crew.turns.seated() == 0 {
                return Ok(Ready::Armed);
            }
        }
        Ok(Ready::Ready)
    }

    /// Asks the kernel, without waiting, what has happened; whoever it happened to is active then.
    #[cold]
    pub(super) fn check(&mut self) -> Result<(), SetError> {
        self.pace.checked();
        for _ in 0..CHECKS_MAX {
            if self.ask(Deadline::Now)? < EVENTS_AT_ONCE {
                break;
            }
        }
        self.sound_alarms();
        Ok(())
    }

    /// Asks the kernel once; answers how many events there were.
    fn ask(&mut self, deadline: Deadline) -> Result<usize, SetError> {
        let count = self.poller.wait(&mut self.events, deadline)?;
        for event in self.events.iter() {
            self.crew.rouse(event);
        }
        Ok(count)
    }

    fn sound_alarms(&mut self) {
        if self.alarms.is_empty() {
            return;
        }
        let now = Instant::now();
        while let Some(key) = self.alarms.take(now) {
            self.sound_alarm(key);
        }
    }

    /// Its time is up: a client must have said HELLO, a listener tries again.
    #[cold]
    fn sound_alarm(&mut self, key: Key) {
        if let Some(linked) = self.crew.link_mut(key) {
            let core = &linked.link.core;
            // It may have said it, or have gone, a moment ago.
            let _ = core.pump();
            let _ = core.give_up_silent();
            linked.rouse();
        }
        if self.crew.get(key).is_some() {
            self.crew.turns.join(key.place);
        }
    }
}
