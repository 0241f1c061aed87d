// SPDX-License-Identifier: MIT OR Apache-2.0
//! How long an honest client waits beside an attack, by a measure that holds on a machine with other work.
//!
//! Runs apart differ more than any attack would change them, so quiet and hostile phases take turns within one run,
//! many times, and medians of what each phase saw are compared, with their quartiles. There are three kinds of phase:
//! nobody else; the same attack by the same process on another victim; the attack. Both victims have one processor,
//! the honest client and the attacker the other, so that in the last two kinds the same work is done in the same
//! places. What the second costs the scheduler takes, and no library can help it; the third shows ours.
//!
//! All of them sleep when they wait: whether it pays to look for a while first is found out anew all the time, and
//! would decide more than any attack. (Processes of Mach have no such choice: see [`mach::scene`].)
//!
//! Beside the times stand two counts that other work on the machine does not change: how many system calls the
//! victim made for each honest message, and how much time of a processor it used for it.

use std::time::Duration;

use super::report::Report;
use super::stage::{self, Attackers, Processors, Stage};
use super::{alpc, floods, mach};
use crate::scratch::Scratch;
use crate::times::Times;

/// Honest messages in one phase, and before it until everything flows.
const MESSAGES: u32 = 2_000;
const WARM_UP: u32 = 100;

/// One phase.
#[derive(Debug, Clone, Copy, Default)]
struct Phase {
    p99: Duration,
    median: Duration,
    calls: f64,
    processor: Duration,
}

/// Quartiles of what the phases of one kind saw.
#[derive(Debug, Clone, Copy, Default)]
pub struct Seen {
    /// Of the 99th percentile of a round trip: lower quartile, median, upper quartile.
    pub p99: [Duration; 3],
    /// Of the median of a round trip.
    pub median: [Duration; 3],
    /// System calls of the victim for each honest message.
    pub calls: [f64; 3],
    /// Time of a processor that the victim used for each honest message.
    pub processor: [Duration; 3],
}

/// What was seen beside one flood.
#[derive(Debug, Clone, Copy)]
pub struct Beside {
    /// Of what the victim is a server.
    pub server: &'static str,
    /// Which flood.
    pub flood: &'static str,
    /// Beside nobody, the attack on another victim, and the attack.
    pub seen: [Seen; 3],
}

/// A victim, an attacker and an honest client, who are measured.
pub trait Scene {
    /// Where the victim is.
    fn place(&self) -> &Scratch;
    /// Gives the attacker an order and waits for its answer.
    fn order(&mut self, order: &str);
    /// An honest message goes to the victim and comes back; answers how long that took.
    fn exchange(&mut self) -> Duration;
    /// What the victim tells of itself.
    fn report(&mut self) -> Report;
    /// Has the victim forget the ends that it has not told.
    fn forget(&mut self);
}

/// Measures beside each flood in whose name this is, in so many rounds of all three phases.
pub fn each(named: &str, rounds: usize) -> impl Iterator<Item = Beside> {
    let processors = Processors::apart();
    let is_meant = move |name: &&'static str| name.contains(named);
    let of_links = floods::FLOODS.iter().map(|flood| flood.name).filter(is_meant).map(move |flood| {
        let mut stage = Stage::on(Attackers::Ours, processors);
        let (elsewhere, _other) = stage::victim(processors);
        Beside { server: "links", ..Beside::measure(flood, &mut stage, &elsewhere, rounds) }
    });
    let of_alpc = alpc::floods::FLOODS.iter().map(|flood| flood.name).filter(is_meant).map(move |flood| {
        let mut stage = alpc::scene::Measured::on(processors);
        let (elsewhere, _other) = alpc::scene::victim(processors);
        Beside { server: "ALPC", ..Beside::measure(flood, &mut stage, &elsewhere, rounds) }
    });
    let of_mach = mach::floods::FLOODS.iter().map(|flood| flood.name).filter(is_meant).map(move |flood| {
        let mut stage = mach::scene::Measured::on(processors);
        let (elsewhere, _other) = mach::scene::victim(processors);
        Beside { server: "Mach", ..Beside::measure(flood, &mut stage, &elsewhere, rounds) }
    });
    of_links.chain(of_alpc).chain(of_mach)
}

