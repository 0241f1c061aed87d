// SPDX-License-Identifier: MIT OR Apache-2.0
//! A program of the textbook as a process under a watchdog.

use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

/// Longer than any of them takes on a slow and busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running program.
pub(crate) struct Program {
    name: &'static str,
    child: Child,
    said: Receiver<String>,
}

/// How a program ended.
pub(crate) struct Ending {
    /// What it printed, complaints included.
    pub(crate) said: String,
    /// Whether it was content.
    pub(crate) is_success: bool,
}

/// Starts a program and leaves it running.
pub(crate) fn start(name: &'static str, arguments: &[&str]) -> Program {
    let (mut reader, writer) = std::io::pipe().expect("a pipe");
    let mut command = Command::new(path_of(name));
    command.args(arguments).stdout(writer.try_clone().expect("its other name")).stderr(writer);
    let child = command.spawn().expect("the program starts");
    drop(command); // It holds the write ends: as long as they are open, the end of file does not come.

    let (tell, said) = mpsc::channel();
    thread::spawn(move || {
        let mut text = String::new();
        reader.read_to_string(&mut text).expect("programs of the textbook print text");
        tell.send(text)
    });
    Program { name, child, said }
}

/// Runs a program to its end.
pub(crate) fn run(name: &'static str, arguments: &[&str]) -> Ending {
    start(name, arguments).finish()
}

impl Program {
    /// Waits for the end of the program, and of every child that it left its output to.
    pub(crate) fn finish(mut self) -> Ending {
        let Ok(said) = self.said.recv_timeout(PATIENCE) else {
            let _ = self.child.kill();
            panic!("{} did not end within {PATIENCE:?}", self.name);
        };
        let is_success = self.child.wait().expect("our child").success();
        Ending { said, is_success }
    }
}

/// Cargo builds the examples of a package together with its tests, into the folder beside them.
fn path_of(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test has a path");
    let profile = test.ancestors().nth(2).expect("…/PROFILE/deps/TEST");
    let path = profile.join("examples").join(name);
    assert!(path.exists(), "{name} is not built: run `cargo test -p cabotage`, without naming a test target");
    path
}
