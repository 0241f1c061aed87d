// SPDX-License-Identifier: MIT OR Apache-2.0
//! The fair comparison: subject and limit in short rounds by turns, so that both see the same weather.
//!
//! A machine changes its mind in the middle of a run: clocks rise and fall, neighbours come and go. A ratio of
//! two figures taken minutes apart shows that; the median of ratios taken milliseconds apart does not.

use std::time::{Duration, Instant};

use super::case::{Case, Place, Result, Role};
use super::machine::Pair;
use super::session::{Figures, Session};
use super::statistics::Quartiles;

/// How much of a case to run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// About how long the rounds of one case take together.
    pub(crate) patience: Duration,
    /// The processors, if there are two.
    pub(crate) pair: Option<Pair>,
    /// How many links are many.
    pub(crate) links: u32,
}

impl Plan {
    /// The processors that the far end's process may use; none where there is no choice.
    pub(crate) fn processors(self, place: Place) -> Vec<usize> {
        match (self.pair, place) {
            (None, _) => Vec::new(),
            (Some(pair), Place::Apart | Place::Together) => vec![pair.far],
            (Some(pair), Place::Anywhere) => vec![pair.near, pair.far],
        }
    }
}

/// What all rounds of one case gave.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The subject.
    pub(crate) subject: Figures,
    /// Its limit.
    pub(crate) limit: Option<Figures>,
    /// The rounds' ratios of subject to limit: of latencies (1 or more is usual) or of paces (1 or less).
    pub(crate) ratio: Option<Quartiles>,
    /// How many rounds there were.
    pub(crate) rounds: u32,
}

/// Measures `case` by turns with its limit.
pub(crate) fn measure(case: &'static Case, plan: Plan) -> Result<Outcome> {
    let mut limit = case.limit.is_some().then(|| Session::open(case, Role::Limit, plan)).transpose()?;
    let mut subject = Session::open(case, Role::Subject, plan)?;
    for session in limit.iter_mut().chain([&mut subject]) {
        session.calibrate(round_length(plan.patience))?;
    }
    let end = Instant::now() + plan.patience;
    let (mut rounds, mut ratios) = (0, Vec::new());
    while rounds < ROUNDS_MIN || (rounds < ROUNDS_MAX && Instant::now() < end) {
        match &mut limit {
            Some(limit) => ratios.push(round(&mut subject, limit, rounds)?),
            None => drop(subject.record_round()?),
        }
        rounds += 1;
    }
    let ratio = (!ratios.is_empty()).then(|| Quartiles::of(ratios));
    Ok(Outcome { subject: subject.finish(), limit: limit.map(Session::finish), ratio, rounds })
}

/// One of each; every other round the subject goes first, lest being first is what is measured.
fn round(subject: &mut Session, limit: &mut Session, number: u32) -> Result<f64> {
    if number.is_multiple_of(2) {
        let below = limit.record_round()?;
        return Ok(subject.record_round()?.against(below));
    }
    let above = subject.record_round()?;
    Ok(above.against(limit.record_round()?))
}

/// Short enough for twice [`ROUNDS_MIN`] pairs, and for the weather to stay the same from one to the next.
fn round_length(patience: Duration) -> Duration {
    const ROUNDS_WANTED: u32 = 2 * 2 * ROUNDS_MIN;
    (patience / ROUNDS_WANTED).min(ROUND_LONGEST)
}

const ROUNDS_MIN: u32 = 20;
const ROUNDS_MAX: u32 = 400;
const ROUND_LONGEST: Duration = Duration::from_millis(25);
