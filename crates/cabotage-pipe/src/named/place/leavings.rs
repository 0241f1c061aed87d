// SPDX-License-Identifier: MIT OR Apache-2.0
//! What servers of pipes left when they were killed: what is stale here, why, and whose it was; and its removal.
//!
//! Looking changes nothing and nobody notices it. Whether an instance lives is known from its sign, whether somebody is
//! at work in a folder from its lock: neither asks for a pid, so neither can be wrong about one. Removal looks again, as
//! the one whose turn it is, and takes away what was found or nothing.

use std::fmt;
use std::path::PathBuf;

use cabotage_link::names::{Kind, Name, Registry, Scope};
use cabotage_os::directory::{self, Directory, Inode};
use cabotage_os::lock::{self, Range, Sharing};
use cabotage_os::object;
use cabotage_os::socket::{Bound, bound_in};
use cabotage_os::{Deadline, Errno, SystemError};

use super::folder::{FILES, Folder, shown};
use super::refusal::{is_strangers, of_system};
use super::remove::{clear, remove};
use super::sign::{any_living, living, parse};
use super::turn::Turn;
use crate::named::error::PipeError;

/// Something in a directory of pipes that belonged to a process that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Leaving {
    /// Who found it.
    pub scope: Scope,
    /// The directory in which it lies.
    pub directory: PathBuf,
    /// What it is, and why it is stale.
    pub what: What,
    /// Whose it was: the user.
    pub uid: u32,
    /// The process, by its number in its own pid namespace, which may be another process's by now.
    pub pid: Option<i32>,
    /// The folder that was seen.
    folder: Inode,
}

/// What was left.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum What {
    /// A pipe of which no instance lives.
    Pipe(Name),
    /// Instances of a pipe of which others live.
    Instances(Name),
    /// A folder that never got the name of a pipe, or has lost it.
    Unfinished(directory::Name),
}

impl fmt::Display for What {
    /// Why it is stale.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pipe(_) => {
                "the servers of all its instances ended without closing them: nobody shows their signs"
            }
            Self::Instances(_) => "the server of some of its instances ended: nobody shows their signs",
            Self::Unfinished(_) => {
                "its maker ended while it created the pipe or removed it: nobody holds its lock"
            }
        })
    }
}

impl Leaving {
    /// The pipe, where it was one.
    pub fn name(&self) -> Option<&Name> {
        match &self.what {
            What::Pipe(name) | What::Instances(name) => Some(name),
            What::Unfinished(_) => None,
        }
    }

    /// Where it is.
    pub fn path(&self) -> PathBuf {
        self.directory.join(self.file().as_path())
    }

    fn file(&self) -> &directory::Name {
        match &self.what {
            What::Pipe(name) | What::Instances(name) => name.as_file(),
            What::Unfinished(file) => file,
        }
    }
}

