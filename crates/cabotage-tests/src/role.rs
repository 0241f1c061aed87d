// SPDX-License-Identifier: MIT OR Apache-2.0
//! A real process in a role: how it is started, and what it finds when it begins to play.
//!
//! There is one way: the program of this crate, started once more as `cabotage-tests role NAME ARGUMENT…`. Orders
//! come as lines on its standard input, answers go as lines to its standard output, descriptors are passed by their
//! numbers. It ends by its own watchdog, or when whoever started it has ended.

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::os::fd::{OwnedFd, RawFd};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use cabotage_os::spawn::Spawn;

use crate::process::Process;
use crate::watchdog::{self, PATIENCE};

/// The number under which a process in a role finds the end of the pipe that tells whether its starter lives.
const LIFELINE: RawFd = 9;

/// A role to start a process in.
#[derive(Debug)]
pub struct Role {
    name: String,
    arguments: Vec<OsString>,
    passed: Vec<(OwnedFd, RawFd)>,
    patience: Duration,
    command: Command,
}

impl Role {
    /// The role of this name: see [`crate::roles`].
    pub fn new(name: &str) -> Self {
        Self::of(program(), name)
    }

    /// The same of another copy of the program: one that another user may run.
    pub fn of(program: impl AsRef<OsStr>, name: &str) -> Self {
        Self {
            name: name.to_owned(),
            arguments: Vec::new(),
            passed: Vec::new(),
            patience: PATIENCE,
            command: Command::new(program),
        }
    }

    /// Appends an argument.
    #[must_use]
    pub fn argument(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Appends a number.
    #[must_use]
    pub fn number(self, number: u64) -> Self {
        self.argument(number.to_string())
    }

    /// Passes a descriptor, which the process finds under `number` (10 or above).
    #[must_use]
    pub fn pass_as(mut self, fd: impl Into<OwnedFd>, number: RawFd) -> Self {
        assert!(number > LIFELINE, "numbers up to {LIFELINE} are taken");
        self.passed.push((fd.into(), number));
        self
    }

    /// The process ends itself when it has run for so long.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Whatever else is to be set on the command: user, folder, environment.
    #[must_use]
    pub fn configure(mut self, configure: impl FnOnce(&mut Command)) -> Self {
        configure(&mut self.command);
        self
    }

    /// Starts the process.
    #[track_caller]
    pub fn start(self) -> Process {
        let (lifeline, leash) = std::io::pipe().expect("a pipe");
        let mut command = self.command;
        command.arg("role").arg(&self.name).arg(self.patience.as_millis().to_string()).args(&self.arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let program = command.get_program().to_string_lossy().into_owned();
        let mut spawn = Spawn::from(command).pass_as(lifeline, LIFELINE);
        for (fd, number) in self.passed {
            spawn = spawn.pass_as(fd, number);
        }
        let child = spawn.spawn().unwrap_or_else(|error| {
            panic!("{program} does not start: {error}; build it by cargo build -p cabotage-tests")
        });
        Process::new(self.name, child, leash.into())
    }
}

/// The program of this crate: this one, or the one that cargo builds for the integration tests of this crate.
pub fn program() -> PathBuf {
    let own = std::env::current_exe().expect("this program has a path");
    let folder = own.parent().expect("a program lies in a folder");
    if folder.file_name().is_some_and(|name| name == "deps") {
        folder.with_file_name("cabotage-tests")
    } else {
        own
    }
}

/// What a process in a role was given.
#[derive(Debug, Clone)]
pub struct Part {
    name: String,
    arguments: Vec<String>,
}

impl Part {
    /// How many arguments there are.
    pub fn arguments(&self) -> usize {
        self.arguments.len()
    }

    /// The argument at `index`.
    #[track_caller]
    pub fn argument(&self, index: usize) -> &str {
        let argument = self.arguments.get(index);
        argument
            .unwrap_or_else(|| panic!("the role {} lacks argument {index}: {:?}", self.name, self.arguments))
    }

    /// The number at `index`.
    #[track_caller]
    pub fn number(&self, index: usize) -> u64 {
        let text = self.argument(index);
        text.parse().unwrap_or_else(|_| panic!("the role {} wants a number, not {text:?}", self.name))
    }

    /// The descriptor that was passed under `number`.
    #[track_caller]
    pub fn descriptor(&self, number: RawFd) -> OwnedFd {
        cabotage_os::inherited::take(number).expect("a passed descriptor")
    }

    /// The orders, a line each, until whoever gives them has no more.
    pub fn orders(&self) -> impl Iterator<Item = String> {
        std::io::stdin().lines().map_while(Result::ok)
    }

    /// The next order.
    #[track_caller]
    pub fn order(&self) -> String {
        self.orders().next().expect("an order")
    }

    /// Answers with a line. Nobody there to read it is no reason to stop.
    pub fn say(&self, line: impl std::fmt::Display) {
        let mut output = std::io::stdout().lock();
        let _ = writeln!(output, "{line}");
        let _ = output.flush();
    }
}

/// Plays the role of this name with what `main` was given behind it.
///
/// # Errors
/// There is no such role.
pub fn play(name: &str, patience: Duration, arguments: Vec<String>) -> Result<(), UnknownRole> {
    let Some(play) = crate::roles::find(name) else { return Err(UnknownRole(name.to_owned())) };
    // One that a person starts by hand has no lifeline.
    if let Ok(lifeline) = cabotage_os::inherited::take(LIFELINE) {
        watchdog::tie(lifeline, name.to_owned(), patience);
    }
    play(&Part { name: name.to_owned(), arguments });
    Ok(())
}

/// There is no such role.
#[derive(Debug, thiserror::Error)]
#[error("there is no role {0:?}: the table is in src/roles.rs")]
pub struct UnknownRole(String);
