// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names by which processes find each other: one listening socket in a directory for each, and no daemon.
//!
//! A name lives in one of two scopes. *User*: what one user's processes say to each other, in
//! `$XDG_RUNTIME_DIR/cabotage`, or in `/tmp/cabotage-UID` where that variable is not set. *System*: what every user
//! may find, in `/run/cabotage`, which root makes. Whoever looks a name up looks in the user scope first. Each kind
//! of name (links, ports, pipes, channels) has a directory of its own below.
//!
//! ```text
//! /run/user/1000/cabotage/link/      mode 0700, looked at before it is used
//!     weather                        the socket: mode and group say who may connect
//!     .weather.lock                  its owner holds a lock on this for as long as it lives
//! ```
//!
//! Invariants: a name has one living owner at most. A name that its owner left behind when it was killed goes to
//! the next one in one step, so that clients find the old socket or the new, never none; a living owner's name never
//! goes to another. No directory, lock or socket of a stranger is used, followed or removed: the refusal names them.
//! Why it is made so: docs/decisions/0031-names-are-listening-sockets.md.

mod appear;
mod choices;
mod claim;
mod connect;
mod environment;
mod leavings;
mod list;
mod lock_file;
mod name;
mod news;
mod occupant;
mod place;
mod publish;
mod record;
mod stale;

use std::fmt;
use std::path::PathBuf;

use cabotage_os::directory::Directory;

pub use connect::{ConnectError, ConnectOptions};
pub use leavings::{Leaving, What};
pub use list::Listed;
pub use name::{Name, NameError};
pub use news::News;
pub use place::PlaceError;
pub use publish::{PublishError, PublishOptions, Published};
pub use stale::RemoveError;

use place::Place;

/// What answers at a name. Names of different kinds do not meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Kind {
    /// A link.
    Link,
    /// A Mach port.
    Mach,
    /// An ALPC port.
    Alpc,
    /// A pipe as Windows has them.
    Pipe,
    /// A channel of a producer and a consumer.
    Channel,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Link, Self::Mach, Self::Alpc, Self::Pipe, Self::Channel];

    /// Its directory in each scope.
    pub fn directory(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Mach => "mach",
            Self::Alpc => "alpc",
            Self::Pipe => "pipe",
            Self::Channel => "channel",
        }
    }
}

/// Who finds a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// The processes of one user.
    User,
    /// Every process of the machine, as far as mode and group of the name let it connect.
    System,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::User => "user",
            Self::System => "system",
        })
    }
}

/// Where the names of both scopes are. It holds nothing open: each call looks at the directories anew.
#[derive(Debug, Clone)]
pub struct Registry {
    /// In the order of looking up.
    places: Vec<Place>,
}

impl Registry {
    /// Names in two given directories, whatever the environment says: for tests, and for programs that know a
    /// better place. Both belong to the effective user of this process (that of the system scope may be root's) and
    /// are made where they are missing; their parents must be there.
    pub fn at(user: impl Into<PathBuf>, system: impl Into<PathBuf>) -> Self {
        let system = Place::system(system.into(), cabotage_os::fifo::own_user());
        Self { places: vec![Place::user(user.into()), system] }
    }

    /// The directories of one kind that are there, in one scope or both, in the order of looking up: for those who
    /// keep something else than a socket under a name.
    ///
    /// # Errors
    /// [`PlaceError`]; a scope that nobody has made yet has none.
    pub fn directories(
        &self,
        kind: Kind,
        scope: Option<Scope>,
    ) -> Result<Vec<(Scope, Directory)>, PlaceError> {
        let mut found = Vec::new();
        for place in self.places(scope) {
            found.extend(place.find(kind)?.map(|directory| (place.scope(), directory)));
        }
        Ok(found)
    }

    /// The directory of one kind in which a new name of a scope goes, made where that is ours to do.
    ///
    /// # Errors
    /// [`PlaceError`].
    pub fn directory_to_publish(&self, kind: Kind, scope: Scope) -> Result<Directory, PlaceError> {
        let mut places = self.places(Some(scope)).map(|place| place.make(kind));
        let first = places.next().unwrap_or(Err(PlaceError::NotMade { path: PathBuf::new() }));
        match first {
            Err(PlaceError::NotMade { .. }) => places.next().unwrap_or(first),
            first => first,
        }
    }

    /// The places of one scope, or of both.
    fn places(&self, scope: Option<Scope>) -> impl Iterator<Item = &Place> {
        self.places.iter().filter(move |place| scope.is_none_or(|scope| place.scope() == scope))
    }
}