/// What servers that have ended left of the pipes of one scope. Other users' things are passed over, except by root.
/// What comes or goes meanwhile may be among it or not.
///
/// # Errors
/// The system's refusal, or a directory that cannot be used; a scope that nobody has made yet is empty.
pub fn leavings(registry: &Registry, scope: Scope) -> Result<Vec<Leaving>, PipeError> {
    let mut all = Vec::new();
    for (scope, names) in registry.directories(Kind::Pipe, Some(scope))? {
        for entry in names.entries()? {
            match look_at(&names, &entry.name, scope) {
                Ok(left) => all.extend(left),
                Err(error) if is_strangers(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }
    all.sort_by(|one, other| one.file().cmp(other.file()));
    Ok(all)
}

/// Removes what [`leavings`] has found, if it is still that and still stale; answers whether it was. Many may do it at
/// once, and whoever is killed at it leaves what the next one finds. Waits at most until `deadline` for others who are
/// busy with the pipe.
///
/// # Errors
/// [`PipeError::TimedOut`], or the system's refusal.
pub fn remove_leaving(registry: &Registry, leaving: &Leaving, deadline: Deadline) -> Result<bool, PipeError> {
    for (_, names) in registry.directories(Kind::Pipe, Some(leaving.scope))? {
        if names.path() != leaving.directory {
            continue;
        }
        let Some(folder) = find(&names, leaving.file())? else { continue };
        if folder.has_name(&names, leaving.file())? && Inode::of(folder.directory())? == leaving.folder {
            return remove_in(&names, leaving, &folder, deadline);
        }
    }
    Ok(false)
}

fn remove_in(
    names: &Directory,
    leaving: &Leaving,
    folder: &Folder,
    deadline: Deadline,
) -> Result<bool, PipeError> {
    let file = leaving.file();
    let turn = Turn::of(folder, deadline)?;
    if !folder.has_name(names, file)? {
        return Ok(false);
    }
    match (&leaving.what, turn) {
        (What::Pipe(_), Some(turn)) => {
            if is_one_alive(folder)? {
                return Ok(false);
            }
            remove(names, file, folder, &turn)?;
            Ok(true)
        }
        (What::Instances(_), Some(turn)) => remove_dead(folder, &turn),
        (What::Unfinished(_), Some(_turn)) => clear(names, file, folder).map(|()| true),
        // Its lock is the first thing made and the last to go: without it there is nothing else.
        (What::Unfinished(_), None) => match names.remove_subdirectory(file) {
            Err(refusal) if matches!(refusal.errno(), Errno::NOTEMPTY | Errno::EXIST) => Ok(false),
            answer => Ok(answer?),
        },
        (_, None) => Ok(false),
    }
}

/// Whether anything of this name is stale.
fn look_at(names: &Directory, file: &directory::Name, scope: Scope) -> Result<Option<Leaving>, PipeError> {
    let Some(folder) = find(names, file)? else { return Ok(None) };
    if !is_idle(&folder)? {
        return Ok(None);
    }
    let what = if file.is_hidden() {
        let has_maker =
            folder.directory().inode(&FILES.lock)?.is_none() && !folder.directory().entries()?.is_empty();
        (!has_maker).then(|| What::Unfinished(file.clone()))
    } else {
        what_is_dead(&folder, file)?
    };
    // It counts only if nobody took the folder away, and another made one, while we looked.
    let Some(what) = what.filter(|_| folder.has_name(names, file).unwrap_or(false)) else { return Ok(None) };
    let pid = last_dead(&folder)?.map(|(_, pid)| pid);
    Ok(Some(Leaving {
        scope,
        directory: names.path().into(),
        what,
        uid: folder.uid(),
        pid,
        folder: Inode::of(folder.directory())?,
    }))
}

fn what_is_dead(folder: &Folder, file: &directory::Name) -> Result<Option<What>, PipeError> {
    let Ok(name) = Name::parse(file.as_path()) else { return Ok(None) };
    // Without a record it is no pipe's.
    if folder.directory().inode(&FILES.record)?.is_none() {
        return Ok(None);
    }
    if !is_one_alive(folder)? {
        return Ok(is_idle(folder)?.then_some(What::Pipe(name)));
    }
    let has_dead = last_dead(folder)?.is_some() || !dead_posts(folder)?.is_empty();
    Ok((has_dead && is_idle(folder)?).then_some(What::Instances(name)))
}

/// A folder whose leavings are ours to see to; `None` where there is nothing of the kind.
fn find(names: &Directory, file: &directory::Name) -> Result<Option<Folder>, PipeError> {
    let own = cabotage_os::fifo::own_user();
    let Some(facts) = names.facts(file)? else { return Ok(None) };
    // Root cleans up for everybody.
    if facts.kind != object::Kind::Directory || (facts.uid != own && own != 0) {
        return Ok(None);
    }
    Folder::find(names, file)
}

/// Whether nobody is at work in the folder.
fn is_idle(folder: &Folder) -> Result<bool, SystemError> {
    match folder.directory().open_to_read(&FILES.lock)? {
        Some(file) => Ok(object::facts(&file, &FILES.lock)?.kind == object::Kind::Regular
            && lock::conflict(&file, Sharing::Exclusive, Range::ALL)?.is_none()),
        None => Ok(true),
    }
}

fn is_one_alive(folder: &Folder) -> Result<bool, PipeError> {
    match folder.instances()? {
        Some(instances) => Ok(any_living(&instances)?.is_some()),
        None => Ok(false),
    }
}

/// The youngest instance that is dead, and the pid that it had.
fn last_dead(folder: &Folder) -> Result<Option<(directory::Name, i32)>, PipeError> {
    let Some(instances) = folder.instances()? else { return Ok(None) };
    for name in shown(&instances)?.into_iter().rev() {
        if let Some((_, pid)) = parse(&name)
            && living(&instances, &name)?.is_none()
        {
            return Ok(Some((name, pid)));
        }
    }
    Ok(None)
}

/// The posts that nobody has. A hidden one belongs to whoever's turn it is.
fn dead_posts(folder: &Folder) -> Result<Vec<directory::Name>, PipeError> {
    let Some(listening) = folder.listening()? else { return Ok(Vec::new()) };
    let mut dead = Vec::new();
    for entry in listening.entries()? {
        if matches!(bound_in(&listening, &entry.name), Ok(Bound::Nobody)) {
            dead.push(entry.name);
        }
    }
    Ok(dead)
}

/// Removes what dead instances left in a pipe that lives; answers whether there was anything.
fn remove_dead(folder: &Folder, _turn: &Turn) -> Result<bool, PipeError> {
    let (Some(instances), Some(listening)) = (folder.instances()?, folder.listening()?) else {
        return Ok(false);
    };
    let mut any = false;
    for name in dead_posts(folder)? {
        any |= listening.remove_file(&name).map_err(of_system)?;
    }
    while let Some((name, _)) = last_dead(folder)? {
        any |= instances.remove_file(&name).map_err(of_system)?;
    }
    Ok(any)
}
