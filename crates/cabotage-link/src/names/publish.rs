// SPDX-License-Identifier: MIT OR Apache-2.0
//! Giving a name to a socket that listens, and taking it back.

use std::os::fd::{AsFd, BorrowedFd};
use std::path::PathBuf;

use cabotage_os::directory::{self, Directory};
use cabotage_os::object;
use cabotage_os::socket::{self, AcceptError, BindError, ListenOptions, Listener, Socket};
use cabotage_os::{Deadline, Fault, SystemError};

use super::claim::{Claim, Life, Obstacle};
use super::occupant::Occupant;
use super::{Kind, Name, PlaceError, Registry, Scope};

/// How a name is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublishOptions {
    scope: Scope,
    listen: ListenOptions,
}

impl Default for PublishOptions {
    /// In the user scope; mode 0600; up to 4,096 clients may wait.
    fn default() -> Self {
        Self { scope: Scope::User, listen: ListenOptions::new() }
    }
}

impl PublishOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Who finds the name.
    pub fn scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// Who may connect: the permission bits, exactly, whatever the umask. Write permission is what a client needs.
    pub fn mode(mut self, bits: u32) -> Self {
        self.listen = self.listen.mode(bits);
        self
    }

    /// The group that the middle digit of the mode is about, such as 6 in 0660. Only root may name a group that
    /// this process is not in.
    pub fn group(mut self, gid: u32) -> Self {
        self.listen = self.listen.group(gid);
        self
    }

    /// How many clients may be connected and not yet accepted; at least one.
    pub fn waiting_max(mut self, clients: u32) -> Self {
        self.listen = self.listen.waiting_max(clients);
        self
    }
}

/// Why a name was not published. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// A living process has the name; or, where that cannot be told, another user.
    #[error(
        "the name {name} is taken by {}: end that one, or choose another name",
        owner_text(*.pid, *.uid)
    )]
    Taken {
        /// The name.
        name: Name,
        /// The user who has it.
        uid: u32,
        /// The process that has it, if it is one of ours; as numbered in the pid namespace in which it runs.
        pid: Option<i32>,
    },
    /// Something is there that was not published by this user. It was left alone.
    #[error("{path:?} is {found} of user {uid}, which nobody published: remove it, or choose another name")]
    Occupied {
        /// Where.
        path: PathBuf,
        /// What is there.
        found: object::Kind,
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

pub(super) fn owner_text(pid: Option<i32>, uid: u32) -> String {
    match pid {
        Some(pid) => format!("process {pid} of user {uid}"),
        None => format!("user {uid}"),
    }
}

impl PublishError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Taken { .. } | Self::Occupied { .. } => Fault::Caller,
            Self::Contended { .. } => Fault::Peer,
            Self::Place(error) => error.fault(),
            Self::System(_) => Fault::System,
        }
    }

    fn of(obstacle: Obstacle, name: &Name) -> Self {
        let name = name.clone();
        match obstacle {
            Obstacle::Living { pid, uid } => Self::Taken { name, uid, pid },
            Obstacle::Stranger { uid } => Self::Taken { name, uid, pid: None },
            Obstacle::Contended => Self::Contended { name },
            Obstacle::System(refusal) => Self::System(refusal),
        }
    }
}

impl Registry {
    /// Listens under a name that nobody living has. One that was left by an owner that was killed is taken over in
    /// one step. Waits at most until `deadline` for others who are publishing or removing the same name at this
    /// moment, which takes them a few system calls.
    ///
    /// In the system scope the name goes to the first of its places that is there.
    ///
    /// # Errors
    /// [`PublishError`].
    pub fn publish(
        &self,
        kind: Kind,
        name: &Name,
        options: PublishOptions,
        deadline: Deadline,
    ) -> Result<Published, PublishError> {
        let directory = self.directory_to_publish(kind, options.scope)?;
        let (claim, life) = Claim::take_with_life(&directory, name, deadline)
            .map_err(|obstacle| PublishError::of(obstacle, name))?;
        let generation = claim.next_generation();
        match listen(&directory, &claim, name, generation, options.listen) {
            Ok(listener) => {
                drop(claim);
                let (name, scope) = (name.clone(), options.scope);
                Ok(Published { listener, life, directory, name, kind, scope, generation })
            }
            Err(error) => {
                // The first error is the one to tell. A name left behind keeps its lock file, by which it is found.
                let was_left = matches!(error, PublishError::System(_))
                    && directory.inode(name.as_file()).is_ok_and(|inode| inode.is_some());
                if !was_left {
                    let _ = claim.remove_file();
                }
                Err(error)
            }
        }
    }
}

