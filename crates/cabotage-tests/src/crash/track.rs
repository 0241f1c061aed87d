// SPDX-License-Identifier: MIT OR Apache-2.0
//! The way of one operation, instruction by instruction, and the short cut to each point of it.

use std::collections::HashMap;

use super::code::Code;
use super::traced::{Halt, Traced};
use crate::Wrong;

/// How far before a point a breakpoint is looked for.
const WINDOW: usize = 1_500;
/// What a visit of a breakpoint that is not the last costs, in steps.
const VISIT_STEPS: usize = 3;

/// See the [module](self).
#[derive(Debug)]
pub(super) struct Track {
    /// Where the process stands before each instruction.
    counters: Vec<u64>,
    /// The how many-th time that is.
    visits: Vec<u32>,
    code: Code,
}

/// How a victim came to its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrival {
    /// It is where the first run was.
    There,
    /// It went another way, or came to the end earlier.
    Elsewhere,
}

impl Track {
    /// Steps through the operation at which `victim` stands; `None` if that has more than `steps_max` instructions.
    pub(super) fn record(victim: &mut Traced, steps_max: usize) -> Result<Option<Self>, Wrong> {
        let code = Code::of_self();
        let mut counters = vec![victim.counter()?];
        while advance(victim, &code)? == Halt::Trap {
            counters.push(victim.counter()?);
            if counters.len() > steps_max {
                return Ok(None);
            }
        }
        let mut seen: HashMap<u64, u32> = HashMap::new();
        let visits = counters.iter().map(|counter| {
            let visits = seen.entry(*counter).or_default();
            *visits += 1;
            *visits
        });
        let visits = visits.collect();
        Ok(Some(Self { counters, visits, code }))
    }

    /// How many instructions it has; so many points and one, at the end, are there to be killed at.
    pub(super) fn instructions(&self) -> usize {
        self.counters.len()
    }

    /// Leads a victim that stands where the operation begins to `point`.
    pub(super) fn lead(&self, victim: &mut Traced, point: usize) -> Result<Arrival, Wrong> {
        let Some(&meant) = self.counters.get(point) else {
            victim.run_to_gate()?;
            return Ok(Arrival::There);
        };
        let from = self.short_cut(point);
        if from > 0 && !victim.run_to(self.counters[from], self.visits[from])? {
            return Ok(Arrival::Elsewhere);
        }
        for _ in from..point {
            if advance(victim, &self.code)? == Halt::Gate {
                return Ok(Arrival::Elsewhere);
            }
        }
        Ok(if victim.counter()? == meant { Arrival::There } else { Arrival::Elsewhere })
    }

    /// The cheapest point from which to step to `point`; 0 where stepping all the way is.
    fn short_cut(&self, point: usize) -> usize {
        let cost = |from: usize| match from {
            0 => point,
            _ => point - from + self.visits[from] as usize * VISIT_STEPS,
        };
        let window = point.saturating_sub(WINDOW)..=point;
        let usable = window.filter(|from| *from == 0 || self.code.takes_breakpoints(self.counters[*from]));
        usable.chain([0]).min_by_key(|from| cost(*from)).unwrap_or(0)
    }
}

/// Goes on by one instruction. A copy of the C library's, which is between private places, is one as a whole; one of
/// ours may be to a peer, and is as many as it has bytes.
fn advance(victim: &mut Traced, code: &Code) -> Result<Halt, Wrong> {
    let before = victim.counter()?;
    let halt = victim.step()?;
    if halt == Halt::Trap && !code.is_ours(before) && victim.counter()? == before {
        return victim.finish_repetition(before);
    }
    Ok(halt)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn track(counters: &[u64]) -> Track {
        let visits = (0..counters.len()).map(|at| {
            let visits = counters[..=at].iter().filter(|counter| **counter == counters[at]).count();
            u32::try_from(visits).unwrap()
        });
        Track { counters: counters.to_vec(), visits: visits.collect(), code: Code::with_kernel(900..1_000) }
    }

    #[test]
    fn a_point_that_is_passed_once_is_reached_by_a_breakpoint() {
        let straight: Vec<u64> = (100..200).collect();
        assert_eq!(track(&straight).short_cut(60), 60);
        assert_eq!(track(&straight).short_cut(1), 0, "two steps are cheaper than a breakpoint");
    }

    #[test]
    fn a_loop_is_entered_by_a_breakpoint_and_stepped_through() {
        let mut counters: Vec<u64> = (100..150).collect();
        counters.extend([7; 200]);
        assert_eq!(track(&counters).short_cut(60), 50, "one visit and ten steps");
        let far = track(&counters).short_cut(240);
        assert_eq!(far, 50, "so many visits cost more than stepping");
    }

    #[test]
    fn code_of_the_kernel_gets_no_breakpoint() {
        let counters: Vec<u64> = (100..140).chain(900..940).collect();
        assert_eq!(track(&counters).short_cut(70), 39);
    }
}
