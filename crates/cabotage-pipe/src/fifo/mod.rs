// SPDX-License-Identifier: MIT OR Apache-2.0
//! FIFOs: pipes with a name in a directory, which unrelated processes open.
//!
//! A [`Fifo`] is the named object; [`Fifo::reader`] and [`Fifo::writer`] open its ends and say with a [`Peer`]
//! whether they wait for the other side. A [`Server`] reads for as long as it likes, and sees writers come and go.
//!
//! ```
//! use std::time::Duration;
//! use cabotage_pipe::fifo::{self, Peer};
//! use cabotage_pipe::{ReadEnd, WriteEnd};
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("inbox");
//!
//! let inbox = fifo::create(&path)?;
//! let reader = inbox.reader(Peer::Any)?;
//! let writer = fifo::Writer::open(&path, Peer::Required)?;
//! writer.write_all_within(b"hello", Duration::from_secs(1))?;
//!
//! let mut text = [0; 16];
//! assert_eq!(reader.read_within(&mut text, Duration::from_secs(1))?, 5);
//! inbox.remove()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod create;
mod ends;
mod error;
mod open;
mod server;

use std::path::Path;

use cabotage_os::Errno;
use cabotage_os::fifo::{Pin, Place, Status};

pub use cabotage_os::fifo::{Kind, PlaceError};
pub use create::{Options, Won};
pub use ends::{Reader, Writer};
pub use error::{CreateError, OpenError, RemoveError};
pub use open::Peer;
pub use server::{Event, Server, ServerError};

/// A FIFO in its directory, held by its inode: whoever replaces the name is noticed. Neither end is open, and
/// dropping it removes nothing.
#[derive(Debug)]
pub struct Fifo {
    place: Place,
    pin: Pin,
}

/// Makes a new FIFO that only its owner may open. [`Options`] has more to choose.
///
/// # Errors
/// [`CreateError`].
///
/// # Source
/// mkfifo(3).
pub fn create(path: impl AsRef<Path>) -> Result<Fifo, CreateError> {
    Options::new().create(path)
}

/// Removes the FIFO at `path`, and nothing that is no FIFO.
///
/// # Errors
/// [`RemoveError`].
///
/// # Source
/// unlink(2).
pub fn remove(path: impl AsRef<Path>) -> Result<(), RemoveError> {
    let place = Place::of(path.as_ref())?;
    match place.pin() {
        Ok(pin) if pin.status.kind == Kind::Fifo => Fifo { place, pin }.remove(),
        Ok(pin) => Err(RemoveError::NotAFifo { path: path.as_ref().into(), found: pin.status.kind }),
        Err(error) if error.errno() == Errno::NOENT => Err(RemoveError::Gone { path: path.as_ref().into() }),
        Err(error) => Err(error.into()),
    }
}

impl Fifo {
    /// The FIFO that exists at `path`.
    ///
    /// A sticky directory that everybody may write to (such as /tmp) is where others plant FIFOs: one there must
    /// belong to this user or to the directory's owner, as the kernel's `fs.protected_fifos` has it.
    ///
    /// # Errors
    /// [`OpenError`]: nothing is there, no FIFO is, or one that somebody else may have planted.
    pub fn at(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let fifo = Self::at_any_owner(path)?;
        create::check_trust(&fifo.place, &fifo.pin.status)?;
        Ok(fifo)
    }

    /// As [`at`](Self::at), whoever owns it and wherever it is: the caller knows.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn at_any_owner(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref();
        let place = Place::of(path)?;
        match place.pin() {
            Ok(pin) if pin.status.kind == Kind::Fifo => Ok(Self { place, pin }),
            Ok(pin) => Err(OpenError::NotAFifo { path: path.into(), found: pin.status.kind }),
            Err(error) if error.errno() == Errno::NOENT => Err(OpenError::Missing { path: path.into() }),
            Err(error) => Err(error.into()),
        }
    }

    /// The path by which it was made or found.
    pub fn path(&self) -> &Path {
        self.place.path()
    }

    /// Its permission bits, when it was made or found.
    pub fn mode(&self) -> u32 {
        self.pin.status.mode & 0o777
    }

    /// The user id of its owner, when it was made or found.
    pub fn owner(&self) -> u32 {
        self.pin.status.owner
    }

    /// Opens the end that reads.
    ///
    /// # Errors
    /// [`OpenError`]; [`OpenError::Replaced`] when the name means another FIFO by now.
    ///
    /// # Source
    /// fifo(7).
    pub fn reader(&self, peer: Peer) -> Result<Reader, OpenError> {
        open::reader(self, peer).map(Reader::new)
    }

    /// Opens the end that writes.
    ///
    /// # Errors
    /// As [`reader`](Self::reader).
    ///
    /// # Source
    /// fifo(7).
    pub fn writer(&self, peer: Peer) -> Result<Writer, OpenError> {
        open::writer(self, peer).map(Writer::new)
    }

    /// Opens the end that reads, for one writer after the other.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn server(&self) -> Result<Server, OpenError> {
        Server::new(self)
    }

    /// Whether its name still means this FIFO.
    ///
    /// # Errors
    /// The system's refusal.
    pub fn is_linked(&self) -> Result<bool, cabotage_os::SystemError> {
        match self.place.status() {
            Ok(present) => Ok(self.pin.status.is_same(&present)),
            Err(error) if error.errno() == Errno::NOENT => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Removes the name if it still means this FIFO. Ends that are open go on working. Between the look and the
    /// removal lies an instant in which another process of this user could put something else there.
    ///
    /// # Errors
    /// [`RemoveError`].
    ///
    /// # Source
    /// unlink(2).
    pub fn remove(&self) -> Result<(), RemoveError> {
        let path = || self.path().to_owned();
        match self.place.status() {
            Ok(present) if self.pin.status.is_same(&present) => {}
            Ok(present) => return Err(RemoveError::Replaced { path: path(), found: present.kind }),
            Err(error) if error.errno() == Errno::NOENT => return Err(RemoveError::Gone { path: path() }),
            Err(error) => return Err(error.into()),
        }
        match self.place.unlink() {
            Err(error) if error.errno() == Errno::NOENT => Err(RemoveError::Gone { path: path() }),
            answer => Ok(answer?),
        }
    }

    fn is_same(&self, status: &Status) -> bool {
        self.pin.status.is_same(status)
    }
}
