// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cabotage-tests crash-points`: the operations, one line each, and every broken promise.

use std::time::Duration;

use clap::Args;

use super::{Plan, Report, explore, operations};
use crate::Wrong;
use crate::random::Random;
use crate::times::Times;
use crate::watchdog::Watchdog;

/// How many broken promises of one operation are printed.
const PRINTED_MAX: usize = 5;

/// Kills a process at every instruction of each operation
#[derive(Debug, Clone, Args)]
pub struct CrashPoints {
    /// Only operations whose name begins with this, such as `link.` or `link.send`
    pub operation: Option<String>,
    /// Every how many-th instruction
    #[arg(long, default_value_t = 1)]
    pub stride: usize,
    /// At most so many points of each operation
    #[arg(long, default_value_t = usize::MAX, hide_default_value = true)]
    pub points: usize,
    /// Longer operations are not stepped through; their points lie close behind system calls
    #[arg(long, default_value_t = usize::MAX, hide_default_value = true)]
    pub steps: usize,
    /// For the points, where stride or steps leave a choice
    #[arg(long)]
    pub seed: Option<u64>,
    /// Prints broken promises only
    #[arg(skip)]
    pub is_quiet: bool,
}

/// What came of all operations.
#[derive(Debug, Default)]
pub struct Total {
    /// How many operations there were.
    pub operations: usize,
    /// At how many points a process was killed.
    pub points: usize,
    /// At how many of these it had gone another way than in the first run.
    pub elsewhere: usize,
    /// Broken promises.
    pub violations: usize,
    /// How soon survivors were told.
    pub told: Times,
}

impl CrashPoints {
    /// Runs them, with a line for each.
    ///
    /// # Errors
    /// A stage that could not be set, or no operation of this name.
    pub fn run(&self) -> Result<Total, Wrong> {
        let mut random = self.seed.map_or_else(|| Random::of_today("crash points"), Random::from_seed);
        let prefix = self.operation.as_deref().unwrap_or_default();
        let allowed = cabotage_os::processor::allowed()?;
        on_one_processor(&allowed)?;
        let mut total = Total::default();
        for operation in operations::named(prefix) {
            let _watchdog = Watchdog::over(operation.name, Duration::from_secs(3_600));
            let steps_max = if operations::waits(operation) { 0 } else { self.steps };
            let plan = Plan { stride: self.stride, points_max: self.points, steps_max };
            let report = explore(operation, plan, &mut random);
            let report = report.map_err(|error| format!("{}: {error}", operation.name))?;
            if !self.is_quiet || !report.violations.is_empty() {
                print(&report);
            }
            total.add(&report);
        }
        if total.operations == 0 {
            return Err(format!("no operation begins with {prefix:?}").into());
        }
        cabotage_os::processor::confine(&allowed)?;
        if self.is_quiet {
            return Ok(total);
        }
        println!(
            "{} points in {} operations, {} elsewhere; survivors told: {}; {} violations",
            total.points, total.operations, total.elsewhere, total.told, total.violations
        );
        Ok(total)
    }
}

impl Total {
    fn add(&mut self, report: &Report) {
        self.operations += 1;
        self.points += report.points;
        self.elsewhere += report.elsewhere;
        self.violations += report.violations.len();
        self.told.merge(&report.told);
    }
}

fn print(report: &Report) {
    println!("{report}");
    for violation in report.violations.iter().take(PRINTED_MAX) {
        println!("    killed {} of {}: {}", violation.point, report.name, violation.words);
    }
}

/// Each step changes between two processes: that is quickest where they share a processor.
fn on_one_processor(allowed: &[usize]) -> Result<(), Wrong> {
    let mine = std::process::id() as usize % allowed.len().max(1);
    if let Some(processor) = allowed.get(mine) {
        cabotage_os::processor::pin(*processor)?;
    }
    Ok(())
}
