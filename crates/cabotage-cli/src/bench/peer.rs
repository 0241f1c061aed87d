// SPDX-License-Identifier: MIT OR Apache-2.0
//! The other process of a measurement, as this one sees it: started, told of rounds, asked, noticed when it dies.
//!
//! In the middle of a round this process may sit in a bare read or spin on a word that only the peer can change,
//! so it cannot look whether the peer lives. A thread does: it sleeps in a read of the peer's answers, and when
//! those end unasked, it ends this process with a word why. Nothing of the benchmark has a name at that moment.

use std::io::{BufRead, BufReader, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use cabotage::os::spawn::Spawn;

use super::case::{Case, Result, Role};
use crate::exit::{Exit, Failure};

/// The process of the far end. Dropping it lets that process finish its round and waits for its end.
#[derive(Debug)]
pub(crate) struct Peer {
    child: Child,
    commands: Option<ChildStdin>,
    answers: Receiver<Vec<u32>>,
    is_dismissed: Arc<AtomicBool>,
}

impl Peer {
    /// Starts this executable again as the far end of `case`, with exactly these descriptors and on one of these
    /// processors, and waits until it is ready. Without a choice of processors it runs where this process does.
    pub(crate) fn start(
        case: &Case,
        role: Role,
        processors: &[usize],
        descriptors: Vec<OwnedFd>,
    ) -> Result<Self> {
        let mut child = spawn(case, role, processors, descriptors)?;
        let commands = child.stdin.take();
        let is_dismissed = Arc::new(AtomicBool::new(false));
        let (sender, answers) = channel();
        let watched = Watched { case: case.name, answers: sender, is_dismissed: is_dismissed.clone() };
        let words = child.stdout.take();
        thread::spawn(move || watched.listen(words));
        let peer = Self { child, commands, answers, is_dismissed };
        peer.answer()?;
        Ok(peer)
    }

    /// Tells the far end to run a round of this many operations.
    pub(crate) fn begin(&mut self, operations: u32) -> Result<()> {
        let commands = self.commands.as_mut().ok_or_else(gone)?;
        Ok(writeln!(commands, "{operations}")?)
    }

    /// Waits for what the far end has to say.
    pub(crate) fn answer(&self) -> Result<Vec<u32>> {
        self.answers.recv().map_err(|_| gone())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.is_dismissed.store(true, Ordering::Release);
        self.commands = None;
        let _ = self.child.wait();
    }
}

/// In a process group of its own: Ctrl-C ends the near end's process, and then this one ends in order.
fn spawn(case: &Case, role: Role, processors: &[usize], descriptors: Vec<OwnedFd>) -> Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["bench-far", case.name, role.word()]).process_group(0);
    command.args(processors.iter().map(|number| format!("--processor={number}")));
    command.args(descriptors.iter().map(|fd| fd.as_raw_fd().to_string()));
    let spawn = Spawn::from(command).stdin(Stdio::piped()).stdout(Stdio::piped());
    Ok(descriptors.into_iter().fold(spawn, Spawn::pass).spawn()?)
}

fn gone() -> Failure {
    Failure::new(Exit::PeerGone, "the other process of the measurement has ended")
}

/// What the listening thread knows.
struct Watched {
    case: &'static str,
    answers: Sender<Vec<u32>>,
    is_dismissed: Arc<AtomicBool>,
}

impl Watched {
    /// Passes the peer's answers on until they end; ends this process if nobody dismissed the peer.
    fn listen(self, words: Option<ChildStdout>) {
        let lines = words.into_iter().flat_map(|words| BufReader::new(words).lines());
        for line in lines.map_while(std::result::Result::ok) {
            let _ = self.answers.send(line.split(' ').filter_map(|word| word.parse().ok()).collect());
        }
        if !self.is_dismissed.load(Ordering::Acquire) {
            eprintln!("cabotage: bench {}: the other process ended in the middle of a round", self.case);
            std::process::exit(Exit::PeerGone as i32);
        }
    }
}
