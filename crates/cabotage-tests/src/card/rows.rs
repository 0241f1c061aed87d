// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is measured for each row, and what each must reach.

use std::process::{Command, Stdio};
use std::time::Duration;

use super::{Row, hostile, soak};
use crate::Wrong;
use crate::crash::CrashPoints;
use crate::fuzz;
use crate::kill::Kills;
use crate::random::Random;
use crate::role::program;

/// Rows that are measured together.
pub(super) struct Group {
    rows: &'static [&'static str],
    pub(super) measure: fn(u64, bool) -> Result<Vec<Row>, Wrong>,
}

pub(super) const GROUPS: &[Group] = &[
    Group { rows: &["R1"], measure: crash_points },
    Group { rows: &["R2", "R3"], measure: kills },
    Group { rows: &["R4"], measure: owners },
    Group { rows: &["R5", "R7"], measure: hostile },
    Group { rows: &["R9"], measure: decoders },
    Group { rows: &["R13"], measure: leaks },
    Group { rows: &["R14"], measure: faults },
    Group { rows: &["R6", "R8", "R10", "R15", "R16", "R17", "R18", "R20"], measure: elsewhere },
];

impl Group {
    /// Whether one of its rows begins with `wanted`.
    pub(super) fn covers(&self, wanted: &str) -> bool {
        self.rows.iter().any(|row| row.starts_with(wanted))
    }
}

fn crash_points(seed: u64, long: bool) -> Result<Vec<Row>, Wrong> {
    let (points, steps) = if long { (usize::MAX, usize::MAX) } else { (40, 12_000) };
    let plan = CrashPoints { operation: None, stride: 1, points, steps, seed: Some(seed), is_quiet: true };
    let total = plan.run()?;
    let value = format!(
        "{} points in {} operations, {} violations",
        total.points, total.operations, total.violations
    );
    let is_met = total.violations == 0 && (!long || total.points >= 20_000);
    let told = total.told.longest() <= Duration::from_millis(100);
    Ok(vec![
        Row::judged("R1 crash-points", value, "0 violations; long: at least 20,000 points", is_met),
        Row::judged("R1 survivor-told", total.told.to_string(), "at most 100 ms", told),
    ])
}

fn kills(seed: u64, long: bool) -> Result<Vec<Row>, Wrong> {
    let count = if long { 10_000 } else { 240 };
    let tally = Kills { transport: None, count, seed: Some(seed), is_quiet: true }.run()?;
    let value =
        format!("{} kills, {} records, {} violations", tally.kills, tally.records, tally.violations.len());
    tally.violations.iter().for_each(|line| println!("    {line}"));
    let is_prompt = tally.told.longest() <= Duration::from_secs(1);
    let is_punctual = tally.late.percentile(99) <= tally.bare.percentile(99) + Duration::from_millis(10);
    let stopped = format!("{} stopped; calls late: {}; bare sleeps: {}", tally.stops, tally.late, tally.bare);
    Ok(vec![
        Row::judged("R2 random-kills", value, "0 violations", tally.violations.is_empty()),
        Row::judged("R2 survivor-told", tally.told.to_string(), "at most 1 s", is_prompt),
        Row::judged("R3 stopped-peer", stopped, "p99 at most 10 ms above that of bare sleeps", is_punctual),
    ])
}

fn owners(seed: u64, long: bool) -> Result<Vec<Row>, Wrong> {
    let count = if long { 1_000 } else { 40 };
    let transport = Some("link-server".to_owned());
    let tally = Kills { transport, count, seed: Some(seed), is_quiet: true }.run()?;
    let value = format!("{} owners of a name killed, {} violations", tally.kills, tally.violations.len());
    Ok(vec![Row::judged("R4 name-owner-death", value, "0 violations", tally.violations.is_empty())])
}

fn hostile(seed: u64, long: bool) -> Result<Vec<Row>, Wrong> {
    Ok(hostile::rows(seed, long))
}

fn decoders(seed: u64, long: bool) -> Result<Vec<Row>, Wrong> {
    let inputs: u64 = if long { 1_000_000 } else { 2_000 };
    let mut random = Random::from_seed(seed);
    for (name, _) in fuzz::TARGETS {
        for _ in 0..inputs {
            let bytes = usize::try_from(random.below(200))?;
            let input: Vec<u8> = (0..bytes).map(|_| random.any().to_le_bytes()[0]).collect();
            fuzz::run(name, &input);
        }
    }
    let count = fuzz::TARGETS.len();
    let value = format!("{count} decoders, {inputs} random inputs each, 0 panics");
    Ok(vec![Row::judged(
        "R9 decoders",
        value,
        "at least 6 decoders, 0 panics; cargo fuzz for more",
        count >= 6,
    )])
}

fn leaks(_seed: u64, long: bool) -> Result<Vec<Row>, Wrong> {
    let found = soak::run(if long { 1_000_000 } else { 4_000 })?;
    let is_met = found.left.is_none() && found.grown_kib <= 1_024;
    Ok(vec![Row::judged("R13 leak-soak", found.to_string(), "nothing left, at most 1 MiB grown", is_met)])
}

fn faults(_seed: u64, _long: bool) -> Result<Vec<Row>, Wrong> {
    let (is_well, said) = ourselves(&["faults"])?;
    let value = said.lines().next_back().unwrap_or_default().to_owned();
    Ok(vec![Row::judged("R14 every-call-fails", value, "0 scenarios failed", is_well)])
}

/// What others measure, and what is not measured yet.
fn elsewhere(_seed: u64, _long: bool) -> Result<Vec<Row>, Wrong> {
    Ok(vec![
        Row::skipped(
            "R6 single-fetch",
            "cargo test --release -p cabotage-os --test copy_race; no count of loads yet",
            "0 changed results",
        ),
        Row::skipped("R8 truncation-race", "tests of guards only: no counted race yet", "0 deaths"),
        Row::skipped(
            "R10 models",
            "loom: ring, blocks, revocable records, topics; by .ci/run, stages models and weaken",
            "every weakened ordering caught",
        ),
        Row::skipped("R15 many-clients", "cabotage bench link.idle --release", "10,000 clients"),
        Row::skipped(
            "R16 quotas",
            "tests of cabotage-link/src/quota; no two users beside each other",
            "p99 at most 2 x",
        ),
        Row::skipped(
            "R17 peer-identity",
            "tests of cabotage-link/src/peer; no forced reuse of pids",
            "0 wrong",
        ),
        Row::skipped("R18 squatted-names", "cargo test -p cabotage-link --test names hostile", "fail closed"),
        Row::skipped("R20 code-rules", "cargo test -p cabotage-tests --test tidy", "0 complaints"),
    ])
}

/// Runs another command of this program; answers whether it succeeded, and what it said.
fn ourselves(arguments: &[&str]) -> Result<(bool, String), Wrong> {
    let output = Command::new(program()).args(arguments).stderr(Stdio::inherit()).output()?;
    Ok((output.status.success(), String::from_utf8_lossy(&output.stdout).trim_end().to_owned()))
}
