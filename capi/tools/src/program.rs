// SPDX-License-Identifier: MIT OR Apache-2.0
//! A compiled C program: run to its end under a watchdog, in a place of its own, its words kept.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use cabotage_os::Deadline;
use cabotage_os::process::Pidfd;
use tempfile::TempDir;

/// Far more than any program needs, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// See the [module](self). Its file goes with it.
#[derive(Debug)]
pub struct Program {
    path: PathBuf,
    /// Names of ports and pipes are below it, so that no two programs meet who should not.
    place: TempDir,
}

/// How a program ended and what it said.
#[derive(Debug)]
pub struct Ended {
    /// How.
    pub status: ExitStatus,
    /// What it printed.
    pub stdout: String,
    /// What it complained of.
    pub stderr: String,
}

/// A program that runs, beside whoever started it. It does not outlive its handle.
#[derive(Debug)]
pub struct Running {
    child: Child,
    words: [PathBuf; 2],
}

impl Program {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, place: tempfile::tempdir().expect("a folder of our own") }
    }

    /// Its file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder in which it runs, and below which the names that it uses are.
    #[must_use]
    pub fn place(&self) -> &Path {
        self.place.path()
    }

    /// Runs it to its end.
    ///
    /// # Panics
    /// It cannot be started, or is not over after two minutes.
    #[must_use]
    #[track_caller]
    pub fn run(&self) -> Ended {
        self.run_with(&[])
    }

    /// The same with arguments.
    ///
    /// # Panics
    /// As [`Self::run`].
    #[must_use]
    #[track_caller]
    pub fn run_with(&self, arguments: &[&str]) -> Ended {
        self.start(arguments).end()
    }

    /// Starts it.
    ///
    /// # Panics
    /// It cannot be started.
    #[must_use]
    #[track_caller]
    pub fn start(&self, arguments: &[&str]) -> Running {
        self.start_command(Command::new(&self.path).args(arguments))
    }

    /// Starts another program in this one's place.
    ///
    /// # Panics
    /// It cannot be started.
    #[must_use]
    #[track_caller]
    pub fn start_command(&self, command: &mut Command) -> Running {
        Running::start(command, self.place.path())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

impl Running {
    /// Starts `command` in `place`, with what it says kept there.
    ///
    /// # Panics
    /// It cannot be started.
    #[must_use]
    #[track_caller]
    pub fn start(command: &mut Command, place: &Path) -> Self {
        let (_, words) = tempfile::Builder::new()
            .prefix("stdout")
            .tempfile_in(place)
            .and_then(|file| Ok(file.keep()?))
            .expect("a file");
        let complaints = words.with_extension("stderr");
        let kept = |path: &PathBuf| Stdio::from(File::create(path).expect("a file"));
        command.current_dir(place).env("XDG_RUNTIME_DIR", place).env("ASAN_OPTIONS", sanitizer());
        command.stdin(Stdio::null()).stdout(kept(&words)).stderr(kept(&complaints));
        let child = command.spawn().unwrap_or_else(|error| panic!("{:?}: {error}", command.get_program()));
        Self { child, words: [words, complaints] }
    }

    /// Its number.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it has ended.
    ///
    /// # Panics
    /// It is not over after two minutes: it is killed, and what it said told.
    #[must_use]
    #[track_caller]
    pub fn end(mut self) -> Ended {
        let pidfd = Pidfd::of_child(&self.child).expect("a descriptor of a child");
        let is_over = pidfd.wait(Deadline::within(PATIENCE)).expect("a wait for a child");
        if !is_over {
            let _ = self.child.kill();
        }
        let status = self.child.wait().expect("a child to reap");
        let [stdout, stderr] = self
            .words
            .each_ref()
            .map(|path| String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned());
        assert!(is_over, "a C program is not over after {PATIENCE:?}; it said:\n{stdout}{stderr}");
        Ended { status, stdout, stderr }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Ended {
    /// Panics with the program's words unless it ended well.
    ///
    /// # Panics
    /// It did not.
    #[track_caller]
    pub fn must_succeed(&self) {
        let Self { status, stdout, stderr } = self;
        assert!(status.success(), "a C program ended with {status}; it said:\n{stdout}{stderr}");
    }
}

fn sanitizer() -> OsString {
    "abort_on_error=0:detect_stack_use_after_return=1".into()
}
