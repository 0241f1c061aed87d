// SPDX-License-Identifier: MIT OR Apache-2.0
//! Hostile consumers of an honest producer: lies, silence, death, descriptors and floods, one after the other, and
//! after each an honest consumer, which must get whole records in order, from exactly where the liar stopped.

use super::fields;
use super::harbour::{Harbour, RECORDS};
use super::script::{ADMITTED, CONSUMER};
use crate::hostile::campaign::{Outcome, Plan};
use crate::hostile::descriptors::{Case, PLACES};
use crate::hostile::field::{Field, Place};
use crate::hostile::floods::FLOODS;
use crate::hostile::kinds::Kinds;
use crate::hostile::lie::{Lie, Manner};
use crate::hostile::link_fields::{frame, word};
use crate::hostile::report::{Cause, End};
use crate::hostile::values::Value;
use crate::random::Random;

/// See the [module](self).
#[derive(Debug)]
pub struct Consumers {
    harbour: Harbour,
    plan: Plan,
    outcome: Outcome,
}

impl Consumers {
    /// Sets the stage.
    pub fn new(plan: Plan) -> Self {
        let harbour = Harbour::new("hostile-channel-producer", plan.attackers);
        let mut campaign = Self { harbour, plan, outcome: Outcome::default() };
        campaign.harbour.begin();
        campaign
    }

    /// All of it.
    pub fn run(mut self, random: &mut Random) -> Outcome {
        self.lies(random);
        if self.plan.field.is_empty() {
            self.silence();
            self.death();
            self.descriptors(random);
            self.floods();
        }
        self.end()
    }

    /// What has come of it.
    pub fn end(self) -> Outcome {
        self.outcome
    }

    /// Lies about every field that a consumer writes.
    pub fn lies(&mut self, random: &mut Random) {
        for lie in self.plan.lies(fields::all().filter(|field| is_written(field)), random) {
            self.lie(lie);
        }
    }

    /// One lie.
    pub fn lie(&mut self, lie: Lie) {
        let answer = self.harbour.liar().ask(format_args!("consume {lie}"));
        let told = super::Told::parse(&answer);
        let must_be_found = told.must_be_found;
        let is_true = lie.value == Value::Truth && lie.manner == Manner::Static;
        self.outcome.lies += 1;
        self.outcome.due += u64::from(must_be_found);
        let what = format!("{lie} (consumer)");
        if must_be_found && !told.has_ended {
            self.outcome.problems.push(format!("{what}: the victim did not hang up"));
        }
        if is_true && told.times == 0 {
            self.outcome.problems.push(format!("{what}: the field is never written"));
        }
        let taken = u64::from(told.messages.saturating_sub(1));
        let start = match lie.field.place {
            Place::Word { byte: word::CONSUMED | word::TAKEN } if !is_true => Start::Within(u64::MAX),
            // It may have been evicted for it, and what was taken after that counts for nobody.
            Place::Frame { .. } if !is_true => Start::Within(taken),
            _ => Start::After(taken),
        };
        if is_true && (told.was_evicted || taken < 3) {
            self.outcome.problems.push(format!("{what}: it is not let in, or not served: {taken} records"));
        }
        let judged = self.judge(start, |end| match (must_be_found, is_true) {
            (true, _) => end.cause == Cause::Fault,
            (false, true) => end.cause == Cause::Gone,
            (false, false) => matches!(end.cause, Cause::Gone | Cause::Fault),
        });
        self.note(&what, judged);
    }

    /// Silence after every step, of a peer that lives and of one that is stopped. Who has the place keeps it, and
    /// others are told so; who has not holds up nobody.
    pub fn silence(&mut self) {
        for steps in 1..CONSUMER.len() {
            let (step, taken) = self.silent_after(steps);
            let judged = self.beside(steps).and_then(|()| {
                self.harbour.liar().stop();
                let judged = self.beside(steps);
                self.harbour.liar().go_on();
                judged
            });
            self.harbour.liar().ask("drop");
            let judged =
                judged.and_then(|()| self.judge(Start::After(taken), |end| end.cause == Cause::Gone));
            self.note(&format!("silence after {step} (consumer)"), judged);
        }
    }

    /// What an honest consumer sees beside a silent one that has done so many steps.
    fn beside(&mut self, steps: usize) -> Result<(), String> {
        if steps < ADMITTED - 1 {
            let mut consumer = self.harbour.consumer()?;
            return self.harbour.take(&mut consumer, RECORDS, 0);
        }
        match self.harbour.is_occupied_by_liar() {
            true => Ok(()),
            false => Err("an honest consumer is not told who has the place".to_owned()),
        }
    }

    fn silent_after(&mut self, steps: usize) -> (String, u64) {
        let answer = self.harbour.liar().ask(format_args!("consume-silent {steps}"));
        let (step, messages) = answer.split_once(' ').expect("a step and a number");
        (step.to_owned(), messages.parse::<u64>().expect("a number").saturating_sub(1))
    }

    /// Death after every step.
    pub fn death(&mut self) {
        for steps in 1..CONSUMER.len() {
            let (step, taken) = self.silent_after(steps);
            let dead = self.harbour.liar_pid();
            self.harbour.replace_liar();
            let judged = self.judge(Start::After(taken), |end| end.cause == Cause::Gone && end.pid == dead);
            self.note(&format!("death after {step} (consumer)"), judged);
        }
    }

