// SPDX-License-Identifier: MIT OR Apache-2.0
//! How many messages of one holder wait at the port: the queue's limit, counted at both ends.
//!
//! The holder counts what it has sent and what it was told is taken, so a full port costs it no system call and no
//! round trip. The owner counts too, and tells when half of what may wait was taken since it last told. Counts go
//! over the link as their lowest 32 bits.

use super::Broken;
use crate::kernel::port::QUEUE_LIMIT_DEFAULT;

/// The holder's count.
#[derive(Debug)]
pub(crate) struct Allowance {
    sent: u64,
    taken: u64,
    limit: u32,
}

impl Allowance {
    /// Of a port that queues so many, as far as is known.
    pub(crate) fn new(limit: u32) -> Self {
        Self { sent: 0, taken: 0, limit }
    }

    /// How many messages more have room.
    pub(crate) fn room(&self) -> u64 {
        u64::from(self.limit).saturating_sub(self.sent - self.taken)
    }

    /// How many messages went, and how many of them were taken.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.sent, self.taken)
    }

    /// A message went.
    pub(crate) fn send(&mut self) {
        self.sent += 1;
    }

    /// The owner says how many it has taken, ever; answers how many more those are.
    pub(crate) fn told(&mut self, taken: u32) -> Result<u64, Broken> {
        let more = u64::from(taken.wrapping_sub(lowest(self.taken)));
        if more > self.sent - self.taken {
            return Err(Broken::Taken);
        }
        self.taken += more;
        Ok(more)
    }

    /// The owner says how many may wait.
    pub(crate) fn set_limit(&mut self, limit: u32) {
        self.limit = limit;
    }
}

/// The owner's count.
#[derive(Debug)]
pub(crate) struct Ration {
    received: u64,
    taken: u64,
    told: u64,
    limit: u32,
    /// The most that the holder was ever told: it may not have heard of less yet.
    limit_max: u32,
}

impl Ration {
    /// Of a port that queues so many. A holder that was not yet told takes it for a port like any new one.
    pub(crate) fn new(limit: u32) -> Self {
        Self { received: 0, taken: 0, told: 0, limit, limit_max: limit.max(QUEUE_LIMIT_DEFAULT) }
    }

    /// How many messages came, and how many of them were taken.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.received, self.taken)
    }

    /// A message came.
    pub(crate) fn receive(&mut self) -> Result<(), Broken> {
        if !self.has_room() {
            return Err(Broken::Excess);
        }
        self.received += 1;
        Ok(())
    }

    /// Whether one may come.
    #[inline]
    pub(crate) fn has_room(&self) -> bool {
        self.received - self.taken < u64::from(self.limit_max)
    }

    /// A message was taken out of the queue; answers whether to tell the holder.
    pub(crate) fn take(&mut self) -> bool {
        // Whoever is told to forget a message that never came has lost count: nothing follows from it.
        self.taken = (self.taken + 1).min(self.received);
        self.is_due()
    }

    /// Whether the holder may be waiting for news.
    pub(crate) fn is_due(&self) -> bool {
        let untold = self.taken - self.told;
        untold > 0 && untold >= u64::from(self.limit).div_ceil(2)
    }

    /// The count to tell, with which it is told.
    pub(crate) fn tell(&mut self) -> u32 {
        self.told = self.taken;
        lowest(self.taken)
    }

    /// From now on so many may wait; answers whether that is new.
    pub(crate) fn set_limit(&mut self, limit: u32) -> bool {
        self.limit_max = self.limit_max.max(limit);
        std::mem::replace(&mut self.limit, limit) != limit
    }
}

fn lowest(count: u64) -> u32 {
    u32::try_from(count & u64::from(u32::MAX)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_holder_finds_the_port_full_at_its_limit_exactly() {
        let mut allowance = Allowance::new(5);
        for _ in 0..5 {
            assert!(allowance.room() > 0);
            allowance.send();
        }
        assert_eq!(allowance.room(), 0);
        assert_eq!(allowance.told(2), Ok(2));
        assert!(allowance.room() > 0);
    }

    #[test]
    fn nothing_gets_into_a_queue_of_none() {
        assert_eq!(Allowance::new(0).room(), 0);
    }

    #[test]
    fn a_count_that_was_never_sent_is_a_lie() {
        let mut allowance = Allowance::new(5);
        allowance.send();
        assert_eq!(allowance.told(2), Err(Broken::Taken));
        assert_eq!(allowance.told(1), Ok(1));
        assert_eq!(allowance.told(0), Err(Broken::Taken));
    }

    #[test]
    fn counts_go_on_past_the_32_bits_in_which_they_are_told() {
        let start = u64::from(u32::MAX) - 1;
        let mut allowance = Allowance { sent: start, taken: start, limit: 5 };
        for _ in 0..4 {
            allowance.send();
        }
        assert_eq!(allowance.told(1), Ok(3));
        assert_eq!(allowance.taken, u64::from(u32::MAX) + 2);
    }

    #[test]
    fn the_owner_takes_what_may_wait_and_nothing_above() {
        let mut ration = Ration::new(7);
        (0..7).for_each(|_| ration.receive().unwrap());
        assert_eq!(ration.receive(), Err(Broken::Excess));
        ration.take();
        assert_eq!(ration.receive(), Ok(()));
    }

    #[test]
    fn a_lower_limit_counts_for_the_holder_once_it_has_heard_of_it() {
        let mut ration = Ration::new(7);
        assert!(ration.set_limit(1) && !ration.set_limit(1));
        (0..7).for_each(|_| ration.receive().unwrap());
        assert_eq!(ration.receive(), Err(Broken::Excess));
    }

    #[test]
    fn the_holder_is_told_when_half_was_taken() {
        let mut ration = Ration::new(5);
        (0..5).for_each(|_| ration.receive().unwrap());
        assert_eq!((ration.take(), ration.take(), ration.take()), (false, false, true));
        assert_eq!(ration.tell(), 3);
        assert!(!ration.is_due() && !ration.take());
    }

    #[test]
    fn a_waiting_holder_is_always_told_in_the_end() {
        for limit in 1..20 {
            let (mut allowance, mut ration) = (Allowance::new(limit), Ration::new(limit));
            while allowance.room() > 0 {
                allowance.send();
                ration.receive().unwrap();
            }
            let told = (0..limit).any(|_| ration.take() && allowance.told(ration.tell()).unwrap() > 0);
            assert!(told && allowance.room() > 0, "limit {limit}");
        }
    }
}
