// SPDX-License-Identifier: MIT OR Apache-2.0
//! Creating an instance: the first one makes the folder of its pipe, the others enter it.
//!
//! A new folder is made under a hidden name, with its record and its first instance listening in it, and then gets the
//! pipe's name in one step. So who finds a pipe finds it whole, and of two who would be the first one is. A folder in
//! which nobody lives any more is removed first: that name does not exist.

use cabotage_link::names::{Kind, Registry, Scope};
use cabotage_os::directory::{self, Directory, DirectoryError, Rules};
use cabotage_os::object;
use cabotage_os::{Deadline, Errno};

use super::definition::{Creators, Definition, Rights, Shape};
use super::folder::{FILES, Folder, shown};
use super::instance::{Home, Instance};
use super::post::Post;
use super::record;
use super::refusal::{occupied, of_directory, of_system};
use super::remove::{clear, remove};
use super::sign::{Sign, any_living, count_living};
use super::turn::Turn;
use crate::named::error::{Denial, PipeError};
use crate::named::name::PipeName;
use crate::named::rules::Creation;

/// How often a name may change under our hands before a deadline that has passed counts.
const TRIES: u32 = 8;

/// Creates an instance, which listens from then on. Waits at most until `deadline` for others who are creating or
/// closing instances of the same name at this moment, which takes them a few system calls.
///
/// Only the first instance's direction, maximum, default time-out and `rights` count, until the last one is gone.
///
/// # Errors
/// [`PipeError::TooManyInstances`]; [`PipeError::AccessDenied`] for another direction than the first instance has, where
/// there is one already and this was to be the first, and where others may not create instances;
/// [`PipeError::TimedOut`], or the system's refusal. Nothing is left behind.
pub fn create(
    registry: &Registry,
    scope: Scope,
    name: &PipeName,
    creation: &Creation,
    rights: Rights,
    deadline: Deadline,
) -> Result<Instance, PipeError> {
    let names = registry.directory_to_publish(Kind::Pipe, scope)?;
    let home = Home { registry: registry.clone(), scope, name: name.file().as_file().clone() };
    let mut tries = 0;
    loop {
        tries += 1;
        let made = match Folder::find(&names, &home.name)? {
            Some(folder) => join(&names, &home, folder, creation, deadline)?,
            None => {
                found(&names, &home, &Definition::of(name.short(), creation, rights), Shape::of(creation))?
            }
        };
        match made {
            Some(instance) => return Ok(instance),
            None if tries >= TRIES && deadline.has_passed() => return Err(PipeError::TimedOut),
            None => {}
        }
    }
}

/// One more instance in a folder that is there; `None` if it is not any more.
fn join(
    names: &Directory,
    home: &Home,
    folder: Folder,
    creation: &Creation,
    deadline: Deadline,
) -> Result<Option<Instance>, PipeError> {
    let Some(definition) = folder.definition()? else {
        folder.check_removed(names, &home.name)?;
        return Ok(None);
    };
    if !folder.is_ours() && definition.rights.creators == Creators::SameUser {
        return Err(PipeError::AccessDenied(Denial::CreateInstance));
    }
    let Some(turn) = Turn::take(names, &home.name, &folder, deadline)? else { return Ok(None) };
    let Some(instances) = folder.instances()? else { return Ok(None) };
    match any_living(&instances)? {
        Some(_) => {
            let entries = shown(&instances)?.len();
            let count = match definition.instances_max.admits(entries) {
                Ok(()) => entries,
                Err(_) => count_living(&instances)?,
            };
            creation.joins(definition.direction, definition.instances_max, count)?;
        }
        None if folder.is_ours() => {
            remove(names, &home.name, &folder, &turn)?;
            return Ok(None);
        }
        // Not ours to remove: the name begins anew as its first creator defined it.
        None if creation.direction != definition.direction => {
            let direction = definition.direction;
            return Err(PipeError::AccessDenied(Denial::OtherDirection { direction }));
        }
        None => {}
    }
    enter(folder, &turn, home.clone(), definition, Shape::of(creation)).map(Some)
}

