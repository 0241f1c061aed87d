// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cabotage-tests faults`: every scenario, with how many faults were tried.

use clap::Args;

use super::{SCENARIOS, run};

/// Lets every system call of each scenario fail once, with each of its errors
#[derive(Debug, Args)]
pub struct Faults {
    /// Only scenarios whose name contains this
    #[arg(default_value = "", hide_default_value = true)]
    scenario: String,
}

impl Faults {
    /// Does it; answers whether every promise holds.
    pub fn run(&self) -> bool {
        let (mut runs, mut failed, mut scenarios) = (0, 0, 0);
        for scenario in SCENARIOS.iter().filter(|one| one.name.contains(&self.scenario)) {
            scenarios += 1;
            match run(scenario.name) {
                Ok(tally) => {
                    println!(
                        "{}: {} calls, {} faults, {} errors, the others did no harm",
                        scenario.name, tally.calls, tally.runs, tally.errors
                    );
                    runs += tally.runs;
                }
                Err(how) => {
                    println!("{how}");
                    failed += 1;
                }
            }
        }
        println!("{runs} faults in {scenarios} scenarios; {failed} scenarios failed");
        failed == 0
    }
}
