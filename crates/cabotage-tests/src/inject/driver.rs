// SPDX-License-Identifier: MIT OR Apache-2.0
//! Runs a scenario again and again, each time with another call failing by another error, and judges what came of it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use cabotage_os::process::Exit;
use cabotage_os::{Errno, seam};

use super::{Answer, SCENARIOS, Scenario, errors};
use crate::inventory::Inventory;
use crate::role::{self, Role};
use crate::scratch::Scratch;

/// The longest that all runs of a scenario may take.
const RUN: Duration = Duration::from_secs(600);

/// What came of the runs of a scenario.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many calls the scenario makes.
    pub calls: usize,
    /// How many runs there were with a call that failed.
    pub runs: u64,
    /// How many of them ended with an error; the others did not need the call.
    pub errors: u64,
}

/// Runs the scenario of this name in a process of its own.
///
/// # Errors
/// How that process ended, if not well.
pub fn run(name: &str) -> Result<Tally, String> {
    let mut process = Role::new("faults").argument(name).patience(RUN).start();
    let mut tally = Tally::default();
    if let Some(line) = process.hear_until(cabotage_os::Deadline::Never) {
        let mut numbers = line.split(' ').map(|word| word.parse().unwrap_or(0));
        let mut next = || numbers.next().unwrap_or(0);
        tally = Tally { calls: usize::try_from(next()).unwrap_or(0), runs: next(), errors: next() };
    }
    match process.end() {
        Exit::Code(0) => Ok(tally),
        exit => Err(format!("{name}: the process ended with {exit:?}")),
    }
}

/// Plays the role `faults SCENARIO`: says what came of it.
pub fn play(part: &role::Part) {
    let name = part.argument(0);
    let scenario = SCENARIOS.iter().find(|scenario| scenario.name == name);
    let scenario = scenario.unwrap_or_else(|| panic!("there is no scenario {name}"));
    let tally = fail_at_each_call(scenario);
    part.say(format_args!("{} {} {}", tally.calls, tally.runs, tally.errors));
}

fn fail_at_each_call(scenario: &Scenario) -> Tally {
    let calls = calls_of(scenario);
    let before = Inventory::of_self();
    let mut tally = Tally { calls: calls.len(), ..Tally::default() };
    for (nth, call) in (0..).zip(&calls).filter(|(nth, _)| !is_in_a_row(&calls, *nth)) {
        for errno in errors::of(call) {
            tally.runs += 1;
            tally.errors += u64::from(fail_once(scenario, &before, (nth, call), *errno));
        }
    }
    tally
}

/// How many equal calls in a row are tried from the first on, and up to the last one.
const IN_A_ROW: usize = 4;

/// Whether a call stands in the middle of many equal ones: somebody looks again and again, and all looks are alike.
fn is_in_a_row(calls: &[&str], nth: u64) -> bool {
    let at = usize::try_from(nth).unwrap_or(usize::MAX);
    let around = at.checked_sub(IN_A_ROW).and_then(|first| calls.get(first..=at + IN_A_ROW));
    around.is_some_and(|around| around.iter().all(|call| *call == around[0]))
}

/// The calls that the scenario makes when none fails, in order.
fn calls_of(scenario: &Scenario) -> Vec<&'static str> {
    // Once before, so that what is made once for the life of the process is there.
    for _ in 0..2 {
        (scenario.act)(&Scratch::new())
            .unwrap_or_else(|wrong| panic!("{} without a fault: {wrong}", scenario.name));
    }
    let place = Scratch::new();
    let trace = seam::trace();
    (scenario.act)(&place).unwrap_or_else(|wrong| panic!("{} without a fault: {wrong}", scenario.name));
    let steps = trace.finish();
    steps.into_iter().flat_map(|(name, times)| (0..times).map(move |_| name)).collect()
}

/// Lets one call fail, by its number and name; answers whether the scenario ended with an error. Then there is what there
/// was `before`.
fn fail_once(scenario: &Scenario, before: &Inventory, (nth, call): (u64, &str), errno: Errno) -> bool {
    let what = format!("{}: call {nth} ({call}) fails with {errno}", scenario.name);
    let place = Scratch::new();
    let plan = seam::fail_nth(nth, errno);
    // What an error owns must be gone before anything is counted: only its text stays.
    let answer = catch_unwind(AssertUnwindSafe(|| (scenario.act)(&place).map_err(|wrong| wrong.to_string())));
    let has_struck = plan.has_struck();
    drop(plan);
    let Ok(answer) = answer else { panic!("{what}, and what follows is told above") };
    if let Some(change) = Inventory::of_self().since(before) {
        panic!("{what}, it ends with {answer:?}, and there is {change}");
    }
    assert!(has_struck || answer.is_ok(), "{what}: it never came to that, and yet: {answer:?}");
    once_more(scenario, &place, &what);
    answer.is_err()
}

/// Nothing that a failed call left behind may be in the way of the next one.
fn once_more(scenario: &Scenario, place: &Scratch, what: &str) {
    let again: Answer = (scenario.act)(place);
    if let Err(wrong) = again {
        panic!("{what}, and afterwards it does not succeed in the same place: {wrong}");
    }
}
