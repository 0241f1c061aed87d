// SPDX-License-Identifier: MIT OR Apache-2.0
//! A victim, an attacker, and an honest client beside it: three processes, of which this one is the honest client
//! and asks the others.

use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use cabotage_link::names::{ConnectOptions, Name, Scope};
use cabotage_link::{Link, Options, Wait};
use cabotage_os::processor;

use super::beside::Scene;
use super::report::Report;
use super::victim::{self, EMPTY, FILL, FORGET, REPORT};
use crate::inventory::Inventory;
use crate::process::Process;
use crate::record::{InOrder, Mark};
use crate::role::{self, Role};
use crate::scratch::Scratch;
use crate::watchdog::soon;

/// The user that a stranger runs as.
pub const STRANGER: u32 = 12_345;

/// The longest that one run may take.
pub(super) const RUN: Duration = Duration::from_secs(3600);

/// Who the attacker is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attackers {
    /// A process of our own user.
    Ours,
    /// A process of another user; only root can start one.
    Strangers,
}

impl Attackers {
    /// Those that this process can start.
    pub fn possible() -> &'static [Self] {
        if cabotage_os::process::own_uid() == 0 { &[Self::Ours, Self::Strangers] } else { &[Self::Ours] }
    }
}

/// Where the processes run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Processors {
    /// Where the kernel likes.
    Any,
    /// Victims on one, the others, this process included, on another.
    Apart {
        /// The victims'.
        victims: usize,
        /// The others'.
        others: usize,
    },
}

impl Processors {
    /// Apart, if this process has two.
    pub fn apart() -> Self {
        match processor::allowed().unwrap_or_default()[..] {
            [victims, others, ..] => Self::Apart { victims, others },
            _ => Self::Any,
        }
    }
}

/// See the [module](self).
#[derive(Debug)]
pub struct Stage {
    place: Scratch,
    victim: Process,
    attacker: Process,
    attackers: Attackers,
    honest: Link,
    /// Of the records that were sent and came back.
    next: u64,
    order: InOrder,
}

impl Stage {
    /// Sets it.
    ///
    /// # Panics
    /// A process does not start or does not answer.
    pub fn new(attackers: Attackers) -> Self {
        Self::on(attackers, Processors::Any)
    }

    /// Sets it on these processors.
    ///
    /// # Panics
    /// As [`Stage::new`].
    pub fn on(attackers: Attackers, processors: Processors) -> Self {
        let (place, victim) = victim(processors);
        let mut attacker = attacker(&place, attackers);
        assert_eq!(attacker.hear(), "ready");
        let mut options = Options::new();
        if let Processors::Apart { others, .. } = processors {
            options = options.wait(Wait::Block);
            attacker.ask(format_args!("pin {others}"));
            processor::pin(others).expect("a processor of ours");
        }
        let name: Name = victim::NAME.parse().expect("a name");
        let how = ConnectOptions::new().scope(Scope::System);
        let honest = Link::connect_in(&place.registry(), &name, how, options, soon());
        let honest = honest.expect("a victim that listens");
        let mut stage =
            Self { place, victim, attacker, attackers, honest, next: 0, order: InOrder::from(1, 0) };
        // So that the outboxes have gone before anything is counted.
        for _ in 0..64 {
            stage.exchange();
        }
        stage.report();
        stage
    }

    /// Where the victim is.
    pub fn place(&self) -> &Scratch {
        &self.place
    }

    /// The attacker's process.
    pub fn attacker(&self) -> &Process {
        &self.attacker
    }

    /// Gives the attacker an order and waits for its answer.
    #[track_caller]
    pub fn order(&mut self, order: impl std::fmt::Display) -> String {
        self.attacker.ask(order)
    }

    /// Kills the attacker, and starts another.
    pub fn replace_attacker(&mut self) {
        self.attacker.kill();
        self.attacker = attacker(&self.place, self.attackers);
        assert_eq!(self.attacker.hear(), "ready");
    }

