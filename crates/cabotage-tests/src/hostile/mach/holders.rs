// SPDX-License-Identifier: MIT OR Apache-2.0
//! Hostile holders of a send right, one after the other, and after each: the port's process lives, an honest sender's
//! messages have come in order, each once, its questions are answered, and all that the liar took is back.

use cabotage_link::names::Scope;
use cabotage_mach::bootstrap::LookUp;
use cabotage_mach::{Outgoing, SendRight};

use super::fields;
use super::floods::FLOODS;
use super::liar::{FORMS, SCRIPTS};
use super::script::{BREACHES, HOLDER};
use super::victim::{LINKS_MAX, NEWS, OUT_OF_ORDER, QUESTION};
use super::words::word;
use crate::hostile::campaign::{Outcome, Plan};
use crate::hostile::kinds::Kinds;
use crate::hostile::lie::{Lie, Manner};
use crate::hostile::stage::{Attackers, RUN, open_to_all, role_of};
use crate::hostile::values::Value;
use crate::inventory::Inventory;
use crate::process::Process;
use crate::random::Random;
use crate::role::Role;
use crate::scratch::Scratch;
use crate::watchdog::soon;

/// How many holders come and go before anything is counted.
const HOLDERS_BEFORE: usize = 16;
/// How many news and questions go by beside each attack that takes time.
const BESIDE: usize = 20;
/// How many pictures of the victim in a row must be alike before it is at rest.
const AT_REST: usize = 20;

/// See the [module](self).
#[derive(Debug)]
pub struct Holders {
    place: Scratch,
    victim: Process,
    liar: Process,
    honest: SendRight,
    sent: u64,
    asked: u64,
    before: (String, Inventory),
    plan: Plan,
    outcome: Outcome,
}

pub(super) fn liar(place: &Scratch, attackers: Attackers) -> Process {
    let mut process = role_of(place, attackers, "hostile-mach-liar").argument(place.to_string()).start();
    assert_eq!(process.hear(), "ready");
    process
}

impl Holders {
    /// Sets the stage.
    ///
    /// # Panics
    /// A process does not start or does not answer.
    pub fn new(plan: Plan) -> Self {
        let place = Scratch::new();
        open_to_all(place.folder());
        let victim = Role::new("hostile-mach-victim").argument(place.to_string());
        let mut victim = victim.number(std::process::id().into()).patience(RUN).start();
        assert_eq!(victim.hear(), "ready");
        let liar = liar(&place, plan.attackers);
        let how = LookUp::new().registry(&place.registry()).scope(Scope::System);
        let honest = how.look_up(super::NAME).expect("a port of this name");
        let before = (String::new(), Inventory::default());
        let outcome = Outcome::default();
        let mut holders = Self { place, victim, liar, honest, sent: 0, asked: 0, before, plan, outcome };
        // So that the outboxes have gone before anything is counted, and that holders have come and gone.
        for _ in 0..64 {
            holders.exchange().expect("an honest sender is heard");
        }
        for _ in 0..HOLDERS_BEFORE {
            holders.liar.ask(format_args!("silent holder {}", HOLDER.len()));
            holders.liar.ask("drop");
        }
        holders.before = holders.at_rest();
        holders
    }

    /// All of it.
    pub fn run(mut self, random: &mut Random) -> Outcome {
        self.lies(random);
        if self.plan.field.is_empty() {
            self.breaches();
            self.words(random);
            self.descriptors(random);
            self.full_table();
            self.silence();
            self.death();
            self.forks_beyond_the_quota();
            self.floods();
        }
        self.end()
    }

    /// What has come of it.
    pub fn end(self) -> Outcome {
        self.outcome
    }

    /// Lies about every field that a holder writes; those about its link are told to links.
    pub fn lies(&mut self, random: &mut Random) {
        for lie in self.plan.lies(fields::MACH_FIELDS, random) {
            self.lie(lie);
        }
    }

    /// One lie.
    pub fn lie(&mut self, lie: Lie) {
        let answer = self.liar.ask(format_args!("lie {lie}"));
        let words: Vec<&str> = answer.split(' ').collect();
        let &[times, must_be_found, has_ended] = &words[..] else { panic!("{answer}") };
        let (must_be_found, has_ended) = (must_be_found == "true", has_ended == "true");
        let is_true = lie.value == Value::Truth && lie.manner == Manner::Static;
        self.outcome.lies += 1;
        self.outcome.due += u64::from(must_be_found);
        if is_true && (times == "0" || has_ended) {
            self.outcome.problems.push(format!("{lie} (holder): told {times} times, ended: {has_ended}"));
        }
        if must_be_found && !has_ended {
            self.outcome.problems.push(format!("{lie} (holder): the victim did not hang up"));
        }
        self.judge(&lie.to_string());
    }

    /// What no holder may say.
    pub fn breaches(&mut self) {
        for (number, (name, _)) in BREACHES.iter().enumerate() {
            if self.liar.ask(format_args!("breach {number}")) != "true" {
                self.outcome.problems.push(format!("{name} (holder): the victim did not hang up"));
            }
            self.judge(name);
        }
    }

    /// Each word of the carrier and some that are none, in forms that may be theirs or not.
    pub fn words(&mut self, random: &mut Random) {
        for number in (0..=word::DETACHED + 1).chain([127, 128, u8::MAX]) {
            for form in 0..FORMS {
                if random.below(self.plan.one_in) > 0 {
                    continue;
                }
                let has_ended = self.liar.ask(format_args!("word {number} {form}")) == "true";
                let what = format!("word {number} {form}");
                if fields::is_unknown(number) && !has_ended {
                    self.outcome.problems.push(format!("{what} (holder): the victim did not hang up"));
                }
                self.judge(&what);
            }
        }
    }

