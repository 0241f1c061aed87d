// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cabotage gc`: what processes left behind that have ended, told and removed.

use std::path::PathBuf;
use std::time::Duration;

use cabotage::Deadline;
use cabotage::gc::{self, Found, Leaving, Outcome, Places};
use cabotage::link::names::Registry;
use cabotage::shm::Directory;
use cabotage::shm::leavings::What;
use serde::Serialize;

use super::people;
use crate::exit::{Exit, Failure};
use crate::output::{Output, Style};
use crate::scratch;

/// Remove what processes left behind that have ended
///
/// Looks through the names of links, channels and named pipes, of this user and of the system, and through /dev/shm for objects
/// that were never finished or half removed, for channels and topics that nobody takes part in, and there and among the
/// temporary files for what tours and benchmarks left; tells of each thing what it is, whose it was, and why it is
/// stale; and removes it.
///
/// A channel that holds unread records, and a topic, stay without --channels: somebody may come for what is in them.
///
/// Whether an owner lives is known from what the kernel lets go of at its death, not from its pid: so nothing of a
/// living process is touched, also when it is about to begin, to take over or to end, and in whatever container.
/// Objects that have their name stay, whoever made them: `cabotage rm` removes those. Other users' things are passed
/// over, except by root.
///
/// It may run at any time, from cron too; many at once do no harm. The exit code is that of the first failure.
#[derive(Debug, clap::Args)]
pub(crate) struct GcArgs {
    /// Tell what would be removed, and remove nothing
    #[arg(long)]
    dry_run: bool,
    /// Channels and topics too that nobody takes part in but that hold records for somebody who comes later
    #[arg(long)]
    channels: bool,
    /// Look for objects, channels and topics here instead of in /dev/shm; may be given several times
    #[arg(long, value_name = "DIR")]
    directory: Vec<PathBuf>,
}

impl GcArgs {
    /// Where tours and benchmarks leave something.
    fn scratch_places(&self) -> Vec<PathBuf> {
        let mut places = vec![std::env::temp_dir()];
        match self.directory.is_empty() {
            true => places.push(Directory::default().path().into()),
            false => places.extend(self.directory.iter().cloned()),
        }
        places.dedup();
        places
    }

    fn places(&self) -> Result<Places, Failure> {
        let mut places = Places::new(Registry::from_environment());
        if self.directory.is_empty() {
            places = places.directory(&Directory::default());
        }
        for path in &self.directory {
            places = places.directory(&Directory::open(path)?);
        }
        Ok(if self.channels { places.with_unread() } else { places })
    }
}

/// What was found, for programs.
#[derive(Debug, Serialize)]
struct LeavingRow {
    kind: &'static str,
    /// `null` for what has no name.
    name: Option<String>,
    /// `null` where there are no scopes.
    scope: Option<String>,
    path: String,
    uid: u32,
    owner: String,
    /// As its owner wrote itself down; another process may have that number by now.
    pid: Option<i32>,
    reason: String,
    /// `found`, `removed`, `put back`, `kept`, `gone` or `failed`.
    outcome: &'static str,
}

