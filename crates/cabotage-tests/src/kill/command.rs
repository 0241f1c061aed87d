// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cabotage-tests kills`: a line for each transport, and every broken promise.

use std::time::{Duration, Instant};

use clap::Args;

use super::{Supervisor, Tally};
use crate::Wrong;
use crate::random::Random;
use crate::watchdog::Watchdog;

/// How many broken promises are printed.
const PRINTED_MAX: usize = 10;

/// Kills processes at random moments
#[derive(Debug, Clone, Args)]
pub struct Kills {
    /// Only transports whose name begins with this
    pub transport: Option<String>,
    /// How many processes to kill, over all transports
    #[arg(long, default_value_t = 10_000)]
    pub count: u64,
    /// Draws the same moments again
    #[arg(long)]
    pub seed: Option<u64>,
    /// Prints nothing
    #[arg(skip)]
    pub is_quiet: bool,
}

impl Kills {
    /// Kills them, in equal shares.
    ///
    /// # Errors
    /// What the harness needs was refused, or there is no transport of this name.
    pub fn run(&self) -> Result<Tally, Wrong> {
        let mut random = self.seed.map_or_else(|| Random::of_today("kills"), Random::from_seed);
        let prefix = self.transport.as_deref().unwrap_or_default();
        let chosen: Vec<_> = super::named(prefix).collect();
        let share = self.count.div_ceil(chosen.len().max(1) as u64);
        let mut total = Tally::default();
        for transport in &chosen {
            let patience = Duration::from_secs(60) + Duration::from_secs(1) * u32::try_from(share)?;
            let _watchdog = Watchdog::over(format!("kills of {}", transport.name()), patience);
            let began = Instant::now();
            let mut supervisor = Supervisor::new(&mut random);
            supervisor.kill(*transport, share)?;
            if !self.is_quiet {
                print(transport.name(), &supervisor.tally, began.elapsed());
            }
            total.add(supervisor.tally);
        }
        if chosen.is_empty() {
            return Err(format!("no transport begins with {prefix:?}").into());
        }
        if self.is_quiet {
            return Ok(total);
        }
        println!("{} kills, {} violations", total.kills, total.violations.len());
        Ok(total)
    }
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.kills += other.kills;
        self.stops += other.stops;
        self.records += other.records;
        self.told.merge(&other.told);
        self.late.merge(&other.late);
        self.bare.merge(&other.bare);
        self.violations.extend(other.violations);
    }
}

fn print(name: &str, tally: &Tally, took: Duration) {
    let Tally { kills, stops, records, told, late, bare, violations } = tally;
    println!(
        "{name:14} {kills:>6} kills ({stops} stopped before) {records:>9} records {:>3} violations {took:>7.1?}",
        violations.len()
    );
    println!("{:14} survivors told: {told}; calls late: {late}; bare sleeps: {bare}", "");
    violations.iter().take(PRINTED_MAX).for_each(|line| println!("    {line}"));
}
