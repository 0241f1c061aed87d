// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which pipes there are, and what becomes of the instances of each. Looking changes nothing, and nobody notices it.

use cabotage_link::names::{Kind, Name, Registry, Scope};
use cabotage_os::directory::{self, Directory};
use cabotage_os::object;
use cabotage_os::socket::{Room, room_in};

use super::definition::{Definition, Shape};
use super::folder::{Folder, shown};
use super::post;
use super::refusal::is_strangers;
use super::sign::{count_living, living, parse};
use crate::named::error::PipeError;
use crate::named::name::PipeName;

/// A pipe that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its file in the directory of names.
    pub file: Name,
    /// Who finds it.
    pub scope: Scope,
    /// The user who created its first instance.
    pub owner: u32,
    /// What that fixed for all, and how many instances there are; `None` when it is closed to this user.
    pub open: Option<(Definition, usize)>,
}

/// A pipe that exists, with its instances.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Who finds it.
    pub scope: Scope,
    /// The user who created its first instance.
    pub owner: u32,
    /// What that fixed for all.
    pub definition: Definition,
    /// The instances, the oldest first.
    pub instances: Vec<InstanceShown>,
}

/// An instance that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InstanceShown {
    /// Which one it is.
    pub id: u64,
    /// The user whose process has it.
    pub uid: u32,
    /// The process that has it, as it says: by its number in its own pid namespace.
    pub pid: i32,
    /// What it does.
    pub state: Occupation,
    /// What it has of its own, as far as it listens.
    pub shape: Option<Shape>,
}

/// What an instance does, as seen by those who have no part in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Occupation {
    /// It listens, and is free.
    Listening,
    /// A client has connected, and its server has not accepted yet.
    Arrived,
    /// It has had a client, and has not entered listening since.
    Occupied,
}

/// The pipes of both scopes, the user's first, each scope's in the order of their files. What comes or goes meanwhile
/// may be among them or not.
///
/// # Errors
/// The system's refusal, or a directory that cannot be used. A scope that nobody has made yet is empty.
pub fn list(registry: &Registry) -> Result<Vec<Listed>, PipeError> {
    let mut all = Vec::new();
    for (scope, names) in registry.directories(Kind::Pipe, None)? {
        for name in shown(&names)? {
            all.extend(look_at(&names, &name, scope)?);
        }
    }
    Ok(all)
}

/// The pipe of this name with its instances, in one scope or in the first that has it.
///
/// # Errors
/// [`PipeError::NotFound`]; [`PipeError::AccessDenied`] when it is closed to this user; or the system's refusal.
pub fn show(registry: &Registry, name: &PipeName, scope: Option<Scope>) -> Result<Shown, PipeError> {
    for (scope, names) in registry.directories(Kind::Pipe, scope)? {
        let Some(folder) = Folder::find(&names, name.file().as_file())? else { continue };
        let (Some(definition), Some(signs)) = (folder.definition()?, folder.instances()?) else { continue };
        let instances = instances_of(&folder, &signs)?;
        if !instances.is_empty() {
            return Ok(Shown { scope, owner: folder.uid(), definition, instances });
        }
    }
    Err(PipeError::NotFound)
}

/// `None` when it is no pipe that exists.
fn look_at(names: &Directory, name: &directory::Name, scope: Scope) -> Result<Option<Listed>, PipeError> {
    let Ok(file) = Name::parse(name.as_path()) else { return Ok(None) };
    let Some(facts) = names.facts(name)?.filter(|facts| facts.kind == object::Kind::Directory) else {
        return Ok(None);
    };
    let open = match look_inside(names, name) {
        Ok(Some((_, 0))) | Ok(None) => return Ok(None),
        Ok(open) => open,
        Err(error) if is_strangers(&error) => None,
        Err(error) => return Err(error),
    };
    Ok(Some(Listed { file, scope, owner: facts.uid, open }))
}

fn look_inside(names: &Directory, name: &directory::Name) -> Result<Option<(Definition, usize)>, PipeError> {
    let Some(folder) = Folder::find(names, name)? else { return Ok(None) };
    let (Some(definition), Some(signs)) = (folder.definition()?, folder.instances()?) else {
        return Ok(None);
    };
    Ok(Some((definition, count_living(&signs)?)))
}

fn instances_of(folder: &Folder, signs: &Directory) -> Result<Vec<InstanceShown>, PipeError> {
    let mut posts = Vec::new();
    if let Some(listening) = folder.listening()? {
        for name in shown(&listening)? {
            let Some(entry) = post::parse(&name) else { continue };
            let state = match room_in(&listening, &name) {
                Ok(Room::Free) => Occupation::Listening,
                Ok(Room::Full) => Occupation::Arrived,
                _ => Occupation::Occupied,
            };
            posts.push((entry, state));
        }
    }
    let mut found = Vec::new();
    for name in shown(signs)? {
        let (Some((id, pid)), Some(facts)) = (parse(&name), signs.facts(&name)?) else { continue };
        if living(signs, &name)?.is_none() {
            continue;
        }
        let post = posts.iter().find(|(entry, _)| entry.id == id);
        let state = post.map_or(Occupation::Occupied, |(_, state)| *state);
        let shape = post.map(|(entry, _)| entry.shape);
        found.push(InstanceShown { id, uid: facts.uid, pid, state, shape });
    }
    Ok(found)
}
