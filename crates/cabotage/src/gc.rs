// SPDX-License-Identifier: MIT OR Apache-2.0
//! What processes left behind that have ended: names, sockets and objects, found wherever they may be, each with whose
//! it was and why it is stale; and their removal.
//!
//! ```
//! use std::time::Duration;
//! use cabotage::Deadline;
//! use cabotage::gc::{self, Places};
//!
//! let places = Places::of_this_process(); // both scopes of names, and /dev/shm
//! for leaving in &gc::find(&places).leavings {
//!     println!("{}: {}", leaving.path().display(), leaving.reason());
//! }
//! # let root = tempfile::tempdir()?;
//! # use cabotage::{link::names::Registry, shm::Directory};
//! # let registry = Registry::at(root.path().join("user"), root.path().join("system"));
//! # let places = Places::new(registry).directory(&Directory::open(root.path())?);
//! let swept = gc::sweep(&places, Deadline::within(Duration::from_secs(5)));
//! assert!(swept.refusals.is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Finding changes nothing, and nobody notices it. Removing asks again, under the lock that decides, and takes away
//! what was found or nothing. Nothing of a living process is touched: not under reuse of its pid, not in another pid
//! namespace, not while it makes, publishes, takes over or gives up what it has. Many may sweep at once, and whoever is
//! killed at it leaves what the next sweep finds. Other users' things are passed over, except by root.
//!
//! Each crate knows its own leavings and how they go ([`link::names`](crate::link::names),
//! [`pipe::named::place`](crate::pipe::named::place), [`shm::leavings`](crate::shm::leavings)); here they are only
//! joined.

use std::path::PathBuf;

use cabotage_link::names::{self, Kind, PlaceError, Registry, RemoveError, Scope};
use cabotage_os::{Deadline, Fault, SystemError};
use cabotage_pipe::named::{PipeError, place as pipes};
use cabotage_shm::leavings::{self as objects, Swept, Unread};
use cabotage_shm::{Directory, ObjectError};

/// Where to look.
#[derive(Debug, Clone)]
pub struct Places {
    registry: Registry,
    directories: Vec<Directory>,
    unread: Unread,
}

/// Something that belonged to a process that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Leaving {
    /// In a directory of names.
    Name(names::Leaving),
    /// In a directory of named pipes.
    Pipe(pipes::Leaving),
    /// In a directory of objects.
    Object(objects::Leaving),
}

/// What was found, and where nothing could be found.
#[derive(Debug)]
pub struct Found {
    /// Whatever is stale.
    pub leavings: Vec<Leaving>,
    /// Places that could not be looked into. The others were.
    pub refusals: Vec<Error>,
}

/// What a sweep did.
#[derive(Debug)]
pub struct Sweep {
    /// Each thing that was found, and what became of it.
    pub done: Vec<(Leaving, Outcome)>,
    /// Places that could not be looked into, and things that could not be removed. All others were.
    pub refusals: Vec<Error>,
}

/// What became of a leaving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It was removed.
    Removed,
    /// An object has the name again that a removal which was never finished had taken from it.
    PutBack,
    /// It was left alone: it is in use or wanted, or may be.
    Kept,
    /// Somebody else has removed it, or has made it its own.
    Gone,
}

