// SPDX-License-Identifier: MIT OR Apache-2.0
//! A full memory barrier on every running thread of every process that takes part, issued by one of them.
//!
//! It lets the side that acts often go without a fence: a sender that takes part only keeps the compiler from
//! reordering, and the receiver that is about to sleep pays for both. Where the kernel or a sandbox does not offer
//! it, both sides use ordinary fences; whether they share it has to be agreed on beforehand.

use std::sync::atomic::{AtomicU64, Ordering};

use rustix::thread::{MembarrierCommand, MembarrierQuery, membarrier, membarrier_query};

use crate::error::{SystemError, attempt};
use crate::fork::Origin;
use crate::probe::{self, Feature};
use crate::seam::{self, Errno};

/// Which process, among a parent and its forked children, has joined: a child has to do it anew.
static JOINED: AtomicU64 = AtomicU64::new(0);

/// The proof that this process takes part, and that [`Membarrier::issue`] works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Membarrier(());

impl Membarrier {
    /// Makes this process take part until it executes another program; `None` where barriers of that kind are not
    /// to be had. Cheap when repeated; the first time takes some milliseconds if other threads run.
    ///
    /// # Errors
    /// The system's refusal of a call that it said it has (`ENOMEM`).
    ///
    /// # Source
    /// membarrier(2), `MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED`.
    pub fn join() -> Result<Option<Self>, SystemError> {
        if !probe::has(Feature::Membarrier, is_offered) {
            return Ok(None);
        }
        let here = Origin::here()?;
        if JOINED.load(Ordering::Relaxed) != here.number() {
            attempt("membarrier", "registration", || membarrier(MembarrierCommand::RegisterGlobalExpedited))?;
            JOINED.store(here.number(), Ordering::Relaxed);
        }
        Ok(Some(Self(())))
    }

    /// When this returns, every thread of every process that takes part has passed through a full memory barrier
    /// since the call began: those that run by interruption, the others because they do not run.
    ///
    /// # Errors
    /// The system's refusal: not once [`join`](Self::join) has succeeded, unless a sandbox was closed meanwhile.
    ///
    /// # Source
    /// membarrier(2), `MEMBARRIER_CMD_GLOBAL_EXPEDITED`.
    pub fn issue(self) -> Result<(), SystemError> {
        attempt("membarrier", "a barrier", || membarrier(MembarrierCommand::GlobalExpedited))
    }
}

fn is_offered() -> bool {
    let needed = MembarrierQuery::GLOBAL_EXPEDITED | MembarrierQuery::REGISTER_GLOBAL_EXPEDITED;
    let offered: Result<_, Errno> = seam::call("membarrier", || Ok(membarrier_query()));
    offered.is_ok_and(|offered| offered.contains(needed))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering, compiler_fence};

    use super::*;

    #[test]
    fn whoever_joins_twice_still_takes_part() {
        if let Some(first) = Membarrier::join().unwrap() {
            assert_eq!(Membarrier::join().unwrap(), Some(first));
            first.issue().unwrap();
        } else {
            eprintln!("skipped: this kernel or sandbox offers no expedited membarrier");
        }
    }

    #[test]
    fn where_it_is_missing_nobody_takes_part() {
        let _guard = probe::without(Feature::Membarrier);
        assert_eq!(Membarrier::join().unwrap(), None);
    }

    /// Two threads store, each its own word, and then look at the other's: one at least must see the other's
    /// store. One side has no fence, the other issues the barrier.
    #[test]
    fn the_side_without_a_fence_is_ordered_by_the_other() {
        let Some(barrier) = Membarrier::join().unwrap() else { return };
        let words = [AtomicU32::new(0), AtomicU32::new(0)];
        let ready = [AtomicU32::new(0), AtomicU32::new(0)];
        std::thread::scope(|scope| {
            let often = scope.spawn(|| {
                let turn = |turn| {
                    meet(&ready[0], &ready[1], turn);
                    words[0].store(turn, Ordering::Relaxed);
                    compiler_fence(Ordering::SeqCst);
                    words[1].load(Ordering::Relaxed)
                };
                (1..=ROUNDS).map(turn).collect::<Vec<_>>()
            });
            let turn = |turn| {
                meet(&ready[1], &ready[0], turn);
                words[1].store(turn, Ordering::Relaxed);
                barrier.issue().unwrap();
                words[0].load(Ordering::Relaxed)
            };
            let seldom: Vec<_> = (1..=ROUNDS).map(turn).collect();
            for (turn, (one, other)) in (1..).zip(often.join().unwrap().into_iter().zip(seldom)) {
                assert!(one >= turn || other >= turn, "round {turn}: neither saw the other");
            }
        });
    }

    const ROUNDS: u32 = 20_000;

    /// Comes back in both threads at nearly the same moment.
    fn meet(own: &AtomicU32, other: &AtomicU32, turn: u32) {
        own.store(turn, Ordering::SeqCst);
        let mut looks = 0_u32;
        while other.load(Ordering::SeqCst) < turn {
            looks += 1;
            if looks.is_multiple_of(1_000) {
                std::thread::yield_now();
            }
        }
    }
}
