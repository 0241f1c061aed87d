// SPDX-License-Identifier: MIT OR Apache-2.0
//! One mechanism shown, from the parent's side: the file goes over window by window, then messages to and fro.

use std::time::{Duration, Instant};

use cabotage::os::seam;
use sha2::{Digest, Sha256};

use super::journal::{Journal, Step, Who, merged};
use super::mechanism::{Mechanism, NearEnd};
use super::orders::{Order, Report};
use super::page::Page;
use super::session::Session;
use super::source::Source;
use super::{hex, trips};
use crate::exit::{Exit, Failure};

/// The most bytes that are handed over at once, so that memory stays bounded whatever the file.
const WINDOW_BYTES: u64 = 8 << 20;

/// How much to send and how long to measure.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    /// Of a larger file only the first part is sent.
    pub(crate) bytes_max: u64,
    /// When so much time has gone by, the rest of the file is not sent.
    pub(crate) sending_max: Duration,
    /// The file is sent again until so much time has gone by.
    pub(crate) sending_min: Duration,
    /// How long messages go to and fro.
    pub(crate) trips: Duration,
}

impl Effort {
    /// All mechanisms within ten seconds.
    pub(crate) const QUICK: Self = Self {
        bytes_max: 256 << 20,
        sending_max: Duration::from_millis(1800),
        sending_min: Duration::ZERO,
        trips: Duration::from_millis(150),
    };
    /// The whole file, and figures that vary less.
    pub(crate) const THOROUGH: Self = Self {
        bytes_max: u64::MAX,
        sending_max: Duration::MAX,
        sending_min: Duration::from_secs(2),
        trips: Duration::from_secs(2),
    };
}

/// What came of a mechanism.
#[derive(Debug)]
pub(crate) struct Visit {
    pub(crate) page: &'static Page,
    pub(crate) findings: Result<Findings, Failure>,
    pub(crate) steps: Vec<Step>,
}

/// What was measured; both digests were the same.
#[derive(Debug)]
pub(crate) struct Findings {
    pub(crate) bytes: u64,
    pub(crate) digest: String,
    pub(crate) seconds: f64,
    pub(crate) rtt_p50_ns: u64,
    pub(crate) syscalls_per_message: f64,
}

impl Findings {
    /// 0 for an empty file.
    pub(crate) fn gb_per_s(&self) -> f64 {
        if self.seconds > 0.0 { self.bytes as f64 / self.seconds / 1e9 } else { 0.0 }
    }
}

/// Shows one mechanism; `progress` is told of each window how many bytes went over.
pub(crate) fn visit(
    mechanism: &dyn Mechanism,
    source: &Source,
    effort: Effort,
    progress: &dyn Fn(u64),
) -> Visit {
    let mut journal = Journal::of(Who::Parent);
    let mut steps_of_child = Vec::new();
    let findings = conduct(mechanism, source, effort, progress, &mut journal).map(|(findings, steps)| {
        steps_of_child = steps;
        findings
    });
    Visit { page: mechanism.page(), findings, steps: merged(journal.into_steps(), steps_of_child) }
}

fn conduct(
    mechanism: &dyn Mechanism,
    source: &Source,
    effort: Effort,
    progress: &dyn Fn(u64),
    journal: &mut Journal,
) -> Result<(Findings, Vec<Step>), Failure> {
    let total = source.bytes().min(effort.bytes_max);
    let window_bytes = usize::try_from(total.min(WINDOW_BYTES))?;
    let mut offer = mechanism.offer(window_bytes, journal)?;
    let _litter = offer.litter.take();
    let (mut session, connect) = Session::start(mechanism, offer)?;
    let outcome = session.peer().and_then(|peer| connect(peer, journal)).and_then(|mut end| {
        let Report::Joined = session.report()? else { return out_of_turn() };
        let mut conductor = Conductor { session: &mut session, end: end.as_mut(), journal };
        let findings = conductor.send_and_measure(source, total, window_bytes, effort, progress)?;
        end.close(journal);
        session.order(&Order::Finish)?;
        let Report::Finished(steps) = session.report()? else { return out_of_turn() };
        Ok((findings, steps))
    });
    outcome.map_err(|failure| session.explain(failure))
}

