// SPDX-License-Identifier: MIT OR Apache-2.0
//! How often a thread looks for what it waits for before it sleeps: more often while that pays, and not at all where it
//! never does, such as on one processor.

/// Some fifty microseconds.
const LOOKS_MAX: u32 = 400;
/// After how many sleeps it is tried again where it did not pay.
const TRY_AGAIN: u32 = 64;

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Pace {
    looks: u32,
    sleeps: u32,
}

impl Pace {
    pub(crate) const fn new() -> Self {
        Self { looks: LOOKS_MAX, sleeps: 0 }
    }

    /// How often to look now.
    pub(crate) fn looks(&self) -> u32 {
        if self.looks == 0 && self.sleeps.is_multiple_of(TRY_AGAIN) { LOOKS_MAX / 4 } else { self.looks }
    }

    /// It was found while looking.
    pub(crate) fn found(&mut self) {
        self.looks = (self.looks * 2).clamp(LOOKS_MAX / 4, LOOKS_MAX);
    }

    /// It was not, and the thread sleeps.
    pub(crate) fn slept(&mut self) {
        self.looks /= 2;
        self.sleeps = self.sleeps.wrapping_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_never_finds_anything_stops_looking_and_tries_again_now_and_then() {
        let mut pace = Pace::new();
        let looks: u32 = (0..1000).map(|_| (pace.looks(), pace.slept()).0).sum();
        assert!(looks < 4 * LOOKS_MAX + 1000 / TRY_AGAIN * LOOKS_MAX, "{looks}");
        assert_eq!((0..200).filter(|_| (pace.looks() > 0, pace.slept()).0).count(), 3);
    }

    #[test]
    fn who_finds_something_goes_on_looking() {
        let mut pace = Pace::new();
        (0..20).for_each(|_| pace.slept());
        pace.found();
        assert!(pace.looks() >= LOOKS_MAX / 4);
        (0..5).for_each(|_| pace.found());
        assert_eq!(pace.looks(), LOOKS_MAX);
    }
}
