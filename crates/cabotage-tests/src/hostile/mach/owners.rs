// SPDX-License-Identifier: MIT OR Apache-2.0
//! Hostile owners of a port, met by an honest holder: one after the other takes the name, and after each an honest owner
//! does, which must be able to serve the holder with everything; and all that the liar took is back.

use cabotage_link::names::Scope;
use cabotage_mach::bootstrap::CheckIn;
use cabotage_mach::{Message, Outgoing, ReceiveRight, Region};

use super::fields::MEMORY_BYTES;
use super::holders::liar;
use super::owner_fields::OWNER_FIELDS;
use super::owner_script::{BREACHES, MOVING_OWNER, OWNER};
use super::victim_holder::wish;
use crate::Wrong;
use crate::hostile::campaign::{Outcome, Plan};
use crate::hostile::lie::{Lie, Manner};
use crate::hostile::met::{How, Met};
use crate::hostile::script::Step;
use crate::hostile::stage::{Attackers, RUN, open_to_all};
use crate::hostile::values::Value;
use crate::inventory::Inventory;
use crate::process::Process;
use crate::random::Random;
use crate::role::Role;
use crate::scratch::Scratch;
use crate::watchdog::soon;

/// How long the holder waits where something must come or the owner end: ms.
const PATIENCE_MS: u32 = 20_000;
/// And where nothing will: ms.
const A_MOMENT_MS: u32 = 20;

/// The scripts at whose steps owners stop, by their names.
pub(super) const SCRIPTS: [(&str, &[Step]); 2] = [("owner", OWNER), ("moving-owner", MOVING_OWNER)];

/// See the [module](self).
#[derive(Debug)]
pub struct Owners {
    place: Scratch,
    victim: Process,
    liar: Process,
    before: Inventory,
    plan: Plan,
    outcome: Outcome,
}

