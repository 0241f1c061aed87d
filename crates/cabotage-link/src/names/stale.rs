// SPDX-License-Identifier: MIT OR Apache-2.0
//! Removing what owners that were killed left behind.

use cabotage_os::directory::Directory;
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
                any |= remove_in(&directory, name, deadline)?;
            }
        }
        Ok(any)
    }

    /// Removes all that killed owners left in one scope, also of names that never came to be; answers how many
    /// names that were. Those of living owners and of other users are passed over.
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
        for place in self.places(Some(scope)) {
            let Some(directory) = place.find(kind)? else { continue };
            for entry in directory.entries().map_err(PlaceError::from)? {
                let Some(name) = Name::of_lock_file(&entry.name) else { continue };
                match remove_in(&directory, &name, deadline) {
                    Ok(any) => count += usize::from(any),
                    Err(RemoveError::System(refusal)) => return Err(refusal.into()),
                    Err(_) => {}
                }
            }
        }
        Ok(count)
    }
}

fn remove_in(directory: &Directory, name: &Name, deadline: Deadline) -> Result<bool, RemoveError> {
    if directory.inode(&name.lock_file())?.is_none() {
        match directory.facts(name.as_file())? {
            None => return Ok(false),
            Some(facts) if facts.uid != cabotage_os::fifo::own_user() => {
                return Err(RemoveError::NotOurs { name: name.clone(), uid: facts.uid });
            }
            Some(_) => {}
        }
    }
    let claim = Claim::take(directory, name, deadline).map_err(|obstacle| RemoveError::of(obstacle, name))?;
    if claim.is_alive()? {
        return Err(RemoveError::of(claim.living(), name));
    }
    // Its owner may have removed it itself just now, and another may have come.
    if !claim.is_current()? {
        return Ok(false);
    }
    match Occupant::of(directory, name, claim.uid())? {
        Occupant::Nothing => {}
        Occupant::Stale(inode) => {
            directory.remove_if_same(name.as_file(), inode)?;
        }
        Occupant::Listening => {
            return Err(RemoveError::Living { name: name.clone(), uid: claim.uid(), pid: None });
        }
        Occupant::Stranger(facts) => {
            return Err(RemoveError::NotOurs { name: name.clone(), uid: facts.uid });
        }
    }
    claim.remove_unfinished()?;
    claim.remove_file()?;
    Ok(true)
}