/// Listens, as the one who has both locks.
fn listen(
    directory: &Directory,
    claim: &Claim<'_>,
    name: &Name,
    generation: u64,
    options: ListenOptions,
) -> Result<Listener, PublishError> {
    claim.remove_unfinished()?;
    let how = match claim.occupant(name)? {
        Occupant::Nothing => socket::Claim::IfFree,
        Occupant::Closed(_) if !claim.is_first() => socket::Claim::Replacing,
        Occupant::Stale(_) => socket::Claim::Replacing,
        // Somebody removed the lock file of a living owner; its name stays its own.
        Occupant::Bound | Occupant::Closed(_) => {
            return Err(PublishError::Taken { name: name.clone(), uid: claim.uid(), pid: None });
        }
        Occupant::Stranger(facts) => return Err(occupied(directory, name, &facts)),
    };
    let detour = directory::hidden_name()?;
    claim.write_down(&detour, generation)?;
    match Listener::bind_by(directory, &detour, name.as_file(), how, options) {
        Ok(listener) => Ok(listener),
        Err(BindError::System(refusal)) => Err(refusal.into()),
        // Between the look and the move somebody put something there who asks for no lock.
        Err(_) => match directory.facts(name.as_file())? {
            Some(facts) => Err(occupied(directory, name, &facts)),
            None => Err(PublishError::Contended { name: name.clone() }),
        },
    }
}

fn occupied(directory: &Directory, name: &Name, facts: &object::Facts) -> PublishError {
    PublishError::Occupied {
        path: directory.path().join(name.as_os_str()),
        found: facts.kind,
        uid: facts.uid,
    }
}

/// A name that this process has, until it is dropped. A forked child has no part in it: its copy accepts nobody
/// and removes nothing.
#[derive(Debug)]
pub struct Published {
    // Dropped in this order: first nobody listens, then the name is free.
    listener: Listener,
    life: Life,
    directory: Directory,
    name: Name,
    kind: Kind,
    scope: Scope,
    generation: u64,
}

impl Published {
    /// The next client that waits, or the first to come until `deadline`.
    ///
    /// # Errors
    /// [`AcceptError`].
    pub fn accept(&self, deadline: Deadline) -> Result<Socket, AcceptError> {
        self.listener.accept(deadline)
    }

    /// The name.
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// What kind of name it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Who finds it.
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// Which owner in a row this is: 1 since the name was free, more for one that took it over from a killed owner.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Where it is; for messages.
    pub fn path(&self) -> PathBuf {
        self.directory.path().join(self.name.as_os_str())
    }

    /// Gives the name up, as dropping does, and answers whether it was still ours: not if somebody removed it by
    /// hand, and not in a forked child.
    ///
    /// # Errors
    /// The system's refusal. The name stays then, and counts as left behind.
    pub fn unpublish(self) -> Result<bool, SystemError> {
        self.withdraw()
    }

    /// First the socket, then the lock file: whoever finds no lock file finds no name of ours.
    fn withdraw(&self) -> Result<bool, SystemError> {
        if !self.listener.is_here() {
            return Ok(false);
        }
        let was_ours = self.directory.remove_if_same(self.name.as_file(), self.listener.inode())?;
        self.life.remove_file(&self.directory)?;
        Ok(was_ours)
    }
}

impl AsFd for Published {
    /// Readable when a client waits.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.listener.as_fd()
    }
}

impl Drop for Published {
    fn drop(&mut self) {
        // There is nobody to tell of a failure: the name stays, and counts as left behind.
        let _ = self.withdraw();
    }
}