impl Owners {
    /// Sets the stage.
    ///
    /// # Panics
    /// A process does not start or does not answer.
    pub fn new(plan: Plan) -> Self {
        let place = Scratch::new();
        open_to_all(place.folder());
        // Somebody has used names of this kind before, and so its folder is there.
        drop(check_in(&place).expect("a name of our own"));
        let role = Role::new("hostile-mach-holder").argument(place.to_string());
        let mut victim = role.patience(RUN).start();
        assert_eq!(victim.hear(), "ready");
        let liar = liar(&place, plan.attackers);
        let before = Inventory::default();
        let mut owners = Self { place, victim, liar, before, plan, outcome: Outcome::default() };
        owners.serve_honestly().expect("an honest owner serves");
        owners.before = Inventory::of_process(owners.victim.pid());
        owners
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

    /// Lies about every field that an owner writes; those about its link are told to links.
    pub fn lies(&mut self, random: &mut Random) {
        for lie in self.plan.lies(OWNER_FIELDS, random) {
            self.lie(lie);
        }
    }

    /// One lie.
    pub fn lie(&mut self, lie: Lie) {
        let patience = if lie.value == Value::Truth { PATIENCE_MS } else { 1_000 };
        let (answer, met) = self.met(format_args!("serve-lie {lie}"), patience);
        let words: Vec<&str> = answer.split(' ').collect();
        let &[times, must_be_found, has_ended] = &words[..] else { panic!("{answer}") };
        let (must_be_found, has_ended) = (must_be_found == "true", has_ended == "true");
        let is_true = lie.value == Value::Truth && lie.manner == Manner::Static;
        let what = format!("{lie} (owner)");
        self.outcome.lies += 1;
        self.outcome.due += u64::from(must_be_found);
        if is_true && times == "0" {
            self.outcome.problems.push(format!("{what}: the field is never written"));
        }
        if must_be_found && !has_ended {
            self.outcome.problems.push(format!("{what}: the victim did not hang up"));
        }
        let is_whole = is_true && std::ptr::eq(super::owner_script::steps_of(lie.field.name), OWNER);
        let is_right = match (must_be_found, is_whole) {
            (true, _) => met.how == How::Gone,
            (false, true) => met.how == How::Served,
            (false, false) => met.how != How::Other,
        };
        self.judge(&what, is_right, &met);
    }

    /// What no owner may say.
    pub fn breaches(&mut self) {
        for (number, (name, _)) in BREACHES.iter().enumerate() {
            let (answer, met) = self.met(format_args!("serve-breach {number}"), PATIENCE_MS);
            let what = format!("{name} (owner)");
            if answer != "true" {
                self.outcome.problems.push(format!("{what}: the victim did not hang up"));
            }
            self.judge(&what, met.how == How::Gone, &met);
        }
    }

    /// Silence after every step: the holder's deadline passes, and it goes.
    pub fn silence(&mut self) {
        for (script, steps) in every_step() {
            let (step, met) = self.met(format_args!("serve-silent {script} {steps}"), A_MOMENT_MS);
            self.liar.ask("drop");
            let is_right = match step.as_str() {
                // The holder has all that it asked for by then.
                "died" => met.how == How::Served,
                // The port has left, and nobody is there who could have it.
                "moved" => met.how == How::Gone,
                _ => met.how == How::Silent,
            };
            self.judge(&format!("silence after {step} (owner)"), is_right, &met);
        }
    }

    /// Death after every step.
    pub fn death(&mut self) {
        for (script, steps) in every_step() {
            self.begin(format_args!("serve-silent {script} {steps}"), PATIENCE_MS);
            let step = self.liar.hear();
            self.liar.kill();
            self.liar = liar(&self.place, self.plan.attackers);
            self.remove_strangers_name();
            let met = self.hear_of_it();
            let is_right = match step.as_str() {
                // After its last answer, its end is the port's.
                "last" | "died" => met.how == How::Served,
                _ => met.how == How::Gone,
            };
            self.judge(&format!("death after {step} (owner)"), is_right, &met);
        }
    }

    /// Has the liar publish the name, and then the victim look it up.
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
            self.place.forget_name("mach", super::NAME);
        }
    }

    /// Whether all is well after an attack: the victim has said the right thing, in words, an honest owner can serve it,
    /// and everything is reclaimed.
    fn judge(&mut self, what: &str, is_right: bool, met: &Met) {
        self.outcome.attacks += 1;
        let mut problems = Vec::new();
        if !is_right || met.words.len() < 10 {
            problems.push(format!("ended by {:?}: {}", met.how, met.words));
        }
        problems.extend(self.serve_honestly().err().map(|wrong| wrong.to_string()));
        if let Some(left) = Inventory::of_process(self.victim.pid()).since(&self.before) {
            problems.push(format!("left behind: {left}"));
        }
        self.outcome.problems.extend(problems.into_iter().map(|words| format!("{what}: {words}")));
    }

    /// Serves the victim with everything, as an honest owner.
    fn serve_honestly(&mut self) -> Result<(), Wrong> {
        let port = check_in(&self.place)?;
        self.victim.tell(format_args!("meet {PATIENCE_MS}"));
        while serve(&port, port.receive_within(soon())?)? {}
        drop(port);
        match self.hear_of_it() {
            Met { how: How::Served, .. } => Ok(()),
            met => Err(format!("an honest owner does not serve: {met}").into()),
        }
    }
}

fn check_in(place: &Scratch) -> Result<ReceiveRight, Wrong> {
    Ok(CheckIn::new().registry(&place.registry()).scope(Scope::System).mode(0o666).check_in(super::NAME)?)
}

/// Does what the holder wishes; answers whether there is more to come.
fn serve(port: &ReceiveRight, mut message: Message) -> Result<bool, Wrong> {
    let answer = Outgoing::new(0);
    match message.id() {
        wish::ECHO | wish::LAST => {
            let body = message.body().to_vec();
            message.reply(answer.body(body))?;
        }
        wish::GIVE => message.reply(answer.with(port.make_send()?))?,
        wish::GRANT => {
            let memory = Region::create("honest", usize::try_from(MEMORY_BYTES)?)?.seal()?;
            message.reply(answer.memory(memory).with(port.make_send_once()?))?;
        }
        _ => {}
    }
    Ok(message.id() != wish::LAST)
}

/// Each script, and how many of its steps are gone.
fn every_step() -> impl Iterator<Item = (&'static str, usize)> {
    SCRIPTS.iter().flat_map(|(name, steps)| (1..steps.len()).map(move |step| (*name, step)))
}