/// Why a place could not be looked into, or a thing not be removed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A directory of names cannot be used.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// A name cannot be removed.
    #[error(transparent)]
    Name(#[from] RemoveError),
    /// A named pipe cannot be removed, or not be looked for.
    #[error(transparent)]
    Pipe(#[from] PipeError),
    /// An object cannot be removed.
    #[error(transparent)]
    Object(#[from] ObjectError),
    /// The kernel refused.
    #[error(transparent)]
    System(#[from] SystemError),
}

impl Error {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Place(error) => error.fault(),
            Self::Name(error) => error.fault(),
            Self::Pipe(error) => error.fault(),
            Self::Object(error) => error.fault(),
            Self::System(_) => Fault::System,
        }
    }
}

impl Places {
    /// The names of this machine as this process is meant to see them, in both scopes, and /dev/shm.
    pub fn of_this_process() -> Self {
        Self::new(Registry::from_environment()).directory(&Directory::default())
    }

    /// The names of this registry, and no directory of objects yet.
    pub fn new(registry: Registry) -> Self {
        Self { registry, directories: Vec::new(), unread: Unread::Keep }
    }

    /// A directory of objects too.
    #[must_use]
    pub fn directory(mut self, directory: &Directory) -> Self {
        self.directories.push(directory.clone());
        self
    }

    /// Channels and topics go too that nobody takes part in but that hold records: unread ones, for a consumer that
    /// comes later, or the last ones of a topic, for subscribers that do. Without this they are found, and kept.
    #[must_use]
    pub fn with_unread(mut self) -> Self {
        self.unread = Unread::Remove;
        self
    }
}

impl Leaving {
    /// Where it is.
    pub fn path(&self) -> PathBuf {
        match self {
            Self::Name(left) => left.path(),
            Self::Pipe(left) => left.path(),
            Self::Object(left) => left.path.clone(),
        }
    }

    /// Why it is stale.
    pub fn reason(&self) -> String {
        match self {
            Self::Name(left) => left.what.to_string(),
            Self::Pipe(left) => left.what.to_string(),
            Self::Object(left) => left.what.to_string(),
        }
    }

    /// Whose it was: the user.
    pub fn uid(&self) -> u32 {
        match self {
            Self::Name(left) => left.uid,
            Self::Pipe(left) => left.uid,
            Self::Object(left) => left.uid,
        }
    }

    /// Whose it was: the process, by the number it had in its own pid namespace, if it wrote that down. It may be
    /// another process's by now.
    pub fn pid(&self) -> Option<i32> {
        match self {
            Self::Name(left) => left.pid,
            Self::Pipe(left) => left.pid,
            Self::Object(left) => left.pid,
        }
    }
}

/// Finds what is stale.
pub fn find(places: &Places) -> Found {
    let mut found = Found { leavings: Vec::new(), refusals: Vec::new() };
    for (scope, kind) in
        [Scope::User, Scope::System].into_iter().flat_map(|scope| Kind::ALL.map(|kind| (scope, kind)))
    {
        found.add(places.registry.leavings(kind, scope), Leaving::Name);
    }
    for scope in [Scope::User, Scope::System] {
        found.add(pipes::leavings(&places.registry, scope), Leaving::Pipe);
    }
    for directory in &places.directories {
        found.add(directory.leavings(), Leaving::Object);
    }
    found
}

impl Found {
    fn add<T, E: Into<Error>>(&mut self, answer: Result<Vec<T>, E>, leaving: impl Fn(T) -> Leaving) {
        match answer {
            Ok(leavings) => self.leavings.extend(leavings.into_iter().map(leaving)),
            Err(error) => self.complain(error.into()),
        }
    }

    /// What keeps us out of one kind of names keeps us out of the others, and is told once.
    fn complain(&mut self, error: Error) {
        let words = error.to_string();
        if self.refusals.iter().all(|told| told.to_string() != words) {
            self.refusals.push(error);
        }
    }
}

/// Removes one thing that [`find`] has found, if it is still that and still stale. Waits at most until `deadline` for
/// others who are busy with it, which takes them a few system calls.
///
/// # Errors
/// [`Error`].
pub fn remove(places: &Places, leaving: &Leaving, deadline: Deadline) -> Result<Outcome, Error> {
    match leaving {
        Leaving::Name(left) => match places.registry.remove_leaving(left, deadline) {
            Ok(true) => Ok(Outcome::Removed),
            Ok(false) => Ok(Outcome::Gone),
            Err(RemoveError::Living { .. }) => Ok(Outcome::Kept),
            Err(error) => Err(error.into()),
        },
        Leaving::Pipe(left) => match pipes::remove_leaving(&places.registry, left, deadline)? {
            true => Ok(Outcome::Removed),
            false => Ok(Outcome::Gone),
        },
        Leaving::Object(left) => {
            let lies_in = |directory: &&Directory| left.path.parent() == Some(directory.path());
            let Some(directory) = places.directories.iter().find(lies_in) else { return Ok(Outcome::Gone) };
            Ok(match directory.remove_leaving(left, places.unread)? {
                Swept::Removed => Outcome::Removed,
                Swept::PutBack => Outcome::PutBack,
                Swept::Gone => Outcome::Gone,
                _ => Outcome::Kept,
            })
        }
    }
}

/// Finds what is stale, and removes it.
pub fn sweep(places: &Places, deadline: Deadline) -> Sweep {
    let Found { leavings, refusals } = find(places);
    let mut sweep = Sweep { done: Vec::new(), refusals };
    for leaving in leavings {
        match remove(places, &leaving, deadline) {
            Ok(outcome) => sweep.done.push((leaving, outcome)),
            Err(error) => sweep.refusals.push(error),
        }
    }
    sweep
}