    /// An honest record goes to the victim and comes back; answers how long that took.
    ///
    /// # Panics
    /// It does not come back in time, whole and in order: the victim harms an honest client.
    #[track_caller]
    pub fn exchange(&mut self) -> Duration {
        let record = Mark { stream: 1, number: self.next }.record(64);
        self.next += 1;
        let begin = Instant::now();
        self.honest.send(&record, soon()).expect("an honest client sends");
        let mut copy = [0; 64];
        let answer = self.honest.receive(soon()).expect("an honest client is answered");
        let bytes = answer.copy_to(&mut copy);
        drop(answer);
        let taken = begin.elapsed();
        self.order.take(&copy[..bytes]).expect("an honest client is answered in order");
        taken
    }

    /// What the victim tells of itself.
    #[track_caller]
    pub fn report(&mut self) -> Report {
        let text = self.request(REPORT);
        Report::parse(&text).unwrap_or_else(|| panic!("no report: {text}"))
    }

    /// Has the victim forget the ends that it has not told.
    pub fn forget(&mut self) {
        self.request(FORGET);
    }

    /// Has the victim fill its table of descriptors, or make room again.
    pub fn fill_table(&mut self, is_full: bool) {
        self.request(if is_full { FILL } else { EMPTY });
    }

    #[track_caller]
    fn request(&mut self, request: &[u8]) -> String {
        self.honest.send(request, soon()).expect("the victim is asked");
        let answer = self.honest.receive(soon()).expect("the victim answers");
        String::from_utf8(answer.to_vec()).expect("text")
    }

    /// What the victim has.
    pub fn inventory(&self) -> Inventory {
        Inventory::of_process(self.victim.pid())
    }

    /// How many bytes of memory the victim has that are its own.
    pub fn memory_bytes(&self) -> u64 {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.victim.pid())).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("RssAnon:"));
        let number = line.and_then(|line| line.split_ascii_whitespace().next()?.parse::<u64>().ok());
        number.unwrap_or(0) * 1024
    }
}

/// A victim in a place of its own.
pub(super) fn victim(processors: Processors) -> (Scratch, Process) {
    let place = Scratch::new();
    open_to_all(place.folder());
    let victim = Role::new("hostile-victim").argument(place.to_string());
    let victim = victim.number(std::process::id().into());
    let victim = match processors {
        Processors::Any => victim,
        Processors::Apart { victims, .. } => victim.number(victims as u64),
    };
    let mut victim = victim.patience(RUN).start();
    assert_eq!(victim.hear(), "ready");
    (place, victim)
}

impl Scene for Stage {
    fn place(&self) -> &Scratch {
        &self.place
    }

    fn order(&mut self, order: &str) {
        Stage::order(self, order);
    }

    fn exchange(&mut self) -> Duration {
        Stage::exchange(self)
    }

    fn report(&mut self) -> Report {
        Stage::report(self)
    }

    fn forget(&mut self) {
        Stage::forget(self);
    }
}

fn attacker(place: &Scratch, attackers: Attackers) -> Process {
    role_of(place, attackers, "hostile-attacker").argument(place.to_string()).start()
}

/// A role for an attacker, who may be another user.
pub(super) fn role_of(place: &Scratch, attackers: Attackers, name: &str) -> Role {
    match attackers {
        Attackers::Ours => Role::new(name),
        Attackers::Strangers => {
            let program = place.path("program");
            if !program.exists() {
                std::fs::copy(role::program(), &program).expect("a copy of this program");
                open_to_all(&program);
                wait_until_it_runs(&program);
            }
            Role::of(program, name).configure(|command| {
                command.uid(STRANGER).gid(STRANGER).current_dir("/");
            })
        }
    }
    .patience(RUN)
}

/// A child that somebody starts while the copy is made holds it open for writing until its own exec.
fn wait_until_it_runs(program: &Path) {
    let is_busy = || {
        let run = Command::new(program).arg("--help").stdout(Stdio::null()).status();
        run.is_err_and(|refused| refused.kind() == ErrorKind::ExecutableFileBusy)
    };
    while is_busy() {
        std::thread::yield_now();
    }
}

pub(super) fn open_to_all(path: &Path) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("our own file");
}