    /// Descriptors of every kind, none, one, two and as many as one record of a link has, in each place for them.
    pub fn descriptors(&mut self, random: &mut Random) {
        for kind in 0..Kinds::new().all().len() {
            for count in [0, 1, 2, 64] {
                if random.below(self.plan.one_in) == 0 {
                    let name = self.liar.ask(format_args!("kind {kind} {count}"));
                    self.judge(&format!("{count} times {name}"));
                }
            }
        }
    }

    /// Descriptors wherever a record has one, into a table that is full; each holder loses its link at most.
    pub fn full_table(&mut self) {
        self.liar.ask("prepare");
        self.victim.ask("fill");
        let before = (0..BESIDE).try_for_each(|_| self.exchange());
        self.liar.ask("strike");
        let behind = (0..BESIDE).try_for_each(|_| self.exchange());
        self.victim.ask("empty");
        let problems = [before, behind].into_iter().filter_map(Result::err);
        self.outcome.problems.extend(problems.map(|words| format!("a full table (holder): {words}")));
        self.judge("a full table");
    }

    /// Silence after every step, of a holder that lives, of one that is stopped, and of one that hangs up.
    pub fn silence(&mut self) {
        for (script, steps) in every_step() {
            for way in ["silent", "shut"] {
                let step = self.liar.ask(format_args!("{way} {script} {steps}"));
                self.liar.stop();
                let beside = (0..BESIDE).try_for_each(|_| self.exchange());
                self.liar.go_on();
                self.liar.ask("drop");
                let what = format!("{way} after {step}");
                self.outcome.problems.extend(beside.err().map(|words| format!("{what} (holder): {words}")));
                self.judge(&what);
            }
        }
    }

    /// Death after every step.
    pub fn death(&mut self) {
        for (script, steps) in every_step() {
            let step = self.liar.ask(format_args!("silent {script} {steps}"));
            self.liar.kill();
            self.liar = liar(&self.place, self.plan.attackers);
            self.judge(&format!("death after {step}"));
        }
    }

    /// Every flood, and the honest sender beside each.
    pub fn floods(&mut self) {
        for name in FLOODS.iter().map(|flood| flood.name) {
            self.liar.tell(format_args!("flood {name} {}", self.plan.flood));
            let beside = (0..BESIDE).try_for_each(|_| self.exchange());
            self.liar.hear();
            let what = format!("a flood of {name}");
            self.outcome.problems.extend(beside.err().map(|words| format!("{what} (holder): {words}")));
            self.judge(&what);
        }
    }

    /// More links by forks than the quota has for all.
    pub fn forks_beyond_the_quota(&mut self) {
        if self.liar.ask(format_args!("forks {}", 2 * LINKS_MAX)) == "0" {
            self.outcome.problems.push("forks are a way around the quota of links (holder)".to_owned());
        }
        self.judge("forks beyond the quota");
    }

    /// A message of the honest sender goes to the port; and its question, how many have come, is answered.
    fn exchange(&mut self) -> Result<(), String> {
        let news = Outgoing::new(NEWS).body(self.sent.to_le_bytes());
        self.honest.send_within(news, soon()).map_err(|unsent| format!("an honest message: {unsent}"))?;
        self.sent += 1;
        let question = Outgoing::new(QUESTION).body(self.asked.to_le_bytes());
        let answer = self.honest.request_within(question, soon());
        let answer = answer.map_err(|error| format!("an honest question is not answered: {error}"))?;
        let wanted = [self.sent.to_le_bytes(), self.asked.to_le_bytes()].concat();
        self.asked += 1;
        if answer.body() == wanted {
            return Ok(());
        }
        if answer.body().starts_with(&OUT_OF_ORDER.to_le_bytes()) {
            return Err("an honest sender's messages are lost, doubled or out of order".to_owned());
        }
        Err(format!("an honest sender gets another answer: {:?} and not {wanted:?}", answer.body()))
    }

    fn judge(&mut self, what: &str) {
        self.outcome.attacks += 1;
        let judged = self.exchange().and_then(|()| self.reclaimed());
        self.outcome.problems.extend(judged.err().map(|words| format!("{what} (holder): {words}")));
    }

    fn picture(&mut self) -> (String, Inventory) {
        (self.victim.ask("report"), Inventory::of_process(self.victim.pid()))
    }

    /// Waits until the victim has all back.
    fn reclaimed(&mut self) -> Result<(), String> {
        let deadline = soon();
        loop {
            let (report, inventory) = self.picture();
            let left = inventory.since(&self.before.1);
            if left.is_none() && report == self.before.0 {
                return Ok(());
            }
            if deadline.has_passed() {
                return Err(format!("{report}, which were {}; left behind: {left:?}", self.before.0));
            }
        }
    }

    /// The victim, when nothing has changed for a while.
    fn at_rest(&mut self) -> (String, Inventory) {
        let (mut last, mut alike) = (self.picture(), 0);
        while alike < AT_REST {
            let next = self.picture();
            alike = if next == last { alike + 1 } else { 0 };
            last = next;
        }
        last
    }
}

/// Each script, and how many of its steps are gone.
fn every_step() -> impl Iterator<Item = (&'static str, usize)> {
    SCRIPTS.iter().flat_map(|(name, steps)| (1..steps.len()).map(move |step| (*name, step)))
}
