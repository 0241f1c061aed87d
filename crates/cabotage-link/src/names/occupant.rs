// SPDX-License-Identifier: MIT OR Apache-2.0
//! What has a name now, seen by whoever holds the right to change it.

use cabotage_os::directory::{Directory, Inode};
use cabotage_os::object::{Facts, Kind};
use cabotage_os::socket::{self, Socket};
use cabotage_os::{Deadline, Errno, SystemError};

use super::Name;

/// What has a name.
#[derive(Debug)]
pub(super) enum Occupant {
    /// Nothing.
    Nothing,
    /// A socket of the user in question at which nobody listens any more.
    Stale(Inode),
    /// A socket at which somebody listens.
    Listening,
    /// Something that was not published by that user.
    Stranger(Facts),
}

impl Occupant {
    /// Looks at `name`, which is expected to be a socket of user `owner`. A socket is asked by connecting to it: who
    /// listens sees a client that leaves at once. It comes to that only when the owner's lock is free all the same.
    pub(super) fn of(directory: &Directory, name: &Name, owner: u32) -> Result<Self, SystemError> {
        let Some(facts) = directory.facts(name.as_file())? else { return Ok(Self::Nothing) };
        if facts.kind != Kind::Socket || facts.uid != owner {
            return Ok(Self::Stranger(facts));
        }
        match Socket::connect_in(directory, name.as_file(), Deadline::Now) {
            Ok(_) | Err(socket::ConnectError::Busy { .. }) => Ok(Self::Listening),
            Err(socket::ConnectError::NobodyListens { .. }) => Ok(Self::Stale(inode(&facts))),
            Err(socket::ConnectError::Missing { .. }) => Ok(Self::Nothing),
            // Its mode keeps out its own user: then the lock's word has to do.
            Err(socket::ConnectError::System(refusal)) if refusal.errno() == Errno::ACCESS => {
                Ok(Self::Stale(inode(&facts)))
            }
            Err(socket::ConnectError::System(refusal)) => Err(refusal),
            Err(_) => Ok(Self::Stranger(facts)),
        }
    }
}

/// Which file the facts are about.
pub(super) fn inode(facts: &Facts) -> Inode {
    Inode { device: facts.identity.device, number: facts.identity.inode }
}
