// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a benchmark case is: a subject, the limit it is judged by, and how both are run.
//!
//! A new case is one file in `cases/` and one line in `cases.rs`. The file implements one of the shapes for its
//! subject: [`round_trip`](super::round_trip), [`stream`](super::stream), [`work`](super::work),
//! [`burst`](super::burst), [`passed`](super::passed) or [`crowd`](super::crowd); the shape does the timing, so that
//! subject and limit are timed alike.

use std::os::fd::OwnedFd;

use serde::Serialize;

use super::peer::Peer;
use super::rounds::Plan;
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
    pub(crate) near: fn(Setting) -> Result<NearEnd>,
    /// Builds the far end in the other process, from those descriptors.
    pub(crate) far: fn(Vec<OwnedFd>) -> Result<Box<dyn Far>>,
    /// Where the other process runs.
    pub(crate) place: Place,
}

/// What the near end may want to know of the measurement it is made for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setting {
    /// The case, for starting more processes of it than one.
    pub(crate) case: &'static Case,
    /// The subject's role in it.
    pub(crate) role: Role,
    /// How it is run.
    pub(crate) plan: Plan,
}

/// Where a process of a measurement runs, if there are two processors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// On the processor that its partner leaves free.
    Apart,
    /// On the processor of its partner.
    Together,
    /// On both, as the scheduler likes.
    Anywhere,
}

/// The end that measures, and the descriptors for the other.
pub(crate) type NearEnd = (Box<dyn Near>, Vec<OwnedFd>);

/// The end that measures.
pub(crate) trait Near {
    /// Runs its half of a round; the far end has just been told to run as many operations.
    fn round(&mut self, operations: u32, peer: &Peer) -> Result<Measured>;

    /// What the far end holds for many at once, where that is measured too.
    fn holdings(&self) -> Option<Holdings> {
        None
    }
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
    /// Nanoseconds of time for each operation of many at once, and how long some of them took.
    Served {
        /// The average.
        ns: f64,
        /// Of some.
        samples: Vec<u32>,
    },
}

/// What many links cost the process that holds them, each.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Holdings {
    /// How many there are.
    pub(crate) links: u32,
    /// Memory of the process: anonymous, shared, and what maps it.
    pub(crate) bytes_per_link: f64,
    /// Descriptors of the process.
    pub(crate) descriptors_per_link: f64,
    /// Growth of the kernel's own small objects, in the whole system and for both ends.
    pub(crate) slab_bytes_per_link: f64,
}
