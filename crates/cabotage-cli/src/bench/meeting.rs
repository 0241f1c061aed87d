// SPDX-License-Identifier: MIT OR Apache-2.0
//! A directory of its own for each measurement in which processes find each other by name.
//!
//! The far end's process makes it and removes it, because that process always finishes its round: nothing in the
//! near end's process has a name. One that waits there for clients looks now and then whether there still can be
//! any.

use std::fs::DirBuilder;
use std::io::PipeWriter;
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cabotage::link::names::{Name, Registry};
use cabotage::os::object::unguessable;

use super::case::Result;
use super::note::Note;
use crate::exit::{Exit, Failure};

/// Where the directory will be, in the near end's process.
#[derive(Debug)]
pub(crate) struct Invitation {
    path: PathBuf,
    _alive: PipeWriter,
}

/// The directory, in the far end's process. Dropping it removes all that lies there.
#[derive(Debug)]
pub(crate) struct Meeting {
    path: PathBuf,
    note: Note,
}

impl Invitation {
    /// To a directory that nobody has yet, with the descriptor for [`Meeting::hold`].
    pub(crate) fn new() -> Result<(Self, OwnedFd)> {
        let path = std::env::temp_dir().join(format!("cabotage-bench-{:016x}", unguessable()?));
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
        let path = PathBuf::from(note.words());
        DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self { path, note })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
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

impl Drop for Meeting {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// The names of links in such a directory, and the one that is used.
pub(crate) fn registry(path: &Path) -> Result<(Registry, Name)> {
    Ok((Registry::at(path.join("user"), path.join("system")), "bench".parse()?))
}

/// How long to wait before [`Meeting::wait_on`]: much shorter than what is left to a far end whose near end is gone.
pub(crate) const LOOK_AROUND: Duration = Duration::from_millis(100);
