// SPDX-License-Identifier: MIT OR Apache-2.0
//! How often to ask the kernel while something is active, and for how long to look at a member that delivers nothing.
//!
//! Asking costs a system call, so it comes once in so many messages, or in so many looks in a row that found
//! nothing. Both alone could starve the parked for long, where a message comes now and then: so once in very many
//! looks of any kind, too. To accept a client, to let a link go, or to read what somebody rings for without end costs
//! many times what asking costs: the kernel is asked after each, so that no flood keeps a parked one waiting.

use crate::wait::LOOKS_BETWEEN_CHECKS;

const MESSAGES_BETWEEN_CHECKS: u64 = 2048;
/// A millisecond or two.
const LOOKS_BETWEEN_CHECKS_MAX: u32 = 1 << 18;

/// What parking a member and waking it up costs, in looks at memory that lies at hand.
const PARKING_COST: usize = 4096;
/// The fewest rounds of others' messages that an idle member is looked at, and the most.
const ROUNDS_MIN: u32 = 32;
const ROUNDS_MAX: u32 = 512;

/// See the [module](self).
#[derive(Debug, Default)]
pub(super) struct Pace {
    delivered: u64,
    delivered_at_check: u64,
    looks: u32,
    empty_looks: u32,
    /// Whether something was done since that costs more than asking.
    was_away: bool,
}

impl Pace {
    /// How many messages were found.
    #[inline]
    pub(super) fn delivered(&self) -> u64 {
        self.delivered
    }

    #[inline]
    pub(super) fn found(&mut self) {
        self.delivered += 1;
        self.looks += 1;
        self.empty_looks = 0;
    }

    #[inline]
    pub(super) fn missed(&mut self) {
        self.looks += 1;
        self.empty_looks += 1;
    }

    /// So many looks in a row found nothing.
    #[inline]
    pub(super) fn missed_all(&mut self, looks: u32) {
        self.looks = self.looks.saturating_add(looks);
        self.empty_looks = self.empty_looks.saturating_add(looks);
    }

    /// A client was accepted, a link has gone, or a socket was read and is not empty.
    pub(super) fn was_away(&mut self) {
        self.was_away = true;
    }

    /// Whether it is time to ask the kernel.
    #[inline]
    pub(super) fn is_check_due(&self) -> bool {
        self.was_away
            || self.empty_looks >= LOOKS_BETWEEN_CHECKS
            || self.delivered - self.delivered_at_check >= MESSAGES_BETWEEN_CHECKS
            || self.looks >= LOOKS_BETWEEN_CHECKS_MAX
    }

    /// The kernel was asked.
    pub(super) fn checked(&mut self) {
        self.delivered_at_check = self.delivered;
        (self.looks, self.empty_looks, self.was_away) = (0, 0, false);
    }
}

/// For how many rounds in which others deliver to look at one that does not: until that has cost about what parking
/// it costs, so that in hindsight neither choice was much worse than the other. Looks at many members cost more
/// each, since their memory does not stay at hand.
#[inline]
pub(super) fn rounds_max(active: usize) -> u32 {
    let rounds = PARKING_COST / active.max(1);
    u32::try_from(rounds).unwrap_or(ROUNDS_MAX).clamp(ROUNDS_MIN, ROUNDS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_is_asked_at_most_once_in_two_thousand_messages() {
        let mut pace = Pace::default();
        let mut checks = 0_u64;
        for _ in 0..1_000_000_u32 {
            // An answer within the time of a cache line's journey or two.
            (0..80).for_each(|_| pace.missed());
            pace.found();
            if pace.is_check_due() {
                checks += 1;
                pace.checked();
            }
        }
        assert!((250..=500).contains(&checks), "{checks}");
    }

    #[test]
    fn the_kernel_is_asked_however_seldom_messages_come() {
        for looks_between in [1000, 2000] {
            let mut pace = Pace::default();
            let mut looks = 0;
            while !pace.is_check_due() {
                (0..looks_between).for_each(|_| pace.missed());
                pace.found();
                looks += looks_between + 1;
                assert!(looks < 2 * LOOKS_BETWEEN_CHECKS_MAX);
                if looks_between > LOOKS_BETWEEN_CHECKS {
                    break;
                }
            }
        }
    }

    #[test]
    fn the_more_are_active_the_sooner_an_idle_one_is_parked() {
        assert_eq!([1, 8, 64, 128, 10_000].map(rounds_max), [512, 512, 64, 32, 32]);
    }
}
