// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why a FIFO was not made, opened or removed.

use std::path::PathBuf;

use cabotage_os::fifo::{Kind, PlaceError};
use cabotage_os::{Fault, SystemError};

/// Why a FIFO was not made.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// The path names nothing, or its directory cannot be opened.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// The mode has bits that are no permissions.
    #[error("{mode:#o} is no mode for a FIFO: use permission bits, up to 0o777")]
    Mode {
        /// What was asked for.
        mode: u32,
    },
    /// Everybody may replace what stands in the directory.
    #[error(
        "everybody may replace a FIFO at {}: its directory is writable for all and not sticky; \
         take another, or chmod +t it", path.display()
    )]
    UnsafeDirectory {
        /// Where it should be.
        path: PathBuf,
    },
    /// The name is taken by a FIFO.
    #[error("a FIFO exists at {} already: create_or_reuse takes it, fifo::remove removes it", path.display())]
    Exists {
        /// Where it should be.
        path: PathBuf,
    },
    /// The name is taken by something that is no FIFO.
    #[error("{found} is where the FIFO {} should be: remove it or choose another name", path.display())]
    NotAFifo {
        /// Where it should be.
        path: PathBuf,
        /// What is there.
        found: Kind,
    },
    /// The name is taken by a FIFO of somebody else.
    #[error("the FIFO at {} belongs to user {owner}, not to this one: choose another name", path.display())]
    NotMine {
        /// Where it should be.
        path: PathBuf,
        /// The user id of its owner.
        owner: u32,
    },
    /// Another process removed or replaced it while it was made.
    #[error("another process keeps replacing {}: choose a directory of your own", path.display())]
    Contended {
        /// Where it should be.
        path: PathBuf,
    },
    /// The system's refusal.
    #[error(transparent)]
    System(#[from] SystemError),
}

/// Why an end of a FIFO was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The path names nothing, or its directory cannot be opened.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// Nothing is there.
    #[error("no FIFO is at {}: start its creator first, or make it with fifo::create (mkfifo)", path.display())]
    Missing {
        /// Where.
        path: PathBuf,
    },
    /// Something is there that is no FIFO.
    #[error("{} is {found}, not a FIFO", path.display())]
    NotAFifo {
        /// Where.
        path: PathBuf,
        /// What is there.
        found: Kind,
    },
    /// A FIFO that a stranger may have planted.
    #[error(
        "user {owner} put a FIFO at {} where everybody may: if that is meant, use Fifo::at_any_owner",
        path.display()
    )]
    Planted {
        /// Where.
        path: PathBuf,
        /// The user id of its owner.
        owner: u32,
    },
    /// The name means another object than the one that was made or found.
    #[error("{} was replaced by another object meanwhile: look it up again", path.display())]
    Replaced {
        /// Where.
        path: PathBuf,
    },
    /// A writer was opened with [`Peer::Required`](super::Peer::Required), and nobody reads.
    #[error("nobody reads {}: start its reader first, or wait with Peer::Wait", path.display())]
    NoReader {
        /// Where.
        path: PathBuf,
    },
    /// A reader was opened with [`Peer::Required`](super::Peer::Required), and nobody writes.
    #[error("nobody writes to {}: start its writer first, or wait with Peer::Wait", path.display())]
    NoWriter {
        /// Where.
        path: PathBuf,
    },
    /// The other side did not come before the deadline.
    #[error("nobody opened the other end of {} before the deadline", path.display())]
    TimedOut {
        /// Where.
        path: PathBuf,
    },
    /// The system's refusal.
    #[error(transparent)]
    System(#[from] SystemError),
}

/// Why a FIFO was not removed.
#[derive(Debug, thiserror::Error)]
pub enum RemoveError {
    /// The path names nothing, or its directory cannot be opened.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// Nothing is there (any more).
    #[error("no FIFO is at {}: it is removed already", path.display())]
    Gone {
        /// Where.
        path: PathBuf,
    },
    /// Something is there that is no FIFO.
    #[error("{} is {found}, not a FIFO: it was left alone", path.display())]
    NotAFifo {
        /// Where.
        path: PathBuf,
        /// What is there.
        found: Kind,
    },
    /// The name means another object than the one that was made or found.
    #[error("{} was replaced by {found} of another maker: it was left alone", path.display())]
    Replaced {
        /// Where.
        path: PathBuf,
        /// What is there.
        found: Kind,
    },
    /// The system's refusal.
    #[error(transparent)]
    System(#[from] SystemError),
}

fn fault_of(error: &PlaceError) -> Fault {
    match error {
        PlaceError::Name { .. } => Fault::Caller,
        PlaceError::System(_) => Fault::System,
    }
}

impl CreateError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Place(error) => fault_of(error),
            Self::System(_) => Fault::System,
            Self::NotMine { .. } | Self::Contended { .. } => Fault::Peer,
            Self::Mode { .. }
            | Self::UnsafeDirectory { .. }
            | Self::Exists { .. }
            | Self::NotAFifo { .. } => Fault::Caller,
        }
    }
}

impl OpenError {
    /// Whose fault it is: one who does not come, and one who plants a trap, are peers.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Place(error) => fault_of(error),
            Self::System(_) => Fault::System,
            Self::Missing { .. } | Self::NotAFifo { .. } => Fault::Caller,
            Self::Planted { .. }
            | Self::Replaced { .. }
            | Self::NoReader { .. }
            | Self::NoWriter { .. }
            | Self::TimedOut { .. } => Fault::Peer,
        }
    }
}

impl RemoveError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Place(error) => fault_of(error),
            Self::System(_) => Fault::System,
            Self::Gone { .. } | Self::NotAFifo { .. } => Fault::Caller,
            Self::Replaced { .. } => Fault::Peer,
        }
    }
}