/// Finds, tells and removes.
pub(crate) fn run(args: &GcArgs, output: &Output) -> Result<Exit, Failure> {
    let places = args.places()?;
    let Found { leavings, refusals } = gc::find(&places);
    let scraps: Vec<_> = args.scratch_places().iter().flat_map(|place| scratch::leavings(place)).collect();
    let mut exit = Exit::Done;
    let mut complain = |failure: Failure| {
        output.complain(&failure);
        exit = if exit == Exit::Done { failure.exit() } else { exit };
    };
    refusals.into_iter().for_each(|refusal| complain(refusal.into()));
    let found = leavings.len() + scraps.len();
    let mut removed = 0;
    for leaving in leavings {
        let outcome = match args.dry_run {
            true => Ok(None),
            false => gc::remove(&places, &leaving, Deadline::within(OTHERS_ARE_BUSY)).map(Some),
        };
        removed += usize::from(matches!(outcome, Ok(Some(Outcome::Removed | Outcome::PutBack))));
        LeavingRow::of(&leaving, word(outcome.as_ref().ok().copied())).tell(output)?;
        if let Err(error) = outcome {
            complain(error.into());
        }
    }
    for scrap in scraps {
        let outcome = match args.dry_run {
            true => Ok("found"),
            false => scratch::remove(&scrap).map(|was_there| if was_there { "removed" } else { "gone" }),
        };
        removed += usize::from(matches!(outcome, Ok("removed")));
        LeavingRow::of_scrap(&scrap, outcome.as_ref().copied().unwrap_or("failed")).tell(output)?;
        if let Err(failure) = outcome {
            complain(failure);
        }
    }
    if !output.is_json() {
        output.line(output.paint(Style::Dim, summary(args.dry_run, found, removed)))?;
    }
    Ok(exit)
}

fn summary(dry_run: bool, found: usize, removed: usize) -> String {
    match (dry_run, found) {
        (_, 0) => "nothing was left behind".into(),
        (true, _) => format!("{found} left behind, nothing removed: this was a dry run"),
        (false, _) => format!("{found} left behind, {removed} put in order"),
    }
}

/// None for a failure, and within it none for what was only looked at.
fn word(outcome: Option<Option<Outcome>>) -> &'static str {
    match outcome {
        None => "failed",
        Some(None) => "found",
        Some(Some(Outcome::Removed)) => "removed",
        Some(Some(Outcome::PutBack)) => "put back",
        Some(Some(Outcome::Gone)) => "gone",
        Some(Some(_)) => "kept",
    }
}

impl LeavingRow {
    fn tell(&self, output: &Output) -> Result<(), Failure> {
        if output.is_json() {
            return output.record(self);
        }
        let whose = match self.pid {
            Some(pid) => format!("of process {pid} of {}", self.owner),
            None => format!("of {}", self.owner),
        };
        let scope = self.scope.as_ref().map(|scope| format!(", {scope} scope")).unwrap_or_default();
        output.line(format_args!("{}  {}", output.paint(Style::Bold, &self.path), self.outcome))?;
        output.line(format_args!("  {}{scope}, {whose}: {}", self.kind, self.reason))
    }

    fn of(leaving: &Leaving, outcome: &'static str) -> Self {
        let (kind, name, scope) = match leaving {
            Leaving::Name(left) => {
                (left.kind.directory(), left.name().map(ToString::to_string), Some(left.scope.to_string()))
            }
            Leaving::Pipe(left) => {
                ("pipe", left.name().map(ToString::to_string), Some(left.scope.to_string()))
            }
            Leaving::Object(left) => match &left.what {
                What::Channel { name, .. } => ("trusting", Some(name.to_string()), None),
                What::Topic { name } => ("topic", Some(name.to_string()), None),
                _ => ("shm", None, None),
            },
            _ => ("other", None, None),
        };
        Self {
            kind,
            name,
            scope,
            path: leaving.path().display().to_string(),
            uid: leaving.uid(),
            owner: people::owner(leaving.uid()),
            pid: leaving.pid(),
            reason: leaving.reason(),
            outcome,
        }
    }
}

impl LeavingRow {
    /// What a tour or a benchmark of this command left.
    fn of_scrap(scrap: &scratch::Leaving, outcome: &'static str) -> Self {
        Self {
            kind: scrap.maker.word(),
            name: None,
            scope: None,
            path: scrap.path.display().to_string(),
            uid: scrap.uid,
            owner: people::owner(scrap.uid),
            pid: None,
            reason: format!("the {} that made it has ended: nobody holds its lock", scrap.maker.word()),
            outcome,
        }
    }
}

/// Others are busy with a name for a few system calls.
const OTHERS_ARE_BUSY: Duration = Duration::from_secs(5);
