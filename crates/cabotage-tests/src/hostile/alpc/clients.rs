// SPDX-License-Identifier: MIT OR Apache-2.0
//! Hostile clients of an honest server, one after the other, and after each: the server lives, its honest client is
//! answered, nobody else was ended, and all that the liar took is back.

use cabotage_alpc::Client;
use cabotage_link::quota::Amounts;

use super::fields;
use super::floods::FLOODS;
use super::script::{BREACHES, CLIENT};
use crate::hostile::campaign::{Outcome, Plan};
use crate::hostile::lie::{Lie, Manner};
use crate::hostile::report::{Cause, End, Report};
use crate::hostile::stage::{Attackers, RUN, open_to_all, role_of};
use crate::hostile::values::Value;
use crate::inventory::Inventory;
use crate::process::Process;
use crate::random::Random;
use crate::record::Mark;
use crate::role::Role;
use crate::scratch::Scratch;
use crate::watchdog::soon;

/// How many clients come and go before anything is counted.
const CLIENTS_BEFORE: usize = 32;

/// See the [module](self).
#[derive(Debug)]
pub struct Clients {
    place: Scratch,
    victim: Process,
    liar: Process,
    honest: Client,
    next: u64,
    before: Inventory,
    charged: Amounts,
    plan: Plan,
    outcome: Outcome,
}

/// A process that lies, as a client or as a server.
pub(super) fn liar(place: &Scratch, attackers: Attackers) -> Process {
    let mut process = role_of(place, attackers, "hostile-alpc-liar").argument(place.to_string()).start();
    assert_eq!(process.hear(), "ready");
    process
}

impl Clients {
    /// Sets the stage.
    ///
    /// # Panics
    /// A process does not start or does not answer.
    pub fn new(plan: Plan) -> Self {
        let place = Scratch::new();
        open_to_all(place.folder());
        let mut victim = Role::new("hostile-alpc-victim").argument(place.to_string()).patience(RUN).start();
        assert_eq!(victim.hear(), "ready");
        let liar = liar(&place, plan.attackers);
        let honest = super::connect_options(&place.registry()).connect(super::NAME).expect("to be let in");
        let (before, charged) = (Inventory::default(), Amounts { links: 0, bytes: 0, descriptors: 0 });
        let outcome = Outcome::default();
        let mut clients = Self { place, victim, liar, honest, next: 0, before, charged, plan, outcome };
        // So that the outboxes have gone before anything is counted; and that clients have come and gone whose requests
        // are let go of, for which the port rings itself, with memory that it makes when it does so often.
        for _ in 0..64 {
            clients.exchange().expect("an honest client is answered");
        }
        for _ in 0..CLIENTS_BEFORE {
            clients.liar.ask("silent 7");
            clients.liar.ask("drop");
            while clients.report().ends.is_empty() {}
        }
        clients.charged = clients.report().charged;
        clients.before = Inventory::of_process(clients.victim.pid());
        clients
    }

    /// All of it.
    pub fn run(mut self, random: &mut Random) -> Outcome {
        self.lies(random);
        if self.plan.field.is_empty() {
            self.breaches();
            self.silence();
            self.death();
            self.floods();
        }
        self.end()
    }

    /// What has come of it.
    pub fn end(self) -> Outcome {
        self.outcome
    }

    /// Lies about every field that a client of ALPC writes; those about its link are told to links.
    pub fn lies(&mut self, random: &mut Random) {
        for lie in self.plan.lies(fields::ALPC_FIELDS, random) {
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
        let what = format!("{lie} (client of ALPC)");
        self.outcome.lies += 1;
        self.outcome.due += u64::from(must_be_found);
        if is_true && times == "0" {
            self.outcome.problems.push(format!("{what}: the field is never written"));
        }
        if must_be_found && !has_ended {
            self.outcome.problems.push(format!("{what}: the victim did not hang up"));
        }
        self.judge(&what, |end| match (must_be_found, is_true) {
            (true, _) => end.cause == Cause::Fault,
            (false, true) => end.cause == Cause::Gone,
            (false, false) => matches!(end.cause, Cause::Gone | Cause::Fault),
        });
    }

    /// What no client may say.
    pub fn breaches(&mut self) {
        for (number, (name, _)) in BREACHES.iter().enumerate() {
            let has_ended = self.liar.ask(format_args!("breach {number}")) == "true";
            let what = format!("{name} (client of ALPC)");
            if !has_ended {
                self.outcome.problems.push(format!("{what}: the victim did not hang up"));
            }
            self.judge(&what, |end| end.cause == Cause::Fault);
        }
    }

    /// Silence after every step, of a client that lives and of one that is stopped.
    pub fn silence(&mut self) {
        for steps in 1..CLIENT.len() {
            let step = self.liar.ask(format_args!("silent {steps}"));
            self.liar.stop();
            let beside = (0..20).try_for_each(|_| self.exchange());
            self.liar.go_on();
            self.liar.ask("drop");
            let what = format!("silence after {step} (client of ALPC)");
            self.outcome.problems.extend(beside.err().map(|words| format!("{what}: {words}")));
            self.judge(&what, |end| end.cause == Cause::Gone);
        }
    }

    /// Death after every step.
    pub fn death(&mut self) {
        for steps in 1..CLIENT.len() {
            let step = self.liar.ask(format_args!("silent {steps}"));
            self.liar.kill();
            self.liar = liar(&self.place, self.plan.attackers);
            self.judge(&format!("death after {step} (client of ALPC)"), |end| end.cause == Cause::Gone);
        }
    }

    /// Every flood.
    pub fn floods(&mut self) {
        for flood in FLOODS {
            let amount = self.plan.flood;
            let name = flood.name;
            self.liar.ask(format_args!("flood {name} {amount}"));
            self.judge(&format!("a flood of {name} (client of ALPC)"), |_| true);
        }
    }

    /// An honest request goes to the victim, and its reply comes.
    fn exchange(&mut self) -> Result<(), String> {
        let record = Mark { stream: 5, number: self.next }.record(64);
        self.next += 1;
        match self.honest.request_within(&record, soon()) {
            Ok(reply) if *reply == *record => Ok(()),
            Ok(_) => Err("an honest client gets another's reply".to_owned()),
            Err(error) => Err(format!("an honest client is not answered: {error}")),
        }
    }

    fn report(&mut self) -> Report {
        let line = self.victim.ask("report");
        Report::of_line(&line).unwrap_or_else(|| panic!("no report: {line}"))
    }

    fn judge(&mut self, what: &str, is_right: impl Fn(&End) -> bool) {
        self.outcome.attacks += 1;
        let judged = self.exchange().and_then(|()| self.reclaimed(is_right));
        self.outcome.problems.extend(judged.err().map(|words| format!("{what}: {words}")));
    }

    /// Waits until the victim has all back; every end that it told of must be right, and none our own.
    fn reclaimed(&mut self, is_right: impl Fn(&End) -> bool) -> Result<(), String> {
        let own = i32::try_from(std::process::id()).unwrap_or(0);
        let deadline = soon();
        loop {
            let report = self.report();
            if let Some(end) = report.ends.iter().find(|end| end.pid == own || !is_right(end)) {
                return Err(format!("process {} ended by {:?}: {}", end.pid, end.cause, end.words));
            }
            let left = Inventory::of_process(self.victim.pid()).since(&self.before);
            if left.is_none() && report.charged == self.charged {
                return Ok(());
            }
            if deadline.has_passed() {
                return Err(format!("charged: {:?}; left behind: {left:?}", report.charged));
            }
        }
    }
}
