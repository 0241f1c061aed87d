// SPDX-License-Identifier: MIT OR Apache-2.0
//! Hostile servers of an honest client: one after the other takes the name, and after each an honest server does, which
//! must be able to serve the client with everything; and all that the liar took is back.

use cabotage_alpc::{ConnectionPort, Incoming, Outgoing, Request};

use super::clients::liar;
use super::server_fields::SERVER_FIELDS;
use super::server_script::{BREACHES, SERVER};
use super::victim_client::wish;
use crate::hostile::campaign::{Outcome, Plan};
use crate::hostile::lie::{Lie, Manner};
use crate::hostile::met::{How, Met};
use crate::hostile::stage::{Attackers, RUN, open_to_all};
use crate::hostile::values::Value;
use crate::inventory::Inventory;
use crate::process::Process;
use crate::random::Random;
use crate::role::Role;
use crate::scratch::Scratch;
use crate::watchdog::soon;

/// How long the client waits where something must come or the server end: ms.
const PATIENCE_MS: u32 = 20_000;
/// And where nothing will: ms.
const A_MOMENT_MS: u32 = 20;
/// How many requests the client makes.
const REQUESTS: usize = 7;

/// See the [module](self).
#[derive(Debug)]
pub struct Servers {
    place: Scratch,
    victim: Process,
    liar: Process,
    before: Inventory,
    plan: Plan,
    outcome: Outcome,
}

impl Servers {
    /// Sets the stage.
    ///
    /// # Panics
    /// A process does not start or does not answer.
    pub fn new(plan: Plan) -> Self {
        let place = Scratch::new();
        open_to_all(place.folder());
        // Somebody has used names of this kind before, and so its folder is there.
        drop(super::port_options(&place.registry()).create(super::NAME).expect("a name of our own"));
        let role = Role::new("hostile-alpc-victim-client").argument(place.to_string());
        let mut victim = role.patience(RUN).start();
        assert_eq!(victim.hear(), "ready");
        let liar = liar(&place, plan.attackers);
        let before = Inventory::default();
        let mut servers = Self { place, victim, liar, before, plan, outcome: Outcome::default() };
        servers.serve_honestly().expect("an honest server serves");
        servers.before = Inventory::of_process(servers.victim.pid());
        servers
    }

    /// All of it.
    pub fn run(mut self, random: &mut Random) -> Outcome {
        self.lies(random);
        if self.plan.field.is_empty() {
            self.breaches();
            self.silence();
            self.death();
        }
        self.end()
    }

    /// What has come of it.
    pub fn end(self) -> Outcome {
        self.outcome
    }

    /// Lies about every field that a server of ALPC writes; those about its link are told to links.
    pub fn lies(&mut self, random: &mut Random) {
        for lie in self.plan.lies(SERVER_FIELDS, random) {
            self.lie(lie);
        }
    }

