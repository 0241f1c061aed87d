// SPDX-License-Identifier: MIT OR Apache-2.0
//! Hostile producers of an honest consumer: one after the other takes the name, and after each an honest producer
//! does, of which the consumer must get everything.

use super::fields;
use super::harbour::Harbour;
use super::script::{ANSWERED, PRODUCER, RECORDS, producer_of};
use super::victim_consumer::{How, Met};
use crate::hostile::campaign::{Outcome, Plan};
use crate::hostile::descriptors::{Case, PLACES};
use crate::hostile::field::{Field, Place};
use crate::hostile::kinds::Kinds;
use crate::hostile::lie::{Lie, Manner};
use crate::hostile::values::Value;
use crate::random::Random;

/// How long the consumer waits for each record, where one must come or the producer ends: ms.
const PATIENCE_MS: u32 = 20_000;
/// And where nothing will: ms.
const A_MOMENT_MS: u32 = 20;

/// See the [module](self).
#[derive(Debug)]
pub struct Producers {
    harbour: Harbour,
    plan: Plan,
    outcome: Outcome,
}

impl Producers {
    /// Sets the stage.
    pub fn new(plan: Plan) -> Self {
        let mut harbour = Harbour::new("hostile-channel-consumer", plan.attackers);
        harbour.begin();
        Self { harbour, plan, outcome: Outcome::default() }
    }

    /// All of it.
    pub fn run(mut self, random: &mut Random) -> Outcome {
        self.lies(random);
        if self.plan.field.is_empty() {
            self.silence();
            self.death();
            self.descriptors(random);
        }
        self.end()
    }

    /// What has come of it.
    pub fn end(self) -> Outcome {
        self.outcome
    }

    /// Lies about every field that a producer writes.
    pub fn lies(&mut self, random: &mut Random) {
        for lie in self.plan.lies(fields::all().filter(|field| is_written(field)), random) {
            self.lie(lie);
        }
    }

    /// One lie.
    pub fn lie(&mut self, lie: Lie) {
        let (answer, met) = self.met(format_args!("produce {lie}"));
        let told = super::Told::parse(&answer);
        let must_be_found = told.must_be_found;
        let is_true = lie.value == Value::Truth && lie.manner == Manner::Static;
        self.outcome.lies += 1;
        self.outcome.due += u64::from(must_be_found);
        let what = format!("{lie} (producer)");
        if must_be_found && !told.has_ended {
            self.outcome.problems.push(format!("{what}: the victim did not hang up"));
        }
        if is_true && told.times == 0 {
            self.outcome.problems.push(format!("{what}: the field is never written"));
        }
        let breaks_a_rule_anyway = !std::ptr::eq(producer_of(lie.field.name), PRODUCER);
        let is_right = match (must_be_found, is_true) {
            _ if breaks_a_rule_anyway => met.how == How::Fault,
            // Who does not answer as producers do is none.
            (true, _) if lie.field.name == "answer.magic" => met.how == How::Died,
            (true, _) => met.how == How::Fault,
            (false, true) => met.how == How::Closed && met.records == RECORDS,
            (false, false) => met.how != How::Other,
        };
        self.judge(&what, is_right, &met);
    }

    /// Silence after every step, and of one that is stopped before it accepts anybody.
    pub fn silence(&mut self) {
        for steps in 1..PRODUCER.len() {
            self.harbour.liar().tell(format_args!("produce-silent {steps}"));
            assert_eq!(self.harbour.liar().hear(), "published");
            self.harbour.victim().tell(format_args!("meet {A_MOMENT_MS}"));
            let answer = self.harbour.liar().hear();
            let met = self.harbour.met();
            self.harbour.liar().ask("drop");
            self.judge(&format!("silence after {answer} (producer)"), met.how == How::Silent, &met);
        }
        self.harbour.liar().tell("produce-silent 1");
        assert_eq!(self.harbour.liar().hear(), "published");
        self.harbour.liar().stop();
        self.harbour.victim().tell(format_args!("meet {A_MOMENT_MS}"));
        let met = self.harbour.met();
        self.harbour.liar().go_on();
        self.harbour.liar().hear();
        self.harbour.liar().ask("drop");
        self.judge("a stop before anybody is accepted (producer)", met.how == How::Silent, &met);
    }

    /// Death after every step.
    pub fn death(&mut self) {
        for steps in 1..PRODUCER.len() {
            self.harbour.liar().tell(format_args!("produce-silent {steps}"));
            assert_eq!(self.harbour.liar().hear(), "published");
            self.harbour.victim().tell(format_args!("meet {PATIENCE_MS}"));
            let answer = self.harbour.liar().hear();
            self.harbour.replace_liar();
            self.harbour.remove_strangers_name();
            let met = self.harbour.met();
            let is_right = met.how == How::Died || steps < ANSWERED && met.how == How::Silent;
            self.judge(&format!("death after {answer} (producer)"), is_right, &met);
        }
    }

    /// Every kind of descriptor, in every number and place.
    pub fn descriptors(&mut self, random: &mut Random) {
        let kinds = Kinds::new();
        for (number, case) in Case::all(&kinds).enumerate() {
            let what = &kinds.all()[case.kind];
            for place in PLACES {
                if random.below(self.plan.one_in) > 0 {
                    continue;
                }
                self.harbour.liar().tell(format_args!("prepare producer {place}"));
                assert_eq!(self.harbour.liar().hear(), "published");
                self.harbour.victim().tell(format_args!("meet {PATIENCE_MS}"));
                self.harbour.liar().hear();
                let has_ended = self.harbour.liar().ask(format_args!("strike {place} {number}")) == "true";
                let met = self.harbour.met();
                let is_right = match case.words(what, place) {
                    Some(words) => has_ended && met.how == How::Fault && met.words.contains(words),
                    // In any number: no channel carries them.
                    None => met.how == How::Fault,
                };
                let name = what.name;
                self.judge(&format!("{name} {:?} as {place} (producer)", case.count), is_right, &met);
            }
        }
    }

    /// Has the liar do it while the victim opens the channel; answers what both say.
    fn met(&mut self, order: impl std::fmt::Display) -> (String, Met) {
        self.harbour.liar().tell(order);
        assert_eq!(self.harbour.liar().hear(), "published");
        self.harbour.victim().tell(format_args!("meet {PATIENCE_MS}"));
        let answer = self.harbour.liar().hear();
        (answer, self.harbour.met())
    }

    /// Whether all is well after an attack: the victim has said the right thing, in words, an honest producer is heard,
    /// and everything is reclaimed.
    fn judge(&mut self, what: &str, is_right: bool, met: &Met) {
        self.outcome.attacks += 1;
        let mut problems = Vec::new();
        if !is_right || met.words.len() < 10 {
            problems.push(format!("ended by {:?} after {} records: {}", met.how, met.records, met.words));
        }
        problems.extend(self.harbour.serve().err());
        problems.extend(self.harbour.reclaimed().err());
        self.outcome.problems.extend(problems.into_iter().map(|words| format!("{what}: {words}")));
    }
}

/// Whether a producer writes this field: it knocks nowhere, refuses nobody, and its HELLO has no first data.
fn is_written(field: &Field) -> bool {
    !["knock.", "refused.", "hello.first"].iter().any(|begin| field.name.starts_with(begin))
}

/// Whether a consumer looks at it: it sends nothing, and so at no word.
pub(super) fn is_looked_at(field: &Field) -> bool {
    !matches!(field.place, Place::Word { .. })
}
