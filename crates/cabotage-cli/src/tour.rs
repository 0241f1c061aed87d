// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cabotage tour`: a real file between two real processes, by every mechanism in turn.
//!
//! A mechanism is one file below and one line in [`mechanism::ALL`]. [`visit`] shows one from the parent's side, the
//! [`child`] is this program started again.

mod alpc;
mod anonymous_pipe;
mod child;
mod fifo;
mod html;
mod journal;
mod link;
mod litter;
mod mach;
mod mach_ool;
mod mapped_file;
mod mechanism;
mod named_pipe;
mod orders;
mod page;
mod peer;
mod posix_shm;
mod producer_consumer;
mod report;
mod session;
mod shared;
mod source;
mod stream;
mod trips;
mod visit;
mod window;
mod windows_anonymous_pipe;

use std::fmt::Write;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;

use self::mechanism::Mechanism;
use self::report::Guide;
use self::source::Source;
use self::visit::{Effort, visit};
use crate::exit::{Exit, Failure};
use crate::output::Output;

pub(crate) use self::child::{ChildArgs, run as run_child};

/// Send a real file between two real processes, by every mechanism in turn
///
/// For each mechanism: the steps as they happened, the textbook's questions answered, SHA-256 compared, throughput,
/// round-trip time and system calls per message. Of files above 256 MiB the first part is sent, unless --thorough.
#[derive(Debug, clap::Args)]
pub(crate) struct TourArgs {
    /// The file that travels [default: this program itself]
    file: Option<PathBuf>,
    /// Only this mechanism; may be given several times
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(mechanism::names()))]
    only: Vec<String>,
    /// Send all of a large file, and measure for some seconds each
    #[arg(long)]
    thorough: bool,
    /// Write a page with pictures of what happened, complete in itself
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// Goes on the tour.
pub(crate) fn run(args: &TourArgs, output: &Output) -> Result<Exit, Failure> {
    let source = Source::open(args.file.as_deref())?;
    let page = args.html.as_deref().map(html::Target::check).transpose()?;
    litter::tidy_up_when_interrupted()?;
    let chosen: Vec<&dyn Mechanism> = mechanism::ALL.iter().copied().filter(|one| args.wants(*one)).collect();
    let effort = if args.thorough { Effort::THOROUGH } else { Effort::QUICK };
    let guide = Guide::new(output, &source);
    guide.welcome(chosen.len())?;
    let mut visits = Vec::new();
    for mechanism in chosen {
        let progress = guide.progress(mechanism.page(), effort);
        let visit = visit(mechanism, &source, effort, &|bytes| progress.inc(bytes));
        progress.finish_and_clear();
        guide.tell(&visit)?;
        visits.push(visit);
    }
    if let Some(target) = page {
        target.write(&html::page(&source, &visits))?;
    }
    guide.farewell(&visits, args.html.as_deref())?;
    Ok(if visits.iter().all(|visit| visit.findings.is_ok()) { Exit::Done } else { Exit::Failed })
}

impl TourArgs {
    fn wants(&self, mechanism: &dyn Mechanism) -> bool {
        self.only.is_empty() || self.only.iter().any(|name| name == mechanism.page().name)
    }
}

/// Bytes as hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}
