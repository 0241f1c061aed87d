// SPDX-License-Identifier: MIT OR Apache-2.0
//! The child's part: it joins what the parent offered, and does what it is told until it is told no more.

use std::ffi::OsString;
use std::io::{self, BufRead, Write};
use std::os::fd::RawFd;

use cabotage::os::{inherited, seam};
use sha2::{Digest, Sha256};

use super::hex;
use super::journal::{Journal, Who};
use super::mechanism::{self, FarEnd, Invitation};
use super::orders::{Order, Report, hear, say};
use super::peer::Peer;
use super::trips;
use crate::exit::{Exit, Failure};

/// What the parent tells the child on its command line.
#[derive(Debug, clap::Args)]
pub(crate) struct ChildArgs {
    /// The mechanism
    mechanism: String,
    /// A descriptor that was passed
    #[arg(long = "fd")]
    descriptors: Vec<RawFd>,
    /// Names and sizes
    words: Vec<OsString>,
}

/// Plays the child's part. What goes wrong is reported to the parent, who tells the user.
pub(crate) fn run(args: &ChildArgs) -> Result<Exit, Failure> {
    let mut reports = io::stdout().lock();
    let mut child =
        match Child::join(args).and_then(|child| say(&mut reports, &Report::Joined).map(|()| child)) {
            Ok(child) => child,
            Err(failure) => return report_failure(&mut reports, &failure),
        };
    match child.follow(&mut io::stdin().lock(), &mut reports) {
        Ok(()) => say(&mut reports, &Report::Finished(child.journal.into_steps())).map(|()| Exit::Done),
        Err(failure) => report_failure(&mut reports, &failure),
    }
}

fn report_failure(reports: &mut impl Write, failure: &Failure) -> Result<Exit, Failure> {
    let _ = say(reports, &Report::Failed(failure.words().into()));
    Ok(failure.exit())
}

struct Child {
    end: Box<dyn FarEnd>,
    journal: Journal,
    /// What was taken last; kept, so that its pages are not fetched anew for each window.
    window: Vec<u8>,
    digest: Sha256,
}

impl Child {
    fn join(args: &ChildArgs) -> Result<Self, Failure> {
        let mechanism = mechanism::find(&args.mechanism)?;
        let descriptors =
            args.descriptors.iter().map(|number| inherited::take(*number)).collect::<Result<_, _>>()?;
        let peer = Peer::at(io::stdin())?;
        let invitation = Invitation { words: args.words.clone(), descriptors, peer };
        let mut journal = Journal::of(Who::Child);
        let end = mechanism.join(invitation, &mut journal)?;
        Ok(Self { end, journal, window: Vec::new(), digest: Sha256::new() })
    }

    /// Follows orders up to `Finish`.
    fn follow(&mut self, orders: &mut impl BufRead, reports: &mut impl Write) -> Result<(), Failure> {
        loop {
            match hear(orders)? {
                Order::Take { bytes } => self.take(bytes, reports)?,
                Order::Digest => {
                    let digest = hex(&std::mem::take(&mut self.digest).finalize());
                    say(reports, &Report::Digest(digest))?;
                }
                Order::Echo => {
                    say(reports, &Report::Ready)?;
                    let calls = self.echo()?;
                    say(reports, &Report::Echoed { calls })?;
                }
                Order::Finish => return self.end.see_it_closed(&mut self.journal),
            }
        }
    }

    fn take(&mut self, bytes: usize, reports: &mut impl Write) -> Result<(), Failure> {
        if let Some(end) = self.end.in_place() {
            say(reports, &Report::Ready)?;
            end.read(bytes, &mut self.journal)?;
            say(reports, &Report::Taken)?;
            end.digest(&mut self.digest);
            return Ok(());
        }
        // Ones, not zeroes: so the pages are there before the clock runs.
        self.window.resize(bytes, 1);
        say(reports, &Report::Ready)?;
        self.end.take(&mut self.window, &mut self.journal)?;
        say(reports, &Report::Taken)?;
        self.digest.update(&self.window);
        Ok(())
    }

    /// Answers messages; tells how many system calls that took.
    fn echo(&mut self) -> Result<u64, Failure> {
        let mut message = trips::blank();
        let before = seam::calls();
        loop {
            self.end.receive(&mut message)?;
            trips::answer(&mut message);
            self.end.reply(&message)?;
            if trips::is_last(&message) {
                return Ok(seam::calls() - before);
            }
        }
    }
}
