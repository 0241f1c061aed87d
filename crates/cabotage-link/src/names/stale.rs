// SPDX-License-Identifier: MIT OR Apache-2.0
//! Removing what owners that were killed left behind.

use cabotage_os::directory::{Directory, Inode};
use cabotage_os::{Deadline, Fault, SystemError};

use super::claim::{Claim, Obstacle};
use super::occupant::Occupant;
use super::publish::owner_text;
use super::{Kind, Name, PlaceError, Registry, Scope};

/// Why a name was not removed. It was left alone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RemoveError {
    /// Its owner lives.
    #[error(
        "the name {name} has a living owner, {}: end that process, and it goes by itself",
        owner_text(*.pid, *.uid)
    )]
    Living {
        /// The name.
        name: Name,
        /// The owner's user.
        uid: u32,
        /// The owner's process, if it can be told.
        pid: Option<i32>,
    },
    /// It belongs to another user.
    #[error("the name {name} belongs to user {uid}: that user may remove it, or root")]
    NotOurs {
        /// The name.
        name: Name,
        /// Whose it is.
        uid: u32,
    },
    /// Others were publishing the same name, or removing it, until the deadline.
    #[error("others were busy with the name {name} until the deadline: try again")]
    Contended {
        /// The name.
        name: Name,
    },
    /// The directory cannot be used.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// The kernel refused.
    #[error(transparent)]
    System(#[from] SystemError),
}

impl RemoveError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Living { .. } | Self::NotOurs { .. } => Fault::Caller,
            Self::Contended { .. } => Fault::Peer,
            Self::Place(error) => error.fault(),
            Self::System(_) => Fault::System,
        }
    }

    fn of(obstacle: Obstacle, name: &Name) -> Self {
        let name = name.clone();
        match obstacle {
            Obstacle::Living { pid, uid } => Self::Living { name, uid, pid },
            Obstacle::Stranger { uid } => Self::NotOurs { name, uid },
            Obstacle::Contended => Self::Contended { name },
            Obstacle::System(refusal) => Self::System(refusal),
        }
    }
}

impl Registry {
    /// Removes `name` from one scope if its owner was killed, with all that the owner left; answers whether there
    /// was anything. Never a living owner's. Root may do it for others.
    ///
    /// # Errors
    /// [`RemoveError`].
    pub fn remove_stale(
        &self,
        kind: Kind,
        name: &Name,
        scope: Scope,
        deadline: Deadline,
    ) -> Result<bool, RemoveError> {
        let mut any = false;
        for place in self.places(Some(scope)) {
            if let Some(directory) = place.find(kind)? {
                any |= remove_in(&directory, name, Expected::Any, deadline)?;
            }
        }
        Ok(any)
    }

    /// Removes all that killed owners left in one scope, also of names that never came to be; answers how many
    /// things that were. What belongs to living owners and to other users is passed over.
    ///
    /// # Errors
    /// [`RemoveError::Place`], or the system's refusal.
    pub fn remove_all_stale(
        &self,
        kind: Kind,
        scope: Scope,
        deadline: Deadline,
    ) -> Result<usize, RemoveError> {
        let mut count = 0;
        for leaving in self.leavings(kind, scope)? {
            match self.remove_leaving(&leaving, deadline) {
                Ok(any) => count += usize::from(any),
                Err(RemoveError::System(refusal)) => return Err(refusal.into()),
                Err(_) => {}
            }
        }
        Ok(count)
    }
}

/// Which hidden file must lie beside a name for the name to be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    /// Whichever, or none.
    Any,
    /// This one.
    File(Inode),
    /// None: its owner's life is not told by a lock.
    Nothing,
}

/// Removes what is left of `name`, as the one who has the right to change it; answers whether there was anything.
pub(super) fn remove_in(
    directory: &Directory,
    name: &Name,
    expected: Expected,
    deadline: Deadline,
) -> Result<bool, RemoveError> {
    let obstructed = |obstacle| RemoveError::of(obstacle, name);
    let claim = match Claim::find(directory, name, deadline).map_err(obstructed)? {
        Some(claim) => claim,
        None if matches!(expected, Expected::File(_)) => return Ok(false),
        None => match directory.facts(name.as_file())? {
            None => return Ok(false),
            Some(facts) if facts.uid != cabotage_os::fifo::own_user() => {
                return Err(RemoveError::NotOurs { name: name.clone(), uid: facts.uid });
            }
            Some(_) => Claim::take(directory, name, deadline).map_err(obstructed)?,
        },
    };
    let is_expected = match expected {
        Expected::Any => true,
        Expected::File(inode) => claim.inode() == inode,
        Expected::Nothing => claim.is_first(),
    };
    // Where another owner has been meanwhile, what it left is another thing.
    if !is_expected {
        return Ok(false);
    }
    if claim.is_alive()? {
        return Err(RemoveError::of(claim.living(), name));
    }
    // Its owner may have removed it itself just now, and another may have come.
    if !claim.is_current()? {
        return Ok(false);
    }
    let removed = match remove_occupant(directory, &claim, name) {
        // Somebody else's thing has the name by now and keeps it; what goes is the hidden file.
        Err(RemoveError::NotOurs { .. }) if matches!(expected, Expected::File(_)) => Ok(false),
        answer => answer,
    };
    // A file of our own making goes whatever was found: it was for the look alone.
    if removed.is_ok() || claim.is_first() {
        claim.remove_unfinished()?;
        claim.remove_file()?;
    }
    removed.map(|any| any || !claim.is_first())
}

/// Removes the socket at which nobody listens; answers whether there was one.
fn remove_occupant(directory: &Directory, claim: &Claim<'_>, name: &Name) -> Result<bool, RemoveError> {
    match Occupant::of(directory, name.as_file(), claim.uid())? {
        Occupant::Nothing => Ok(false),
        Occupant::Closed(inode) if !claim.is_first() => Ok(directory.remove_if_same(name.as_file(), inode)?),
        Occupant::Stale(inode) => Ok(directory.remove_if_same(name.as_file(), inode)?),
        Occupant::Bound | Occupant::Closed(_) => {
            Err(RemoveError::Living { name: name.clone(), uid: claim.uid(), pid: None })
        }
        Occupant::Stranger(facts) => Err(RemoveError::NotOurs { name: name.clone(), uid: facts.uid }),
    }
}
