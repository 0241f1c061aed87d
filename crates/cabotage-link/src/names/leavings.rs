// SPDX-License-Identifier: MIT OR Apache-2.0
//! What owners of names left when they were killed: what is stale here, why, and whose it was.
//!
//! Looking changes nothing and nobody notices it. A name is stale when nobody holds a lock on its hidden file, at one
//! moment; where that file is gone, when no process has the socket. Neither asks for a pid, so neither can be wrong
//! about one: a pid that was given to another process, or that means nothing here, makes no difference.
//!
//! Removal looks again, as the one who has the right to change the name, and takes away what was found or nothing:
//! see [`super::stale`].

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;

use cabotage_os::directory::{self, Directory, Inode};
use cabotage_os::{Deadline, SystemError, object};

use super::claim;
use super::occupant::Occupant;
use super::record::is_detour;
use super::stale::{Expected, RemoveError, remove_in};
use super::{Kind, Name, PlaceError, Registry, Scope};

/// Something in a directory of names that belonged to a process that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Leaving {
    /// What answered at the name.
    pub kind: Kind,
    /// Who found it.
    pub scope: Scope,
    /// The directory in which it lies.
    pub directory: PathBuf,
    /// What it is, and why it is stale.
    pub what: What,
    /// Whose it was: the user.
    pub uid: u32,
    /// The process, as it wrote itself down: by its number in its own pid namespace, which may be another process's
    /// by now.
    pub pid: Option<i32>,
    /// The hidden file that was seen.
    file: Option<Inode>,
}

/// What was left.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum What {
    /// A socket under its name, with its hidden file.
    Name(Name),
    /// The hidden file alone, or with a socket that never got the name.
    Unfinished(Name),
    /// A socket under its name, whose hidden file somebody has removed.
    Unlocked(Name),
    /// A socket under a hidden name that no hidden file tells of.
    Stray(directory::Name),
}

impl fmt::Display for What {
    /// Why it is stale.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name(_) => "its owner ended without taking the name back: nobody holds its lock",
            Self::Unfinished(_) => {
                "its owner ended while it took the name or gave it up: nobody holds its lock"
            }
            Self::Unlocked(_) => "no process has the socket, and its lock file is gone",
            Self::Stray(_) => "no process has the socket, which never got a name",
        })
    }
}

impl Leaving {
    /// The name that was left; a stray socket has none.
    pub fn name(&self) -> Option<&Name> {
        match &self.what {
            What::Name(name) | What::Unfinished(name) | What::Unlocked(name) => Some(name),
            What::Stray(_) => None,
        }
    }

    /// Where it is: the socket, or the hidden file where there is no socket.
    pub fn path(&self) -> PathBuf {
        self.directory.join(match &self.what {
            What::Name(name) | What::Unlocked(name) => name.as_file().as_path().to_owned(),
            What::Unfinished(name) => name.lock_file().as_path().to_owned(),
            What::Stray(file) => file.as_path().to_owned(),
        })
    }
}

impl Registry {
    /// What owners that have ended left of the names of one kind in one scope. Other users' things are passed over,
    /// except by root. What comes or goes meanwhile may be among it or not.
    ///
    /// # Errors
    /// [`PlaceError`]; a scope that nobody has made yet is empty.
    pub fn leavings(&self, kind: Kind, scope: Scope) -> Result<Vec<Leaving>, PlaceError> {
        let mut all = Vec::new();
        for place in self.places(Some(scope)) {
            if let Some(directory) = place.find(kind)? {
                all.extend(Search { directory: &directory, kind, scope }.leavings()?);
            }
        }
        Ok(all)
    }

    /// Removes what [`leavings`](Registry::leavings) has found, if it is still that and still stale; answers whether
    /// it was. Many may do it at once, and whoever is killed at it leaves what the next one finds. Waits at most
    /// until `deadline` for others who are busy with the name.
    ///
    /// # Errors
    /// [`RemoveError`].
    pub fn remove_leaving(&self, leaving: &Leaving, deadline: Deadline) -> Result<bool, RemoveError> {
        for place in self.places(Some(leaving.scope)) {
            let Some(directory) = place.find(leaving.kind)? else { continue };
            if directory.path() == leaving.directory {
                return remove(&directory, leaving, deadline);
            }
        }
        Ok(false)
    }
}

