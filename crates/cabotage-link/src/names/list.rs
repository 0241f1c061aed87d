// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which names there are, whose they are, and whether their owners live.

use cabotage_os::directory::Directory;
use cabotage_os::object;

use super::claim;
use super::{Kind, Name, PlaceError, Registry, Scope};

/// A published name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The name.
    pub name: Name,
    /// Who finds it.
    pub scope: Scope,
    /// The user who published it.
    pub owner: u32,
    /// Who may connect: the permission bits.
    pub mode: u32,
    /// Whether the process that published it lives; `None` when its lock is not ours to look at.
    pub alive: Option<bool>,
    /// The living process that published it, as numbered in the pid namespace in which it runs; `None` when it has
    /// ended, or cannot be told.
    pub pid: Option<i32>,
}

impl Registry {
    /// The names of one kind, the user scope's first, each scope's in order. What comes or goes meanwhile may be
    /// among them or not.
    ///
    /// # Errors
    /// [`PlaceError`]; a scope that nobody has made yet is empty.
    pub fn list(&self, kind: Kind) -> Result<Vec<Listed>, PlaceError> {
        let mut all = Vec::new();
        for place in self.places(None) {
            let Some(directory) = place.find(kind)? else { continue };
            let mut names = list_in(&directory, place.scope())?;
            names.sort_by(|one, other| one.name.cmp(&other.name));
            all.append(&mut names);
        }
        Ok(all)
    }
}

fn list_in(directory: &Directory, scope: Scope) -> Result<Vec<Listed>, PlaceError> {
    let mut names = Vec::new();
    for entry in directory.entries()? {
        let Ok(name) = Name::parse(entry.name.as_path()) else { continue };
        let Some(facts) = directory.facts(name.as_file())? else { continue };
        if facts.kind == object::Kind::Socket {
            let found = claim::look(directory, &name)?;
            let alive = found.as_ref().map(|seen| seen.is_alive);
            let pid = found.filter(|seen| seen.is_alive).and_then(|seen| seen.record.pid);
            names.push(Listed { name, scope, owner: facts.uid, mode: facts.mode, alive, pid });
        }
    }
    Ok(names)
}
