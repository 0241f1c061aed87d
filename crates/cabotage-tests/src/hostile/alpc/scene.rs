// SPDX-License-Identifier: MIT OR Apache-2.0
//! A server of ALPC, a process that attacks it as a client, and an honest client, set for a measurement: the server on
//! one processor, the others on another, and all of them sleep when they wait.

use std::time::{Duration, Instant};

use cabotage_alpc::{Client, Wait};
use cabotage_os::processor;

use super::clients::liar;
use crate::hostile::beside::Scene;
use crate::hostile::report::Report;
use crate::hostile::stage::{Attackers, Processors, RUN, open_to_all};
use crate::process::Process;
use crate::record::Mark;
use crate::role::Role;
use crate::scratch::Scratch;
use crate::watchdog::soon;

/// See the [module](self).
#[derive(Debug)]
pub struct Measured {
    place: Scratch,
    victim: Process,
    liar: Process,
    honest: Client,
    next: u64,
}

/// A victim in a place of its own.
///
/// # Panics
/// It does not start.
pub fn victim(processors: Processors) -> (Scratch, Process) {
    let place = Scratch::new();
    open_to_all(place.folder());
    let mut role = Role::new("hostile-alpc-victim").argument(place.to_string());
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
        let mut options = super::connect_options(&place.registry());
        if let Processors::Apart { others, .. } = processors {
            options = options.wait(Wait::Block);
            liar.ask(format_args!("pin {others}"));
            processor::pin(others).expect("a processor of ours");
        }
        let honest = options.connect(super::NAME).expect("to be let in");
        Self { place, victim, liar, honest, next: 0 }
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
        let record = Mark { stream: 5, number: self.next }.record(64);
        self.next += 1;
        let begin = Instant::now();
        let reply = self.honest.request_within(&record, soon()).expect("an honest client is answered");
        let taken = begin.elapsed();
        assert_eq!(*reply, *record, "an honest client gets its own reply");
        taken
    }

    fn report(&mut self) -> Report {
        let line = self.victim.ask("report");
        Report::of_line(&line).unwrap_or_else(|| panic!("no report: {line}"))
    }

    fn forget(&mut self) {
        self.report();
    }
}
