// SPDX-License-Identifier: MIT OR Apache-2.0
//! Removing the folder of a pipe whose last instance is gone: the name goes in one step, what was in it follows.
//!
//! First the folder gets a hidden name, so that at no time anybody sees it half empty under its own. Whoever is killed
//! after that leaves a hidden folder with its lock file, the last thing to go, and an idle lock says that nobody is at
//! work: the next sweep removes it.

use cabotage_os::directory::{self, Directory, DirectoryError, Rules};

use super::folder::{FILES, Folder};
use super::refusal::{of_directory, of_system};
use super::turn::Turn;
use crate::named::error::PipeError;

/// Removes the folder and its name, as the one whose turn it is and who knows that no instance lives.
pub(super) fn remove(
    names: &Directory,
    name: &directory::Name,
    folder: &Folder,
    _turn: &Turn,
) -> Result<(), PipeError> {
    let hidden = directory::hidden_name()?;
    if names.move_subdirectory(name, &hidden).map_err(of_system)? {
        clear(names, &hidden, folder)?;
    }
    Ok(())
}

/// Removes a folder that has a hidden name, with all that is in it.
pub(super) fn clear(names: &Directory, hidden: &directory::Name, folder: &Folder) -> Result<(), PipeError> {
    let inside = folder.directory();
    for below in [&FILES.listening, &FILES.instances] {
        match inside.subdirectory(below, Rules::owned_by(folder.uid()).shared()) {
            Ok(directory) => {
                for entry in directory.entries()? {
                    directory.remove_file(&entry.name)?;
                }
                inside.remove_subdirectory(below)?;
            }
            Err(DirectoryError::Missing { .. }) => {}
            Err(error) => return Err(of_directory(error)),
        }
    }
    for file in [&FILES.record, &FILES.lock] {
        inside.remove_file(file)?;
    }
    names.remove_subdirectory(hidden)?;
    Ok(())
}
