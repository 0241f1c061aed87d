// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the tests of this crate share: directories of their own, other processes, a watchdog.
#![allow(dead_code)] // each test binary uses its share

pub(crate) mod copied;
pub(crate) mod sweeps;

use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use cabotage_os::probe::{self, Feature, SwitchedOff};
use cabotage_shm::{Directory, Name, Object, Options};
use tempfile::TempDir;

/// A directory of objects that no other test sees, on the same file system as /dev/shm where there is one.
pub(crate) struct Scratch {
    pub(crate) directory: Directory,
    pub(crate) path: TempDir,
}

impl Scratch {
    pub(crate) fn new() -> Self {
        let path = tempfile::Builder::new().prefix("cabotage-test-").tempdir_in("/dev/shm");
        let path = path.or_else(|_| tempfile::tempdir()).unwrap();
        Self { directory: Directory::open(path.path()).unwrap(), path }
    }

    pub(crate) fn options(&self) -> Options {
        Object::options().directory(&self.directory)
    }

    /// All file names in it, hidden ones too.
    pub(crate) fn file_names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.path.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

pub(crate) fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

/// Runs `check` for each way to create an object that the kernels we support offer.
pub(crate) fn in_each_way(check: impl Fn(&Scratch)) {
    check(&Scratch::new());
    for missing in WAYS {
        let _without: Vec<SwitchedOff> = missing.iter().copied().map(probe::without).collect();
        check(&Scratch::new());
    }
}

/// Which features are switched off, beside none.
pub(crate) const WAYS: [&[Feature]; 3] = [
    &[Feature::LinkByDescriptor],
    &[Feature::UnnamedFiles],
    &[Feature::UnnamedFiles, Feature::RenameNoReplace],
];

/// This test binary again, to run the ignored test `role` alone.
pub(crate) fn this_binary(role: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([role, "--exact", "--ignored", "--nocapture"]);
    command
}

/// Whether the program exists, said on stderr if not.
pub(crate) fn has_program(program: &str, why: &str) -> bool {
    let answer = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    let is_there = answer.is_ok_and(|status| status.success());
    if !is_there {
        eprintln!("skipped: {why} needs the program {program}, which does not run here");
    }
    is_there
}

/// Ends the whole test binary, loudly, if it is still running after `patience`.
pub(crate) struct Watchdog(Option<std::sync::mpsc::Sender<()>>);

impl Watchdog {
    pub(crate) fn new(patience: Duration) -> Self {
        let (calm, alarm) = std::sync::mpsc::channel::<()>();
        thread::spawn(move || {
            if alarm.recv_timeout(patience) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                eprintln!("the watchdog barks after {patience:?}");
                std::process::abort();
            }
        });
        Self(Some(calm))
    }
}

/// A child that does not outlive the test.
pub(crate) struct Killed(pub(crate) Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
