// SPDX-License-Identifier: MIT OR Apache-2.0
//! A process that runs one test of its own program, which does as it is told, an order a line, and answers in lines that
//! begin with `@`; and is killed as its test likes.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::os::fd::AsFd;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use crate::deadline::Deadline;
use crate::poll::{self, Readiness};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// What tells a process that it is a worker.
#[derive(Debug, Clone)]
pub struct Role {
    /// The test that it runs, with its modules.
    pub test: &'static str,
    /// The variable of its environment that says so.
    pub variable: &'static str,
    /// What that says: where the worker works.
    pub place: OsString,
}

/// A worker, seen from its test. It does not outlive it.
#[derive(Debug)]
pub struct Worker {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    is_dead: bool,
}

impl Worker {
    /// Starts this very program once more.
    ///
    /// # Panics
    /// It does not start: so do all calls here whose process does not do as agreed.
    pub fn start(role: &Role) -> Self {
        Self::run(Command::new(own_program()), role)
    }

    /// The same with this umask, which a shell sets.
    ///
    /// # Panics
    /// As [`Worker::start`].
    pub fn start_with_umask(role: &Role, mask: &str) -> Self {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("umask {mask}; exec \"$0\" \"$@\"")]).arg(own_program());
        Self::run(shell, role)
    }

    /// The same in a pid namespace of its own; `None` where that cannot be had: it needs root, and unshare(1).
    ///
    /// # Panics
    /// As [`Worker::start`].
    pub fn start_in_a_pid_namespace(role: &Role) -> Option<Self> {
        let unshared = |program: OsString| {
            let mut command = Command::new("unshare");
            command.args(["--pid", "--fork", "--mount-proc", "--kill-child"]).arg(program);
            command
        };
        let trial = unshared("true".into()).stderr(Stdio::null()).status();
        let can_be = trial.is_ok_and(|status| status.success());
        can_be.then(|| Self::run(unshared(own_program()), role))
    }

    /// The same of a copy of this program, or as another user: whatever the command says.
    ///
    /// # Panics
    /// As [`Worker::start`].
    pub fn run(mut command: Command, role: &Role) -> Self {
        command.args([role.test, "--exact", "--nocapture", "--test-threads=1"]);
        command.env(role.variable, &role.place).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = loop {
            match command.spawn() {
                // A child of another test still holds the program that was copied just now.
                Err(busy) if busy.kind() == ErrorKind::ExecutableFileBusy => std::thread::yield_now(),
                started => break started.expect("this program starts once more"),
            }
        };
        let orders = child.stdin.take().expect("it was piped");
        let answers = BufReader::new(child.stdout.take().expect("it was piped"));
        Self { child, orders, answers, is_dead: false }
    }

    /// Its number.
    pub fn pid(&self) -> i32 {
        self.child.id().cast_signed()
    }

    /// Gives an order, if there is still somebody to take it.
    pub fn tell(&mut self, order: &str) {
        let _ = writeln!(self.orders, "{order}");
    }

    /// The answer to the next order that was not answered; `None` from a dead worker.
    ///
    /// # Panics
    /// It does not answer.
    pub fn answer(&mut self) -> Option<String> {
        loop {
            if self.answers.buffer().is_empty() {
                let watched = [(self.answers.get_ref().as_fd(), Readiness::IN)];
                let [found] = poll::wait(watched, Deadline::within(PATIENCE)).expect("a wait");
                assert!(!found.is_empty(), "a worker does not answer");
            }
            let mut line = String::new();
            if self.answers.read_line(&mut line).expect("text") == 0 {
                return None;
            }
            if let Some(answer) = line.strip_prefix("@ ") {
                return Some(answer.trim_end().into());
            }
        }
    }

    /// Gives an order, and waits for the answer.
    ///
    /// # Panics
    /// As [`Worker::answer`].
    pub fn ask(&mut self, order: &str) -> Option<String> {
        self.tell(order);
        self.answer()
    }

    /// Gives an order that has this answer.
    ///
    /// # Panics
    /// It has another.
    #[track_caller]
    pub fn must(&mut self, order: &str, expected: &str) {
        assert_eq!(self.ask(order).as_deref(), Some(expected), "{order}");
    }

    /// Kills it, and reaps it.
    ///
    /// # Panics
    /// The system's refusal.
    pub fn kill(&mut self) {
        self.child.kill().expect("a child to kill");
        self.child.wait().expect("a child to reap");
        self.is_dead = true;
    }

    /// Whether it was killed.
    pub fn is_dead(&self) -> bool {
        self.is_dead
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn own_program() -> OsString {
    std::env::current_exe().expect("this program has a path").into()
}
