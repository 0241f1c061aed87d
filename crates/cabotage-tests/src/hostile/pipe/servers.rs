// SPDX-License-Identifier: MIT OR Apache-2.0
//! Hostile servers of an honest client, one after the other, and after each: the client lives, has said the right
//! thing, has nothing left of it, and an honest server answers it.

use super::folder::BENDS;
use super::script::WHOLE_PIPE;
use super::{LAIR, fields};
use crate::hostile::campaign::{Outcome, Plan};
use crate::hostile::channel::victim_consumer::{How, Met};
use crate::hostile::lie::{Lie, Manner};
use crate::hostile::stage::{Attackers, RUN, open_to_all, role_of};
use crate::hostile::values::Value;
use crate::inventory::Inventory;
use crate::process::Process;
use crate::random::Random;
use crate::role::Role;
use crate::scratch::Scratch;
use crate::watchdog::soon;

/// How long the client waits for each message where one must come, or the server ends: ms.
const PATIENCE_MS: u32 = 20_000;
/// And where nothing will: ms.
const A_MOMENT_MS: u32 = 20;

/// See the [module](self).
#[derive(Debug)]
pub struct Servers {
    place: Scratch,
    /// Whose pipes answer.
    _honest: Process,
    victim: Process,
    liar: Process,
    before: Inventory,
    plan: Plan,
    outcome: Outcome,
}

fn start(place: &Scratch, role: &str) -> Process {
    let own = u64::from(std::process::id());
    let mut process = Role::new(role).argument(place.to_string()).number(own).patience(RUN).start();
    assert_eq!(process.hear(), "ready");
    process
}

fn liar(place: &Scratch, attackers: Attackers) -> Process {
    let mut process = role_of(place, attackers, "hostile-pipe-liar").argument(place.to_string()).start();
    assert_eq!(process.hear(), "ready");
    process
}

impl Servers {
    /// Sets the stage.
    ///
    /// # Panics
    /// A process does not start or does not answer.
    pub fn new(plan: Plan) -> Self {
        let place = Scratch::new();
        open_to_all(place.folder());
        let honest = start(&place, "hostile-victim");
        let victim = start(&place, "hostile-pipe-client");
        let liar = liar(&place, plan.attackers);
        let (before, outcome) = (Inventory::default(), Outcome::default());
        let mut servers = Self { place, _honest: honest, victim, liar, before, plan, outcome };
        assert_eq!(servers.victim.ask("call"), "answered");
        servers.before = Inventory::of_process(servers.victim.pid());
        servers
    }

    /// All of it.
    pub fn run(mut self, random: &mut Random) -> Outcome {
        self.lies(random);
        if self.plan.field.is_empty() {
            self.folders();
            self.silence();
            self.death();
        }
        self.end()
    }

    /// What has come of it.
    pub fn end(self) -> Outcome {
        self.outcome
    }

    /// Lies about every field that a server of a named pipe writes.
    pub fn lies(&mut self, random: &mut Random) {
        for lie in self.plan.lies(fields::PIPE_FIELDS.iter(), random) {
            self.lie(lie);
        }
    }

    /// One lie.
    pub fn lie(&mut self, lie: Lie) {
        self.liar.tell(format_args!("lie {lie}"));
        let met = self.met("published", PATIENCE_MS);
        let answer = self.liar.hear();
        let words: Vec<&str> = answer.split(' ').collect();
        let &[times, must_be_found, has_ended] = &words[..] else { panic!("{answer}") };
        let (must_be_found, has_ended) = (must_be_found == "true", has_ended == "true");
        let is_true = lie.value == Value::Truth && lie.manner == Manner::Static;
        let what = format!("{lie} (server of a pipe)");
        self.outcome.lies += 1;
        self.outcome.due += u64::from(must_be_found);
        if is_true && times == "0" {
            self.outcome.problems.push(format!("{what}: the field is never written"));
        }
        if must_be_found && !has_ended {
            self.outcome.problems.push(format!("{what}: the victim did not hang up"));
        }
        let is_right = match (must_be_found, is_true) {
            (true, _) => met.how == How::Fault,
            (false, true) => met.how == How::Closed && met.records > 0,
            (false, false) => matches!(met.how, How::Closed | How::Fault),
        };
        self.judge(&what, is_right, &met);
    }

