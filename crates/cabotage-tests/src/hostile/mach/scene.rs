// SPDX-License-Identifier: MIT OR Apache-2.0
//! A port of Mach, a process that attacks it as a holder, and an honest sender, set for a measurement: the port's process
//! on one processor, the others on another.
//!
//! Whether it pays to look for a while before one sleeps a process of Mach finds out itself, and so it does here: unlike
//! the other scenes this one has that in its times.

use std::time::{Duration, Instant};

use cabotage_link::names::Scope;
use cabotage_mach::bootstrap::LookUp;
use cabotage_mach::{Outgoing, SendRight};
use cabotage_os::processor;

use super::holders::liar;
use super::victim::QUESTION;
use crate::hostile::beside::Scene;
use crate::hostile::report::Report;
use crate::hostile::stage::{Attackers, Processors, RUN, open_to_all};
use crate::process::Process;
use crate::role::Role;
use crate::scratch::Scratch;
use crate::watchdog::soon;

/// See the [module](self).
#[derive(Debug)]
pub struct Measured {
    place: Scratch,
    victim: Process,
    liar: Process,
    honest: SendRight,
    asked: u64,
    /// What the victim says of itself when nobody attacks it.
    at_rest: String,
}

/// A victim in a place of its own.
///
/// # Panics
/// It does not start.
pub fn victim(processors: Processors) -> (Scratch, Process) {
    let place = Scratch::new();
    open_to_all(place.folder());
    let role = Role::new("hostile-mach-victim").argument(place.to_string());
    let mut role = role.number(std::process::id().into());
    if let Processors::Apart { victims, .. } = processors {
        role = role.number(victims as u64);
    }
    let mut victim = role.patience(RUN).start();
    assert_eq!(victim.hear(), "ready");
    (place, victim)
}

impl Measured {
    /// Sets it.
    ///
    /// # Panics
    /// A process does not start or does not answer.
    pub fn on(processors: Processors) -> Self {
        let (place, victim) = victim(processors);
        let mut liar = liar(&place, Attackers::Ours);
        if let Processors::Apart { others, .. } = processors {
            liar.ask(format_args!("pin {others}"));
            processor::pin(others).expect("a processor of ours");
        }
        let how = LookUp::new().registry(&place.registry()).scope(Scope::System);
        let honest = how.look_up(super::NAME).expect("a port of this name");
        let mut measured = Self { place, victim, liar, honest, asked: 0, at_rest: String::new() };
        // So that the outboxes have gone.
        for _ in 0..64 {
            measured.ask();
        }
        measured.at_rest = measured.victim.ask("report");
        measured
    }

    fn ask(&mut self) -> Duration {
        let question = Outgoing::new(QUESTION).body(self.asked.to_le_bytes());
        let begin = Instant::now();
        let answer = self.honest.request_within(question, soon()).expect("an honest question is answered");
        let taken = begin.elapsed();
        assert!(answer.body().ends_with(&self.asked.to_le_bytes()), "an honest sender gets its own answer");
        self.asked += 1;
        taken
    }
}

impl Scene for Measured {
    fn place(&self) -> &Scratch {
        &self.place
    }

    fn order(&mut self, order: &str) {
        self.liar.ask(order);
    }

    fn exchange(&mut self) -> Duration {
        self.ask()
    }

    fn report(&mut self) -> Report {
        let line = self.victim.ask("measure");
        Report::of_line(&line).unwrap_or_else(|| panic!("no report: {line}"))
    }

    /// A victim of Mach tells no ends; it is through with an attack when all that came of it is gone.
    fn forget(&mut self) {
        let patience = soon();
        while self.victim.ask("report") != self.at_rest {
            assert!(!patience.has_passed(), "an attack leaves something behind");
        }
    }
}
