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

/// Whether it is for what somebody else put there: no reason to stop looking at other things.
pub(super) fn is_strangers(error: &PipeError) -> bool {
    match error {
        PipeError::AccessDenied(_) => true,
        PipeError::System(refusal) => matches!(
            refusal.errno(),
            Errno::ACCESS | Errno::PERM | Errno::LOOP | Errno::ISDIR | Errno::NOTDIR | Errno::NXIO
        ),
        _ => false,
    }
}

fn refused(words: String) -> PipeError {
    PipeError::AccessDenied(Denial::Refused(words))
}
