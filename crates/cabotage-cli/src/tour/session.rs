// SPDX-License-Identifier: MIT OR Apache-2.0
//! The child as its parent sees it: started, ordered about, listened to, and ended in any case.

use std::io::{BufReader, ErrorKind};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use cabotage::os::process::Pidfd;
use cabotage::os::spawn::AsHandle;
use cabotage::pipe::Spawn;

use super::litter::{self, Companion};
use super::mechanism::{Connect, Mechanism, Offer};
use super::orders::{Order, Report, hear, say};
use super::peer::{Peer, gone};
use super::source::ITSELF;
use crate::exit::{Exit, Failure};

/// A running child. Dropping it ends the child.
#[derive(Debug)]
pub(crate) struct Session {
    child: Child,
    orders: ChildStdin,
    reports: BufReader<ChildStdout>,
    companion: Arc<Companion>,
    progress: SyncSender<()>,
}

impl Session {
    /// Starts this program again as the child of `mechanism`, with what was offered and nothing else.
    pub(crate) fn start(mechanism: &dyn Mechanism, offer: Offer) -> Result<(Self, Box<Connect>), Failure> {
        let Offer { words, descriptors, handles, connect, .. } = offer;
        let mut spawn = Spawn::new(ITSELF).args(["tour-child", mechanism.page().name]);
        for fd in descriptors {
            spawn = spawn.arg(format!("--fd={}", std::os::fd::AsRawFd::as_raw_fd(&fd))).pass(fd);
        }
        if !handles.is_empty() {
            let list: Vec<_> = handles.iter().map(|handle| handle as &dyn AsHandle).collect();
            spawn = spawn.inherit_handles().handle_list(&list);
        }
        let spawn = spawn.arg("--").args(words).stdin(Stdio::piped()).stdout(Stdio::piped());
        let ((child, orders, reports), companion) = litter::start(|| -> Result<_, Failure> {
            let mut child = spawn.spawn()?;
            let streams = child.stdin.take().zip(child.stdout.take());
            let (orders, reports) = streams.ok_or_else(gone)?;
            let process = Pidfd::of_child(&child)?;
            Ok(((child, orders, reports), process))
        })?;
        let companion = Arc::new(companion);
        let progress = watch(Arc::clone(&companion))?;
        Ok((Self { child, orders, reports: BufReader::new(reports), companion, progress }, connect))
    }

    /// The child, for those who wait for it elsewhere.
    pub(crate) fn peer(&self) -> Result<Peer, Failure> {
        Peer::at(self.reports.get_ref())
    }

    /// Gives an order.
    pub(crate) fn order(&mut self, order: &Order) -> Result<(), Failure> {
        let _ = self.progress.try_send(());
        say(&mut self.orders, order)
    }

    /// Waits for the next report.
    pub(crate) fn report(&mut self) -> Result<Report, Failure> {
        let report = hear(&mut self.reports)?;
        let _ = self.progress.try_send(());
        match report {
            Report::Failed(words) => Err(Failure::new(Exit::Failed, words).about("the child")),
            report => Ok(report),
        }
    }

    /// Says why the child went away, if that is what `failure` is about.
    pub(crate) fn explain(&mut self, failure: Failure) -> Failure {
        if failure.exit() != Exit::PeerGone {
            return failure;
        }
        while let Ok(report) = hear(&mut self.reports) {
            if let Report::Failed(words) = report {
                return Failure::new(Exit::Failed, words).about("the child");
            }
        }
        match self.child.wait() {
            Ok(status) => Failure::new(Exit::PeerGone, format!("the child ended too early ({status})")),
            Err(_) => failure,
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.companion.kill(); // a child that has finished does not mind
        let _ = self.child.wait();
    }
}

/// A thread that ends a child of which nothing has been heard for too long: it is stuck, or stopped. Then whatever
/// waits for it finds a pipe that hung up.
fn watch(companion: Arc<Companion>) -> Result<SyncSender<()>, Failure> {
    let (progress, heard): (_, Receiver<()>) = sync_channel(1);
    let watcher = move || {
        loop {
            match heard.recv_timeout(SILENCE) {
                Ok(()) => {}
                Err(RecvTimeoutError::Timeout) => companion.kill(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    };
    match thread::Builder::new().name("watchdog".into()).spawn(watcher) {
        Ok(_) => Ok(progress),
        Err(refusal) if refusal.kind() == ErrorKind::WouldBlock => {
            Err(Failure::from(refusal).about("no thread to watch the child (ulimit -u)"))
        }
        Err(refusal) => Err(refusal.into()),
    }
}

const SILENCE: Duration = Duration::from_secs(8);
