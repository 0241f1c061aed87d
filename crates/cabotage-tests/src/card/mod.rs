// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cabotage-tests card`: the scorecard, a line for each thing that must hold, with its figure, its target and its seed.
//!
//! `R<n> <name> <value> <target> PASS|FAIL|SKIP`. A row that cannot be measured here says what does, or what is
//! missing; it never counts as passed.

mod hostile;
mod rows;
mod soak;

use std::fmt;

use clap::Args;

use crate::Wrong;
use crate::random::Random;

/// Prints the scorecard: what must hold, what was measured, and whether it holds
#[derive(Debug, Clone, Args)]
pub struct Card {
    /// Everything, which takes an hour; if not, a part of each that takes a minute or two
    #[arg(long)]
    pub long: bool,
    /// Draws the same again
    #[arg(long)]
    pub seed: Option<u64>,
    /// Only rows whose name begins with this, such as `R2`
    pub row: Option<String>,
}

/// One line.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    name: &'static str,
    value: String,
    target: &'static str,
    verdict: Verdict,
}

/// Whether a target is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Pass,
    Fail,
    Skip,
}

impl Row {
    fn judged(name: &'static str, value: String, target: &'static str, is_met: bool) -> Self {
        Self { name, value, target, verdict: if is_met { Verdict::Pass } else { Verdict::Fail } }
    }

    fn skipped(name: &'static str, why: impl Into<String>, target: &'static str) -> Self {
        Self { name, value: why.into(), target, verdict: Verdict::Skip }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.verdict {
            Verdict::Pass => "PASS",
            Verdict::Fail => "FAIL",
            Verdict::Skip => "SKIP",
        };
        write!(f, "{:22} {} | {} | {verdict}", self.name, self.value, self.target)
    }
}

impl Card {
    /// Prints it; answers whether no row fails.
    ///
    /// # Errors
    /// What the harness needs was refused.
    pub fn run(&self) -> Result<bool, Wrong> {
        let random = self.seed.map_or_else(|| Random::of_today("card"), Random::from_seed);
        println!("seed {}, {}", random.seed(), if self.long { "the long form" } else { "the short form" });
        let wanted = self.row.as_deref().unwrap_or_default();
        let mut is_well = true;
        for group in rows::GROUPS.iter().filter(|group| group.covers(wanted)) {
            for row in (group.measure)(random.seed(), self.long)? {
                println!("{row}");
                is_well &= row.verdict != Verdict::Fail;
            }
        }
        Ok(is_well)
    }
}
