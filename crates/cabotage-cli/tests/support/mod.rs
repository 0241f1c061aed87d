// SPDX-License-Identifier: MIT OR Apache-2.0
//! Running the command in a test: with input, to its end, under a watchdog; and names that no other test has.

#![allow(dead_code, reason = "each file of tests uses its share")]

use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use cabotage::os::Deadline;
use cabotage::os::process::{Pidfd, Signal};
use tempfile::TempDir;

/// The command with these arguments, all of its streams on pipes.
pub(crate) fn cabotage(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cabotage"));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub(crate) fn start(command: &mut Command) -> Child {
    command.spawn().unwrap()
}

pub(crate) fn run(arguments: &[&str]) -> Outcome {
    Outcome::of(start(&mut cabotage(arguments)))
}

pub(crate) fn run_with_input(arguments: &[&str], input: &[u8]) -> Outcome {
    let mut child = start(cabotage(arguments).stdin(Stdio::piped()));
    // One that refuses its arguments may have left before it reads.
    let _ = child.stdin.take().unwrap().write_all(input);
    Outcome::of(child)
}

/// A place for names, and the commands that meet there.
pub(crate) struct Harbour(pub(crate) TempDir);

impl Harbour {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = cabotage(arguments);
        command.env("XDG_RUNTIME_DIR", self.0.path()).env_remove("RUNTIME_DIRECTORY");
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Outcome {
        Outcome::of(start(&mut self.command(arguments)))
    }

    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &[u8]) -> Outcome {
        let mut child = start(self.command(arguments).stdin(Stdio::piped()));
        // One that is refused may have left before it reads.
        let _ = child.stdin.take().unwrap().write_all(input);
        Outcome::of(child)
    }

    /// Where the name of this kind is, while it is published.
    pub(crate) fn socket(&self, kind: &str, name: &str) -> PathBuf {
        self.0.path().join("cabotage").join(kind).join(name)
    }

    /// Starts a command that publishes the name of a link, and waits until it has.
    pub(crate) fn publisher(&self, arguments: &[&str], name: &str) -> Child {
        self.publisher_of("link", arguments, name)
    }

    /// The same for the name of a connection port.
    pub(crate) fn server(&self, arguments: &[&str], name: &str) -> Child {
        self.publisher_of("alpc", arguments, name)
    }

    /// A process that has checked in with a Mach port of this name.
    pub(crate) fn service(&self, arguments: &[&str], name: &str) -> Child {
        self.publisher_of("mach", arguments, name)
    }

    fn publisher_of(&self, kind: &str, arguments: &[&str], name: &str) -> Child {
        let child = start(&mut self.command(arguments));
        let socket = self.socket(kind, name);
        until("the name is published", || socket.exists());
        child
    }

    /// Whether no name of this kind is left.
    pub(crate) fn is_empty(&self, kind: &str) -> bool {
        let names = self.0.path().join("cabotage").join(kind);
        std::fs::read_dir(names).unwrap().next().is_none()
    }
}

/// How a process ended, and what it said.
pub(crate) struct Outcome {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl Outcome {
    /// Waits for the end; a process that takes half a minute is killed, and its status is none.
    pub(crate) fn of(child: Child) -> Self {
        watch(&child);
        let output = child.wait_with_output().unwrap();
        Self { status: output.status.code(), stdout: output.stdout, stderr: output.stderr }
    }

    #[track_caller]
    pub(crate) fn expect(self, status: i32) -> Self {
        assert_eq!(self.status, Some(status), "{}\n{}", self.errors(), self.text());
        self
    }

    pub(crate) fn errors(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    pub(crate) fn json(&self) -> Vec<serde_json::Value> {
        self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// A thread that kills the process when its time is up.
fn watch(child: &Child) {
    let process = Pidfd::of_child(child).unwrap();
    std::thread::spawn(move || {
        if !process.wait(Deadline::within(Duration::from_secs(30))).unwrap() {
            let _ = process.send_signal(Signal::KILL);
        }
    });
}

/// A shared memory object of one test, removed with it.
pub(crate) struct Object {
    pub(crate) name: String,
    pub(crate) address: String,
    pub(crate) path: PathBuf,
}

impl Object {
    pub(crate) fn new(what: &str) -> Self {
        let name = format!("cabotage-test-{}-{what}", std::process::id());
        Self { address: format!("shm:/{name}"), path: PathBuf::from("/dev/shm").join(&name), name }
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// A folder with a FIFO in it, `fifo`, and the address of that.
pub(crate) fn fifo() -> (TempDir, String) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("fifo");
    cabotage::pipe::fifo::create(&path).unwrap();
    let address = format!("fifo:{}", path.display());
    (directory, address)
}

/// A program of this machine; says so when it is not there and the test is skipped.
pub(crate) fn tool(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file());
    if found.is_none() {
        eprintln!("skipped: this machine has no {name}");
    }
    found
}

/// Asks again and again; what has not come after ten seconds never comes.
pub(crate) fn until(what: &str, mut happened: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(10);
    while !happened() {
        assert!(Instant::now() < end, "{what}: not within ten seconds");
        std::thread::yield_now();
    }
}
