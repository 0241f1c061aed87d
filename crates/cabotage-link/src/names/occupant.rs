// SPDX-License-Identifier: MIT OR Apache-2.0
//! What has a name now, seen by whoever holds the right to change it.

use cabotage_os::directory::{self, Directory, Inode};
use cabotage_os::object::{Facts, Kind};
use cabotage_os::socket::{self, Bound, ConnectError};
use cabotage_os::{Errno, SystemError};

/// What has a name.
#[derive(Debug)]
pub(super) enum Occupant {
    /// Nothing.
    Nothing,
    /// A socket of the user in question that no process has any more.
    Stale(Inode),
    /// A socket of that user's that lets not even that user in: only the lock tells whether somebody has it.
    Closed(Inode),
    /// A socket that some process has.
    Bound,
    /// Something that was not published by that user.
    Stranger(Facts),
}

impl Occupant {
    /// Looks at `name`, which is expected to be a socket of user `owner`. Who listens there notices nothing.
    pub(super) fn of(directory: &Directory, name: &directory::Name, owner: u32) -> Result<Self, SystemError> {
        let Some(facts) = directory.facts(name)? else { return Ok(Self::Nothing) };
        if facts.kind != Kind::Socket || facts.uid != owner {
            return Ok(Self::Stranger(facts));
        }
        match socket::bound_in(directory, name) {
            Ok(Bound::ForMessages) => Ok(Self::Bound),
            Ok(Bound::Nobody) => Ok(Self::Stale(inode(&facts))),
            Err(ConnectError::Missing { .. }) => Ok(Self::Nothing),
            Err(ConnectError::System(refusal)) if refusal.errno() == Errno::ACCESS => {
                Ok(Self::Closed(inode(&facts)))
            }
            Err(ConnectError::System(refusal)) => Err(refusal),
            Ok(Bound::ForOther) | Err(_) => Ok(Self::Stranger(facts)),
        }
    }
}

/// Which file the facts are about.
pub(super) fn inode(facts: &Facts) -> Inode {
    Inode { device: facts.identity.device, number: facts.identity.inode }
}
