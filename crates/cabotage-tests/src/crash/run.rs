// SPDX-License-Identifier: MIT OR Apache-2.0
//! The points of one operation, one after the other.

use std::fmt;
use std::time::Instant;

use super::calls::{Calls, Spot};
use super::report::{Report, Violation};
use super::stage::{Gate, Ground, Operation, Outcome, Stage, Survivor};
use super::traced::Traced;
use super::track::{Arrival, Track};
use crate::Wrong;
use crate::inventory::Inventory;
use crate::notes::Notes;
use crate::random::Random;
use crate::scratch::Scratch;

/// Which points to take.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Every how many-th instruction.
    pub stride: usize,
    /// At most so many points of one operation: the stride grows where there would be more.
    pub points_max: usize,
    /// An operation of more instructions is not stepped through: its points are drawn.
    pub steps_max: usize,
}

/// How many points are drawn at most.
const DRAWN_MAX: usize = 10_000;

/// How points are reached.
enum Way {
    Stepped(Track),
    Called(Calls),
}

/// One of them.
#[derive(Debug, Clone, Copy)]
enum Point {
    /// Before this instruction.
    Instruction(usize),
    /// Near a system call.
    Spot(Spot),
}

/// Kills a victim at each point of the plan.
///
/// # Errors
/// The stage could not be set, or the operation not be gone through.
pub fn explore(operation: &Operation, plan: Plan, random: &mut Random) -> Result<Report, Wrong> {
    let began = Instant::now();
    let (place, (notes, memory)) = (Scratch::new(), Notes::new()?);
    drop(memory);
    let ground = Ground { place: &place, notes: &notes };
    let way = record(operation, &ground, plan.steps_max)?;
    let mut report = Report { name: operation.name, ..Report::default() };
    if let Way::Stepped(track) = &way {
        report.instructions = Some(track.instructions());
    }
    for point in points(&way, plan, random) {
        let before = Inventory::of_self().and_place(&place);
        let mut outcome = Outcome::default();
        let done = kill_at(operation, &ground, &way, point, &mut outcome);
        let left = Inventory::of_self().and_place(&place).since(&before);
        let mut complain = |words| report.violations.push(Violation { point: point.to_string(), words });
        report.points += 1;
        match done {
            Ok(Arrival::There) => {}
            Ok(Arrival::Elsewhere) => report.elsewhere += 1,
            Err(wrong) => complain(wrong.to_string()),
        }
        if let Some(left) = left {
            complain(format!("left behind: {left}"));
        }
        outcome.told_after.into_iter().for_each(|after| report.told.add(after));
    }
    report.took = began.elapsed();
    Ok(report)
}

fn points(way: &Way, plan: Plan, random: &mut Random) -> Vec<Point> {
    match way {
        Way::Stepped(track) => {
            let instructions = track.instructions();
            let stride = plan.stride.max(instructions.div_ceil(plan.points_max.max(1))).max(1);
            let offset = usize::try_from(random.below(stride as u64)).unwrap_or(0);
            (offset..instructions).step_by(stride).chain([instructions]).map(Point::Instruction).collect()
        }
        Way::Called(calls) => {
            (0..plan.points_max.min(DRAWN_MAX)).map(|_| Point::Spot(calls.draw(random))).collect()
        }
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instruction(number) => write!(f, "before instruction {number}"),
            Self::Spot(spot) => spot.fmt(f),
        }
    }
}

/// Goes through the operation to its end, and ends its victim there.
fn record(operation: &Operation, ground: &Ground<'_>, steps_max: usize) -> Result<Way, Wrong> {
    // What is set up once in a process and stays (a hook, a page, a probe) is set up now, and never found afterwards.
    let (mut victim, survivor) = ready(operation, ground)?;
    let calls = Calls::record(&mut victim)?;
    finish((victim, survivor), ground)?;
    let (mut victim, survivor) = ready(operation, ground)?;
    let way = match Track::record(&mut victim, steps_max)? {
        Some(track) => Way::Stepped(track),
        None => {
            victim.run_to_gate()?;
            Way::Called(calls)
        }
    };
    finish((victim, survivor), ground)?;
    Ok(way)
}

fn finish((mut victim, survivor): Ready, ground: &Ground<'_>) -> Result<(), Wrong> {
    victim.kill()?;
    survivor.check(ground, &mut Outcome::default())
}

type Ready = (Traced, Box<dyn Survivor>);

/// A victim that stands where its operation begins.
fn ready(operation: &Operation, ground: &Ground<'_>) -> Result<Ready, Wrong> {
    ground.notes.clear();
    let Stage { victim, mut survivor } = (operation.set)(ground)?;
    let mut traced = Traced::start(|| victim(&Gate { notes: ground.notes, place: ground.place }))?;
    survivor.prepare(ground)?;
    traced.wait_for_gate()?;
    Ok((traced, survivor))
}

fn kill_at(
    operation: &Operation,
    ground: &Ground<'_>,
    way: &Way,
    point: Point,
    outcome: &mut Outcome,
) -> Result<Arrival, Wrong> {
    let (mut victim, survivor) = ready(operation, ground)?;
    let arrival = match (way, point) {
        (Way::Stepped(track), Point::Instruction(number)) => track.lead(&mut victim, number)?,
        (_, Point::Spot(spot)) => Calls::lead(&mut victim, spot)?,
        (Way::Called(_), Point::Instruction(_)) => return Err("a point of another way".into()),
    };
    victim.kill()?;
    survivor.check(ground, outcome)?;
    Ok(arrival)
}
