// SPDX-License-Identifier: MIT OR Apache-2.0
//! The folder of a pipe: found under its name, looked at before it is used, and the things in it.

use std::sync::LazyLock;

use cabotage_os::SystemError;
use cabotage_os::directory::{self, Directory, DirectoryError, Inode, Rules};
use cabotage_os::object::{self, Kind};

use super::definition::Definition;
use super::record;
use super::refusal::{damaged, occupied, of_directory, of_file_in};
use crate::named::error::PipeError;

/// What lies in each folder.
pub(super) struct Files {
    pub(super) record: directory::Name,
    pub(super) lock: directory::Name,
    /// A FIFO for each instance.
    pub(super) instances: directory::Name,
    /// A socket for each instance that listens.
    pub(super) listening: directory::Name,
}

/// Their names.
pub(super) static FILES: LazyLock<Files> = LazyLock::new(|| Files {
    record: file("record"),
    lock: file("lock"),
    instances: file("instances"),
    listening: file("listening"),
});

/// The name of a file of ours. All of them are made of letters, digits and dashes.
pub(super) fn file(text: &str) -> directory::Name {
    directory::Name::parse(text).unwrap_or_else(|_| unreachable!("{text:?} is a name"))
}

/// An open folder of a pipe.
#[derive(Debug)]
pub(super) struct Folder {
    directory: Directory,
    inode: Inode,
    uid: u32,
}

impl Folder {
    /// The folder that has this name in a directory of names; `None` when nothing has.
    pub(super) fn find(names: &Directory, name: &directory::Name) -> Result<Option<Self>, PipeError> {
        let Some(facts) = names.facts(name)? else { return Ok(None) };
        if facts.kind != Kind::Directory {
            return Err(occupied(&names.path().join(name.as_path()), &facts));
        }
        match names.subdirectory(name, rules(facts.uid)) {
            Ok(directory) => Ok(Some(Self::of(directory, facts.uid)?)),
            Err(DirectoryError::Missing { .. }) => Ok(None),
            Err(error) => Err(of_directory(error)),
        }
    }

    /// A folder of our own, just opened.
    pub(super) fn of(directory: Directory, uid: u32) -> Result<Self, PipeError> {
        let inode = Inode::of(&directory)?;
        Ok(Self { directory, inode, uid })
    }

    /// Notes that it has got its name.
    pub(super) fn note_name(&mut self, names: &Directory, name: &directory::Name) {
        self.directory.note_move(names.path().join(name.as_path()));
    }

    /// The user who made it.
    pub(super) fn uid(&self) -> u32 {
        self.uid
    }

    /// Whether this user made it.
    pub(super) fn is_ours(&self) -> bool {
        self.uid == cabotage_os::fifo::own_user()
    }

    pub(super) fn directory(&self) -> &Directory {
        &self.directory
    }

    /// Whether it still has the name.
    pub(super) fn has_name(&self, names: &Directory, name: &directory::Name) -> Result<bool, SystemError> {
        Ok(names.inode(name)? == Some(self.inode))
    }

    /// What it means that something is missing in it: that it is being removed, or that it is none of ours.
    pub(super) fn check_removed(&self, names: &Directory, name: &directory::Name) -> Result<(), PipeError> {
        if self.has_name(names, name)? { Err(damaged(&self.directory)) } else { Ok(()) }
    }

    /// What the first instance fixed; `None` in a folder that is being removed.
    pub(super) fn definition(&self) -> Result<Option<Definition>, PipeError> {
        let opened = self.directory.open_to_read(&FILES.record);
        let Some(file) = opened.map_err(|refusal| of_file_in(&self.directory, refusal))? else {
            return Ok(None);
        };
        if object::facts(&file, &FILES.record)?.kind != Kind::Regular {
            return Err(damaged(&self.directory));
        }
        record::read(file, &self.directory, &FILES.record).map(Some)
    }

    /// Where the signs of its instances are; `None` in a folder that is being removed.
    pub(super) fn instances(&self) -> Result<Option<Directory>, PipeError> {
        self.below(&FILES.instances)
    }

    /// Where clients look for an instance that listens; `None` in a folder that is being removed.
    pub(super) fn listening(&self) -> Result<Option<Directory>, PipeError> {
        self.below(&FILES.listening)
    }

    fn below(&self, name: &directory::Name) -> Result<Option<Directory>, PipeError> {
        match self.directory.subdirectory(name, rules(self.uid)) {
            Ok(directory) => Ok(Some(directory)),
            Err(DirectoryError::Missing { .. }) => Ok(None),
            Err(error) => Err(of_directory(error)),
        }
    }
}

/// A folder belongs to its first creator. Where others may create instances too, the sticky bit keeps each from what
/// is another's.
fn rules(uid: u32) -> Rules {
    Rules::owned_by(uid).shared()
}

/// The names in a directory of a folder, in order, but for hidden ones.
pub(super) fn shown(directory: &Directory) -> Result<Vec<directory::Name>, SystemError> {
    let mut names: Vec<_> = directory.entries()?.into_iter().map(|entry| entry.name).collect();
    names.retain(|name| !name.is_hidden());
    names.sort_unstable();
    Ok(names)
}