/// The first instance, with a folder of its own; `None` if another has come first.
fn found(
    names: &Directory,
    home: &Home,
    definition: &Definition,
    shape: Shape,
) -> Result<Option<Instance>, PipeError> {
    let hidden = directory::hidden_name()?;
    let directory = match names.subdirectory_or_create(&hidden, Rules::ours()) {
        Ok(directory) => directory,
        // A sweep has found it empty.
        Err(DirectoryError::Missing { .. }) => return Ok(None),
        Err(error) => return Err(of_directory(error)),
    };
    let folder = Folder::of(directory, cabotage_os::fifo::own_user())?;
    let made = furnish(names, &hidden, folder, home, definition, shape);
    if !matches!(made, Ok(Some(_))) {
        // Best effort: the folder is hidden, and the first error is the one to tell.
        let _ = Folder::find(names, &hidden)
            .and_then(|folder| folder.map_or(Ok(()), |folder| clear(names, &hidden, &folder)));
    }
    made
}

fn furnish(
    names: &Directory,
    hidden: &directory::Name,
    folder: Folder,
    home: &Home,
    definition: &Definition,
    shape: Shape,
) -> Result<Option<Instance>, PipeError> {
    let (inside, rights) = (folder.directory(), definition.rights);
    // A sweep that came before us has removed the folder.
    let Some(turn) = first_turn(names, hidden, &folder)? else { return Ok(None) };
    record::write(inside, &FILES.record, definition)?;
    let rules = Rules::ours().mode(rights.folder_mode()).shared();
    for below in [&FILES.instances, &FILES.listening] {
        inside.subdirectory_or_create(below, rules).map_err(of_directory)?;
    }
    let files = [(&FILES.record, rights.record_mode()), (&FILES.lock, rights.lock_mode())];
    let directories = [&FILES.instances, &FILES.listening].map(|name| (name, rights.folder_mode()));
    for (name, mode) in files.into_iter().chain(directories) {
        inside.set_rights(name, mode, rights.group)?;
    }
    let instance = enter(folder, &turn, home.clone(), definition.clone(), shape)?;
    names.set_rights(hidden, rights.folder_mode(), rights.group)?;
    match names.move_subdirectory(hidden, &home.name) {
        Ok(true) => Ok(Some(instance.in_named_folder(names))),
        answer => {
            instance.forget();
            match (answer, names.facts(&home.name)?) {
                // In a directory that users share the kernel says that another's folder is not ours to replace.
                (_, Some(facts)) if facts.kind == object::Kind::Directory => Ok(None),
                (_, Some(facts)) => Err(occupied(&names.path().join(home.name.as_path()), &facts)),
                (Err(refusal), None) => Err(of_system(refusal)),
                (Ok(_), None) => Ok(None),
            }
        }
    }
}

/// The turn in a new folder; `None` if a sweep has found the folder idle and removed it, or is about to.
fn first_turn(
    names: &Directory,
    hidden: &directory::Name,
    folder: &Folder,
) -> Result<Option<Turn>, PipeError> {
    match folder.directory().create_private(&FILES.lock) {
        Ok(_) => {}
        Err(refusal) if refusal.errno() == Errno::NOENT => return Ok(None),
        Err(refusal) => return Err(refusal.into()),
    }
    match Turn::take(names, hidden, folder, Deadline::Now) {
        Err(PipeError::TimedOut) => Ok(None),
        turn => turn,
    }
}

/// An instance that listens in this folder.
fn enter(
    folder: Folder,
    turn: &Turn,
    home: Home,
    definition: Definition,
    shape: Shape,
) -> Result<Instance, PipeError> {
    let (Some(instances), Some(listening)) = (folder.instances()?, folder.listening()?) else {
        return Err(super::refusal::damaged(folder.directory()));
    };
    let id = turn.next_number()?;
    let sign = Sign::show(&instances, turn, id, definition.rights)?;
    match Post::enter(&listening, turn, id, shape, definition.rights) {
        Ok(post) => Ok(Instance::new(home, folder, id, sign, post, definition, shape)),
        Err(refusal) => {
            // Best effort: without a reader it is a dead one's, and the first error is the one to tell.
            let _ = sign.take_down(&instances);
            Err(refusal.into())
        }
    }
}