fn remove(directory: &Directory, leaving: &Leaving, deadline: Deadline) -> Result<bool, RemoveError> {
    let name = match &leaving.what {
        What::Name(name) | What::Unfinished(name) | What::Unlocked(name) => name,
        // Its name is drawn anew for each socket, so it never comes to mean another.
        What::Stray(file) => {
            return match stray_socket(directory, file, &names_in_the_making(directory)?)? {
                Some((inode, _)) => Ok(directory.remove_if_same(file, inode)?),
                None => Ok(false),
            };
        }
    };
    let expected = leaving.file.map_or(Expected::Nothing, Expected::File);
    remove_in(directory, name, expected, deadline)
}

/// One look through a directory of names.
struct Search<'a> {
    directory: &'a Directory,
    kind: Kind,
    scope: Scope,
}

impl Search<'_> {
    fn leavings(&self) -> Result<Vec<Leaving>, PlaceError> {
        let mut names = BTreeSet::new();
        let mut detours = Vec::new();
        for entry in self.directory.entries()? {
            match Name::of_lock_file(&entry.name) {
                Some(name) => drop(names.insert(name)),
                None if is_detour(&entry.name) => detours.push(entry.name),
                None => names.extend(Name::parse(entry.name.as_path())),
            }
        }
        let mut found = Vec::new();
        for name in names {
            found.extend(self.look_at(name)?);
        }
        if !detours.is_empty() {
            found.extend(self.strays(detours)?);
        }
        Ok(found)
    }

    fn look_at(&self, name: Name) -> Result<Option<Leaving>, SystemError> {
        let Some(seen) = claim::look(self.directory, &name)? else { return self.look_at_unlocked(name) };
        if !seen.is_idle || !is_ours(seen.uid) {
            return Ok(None);
        }
        let socket = self.directory.facts(name.as_file())?;
        let has_socket = socket.is_some_and(|it| it.kind == object::Kind::Socket && it.uid == seen.uid);
        let what = if has_socket { What::Name(name) } else { What::Unfinished(name) };
        Ok(Some(Leaving { pid: seen.record.pid, file: Some(seen.inode), ..self.leaving(what, seen.uid) }))
    }

    /// A socket without a hidden file; of our own user alone, since only that one's hidden file may stand for it.
    fn look_at_unlocked(&self, name: Name) -> Result<Option<Leaving>, SystemError> {
        let own = cabotage_os::fifo::own_user();
        let is_stale = matches!(Occupant::of(self.directory, name.as_file(), own)?, Occupant::Stale(_))
            && self.directory.inode(&name.lock_file())?.is_none();
        Ok(is_stale.then(|| self.leaving(What::Unlocked(name), own)))
    }

    fn strays(&self, detours: Vec<directory::Name>) -> Result<Vec<Leaving>, SystemError> {
        let known = names_in_the_making(self.directory)?;
        let mut strays = Vec::new();
        for file in detours {
            if let Some((_, uid)) = stray_socket(self.directory, &file, &known)? {
                strays.push(self.leaving(What::Stray(file), uid));
            }
        }
        Ok(strays)
    }

    fn leaving(&self, what: What, uid: u32) -> Leaving {
        let &Self { directory, kind, scope } = self;
        Leaving { kind, scope, directory: directory.path().into(), what, uid, pid: None, file: None }
    }
}

/// The hidden names under which sockets are being made, or were when their makers ended. A maker writes its own down
/// before it makes the socket: what was seen before this was asked, and is not among them, has no maker.
fn names_in_the_making(directory: &Directory) -> Result<BTreeSet<directory::Name>, SystemError> {
    let mut known = BTreeSet::new();
    for entry in directory.entries()? {
        if let Some(name) = Name::of_lock_file(&entry.name) {
            known.extend(claim::look(directory, &name)?.and_then(|seen| seen.record.detour));
        }
    }
    Ok(known)
}

/// The socket under a hidden name, and whose it was, if no process has it and nobody is making it.
fn stray_socket(
    directory: &Directory,
    file: &directory::Name,
    known: &BTreeSet<directory::Name>,
) -> Result<Option<(Inode, u32)>, SystemError> {
    if known.contains(file) {
        return Ok(None);
    }
    let Some(facts) = directory.facts(file)?.filter(|facts| is_ours(facts.uid)) else { return Ok(None) };
    match Occupant::of(directory, file, facts.uid)? {
        Occupant::Stale(inode) => Ok(Some((inode, facts.uid))),
        _ => Ok(None),
    }
}

/// Root cleans up for everybody.
fn is_ours(uid: u32) -> bool {
    let own = cabotage_os::fifo::own_user();
    uid == own || own == 0
}
