// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a benchmark case is: a subject, the limit it is judged by, and how both are run.
//!
//! A new case is one file in `cases/` and one line in `cases.rs`. The file implements one of three shapes for its
//! subject: [`RoundTrip`](super::round_trip::RoundTrip), [`Stream`](super::stream::Stream) or
//! [`Work`](super::work::Work); the shape does the timing, so that subject and limit are timed alike.

use std::os::fd::OwnedFd;

use super::peer::Peer;
use crate::exit::Failure;

/// What a measurement gives, or why it stopped.
pub(crate) type Result<T> = std::result::Result<T, Failure>;

/// One line of the benchmark.
#[derive(Debug)]
pub(crate) struct Case {
    /// What users type and rows carry, such as `fifo.rtt`.
    pub(crate) name: &'static str,
    /// One line for `--list`.
    pub(crate) about: &'static str,
    /// How many bytes one operation moves.
    pub(crate) bytes: usize,
    /// What is measured.
    pub(crate) subject: Subject,
    /// What it is held against; a bare limit has none.
    pub(crate) limit: Option<Subject>,
}

impl Case {
    /// The subject in this role.
    ///
    /// # Errors
    /// A bare limit has none of its own.
    pub(crate) fn subject(&self, role: Role) -> Result<&Subject> {
        match (role, &self.limit) {
            (Role::Subject, _) => Ok(&self.subject),
            (Role::Limit, Some(limit)) => Ok(limit),
            (Role::Limit, None) => Err(Failure::usage(format!("{} is a limit itself", self.name))),
        }
    }
}

/// Whether something is measured for its own sake or as the limit of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Role {
    /// The thing itself.
    Subject,
    /// What it is held against.
    Limit,
}

impl Role {
    /// As it is written on a command line.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Limit => "limit",
        }
    }
}

/// How to run one subject: two functions, because its two ends live in two processes.
#[derive(Debug)]
pub(crate) struct Subject {
    /// Makes both ends; keeps the near one, gives the descriptors that the far one needs.
    pub(crate) near: fn() -> Result<NearEnd>,
    /// Builds the far end in the other process, from those descriptors.
    pub(crate) far: fn(Vec<OwnedFd>) -> Result<Box<dyn Far>>,
}

/// The end that measures, and the descriptors for the other.
pub(crate) type NearEnd = (Box<dyn Near>, Vec<OwnedFd>);

/// The end that measures.
pub(crate) trait Near {
    /// Runs its half of a round; the far end has just been told to run as many operations.
    fn round(&mut self, operations: u32, peer: &Peer) -> Result<Measured>;
}

/// The end in the other process.
pub(crate) trait Far {
    /// Runs its half of a round; what it answers goes back to the near end, unless it is empty.
    fn round(&mut self, operations: u32) -> Result<Vec<u32>>;
}

/// What one round gave.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Measured {
    /// Nanoseconds of each operation.
    Latencies(Vec<u32>),
    /// Nanoseconds an operation took on average, in a stream of them.
    Pace(f64),
}
