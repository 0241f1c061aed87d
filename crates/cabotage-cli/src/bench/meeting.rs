// SPDX-License-Identifier: MIT OR Apache-2.0
//! A directory of its own for each measurement in which processes find each other by name.
//!
//! The far end's process makes it and removes it, because that process always finishes its round: nothing in the
//! near end's process has a name. One that waits there for clients looks now and then whether there still can be
//! any.

use std::io::PipeWriter;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cabotage::link::names::{Name, Registry};

use super::case::Result;
use super::note::Note;
use crate::exit::{Exit, Failure};
use crate::scratch::{Maker, Scratch};

/// Where the directory will be, in the near end's process.
#[derive(Debug)]
pub(crate) struct Invitation {
    path: PathBuf,
    _alive: PipeWriter,
}

/// The directory, in the far end's process. Dropping it removes all that lies there.
#[derive(Debug)]
pub(crate) struct Meeting {
    scratch: Scratch,
    note: Note,
}

impl Invitation {
    /// To a directory that nobody has yet, with the descriptor for [`Meeting::hold`].
    pub(crate) fn new() -> Result<(Self, OwnedFd)> {
        Self::below(&std::env::temp_dir())
    }

    /// The same, for what must lie in memory.
    pub(crate) fn in_memory() -> Result<(Self, OwnedFd)> {
        Self::below(Path::new("/dev/shm"))
    }

    fn below(folder: &Path) -> Result<(Self, OwnedFd)> {
        let path = folder.join(Maker::Bench.unique_name()?);
        let words = path.to_str().ok_or_else(|| Failure::usage("TMPDIR is no text"))?;
        let (alive, descriptor) = Note::leave(words)?;
        Ok((Self { path, _alive: alive }, descriptor))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Meeting {
    /// Makes the directory.
    pub(crate) fn hold(descriptor: OwnedFd) -> Result<Self> {
        let note = Note::read(descriptor)?;
        Ok(Self { scratch: Scratch::make(PathBuf::from(note.words()))?, note })
    }

    pub(crate) fn path(&self) -> &Path {
        self.scratch.path()
    }

    /// Nobody came for a while.
    ///
    /// # Errors
    /// Nobody will come.
    pub(crate) fn wait_on(&self) -> Result<()> {
        match self.note.is_orphaned()? {
            true => Err(Failure::new(Exit::PeerGone, "the near end's process has ended")),
            false => Ok(()),
        }
    }
}

/// The names of links in such a directory, and the one that is used.
pub(crate) fn registry(path: &Path) -> Result<(Registry, Name)> {
    Ok((Registry::at(path.join("user"), path.join("system")), "bench".parse()?))
}

/// How long to wait before [`Meeting::wait_on`]: much shorter than what is left to a far end whose near end is gone.
pub(crate) const LOOK_AROUND: Duration = Duration::from_millis(100);
