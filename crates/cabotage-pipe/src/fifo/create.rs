// SPDX-License-Identifier: MIT OR Apache-2.0
//! Making a FIFO: with which mode, in which directories, and what when the name is taken.

use std::path::Path;

use cabotage_os::Errno;
use cabotage_os::fifo::{Kind, Place, Status, own_user};

use super::{CreateError, Fifo, OpenError};

/// How a FIFO is made.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    mode: u32,
    is_exact: bool,
}

/// Who made a FIFO that [`Options::create_or_reuse`] answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Won {
    /// This call.
    Created,
    /// It was there before.
    Reused,
}

impl Options {
    /// Mode 0600: only this user may open it.
    pub fn new() -> Self {
        Self { mode: 0o600, is_exact: false }
    }

    /// Permission bits, of which the process's umask takes some away (`mkfifo` does the same).
    #[must_use]
    pub fn mode(self, mode: u32) -> Self {
        Self { mode, is_exact: false }
    }

    /// Permission bits, whatever the umask. For an instant after its making the FIFO has fewer of them.
    #[must_use]
    pub fn exact_mode(self, mode: u32) -> Self {
        Self { mode, is_exact: true }
    }

    /// Makes a new FIFO.
    ///
    /// # Errors
    /// [`CreateError`], which says what has the name if it is taken.
    ///
    /// # Source
    /// mkfifo(3).
    pub fn create(self, path: impl AsRef<Path>) -> Result<Fifo, CreateError> {
        let place = self.place(path.as_ref())?;
        match self.make(&place) {
            Ok(()) => self.finish(place),
            Err(Refusal::Taken) => Err(who_has(&place)),
            Err(Refusal::Other(error)) => Err(error),
        }
    }

    /// Makes a FIFO, or takes the one that is there if it belongs to this user; its mode stays as it is.
    ///
    /// # Errors
    /// [`CreateError`], which says what has the name if that is no FIFO of this user.
    ///
    /// # Source
    /// mkfifo(3).
    pub fn create_or_reuse(self, path: impl AsRef<Path>) -> Result<(Fifo, Won), CreateError> {
        let mut place = self.place(path.as_ref())?;
        for _ in 0..ATTEMPTS {
            match self.make(&place) {
                Ok(()) => return Ok((self.finish(place)?, Won::Created)),
                Err(Refusal::Taken) => {}
                Err(Refusal::Other(error)) => return Err(error),
            }
            place = match adopt(place)? {
                Adopted::Yes(fifo) => return Ok((fifo, Won::Reused)),
                Adopted::Gone(place) => place,
            };
        }
        Err(CreateError::Contended { path: place.path().into() })
    }

    fn place(self, path: &Path) -> Result<Place, CreateError> {
        if self.mode & !0o777 != 0 {
            return Err(CreateError::Mode { mode: self.mode });
        }
        let place = Place::of(path)?;
        if is_open_to_all(&place.directory()?) == OpenToAll::Unprotected {
            return Err(CreateError::UnsafeDirectory { path: path.into() });
        }
        Ok(place)
    }

    fn make(self, place: &Place) -> Result<(), Refusal> {
        place.make(self.mode).map_err(|error| match error.errno() {
            Errno::EXIST => Refusal::Taken,
            _ => Refusal::Other(error.into()),
        })
    }

    /// Takes hold of what was just made; if that cannot be had, it is removed again.
    fn finish(self, place: Place) -> Result<Fifo, CreateError> {
        let mut made = match place.pin() {
            Ok(pin) => Fifo { place, pin },
            Err(error) => {
                let _ = place.unlink();
                return Err(error.into());
            }
        };
        let status = made.pin.status;
        if status.kind != Kind::Fifo || status.owner != own_user() {
            return Err(CreateError::Contended { path: made.path().into() });
        }
        if self.is_exact {
            if let Err(error) = made.place.set_mode(&made.pin, self.mode) {
                let _ = made.remove();
                return Err(error.into());
            }
            made.pin.status.mode = self.mode;
        }
        Ok(made)
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}

/// How often a name is tried anew that others make and remove.
const ATTEMPTS: u32 = 16;

enum Refusal {
    Taken,
    Other(CreateError),
}

enum Adopted {
    Yes(Fifo),
    Gone(Place),
}

fn adopt(place: Place) -> Result<Adopted, CreateError> {
    let path = place.path().to_owned();
    match place.pin() {
        Ok(pin) if pin.status.kind != Kind::Fifo => {
            Err(CreateError::NotAFifo { path, found: pin.status.kind })
        }
        Ok(pin) if pin.status.owner != own_user() => {
            Err(CreateError::NotMine { path, owner: pin.status.owner })
        }
        Ok(pin) => Ok(Adopted::Yes(Fifo { place, pin })),
        Err(error) if error.errno() == Errno::NOENT => Ok(Adopted::Gone(place)),
        Err(error) => Err(error.into()),
    }
}

fn who_has(place: &Place) -> CreateError {
    let path = place.path().to_owned();
    match place.status() {
        Ok(status) if status.kind != Kind::Fifo => CreateError::NotAFifo { path, found: status.kind },
        Ok(status) if status.owner != own_user() => CreateError::NotMine { path, owner: status.owner },
        Ok(_) => CreateError::Exists { path },
        Err(error) if error.errno() == Errno::NOENT => CreateError::Contended { path },
        Err(error) => error.into(),
    }
}

/// Whether everybody may put names in a directory.
#[derive(Debug, PartialEq, Eq)]
enum OpenToAll {
    No,
    /// Everybody may, but nobody may remove another's.
    Sticky,
    Unprotected,
}

fn is_open_to_all(directory: &Status) -> OpenToAll {
    const WRITE_FOR_ALL: u32 = 0o002;
    const STICKY: u32 = 0o1000;
    match (directory.mode & WRITE_FOR_ALL != 0, directory.mode & STICKY != 0) {
        (false, _) => OpenToAll::No,
        (true, true) => OpenToAll::Sticky,
        (true, false) => OpenToAll::Unprotected,
    }
}

/// In a directory where everybody may put FIFOs, one of a stranger is not what the caller looks for.
pub(super) fn check_trust(place: &Place, fifo: &Status) -> Result<(), OpenError> {
    let directory = place.directory()?;
    let is_known = fifo.owner == own_user() || fifo.owner == directory.owner;
    if is_known || is_open_to_all(&directory) == OpenToAll::No {
        return Ok(());
    }
    Err(OpenError::Planted { path: place.path().into(), owner: fifo.owner })
}
