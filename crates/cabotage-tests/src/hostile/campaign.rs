// SPDX-License-Identifier: MIT OR Apache-2.0
//! All attacks in a row, or a part of them: lies, silence, death, descriptors, floods.

use super::attacker::Meeting;
use super::descriptors::{COUNTS, Case, PLACES};
use super::field::Field;
use super::floods::{FLOODS, Flood};
use super::kinds::Kinds;
use super::lie::{Lie, Manner};
use super::link_fields::FIELDS;
use super::oracle::{Cost, Oracle, Verdict};
use super::pipe::fields::PIPE_FIELDS;
use super::pipe::script::WHOLE_PIPE;
use super::script::WHOLE_LINK;
use super::stage::{Attackers, Stage};
use super::values::Value;
use crate::random::Random;

/// How many kinds of descriptors are tried at once against a full table.
const KINDS_AT_ONCE: usize = 6;

/// What is attacked, and how much.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Only lies about fields whose names begin like this.
    pub field: String,
    /// One lie in so many is told; all with 1.
    pub one_in: u64,
    /// Messages or connections of each flood.
    pub flood: u64,
    /// By whom.
    pub attackers: Attackers,
}

impl Plan {
    /// The lies that are told about these fields: with every value, in both manners.
    pub fn lies(&self, fields: impl IntoIterator<Item = &'static Field>, random: &mut Random) -> Vec<Lie> {
        let mut lies = Vec::new();
        for field in fields.into_iter().filter(|field| field.name.starts_with(&self.field)) {
            for value in Value::all(random.any()) {
                for manner in [Manner::Static, Manner::Racing] {
                    let can_be = manner == Manner::Static || field.place.can_race();
                    if can_be && random.below(self.one_in) == 0 {
                        lies.push(Lie { field, value, manner });
                    }
                }
            }
        }
        lies
    }
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Outcome {
    /// How many attacks there were.
    pub attacks: u64,
    /// Of them lies, told how often, and how many of them had to be found.
    pub lies: u64,
    /// How many of the lies had to be found.
    pub due: u64,
    /// The lie that cost the victim most system calls, and how many.
    pub most_calls: (u64, String),
    /// The lie that cost the victim most time of a processor, and how many nanoseconds.
    pub most_processor: (u64, String),
    /// Of each flood: its name, what was sent, system calls of the victim for each.
    pub floods: Vec<(&'static str, u64, f64)>,
    /// What went wrong, in words.
    pub problems: Vec<String>,
}

/// A stage and its oracle, and what has come of it so far.
#[derive(Debug)]
pub struct Campaign {
    stage: Stage,
    oracle: Oracle,
    plan: Plan,
    outcome: Outcome,
}

impl Campaign {
    /// Sets the stage.
    pub fn new(plan: Plan) -> Self {
        let mut stage = Stage::new(plan.attackers);
        let oracle = Oracle::new(&mut stage);
        Self { stage, oracle, plan, outcome: Outcome::default() }
    }

    /// All of it.
    pub fn run(mut self, random: &mut Random) -> Outcome {
        self.lies(random);
        self.lies_of_pipes(random);
        if self.plan.field.is_empty() {
            self.silence();
            self.silence_and_death_of_pipes();
            self.death();
            self.descriptors();
            self.floods();
        }
        self.end()
    }

    /// What has come of it.
    pub fn end(mut self) -> Outcome {
        if let Err(words) = self.oracle.memory(&self.stage) {
            self.outcome.problems.push(words);
        }
        self.outcome
    }

    /// Lies about every field, with every value, in both manners, wherever a victim is met.
    pub fn lies(&mut self, random: &mut Random) {
        self.lies_about(FIELDS, &Meeting::ALL, random);
    }

    /// The same of clients of the victim's pipe.
    pub fn lies_of_pipes(&mut self, random: &mut Random) {
        self.lies_about(PIPE_FIELDS, &[Meeting::Pipe], random);
    }

    fn lies_about(&mut self, fields: &'static [Field], meetings: &[Meeting], random: &mut Random) {
        for lie in self.plan.lies(fields, random) {
            self.lie(lie, *random.pick(meetings));
        }
    }

    /// One lie.
    pub fn lie(&mut self, lie: Lie, meeting: Meeting) {
        let Lie { field: Field { name, .. }, value, manner } = lie;
        let answer = self.stage.order(format_args!("lie {meeting} {name} {value} {manner}"));
        let mut words = answer.split(' ');
        let times: u32 = words.next().and_then(|word| word.parse().ok()).expect("a number");
        let must_be_found = words.next() == Some("true");
        let has_ended = words.next() == Some("true");
        let is_true = value == Value::Truth && manner == Manner::Static;
        let verdict = match (must_be_found, is_true) {
            (true, _) => Verdict::Fault(""),
            (false, true) => Verdict::Gone,
            (false, false) => Verdict::AnyOfThese,
        };
        self.outcome.lies += 1;
        self.outcome.due += u64::from(must_be_found);
        let what = format!("{lie} ({meeting})");
        if times == 0 && is_true {
            self.outcome.problems.push(format!("{what}: the field is never written"));
        }
        if must_be_found && !has_ended {
            self.outcome.problems.push(format!("{what}: the victim did not hang up"));
        }
        if let Some(cost) = self.judge(&what, &[verdict]) {
            let outcome = &mut self.outcome;
            outcome.most_calls = outcome.most_calls.clone().max((cost.calls, what.clone()));
            outcome.most_processor = outcome.most_processor.clone().max((cost.processor_ns, what));
        }
    }

    /// Silence after every step, of a peer that lives and of one that is stopped.
    pub fn silence(&mut self) {
        for meeting in Meeting::ALL {
            for steps in 1..WHOLE_LINK.len() {
                let step = self.stage.order(format_args!("fall-silent {meeting} {steps}"));
                self.stage.exchange();
                self.stage.attacker().stop();
                for _ in 0..20 {
                    self.stage.exchange();
                }
                self.stage.attacker().go_on();
                self.stage.order("drop");
                self.judge(&format!("silence after {step} ({meeting})"), &[Verdict::Gone]);
            }
        }
        // Who connects and never says HELLO is given up.
        self.stage.order(format_args!("fall-silent {} 1", Meeting::Name));
        self.judge("silence from the start", &[Verdict::Fault("did not say HELLO in time")]);
        self.stage.order("drop");
    }

    /// Death after every step.
    pub fn death(&mut self) {
        let before = self.plan.one_in;
        for steps in (1..WHOLE_LINK.len()).filter(|steps| before == 1 || steps % 4 == 1) {
            let meeting = Meeting::ALL[steps % 2];
            let step = self.stage.order(format_args!("fall-silent {meeting} {steps}"));
            let dead = i32::try_from(self.stage.attacker().pid()).unwrap_or(0);
            self.stage.replace_attacker();
            // Its honest link dies with it, and the new one has another.
            let what = format!("death after {step} ({meeting})");
            let judged = self.oracle.judge_of(&mut self.stage, dead, &[Verdict::Gone; 2]);
            self.note(&what, judged);
        }
    }

    /// The same of a client of the victim's pipe. What it wrote before is answered; its instance is free when it goes.
    pub fn silence_and_death_of_pipes(&mut self) {
        for steps in 1..WHOLE_PIPE.len() {
            let step = self.stage.order(format_args!("fall-silent {} {steps}", Meeting::Pipe));
            self.stage.exchange();
            if steps % 2 == 0 {
                self.stage.order("drop");
                self.judge(&format!("silence after {step} (pipe)"), &[Verdict::Gone]);
            } else {
                let dead = i32::try_from(self.stage.attacker().pid()).unwrap_or(0);
                self.stage.replace_attacker();
                let judged = self.oracle.judge_of(&mut self.stage, dead, &[Verdict::Gone; 2]);
                self.note(&format!("death after {step} (pipe)"), judged);
            }
        }
    }

    /// Every kind of descriptor, in every number and place, into a table that has room and one that is full.
    pub fn descriptors(&mut self) {
        let kinds = Kinds::new();
        let cases: Vec<_> = Case::all(&kinds).collect();
        for place in PLACES {
            for (number, batch) in cases.chunks(KINDS_AT_ONCE * COUNTS.len()).enumerate() {
                let first = number * KINDS_AT_ONCE * COUNTS.len();
                for is_full in [false, true] {
                    let links = batch.len();
                    let meeting = Meeting::Name;
                    self.stage.order(format_args!("prepare {meeting} {place} {links}"));
                    if is_full {
                        self.stage.exchange();
                        self.stage.fill_table(true);
                    }
                    let left = self.stage.order(format_args!("strike {place} {first}"));
                    if left != "[]" {
                        self.outcome
                            .problems
                            .push(format!("as {place} (full: {is_full}): {left} do not end"));
                    }
                    if is_full {
                        self.stage.exchange();
                        self.stage.fill_table(false);
                    }
                    let verdicts =
                        batch.iter().map(|case| match case.words(&kinds.all()[case.kind], place) {
                            _ if is_full => Verdict::Shortage,
                            Some(words) => Verdict::Fault(words),
                            None => Verdict::Gone,
                        });
                    let verdicts: Vec<_> = verdicts.collect();
                    let table = if is_full { "a full table" } else { "a free table" };
                    self.judge(&format!("{links} descriptors as {place} into {table}"), &verdicts);
                    self.outcome.attacks += links as u64 - 1;
                }
            }
        }
    }

    /// Every flood.
    pub fn floods(&mut self) {
        for flood in FLOODS {
            self.flood(flood);
        }
    }

    fn flood(&mut self, flood: &Flood) {
        let answer = self.stage.order(format_args!("flood {} {}", flood.name, self.plan.flood));
        let numbers: Vec<u64> = answer.split(' ').filter_map(|word| word.parse().ok()).collect();
        let &[sent, links] = &numbers[..] else { panic!("{answer}") };
        let verdict = if flood.is_fault { Verdict::Fault("") } else { Verdict::Gone };
        let links = usize::try_from(links).unwrap_or(usize::MAX);
        let judged = self.oracle.judge_all(&mut self.stage, links, verdict);
        if let Ok(cost) = &judged {
            #[expect(clippy::cast_precision_loss, reason = "a ratio to be shown")]
            self.outcome.floods.push((flood.name, sent, cost.calls as f64 / sent as f64));
        }
        self.note(&format!("a flood of {} {}", sent, flood.name), judged);
    }

    fn judge(&mut self, what: &str, verdicts: &[Verdict]) -> Option<Cost> {
        let judged = self.oracle.judge(&mut self.stage, verdicts);
        self.note(what, judged)
    }

    /// Notes what came of an attack; answers what it cost, if nothing went wrong.
    fn note(&mut self, what: &str, judged: Result<Cost, String>) -> Option<Cost> {
        self.outcome.attacks += 1;
        judged.map_err(|words| self.outcome.problems.push(format!("{what}: {words}"))).ok()
    }
}