    /// Every kind of descriptor, in every number and place, into a table that has room and one that is full.
    pub fn descriptors(&mut self, random: &mut Random) {
        let kinds = Kinds::new();
        for (number, case) in Case::all(&kinds).enumerate() {
            let what = &kinds.all()[case.kind];
            for (place, is_full) in PLACES.iter().flat_map(|place| [(place, false), (place, true)]) {
                if random.below(self.plan.one_in) > 0 {
                    continue;
                }
                let prepared = self.harbour.liar().ask(format_args!("prepare consumer {place}"));
                let messages: u64 = prepared.rsplit(' ').next().expect("a number").parse().expect("a number");
                // A victim without descriptors accepts nobody.
                self.outcome.problems.extend(self.harbour.has_guest().err());
                if is_full {
                    self.harbour.victim().ask("fill");
                }
                let has_ended = self.harbour.liar().ask(format_args!("strike {place} {number}")) == "true";
                if is_full {
                    self.harbour.victim().ask("empty");
                }
                let name = what.name;
                let name = format!("{name} {:?} as {place} (full: {is_full}, consumer)", case.count);
                if !has_ended {
                    self.outcome.problems.push(format!("{name}: the victim did not hang up"));
                }
                let words = case.words(what, place).filter(|_| !is_full);
                let judged = self.judge(Start::Within(messages), |end| match words {
                    Some(words) => end.cause == Cause::Fault && end.words.contains(words),
                    None => true,
                });
                self.note(&name, judged);
            }
        }
    }

    /// Every flood: of those at the door beside an honest consumer, and of one who has the place.
    pub fn floods(&mut self) {
        for flood in FLOODS {
            let judged = self.flood_beside(flood.name);
            self.note(&format!("a flood of {} beside a consumer", flood.name), judged);
            // Whose questions nobody hears can ask no more than its ring holds.
            if flood.name == "questions-without-a-reader" {
                continue;
            }
            let amount = self.plan.flood;
            self.harbour.liar().ask(format_args!("flood {} {amount}", flood.name));
            let judged = self.judge(Start::Within(u64::MAX), |_| true);
            self.note(&format!("a flood of {} by the consumer", flood.name), judged);
        }
    }

    fn flood_beside(&mut self, flood: &str) -> Result<(), String> {
        let mut consumer = self.harbour.consumer()?;
        self.harbour.take(&mut consumer, 1, 0)?;
        self.harbour.liar().ask(format_args!("begin {flood}"));
        let taken = self.harbour.take(&mut consumer, self.plan.flood, 0);
        self.harbour.liar().ask("enough");
        taken?;
        self.harbour.take(&mut consumer, RECORDS, 0)?;
        drop(consumer);
        self.judge(Start::After(0), |_| false)
    }

    /// Whether all is well after an attack: `is_right` of every end that the liar had, all is reclaimed, and the next
    /// consumer is served.
    fn judge(&mut self, start: Start, is_right: impl Fn(&End) -> bool) -> Result<(), String> {
        let own = i32::try_from(std::process::id()).unwrap_or(0);
        for end in self.harbour.reclaimed()?.iter().filter(|end| end.pid != own) {
            if !is_right(end) || end.words.len() < 10 {
                return Err(format!("process {} ended by {:?}: {}", end.pid, end.cause, end.words));
            }
        }
        let more = match start {
            Start::After(records) => {
                self.harbour.skip(records);
                0
            }
            Start::Within(records) => records,
        };
        let mut consumer = self.harbour.consumer()?;
        self.harbour.take(&mut consumer, RECORDS, more)?;
        drop(consumer);
        let ends = self.harbour.reclaimed()?;
        match ends.iter().find(|end| end.pid != own || end.cause != Cause::Gone) {
            Some(end) => Err(format!("an honest consumer ended by {:?}: {}", end.cause, end.words)),
            None => Ok(()),
        }
    }

    fn note(&mut self, what: &str, judged: Result<(), String>) {
        self.outcome.attacks += 1;
        if let Err(words) = judged {
            self.outcome.problems.push(format!("{what}: {words}"));
        }
    }
}

/// Where the next consumer must begin, counted from where the last honest one stopped.
#[derive(Debug, Clone, Copy)]
enum Start {
    /// Behind so many.
    After(u64),
    /// Behind at most so many.
    Within(u64),
}

/// Whether a consumer writes this field: it answers no knocks, refuses nobody, and no ring of its own is read.
fn is_written(field: &Field) -> bool {
    let is_about = |what: &[&str]| what.iter().any(|begin| field.name.starts_with(begin));
    !is_about(&["answer.", "refused.", "pad.", "continue.", "retire."])
}

/// Whether a producer looks at it: at the first words, at the memory that is handed over, at the count.
pub(super) fn is_looked_at(field: &Field) -> bool {
    match field.place {
        Place::Frame { kind, .. } => kind == frame::HELLO || kind == frame::OUTBOX,
        Place::Word { byte } => byte == word::CONSUMED,
        _ => false,
    }
}
