// SPDX-License-Identifier: MIT OR Apache-2.0
//! A process in a role, seen from whoever started it. It does not outlive its handle.

use std::io::{BufRead, BufReader, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdin, ChildStdout};

use cabotage_os::Deadline;
use cabotage_os::poll::{self, Readiness};
use cabotage_os::process::{Exit, Pidfd, Signal};

use crate::watchdog::{PATIENCE, soon};

/// See the [module](self). Its calls panic when the process does not do as agreed: they are for tests.
#[derive(Debug)]
pub struct Process {
    role: String,
    child: Child,
    pidfd: Pidfd,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    /// Its end ends the process.
    _leash: OwnedFd,
    exit: Option<Exit>,
}

impl Process {
    pub(crate) fn new(role: String, mut child: Child, leash: OwnedFd) -> Self {
        let pidfd = Pidfd::of_child(&child).expect("a descriptor of a child");
        let orders = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().expect("the standard output of a role is a pipe"));
        Self { role, child, pidfd, orders, answers, _leash: leash, exit: None }
    }

    /// Its number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its descriptor.
    pub fn pidfd(&self) -> &Pidfd {
        &self.pidfd
    }

    /// Gives an order, if there is still somebody to take it.
    pub fn tell(&mut self, order: impl std::fmt::Display) {
        if let Some(orders) = &mut self.orders {
            let _ = writeln!(orders, "{order}");
        }
    }

    /// The next answer, waiting for it at most until `deadline`; `None` when there will be none, or none came.
    #[track_caller]
    pub fn hear_until(&mut self, deadline: Deadline) -> Option<String> {
        if self.answers.buffer().is_empty() {
            let waited = poll::wait([(self.answers.get_ref().as_fd(), Readiness::IN)], deadline);
            if matches!(waited, Ok([found]) if found.is_empty()) {
                return None;
            }
        }
        let mut line = String::new();
        match self.answers.read_line(&mut line) {
            Ok(bytes) if bytes > 0 => Some(line.trim_end().to_owned()),
            _ => None,
        }
    }

    /// The next answer, which must come.
    #[track_caller]
    pub fn hear(&mut self) -> String {
        self.hear_until(soon()).unwrap_or_else(|| panic!("{} does not answer", self.role))
    }

    /// Gives an order and waits for the answer.
    #[track_caller]
    pub fn ask(&mut self, order: impl std::fmt::Display) -> String {
        self.tell(order);
        self.hear()
    }

    /// No more orders come.
    pub fn close_orders(&mut self) {
        self.orders = None;
    }

    /// Stops it where it is (SIGSTOP).
    #[track_caller]
    pub fn stop(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on (SIGCONT).
    #[track_caller]
    pub fn go_on(&self) {
        self.signal(Signal::CONT);
    }

    #[track_caller]
    fn signal(&self, signal: Signal) {
        self.pidfd.send_signal(signal).expect("a signal to a child");
    }

    /// Kills it (SIGKILL) and does not wait: see [`Process::end`].
    #[track_caller]
    pub fn strike(&self) {
        self.signal(Signal::KILL);
    }

    /// Kills it and reaps it.
    #[track_caller]
    pub fn kill(&mut self) {
        self.strike();
        let exit = self.end();
        assert_eq!(exit, Exit::Signal(9), "{} ended by itself, before it was killed", self.role);
    }

    /// Whether it has ended, reaped or not.
    #[track_caller]
    pub fn has_ended(&self) -> bool {
        self.pidfd.has_exited().expect("a look at a child")
    }

    /// Waits until it has ended, and how.
    #[track_caller]
    pub fn end(&mut self) -> Exit {
        if let Some(exit) = self.exit {
            return exit;
        }
        let is_over = self.pidfd.wait(Deadline::within(PATIENCE)).expect("a wait for a child");
        assert!(is_over, "{} is still there", self.role);
        let status = self.child.wait().expect("a child to reap");
        let exit = status.code().map_or_else(|| Exit::Signal(status.signal().unwrap_or(0)), Exit::Code);
        *self.exit.insert(exit)
    }

    /// Waits until it has ended, and panics unless it ended well.
    #[track_caller]
    pub fn must_succeed(&mut self) {
        self.close_orders();
        let exit = self.end();
        assert_eq!(exit, Exit::Code(0), "{} failed", self.role);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.exit.is_none() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