    /// Everything that stands in the folder of a pipe, bent in every way.
    pub fn folders(&mut self) {
        for number in 0..BENDS.len() {
            let name = self.liar.ask(format_args!("bend {number}"));
            self.victim.tell(format_args!("meet {A_MOMENT_MS}"));
            let met = self.heard();
            self.liar.ask("drop");
            // It is refused, or says nothing, or is taken for what it says: then its server is silent, or goes.
            let is_right = matches!(met.how, How::Died | How::Silent);
            self.judge(&format!("{name} (folder of a pipe)"), is_right, &met);
        }
    }

    /// Silence after every step, of a server that lives and of one that is stopped.
    pub fn silence(&mut self) {
        for steps in 1..WHOLE_PIPE.len() {
            self.liar.tell(format_args!("silent {steps}"));
            let met = self.met("published", A_MOMENT_MS);
            let step = self.liar.hear();
            self.liar.ask("drop");
            let is_right = met.how == How::Silent;
            self.judge(&format!("silence after {step} (server of a pipe)"), is_right, &met);
        }
        self.liar.tell("silent 1");
        assert_eq!(self.liar.hear(), "published");
        self.liar.stop();
        self.victim.tell(format_args!("meet {A_MOMENT_MS}"));
        let met = self.heard();
        self.liar.go_on();
        self.liar.hear();
        self.liar.ask("drop");
        self.judge("a stop before anybody is accepted (server of a pipe)", met.how == How::Silent, &met);
    }

    /// Death after every step.
    pub fn death(&mut self) {
        for steps in 1..WHOLE_PIPE.len() {
            self.liar.tell(format_args!("silent {steps}"));
            assert_eq!(self.liar.hear(), "published");
            self.victim.tell(format_args!("meet {PATIENCE_MS}"));
            let step = self.liar.hear();
            self.liar.kill();
            self.liar = liar(&self.place, self.plan.attackers);
            let met = self.heard();
            let is_right = met.how == How::Closed;
            self.judge(&format!("death after {step} (server of a pipe)"), is_right, &met);
        }
    }

    /// Has the client meet the liar once that has said `when`.
    fn met(&mut self, when: &str, patience_ms: u32) -> Met {
        assert_eq!(self.liar.hear(), when);
        self.victim.tell(format_args!("meet {patience_ms}"));
        self.heard()
    }

    fn heard(&mut self) -> Met {
        let line = self.victim.hear();
        Met::parse(&line).unwrap_or_else(|| panic!("{line}"))
    }

    fn judge(&mut self, what: &str, is_right: bool, met: &Met) {
        self.outcome.attacks += 1;
        let mut problems = Vec::new();
        if !is_right || met.words.len() < 10 {
            let Met { how, records, words } = met;
            problems.push(format!("{LAIR} ended by {how:?} after {records} messages: {words}"));
        }
        let answer = self.victim.ask("call");
        if answer != "answered" {
            problems.push(format!("an honest server is not heard: {answer}"));
        }
        problems.extend(self.reclaimed().err());
        self.outcome.problems.extend(problems.into_iter().map(|words| format!("{what}: {words}")));
    }

    /// Waits until the victim has nothing left of the liar's.
    fn reclaimed(&self) -> Result<(), String> {
        let deadline = soon();
        loop {
            match Inventory::of_process(self.victim.pid()).since(&self.before) {
                None => return Ok(()),
                Some(left) if deadline.has_passed() => return Err(format!("left behind: {left}")),
                Some(_) => {}
            }
        }
    }
}
