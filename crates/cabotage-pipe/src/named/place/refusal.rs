// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is wrong with a place, as Windows would call it, in our words.

use std::path::Path;

use cabotage_link::names::PlaceError;
use cabotage_os::directory::{Directory, DirectoryError};
use cabotage_os::object::Facts;
use cabotage_os::{Errno, SystemError};

use crate::named::error::{Denial, PipeError};

impl From<PlaceError> for PipeError {
    fn from(error: PlaceError) -> Self {
        match error {
            PlaceError::System(refusal) => Self::System(refusal),
            error => refused(error.to_string()),
        }
    }
}

/// What a pipe's folder, or a directory in it, is not used for.
pub(super) fn of_directory(error: DirectoryError) -> PipeError {
    match error {
        DirectoryError::System(refusal) => of_system(refusal),
        error => refused(error.to_string()),
    }
}

/// A refusal that may be for want of a right.
pub(super) fn of_system(refusal: SystemError) -> PipeError {
    match refusal.errno() {
        Errno::ACCESS | Errno::PERM => refused(format!(
            "{} is closed to this user: its server says who may connect, by mode and group",
            refusal.object()
        )),
        _ => PipeError::System(refusal),
    }
}

/// Something that is no pipe has the name.
pub(super) fn occupied(path: &Path, facts: &Facts) -> PipeError {
    refused(format!(
        "{path:?} is {} of user {}, and no pipe: remove it, or choose another name",
        facts.kind, facts.uid
    ))
}

/// A folder that was not made by us, or that somebody has changed by hand.
pub(super) fn damaged(folder: &Directory) -> PipeError {
    refused(format!(
        "{:?} is no folder of a pipe that this version knows: end its servers, and remove it",
        folder.path()
    ))
}

/// A refusal to open what should be a file of ours in a folder: what has its name may be something else.
pub(super) fn of_file_in(folder: &Directory, refusal: SystemError) -> PipeError {
    match refusal.errno() {
        errno if is_of_another_kind(errno) => damaged(folder),
        _ => of_system(refusal),
    }
}

/// What the kernel says of what is no file.
fn is_of_another_kind(errno: Errno) -> bool {
    matches!(errno, Errno::LOOP | Errno::ISDIR | Errno::NOTDIR | Errno::NXIO)
}

/// Whether it is for what somebody else put there: no reason to stop looking at other things.
pub(super) fn is_strangers(error: &PipeError) -> bool {
    match error {
        PipeError::AccessDenied(_) => true,
        PipeError::System(refusal) => {
            matches!(refusal.errno(), Errno::ACCESS | Errno::PERM) || is_of_another_kind(refusal.errno())
        }
        _ => false,
    }
}

fn refused(words: String) -> PipeError {
    PipeError::AccessDenied(Denial::Refused(words))
}