    /// One lie.
    pub fn lie(&mut self, lie: Lie) {
        let (answer, met) = self.met(format_args!("serve-lie {lie}"), PATIENCE_MS);
        let words: Vec<&str> = answer.split(' ').collect();
        let &[times, must_be_found, has_ended] = &words[..] else { panic!("{answer}") };
        let (must_be_found, has_ended) = (must_be_found == "true", has_ended == "true");
        let is_true = lie.value == Value::Truth && lie.manner == Manner::Static;
        let what = format!("{lie} (server of ALPC)");
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
            (false, true) => met.how == How::Served,
            (false, false) => met.how != How::Other,
        };
        self.judge(&what, is_right, &met);
    }

    /// What no server may say.
    pub fn breaches(&mut self) {
        for (number, (name, _)) in BREACHES.iter().enumerate() {
            let (answer, met) = self.met(format_args!("serve-breach {number}"), PATIENCE_MS);
            let what = format!("{name} (server of ALPC)");
            if answer != "true" {
                self.outcome.problems.push(format!("{what}: the victim did not hang up"));
            }
            self.judge(&what, met.how == How::Fault, &met);
        }
    }

    /// Silence after every step: the client's deadline passes, and it goes.
    pub fn silence(&mut self) {
        for steps in 1..SERVER.len() {
            let (step, met) = self.met(format_args!("serve-silent {steps}"), A_MOMENT_MS);
            self.liar.ask("drop");
            self.judge(&format!("silence after {step} (server of ALPC)"), met.how == How::Silent, &met);
        }
    }

    /// Death after every step.
    pub fn death(&mut self) {
        for steps in 1..SERVER.len() {
            self.begin(format_args!("serve-silent {steps}"), PATIENCE_MS);
            let step = self.liar.hear();
            self.liar.kill();
            self.liar = liar(&self.place, self.plan.attackers);
            self.remove_strangers_name();
            let met = self.hear_of_it();
            self.judge(&format!("death after {step} (server of ALPC)"), met.how == How::Gone, &met);
        }
    }

    /// Has the liar publish the name, and then the victim connect to it.
    fn begin(&mut self, order: impl std::fmt::Display, patience_ms: u32) {
        self.liar.tell(order);
        assert_eq!(self.liar.hear(), "published");
        self.victim.tell(format_args!("meet {patience_ms}"));
    }

    /// The same; answers what both say of it.
    fn met(&mut self, order: impl std::fmt::Display, patience_ms: u32) -> (String, Met) {
        self.begin(order, patience_ms);
        let answer = self.liar.hear();
        (answer, self.hear_of_it())
    }

    fn hear_of_it(&mut self) -> Met {
        let line = self.victim.hear();
        Met::parse(&line).unwrap_or_else(|| panic!("{line}"))
    }

    /// Removes the name that another user's process has left.
    fn remove_strangers_name(&self) {
        if self.plan.attackers == Attackers::Strangers {
            self.place.forget_name("alpc", super::NAME);
        }
    }

    /// Whether all is well after an attack: the victim has said the right thing, in words, an honest server can serve
    /// it, and everything is reclaimed.
    fn judge(&mut self, what: &str, is_right: bool, met: &Met) {
        self.outcome.attacks += 1;
        let mut problems = Vec::new();
        if !is_right || met.words.len() < 10 {
            problems.push(format!("ended by {:?}: {}", met.how, met.words));
        }
        problems.extend(self.serve_honestly().err());
        if let Some(left) = Inventory::of_process(self.victim.pid()).since(&self.before) {
            problems.push(format!("left behind: {left}"));
        }
        self.outcome.problems.extend(problems.into_iter().map(|words| format!("{what}: {words}")));
    }

    /// Serves the victim with everything, as an honest server.
    fn serve_honestly(&mut self) -> Result<(), String> {
        let port = super::port_options(&self.place.registry()).create(super::NAME);
        let mut port = port.map_err(|error| format!("an honest server does not get the name: {error}"))?;
        self.victim.tell(format_args!("meet {PATIENCE_MS}"));
        let mut requests = 0;
        while requests < REQUESTS {
            match port.receive(soon()).map_err(|error| error.to_string())? {
                Incoming::ConnectionRequest(request) => {
                    port.accept(request, b"welcome", 0).map_err(|error| error.to_string())?;
                }
                Incoming::Request(request) => {
                    serve(&mut port, request)?;
                    requests += 1;
                }
                other => return Err(format!("an honest server gets {other:?}")),
            }
        }
        drop(port);
        match self.hear_of_it() {
            Met { how: How::Served, .. } => Ok(()),
            met => Err(format!("an honest server does not serve: {met}")),
        }
    }
}

/// Does what the client wishes.
fn serve(port: &mut ConnectionPort, mut request: Request) -> Result<(), String> {
    let mut reply = Outgoing::new(b"done");
    let body = request.body().to_vec();
    match &body[..] {
        wish::COPY => {
            port.read_to_vec(&request, 0, 1 << 20, soon()).map_err(|error| error.to_string())?;
            port.write_at(&request, 1, 0, &[1; 5_000], soon()).map_err(|error| error.to_string())?;
        }
        wish::CALL_BACK => {
            port.call_back(&request, b"?", soon()).map_err(|error| error.to_string())?;
        }
        wish::VIEW => {
            let view = port.view(request.client(), 5_000, soon()).map_err(|error| error.to_string())?;
            reply = Outgoing::in_view(view);
        }
        wish::HANDLES => {
            for _ in 0..2 {
                let file = std::fs::File::open("/dev/null").map_err(|error| error.to_string())?;
                reply = reply.with_handle(file);
            }
        }
        wish::LOSE => {
            drop(request);
            return Ok(());
        }
        echoed => reply = Outgoing::new(echoed),
    }
    drop(request.take_view());
    port.reply_as(request, &mut reply, soon()).map_err(|unanswered| unanswered.error.to_string())
}
