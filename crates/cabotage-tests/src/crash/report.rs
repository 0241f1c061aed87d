// SPDX-License-Identifier: MIT OR Apache-2.0
//! What came of the points of one operation.

use std::fmt;
use std::time::Duration;

use crate::times::Times;

/// What came of the points of one operation.
#[derive(Debug, Default)]
pub struct Report {
    /// The operation's name.
    pub name: &'static str,
    /// How many instructions it has, if it was stepped through.
    pub instructions: Option<usize>,
    /// At how many points its victim was killed.
    pub points: usize,
    /// At how many of them it had gone another way than the first run.
    pub elsewhere: usize,
    /// Promises that were broken.
    pub violations: Vec<Violation>,
    /// How soon survivors were told.
    pub told: Times,
    /// How long it all took.
    pub took: Duration,
}

/// A broken promise.
#[derive(Debug, Clone)]
pub struct Violation {
    /// Where in the operation the victim was killed.
    pub point: String,
    /// What was wrong.
    pub words: String,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, instructions, points, elsewhere, violations, told, took } = self;
        let instructions = instructions.map_or("many".to_owned(), |count| count.to_string());
        let violations = violations.len();
        write!(
            f,
            "{name:28} {instructions:>7} instructions {points:>7} points {elsewhere:>5} elsewhere \
             {violations:>3} violations {took:>7.1?}  told: {told}"
        )
    }
}
