// SPDX-License-Identifier: MIT OR Apache-2.0
//! The hidden file beside a name as a file: opened, or made without a name of its own until it is locked; and
//! whether it is one that we have made.

use std::os::fd::OwnedFd;

use cabotage_os::directory::{self, Directory};
use cabotage_os::fork::SoleFd;
use cabotage_os::object::{Facts, Kind};
use cabotage_os::{Errno, SystemError};

use super::claim::Obstacle;

/// How the hidden file comes to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It was there before.
    Found,
    /// It is ours, and nobody has seen it.
    Unnamed,
    /// It is ours, and has its name by now.
    Shown,
}

/// Opens the hidden file; `None` when there is none.
pub(super) fn open(directory: &Directory, file_name: &directory::Name) -> Result<Option<SoleFd>, Obstacle> {
    match sole(|| directory.open_to_write(file_name)) {
        Err(refusal) if is_strange(refusal.errno()) => match directory.facts(file_name)? {
            Some(facts) => Err(Obstacle::Stranger { uid: facts.uid }),
            // Nothing is there, so it is the directory that keeps us out.
            None => Err(refusal.into()),
        },
        answer => Ok(answer?),
    }
}

/// Makes the hidden file, without its name where that can be; `None` if another has made it meanwhile.
pub(super) fn make(
    directory: &Directory,
    file_name: &directory::Name,
) -> Result<Option<(SoleFd, Standing)>, SystemError> {
    if let Some(file) = sole(|| directory.create_private_unnamed())? {
        return Ok(Some((file, Standing::Unnamed)));
    }
    Ok(sole(|| directory.create_private(file_name))?.map(|file| (file, Standing::Shown)))
}

/// A descriptor that no forked child keeps, if there is one.
fn sole(open: impl FnOnce() -> Result<Option<OwnedFd>, SystemError>) -> Result<Option<SoleFd>, SystemError> {
    enum Answer {
        Nothing,
        Refused(SystemError),
    }
    impl From<SystemError> for Answer {
        fn from(refusal: SystemError) -> Self {
            Self::Refused(refusal)
        }
    }
    match SoleFd::made_by(|| open()?.ok_or(Answer::Nothing)) {
        Ok(file) => Ok(Some(file)),
        Err(Answer::Nothing) => Ok(None),
        Err(Answer::Refused(refusal)) => Err(refusal),
    }
}

/// Whether the hidden file is one that this user has made. A file of ours with a second name was put there by a
/// stranger, to have us write into it.
pub(super) fn is_ours(facts: &Facts) -> bool {
    facts.kind == Kind::Regular && facts.uid == cabotage_os::fifo::own_user() && facts.links == 1
}

/// Root cleans up for everybody.
pub(super) fn is_ours_to_remove(facts: &Facts) -> bool {
    is_ours(facts) || (facts.kind == Kind::Regular && cabotage_os::fifo::own_user() == 0)
}

/// What opening answers for a stranger's file, a link, a directory or a socket.
pub(super) fn is_strange(errno: Errno) -> bool {
    matches!(errno, Errno::ACCESS | Errno::PERM | Errno::LOOP | Errno::ISDIR | Errno::NXIO)
}