impl Beside {
    /// Measures beside a flood of this name. In `elsewhere` is the other victim.
    fn measure(flood: &'static str, stage: &mut impl Scene, elsewhere: &Scratch, rounds: usize) -> Self {
        let [here, elsewhere] = [stage.place(), elsewhere].map(|place| format!("begin {flood} {place}"));
        let orders = [None, Some(elsewhere), Some(here)];
        let mut phases: [Vec<Phase>; 3] = Default::default();
        for round in 0..rounds {
            // Each kind stands first, second and third equally often.
            for turn in 0..3 {
                let kind = (round + turn) % 3;
                phases[kind].push(phase(stage, orders[kind].as_deref()));
            }
        }
        Self { server: "", flood, seen: phases.map(|phases| seen(&phases)) }
    }

    /// How many times the p99 beside the attack on another victim an honest client waits beside the attack.
    pub fn ratio(&self) -> f64 {
        times(self.seen[2].p99[1], self.seen[1].p99[1])
    }

    /// How many times the p99 beside nobody that is.
    pub fn ratio_to_quiet(&self) -> f64 {
        times(self.seen[2].p99[1], self.seen[0].p99[1])
    }

    /// Whether the p99 at most doubles.
    pub fn passes(&self) -> bool {
        self.ratio() <= 2.0
    }
}

fn times(longer: Duration, shorter: Duration) -> f64 {
    longer.as_secs_f64() / shorter.as_secs_f64().max(f64::MIN_POSITIVE)
}

/// One phase, beside whatever the attacker is ordered to begin.
fn phase(stage: &mut impl Scene, order: Option<&str>) -> Phase {
    if let Some(order) = order {
        stage.order(order);
    }
    for _ in 0..WARM_UP {
        stage.exchange();
    }
    let before = stage.report();
    let mut taken = Times::default();
    for _ in 0..MESSAGES {
        taken.add(stage.exchange());
    }
    let after = stage.report();
    if order.is_some() {
        stage.order("enough");
        clear(stage);
    }
    cost(&before, &after, &taken)
}

/// Waits until the victim is through with what the attack has left, such as clients that wait to be accepted: the
/// next phase is to know nothing of it.
fn clear(stage: &mut impl Scene) {
    loop {
        stage.forget();
        stage.exchange();
        if stage.report().ends.is_empty() {
            break;
        }
    }
}

fn cost(before: &Report, after: &Report, taken: &Times) -> Phase {
    let calls = u32::try_from(after.calls - before.calls).unwrap_or(u32::MAX);
    let processor = Duration::from_nanos(after.processor_ns - before.processor_ns);
    Phase {
        p99: taken.percentile(99),
        median: taken.percentile(50),
        calls: f64::from(calls) / f64::from(MESSAGES),
        processor: processor / MESSAGES,
    }
}

fn seen(phases: &[Phase]) -> Seen {
    Seen {
        p99: quartiles(phases, |phase| phase.p99),
        median: quartiles(phases, |phase| phase.median),
        calls: quartiles(phases, |phase| phase.calls),
        processor: quartiles(phases, |phase| phase.processor),
    }
}

fn quartiles<T: Copy + PartialOrd + Default>(phases: &[Phase], of: impl Fn(&Phase) -> T) -> [T; 3] {
    let mut values: Vec<T> = phases.iter().map(of).collect();
    values.sort_by(|one, other| one.partial_cmp(other).unwrap_or(std::cmp::Ordering::Equal));
    let at = |quarter: usize| (values.len() * quarter / 4).min(values.len().saturating_sub(1));
    [1, 2, 3].map(|quarter| values.get(at(quarter)).copied().unwrap_or_default())
}

impl std::fmt::Display for Beside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let verdict = if self.passes() { "PASS" } else { "FAIL" };
        writeln!(
            f,
            "{} of {}: p99 {:.2} times that beside the same attack on another, {:.2} times that beside nobody  {verdict}",
            self.flood,
            self.server,
            self.ratio(),
            self.ratio_to_quiet()
        )?;
        for (who, seen) in ["nobody", "other", "attack"].iter().zip(&self.seen) {
            let [low, middle, high] = seen.p99;
            writeln!(
                f,
                "  {who:<7} p99 {middle:.1?} ({low:.1?} to {high:.1?}), median {:.1?}; of the victim, for each \
                 honest message: {:.1} system calls ({:.1} to {:.1}), {:.1?} of a processor",
                seen.median[1], seen.calls[1], seen.calls[0], seen.calls[2], seen.processor[1]
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bad_phase_among_many_changes_nothing() {
        let phase = |ms| Phase { p99: Duration::from_millis(ms), ..Phase::default() };
        let phases: Vec<_> = [1, 1, 1, 2, 500, 1, 1, 2].map(phase).into();
        assert_eq!(seen(&phases).p99, [1, 1, 2].map(Duration::from_millis));
        assert_eq!(seen(&[]).p99, [Duration::ZERO; 3]);
    }
}
