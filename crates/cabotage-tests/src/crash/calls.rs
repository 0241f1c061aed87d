// SPDX-License-Identifier: MIT OR Apache-2.0
//! The short way to some points of a long operation: from system call to system call, and a few steps further.
//!
//! Stepping once through 200,000 instructions takes seconds, which a test that wants a dozen points does not have.
//! Between two system calls a victim changes at most its own memory and what it shares; the calls are where most of
//! what others see is done, so points lie close behind them.

use std::fmt;

use super::traced::{Halt, Traced};
use super::track::Arrival;
use crate::Wrong;
use crate::random::Random;

/// How far behind a system call points lie at most.
const STEPS_MAX: u64 = 250;

/// See the [module](self).
#[derive(Debug)]
pub(super) struct Calls {
    /// How often the victim enters the kernel or leaves it.
    count: usize,
}

/// One point: so many entries and exits, then so many instructions.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spot {
    passed: usize,
    steps: u64,
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { passed, steps } = self;
        let what = if passed % 2 == 1 { "in call" } else { "behind call" };
        write!(f, "{what} {} and {steps} instructions further", passed.div_ceil(2))
    }
}

impl Calls {
    /// Lets a victim go through its operation.
    pub(super) fn record(victim: &mut Traced) -> Result<Self, Wrong> {
        let mut count = 0;
        while victim.run_to_call()? == Halt::Trap {
            count += 1;
        }
        Ok(Self { count })
    }

    /// Some point.
    pub(super) fn draw(&self, random: &mut Random) -> Spot {
        let passed = random.below(self.count as u64 + 1);
        // Near ones are as likely as far ones.
        let reach = 1 + random.below(STEPS_MAX);
        Spot { passed: usize::try_from(passed).unwrap_or(0), steps: random.below(reach) }
    }

    /// Leads a victim that stands where the operation begins to `spot`.
    pub(super) fn lead(victim: &mut Traced, spot: Spot) -> Result<Arrival, Wrong> {
        for _ in 0..spot.passed {
            if victim.run_to_call()? == Halt::Gate {
                return Ok(Arrival::Elsewhere);
            }
        }
        for _ in 0..spot.steps {
            if victim.step()? == Halt::Gate {
                return Ok(Arrival::Elsewhere);
            }
        }
        Ok(Arrival::There)
    }
}