/// The child said something else than what its orders lead to.
fn out_of_turn<T>() -> Result<T, Failure> {
    Err(Failure::new(Exit::Failed, "the child reported out of turn; is it another version of this program?"))
}

/// Both processes stand at their ends.
struct Conductor<'a> {
    session: &'a mut Session,
    end: &'a mut dyn NearEnd,
    journal: &'a mut Journal,
}

/// The file went over once.
struct Pass {
    bytes: u64,
    digest: String,
    spent: Duration,
}

impl Conductor<'_> {
    fn send_and_measure(
        &mut self,
        source: &Source,
        total: u64,
        window_bytes: usize,
        effort: Effort,
        progress: &dyn Fn(u64),
    ) -> Result<Findings, Failure> {
        let began = Instant::now();
        let mut pass = self.send(source, total, window_bytes, effort, progress)?;
        let mut spent = vec![pass.spent];
        while began.elapsed() < effort.sending_min {
            pass = self.send(source, total, window_bytes, effort, progress)?;
            spent.push(pass.spent);
        }
        let Pass { bytes, digest, .. } = pass;
        let (rtt_p50_ns, syscalls_per_message) = self.exchange(effort.trips)?;
        let seconds = trips::median(&mut spent).as_secs_f64();
        Ok(Findings { bytes, digest, seconds, rtt_p50_ns, syscalls_per_message })
    }

    fn send(
        &mut self,
        source: &Source,
        total: u64,
        window_bytes: usize,
        effort: Effort,
        progress: &dyn Fn(u64),
    ) -> Result<Pass, Failure> {
        let began = Instant::now();
        let file = source.rewound()?;
        let mut digest = Sha256::new();
        let mut pass = Pass { bytes: 0, digest: String::new(), spent: Duration::ZERO };
        while pass.bytes < total && began.elapsed() < effort.sending_max {
            let wanted =
                usize::try_from(total - pass.bytes).map_or(window_bytes, |left| left.min(window_bytes));
            let bytes = self.end.fill(file, wanted, self.journal)?;
            if bytes == 0 {
                break; // the file became shorter
            }
            pass.spent += self.hand_over(bytes)?;
            self.end.digest(&mut digest)?;
            pass.bytes += bytes as u64;
            progress(bytes as u64);
        }
        pass.digest = hex(&digest.finalize());
        self.session.order(&Order::Digest)?;
        let Report::Digest(received) = self.session.report()? else { return out_of_turn() };
        if received != pass.digest {
            let words = format!("the bytes changed on the way: sent {}, received {received}", pass.digest);
            return Err(Failure::new(Exit::Failed, words));
        }
        Ok(pass)
    }

    /// Hands a window over; answers how long that took, from the moment both are ready until the child has it.
    fn hand_over(&mut self, bytes: usize) -> Result<Duration, Failure> {
        self.session.order(&Order::Take { bytes })?;
        let Report::Ready = self.session.report()? else { return out_of_turn() };
        let began = Instant::now();
        self.end.hand_over(self.journal)?;
        let Report::Taken = self.session.report()? else { return out_of_turn() };
        Ok(began.elapsed())
    }

    /// The median round trip in nanoseconds, and the system calls for each message in both processes.
    fn exchange(&mut self, patience: Duration) -> Result<(u64, f64), Failure> {
        self.session.order(&Order::Echo)?;
        let Report::Ready = self.session.report()? else { return out_of_turn() };
        let before = seam::calls();
        let mut samples = trips::measure(self.end, patience)?;
        let calls = seam::calls() - before;
        let Report::Echoed { calls: calls_of_child } = self.session.report()? else { return out_of_turn() };
        let messages = 2 * samples.len() as u64;
        Ok((trips::median(&mut samples), (calls + calls_of_child) as f64 / messages as f64))
    }
}
