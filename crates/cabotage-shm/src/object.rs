// SPDX-License-Identifier: MIT OR Apache-2.0
//! A shared memory object that this process has open.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use cabotage_os::map::{Map, MapError, MapMut, MapOptions};
use cabotage_os::object::{self, Access, Facts, Identity};
use cabotage_os::{Errno, SystemError};

use crate::directory::Directory;
use crate::error::ObjectError;
use crate::hidden::Hidden;
use crate::name::Name;
use crate::options::Options;
use crate::publish::{BYTES_MAX, no_space};

/// A shared memory object that this process has open. Dropping it closes it; the object lives on until its name is
/// removed and nobody has it open or mapped.
///
/// It is a descriptor ([`AsFd`]) like any other: send it over a socket, or map a part of it in a special way:
///
/// ```
/// use cabotage_os::map::MapOptions;
/// use cabotage_shm::{Name, Object};
///
/// let name = Name::parse("/cabotage-doc-parts")?;
/// # let _ = cabotage_shm::unlink(&name);
/// let object = Object::create(&name, 8192)?;
/// let second_page = MapOptions::new().starting_at(4096).populated().read_write(&object, 4096)?;
/// second_page.copy_from(0, b"behind the first page")?;
/// # object.unlink_if_mine()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Object {
    fd: OwnedFd,
    name: Name,
    directory: Directory,
    access: Access,
}

impl Object {
    pub(crate) fn new(fd: OwnedFd, name: Name, directory: Directory, access: Access) -> Self {
        Self { fd, name, directory, access }
    }

    pub(crate) fn fd(&self) -> &OwnedFd {
        &self.fd
    }

    /// Choices for creating and opening; the functions below make the default ones.
    pub fn options() -> Options {
        Options::new()
    }

    /// Creates an object of `bytes` zero bytes in /dev/shm, mode 0600: see [`Options::create`].
    ///
    /// # Errors
    /// As [`Options::create`].
    pub fn create(name: &Name, bytes: usize) -> Result<Self, ObjectError> {
        Options::new().create(name, bytes)
    }

    /// Opens an object of /dev/shm for reading and writing: see [`Options::open`].
    ///
    /// # Errors
    /// As [`Options::open`].
    pub fn open(name: &Name) -> Result<Self, ObjectError> {
        Options::new().open(name)
    }

    /// Opens an object of /dev/shm for reading: see [`Options::open`].
    ///
    /// # Errors
    /// As [`Options::open`].
    pub fn open_read_only(name: &Name) -> Result<Self, ObjectError> {
        Options::new().read_only().open(name)
    }

    /// The name by which it was created or opened; it may be gone by now, or mean another object.
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// The size in bytes, now.
    ///
    /// # Errors
    /// The system's refusal.
    pub fn bytes(&self) -> Result<usize, ObjectError> {
        Ok(self.stat()?.bytes)
    }

    /// What the kernel knows about it, now: size, memory in use, mode, owner, how many names it has.
    ///
    /// # Errors
    /// The system's refusal.
    ///
    /// # Source
    /// fstat(2).
    pub fn stat(&self) -> Result<Facts, ObjectError> {
        Ok(object::facts(&self.fd, &self.name)?)
    }

    /// Which object it is, whatever its name.
    ///
    /// # Errors
    /// The system's refusal.
    pub fn identity(&self) -> Result<Identity, ObjectError> {
        Ok(self.stat()?.identity)
    }

    /// Whether it still has a name (any): `false` after somebody removed it, such as a session manager that cleans up
    /// after a log-out (systemd's `RemoveIPC`). Then nobody can open it any more; those who hold it go on.
    ///
    /// # Errors
    /// The system's refusal.
    pub fn is_linked(&self) -> Result<bool, ObjectError> {
        Ok(self.stat()?.links > 0)
    }

    /// Makes the object at least `bytes` long, the new bytes zero and backed by memory; all of it or nothing. Maps
    /// made before do not grow: map again.
    ///
    /// # Errors
    /// [`ObjectError::Shrink`] if it is longer than that, [`ObjectError::NoSpace`], [`ObjectError::TooLarge`],
    /// [`ObjectError::ReadOnly`], or the system's refusal.
    ///
    /// # Source
    /// fallocate(2).
    pub fn grow(&self, bytes: usize) -> Result<(), ObjectError> {
        self.refuse_if_read_only()?;
        let bytes_now = self.bytes()?;
        match bytes.checked_sub(bytes_now) {
            None => Err(ObjectError::Shrink { name: self.name.clone(), bytes, bytes_now }),
            Some(0) => Ok(()),
            Some(more) => object::allocate(&self.fd, bytes_now, more, &self.name).map_err(|refusal| {
                match refusal.errno() {
                    Errno::NOSPC => no_space(&self.fd, &self.name, more, refusal),
                    Errno::FBIG => ObjectError::TooLarge { name: self.name.clone(), bytes },
                    _ => refusal.into(),
                }
            }),
        }
    }

    /// Reads all of `target` from position `at`. Whatever others do to the object meanwhile, this process lives.
    ///
    /// # Errors
    /// [`ObjectError::BeyondEnd`] when the object ends before; `target` may be partly written then. The system's
    /// refusal.
    ///
    /// # Source
    /// pread(2).
    pub fn read_at(&self, at: usize, target: &mut [u8]) -> Result<(), ObjectError> {
        if at.checked_add(target.len()).is_none_or(|end| end > BYTES_MAX) {
            return Err(self.beyond_end(at, target.len(), self.bytes()?));
        }
        let mut done = 0;
        while done < target.len() {
            match object::read_at(&self.fd, at + done, &mut target[done..], &self.name)? {
                0 => return Err(self.beyond_end(at, target.len(), self.bytes()?)),
                bytes => done += bytes,
            }
        }
        Ok(())
    }

    /// Writes all of `source` at position `at`, within the object's present size. Whatever others do to the object
    /// meanwhile, this process lives; if another shrinks it between our look at its size and the write, the write
    /// makes it longer again, at most to its own end.
    ///
    /// # Errors
    /// [`ObjectError::BeyondEnd`] when it does not fit, and then nothing was written; [`ObjectError::ReadOnly`];
    /// the system's refusal, and then a part may have been written: `ENOSPC` when memory that another program only
    /// promised is not there.
    ///
    /// # Source
    /// pwrite(2).
    pub fn write_at(&self, at: usize, source: &[u8]) -> Result<(), ObjectError> {
        self.refuse_if_read_only()?;
        let bytes_now = self.bytes()?;
        if at.checked_add(source.len()).is_none_or(|end| end > bytes_now) {
            return Err(self.beyond_end(at, source.len(), bytes_now));
        }
        let mut done = 0;
        while done < source.len() {
            done += object::write_at(&self.fd, at + done, &source[done..], &self.name)?;
        }
        Ok(())
    }

    /// Maps all of it, as long as it is now, for reading and writing; others see what is written.
    ///
    /// **Who can hurt this map:** every process that may write to the object, and its owner whatever the mode says,
    /// can shrink it; the next touch of a lost page is SIGBUS, and kills. Use it among processes that trust each
    /// other, or [guarded](MapOptions::guarded), or [`Self::read_at`] instead.
    ///
    /// # Errors
    /// [`ObjectError::ReadOnly`], [`ObjectError::Map`].
    ///
    /// # Source
    /// mmap(2), `MAP_SHARED`.
    pub fn map(&self) -> Result<MapMut, ObjectError> {
        self.refuse_if_read_only()?;
        self.mapped(|bytes| MapOptions::new().read_write(self, bytes))
    }

    /// Maps all of it, as long as it is now, for reading.
    ///
    /// **Who can hurt this map:** the same as with [`Self::map`]; that we only read does not keep others from
    /// shrinking the object under us.
    ///
    /// # Errors
    /// [`ObjectError::Map`].
    ///
    /// # Source
    /// mmap(2), `MAP_SHARED`.
    pub fn map_read_only(&self) -> Result<Map, ObjectError> {
        self.mapped(|bytes| MapOptions::new().read_only(self, bytes))
    }

    /// Maps all of it, as long as it is now, as a private copy that is made page by page at the first write: nobody
    /// sees what is written here. It takes no right to write.
    ///
    /// **Who can hurt this map:** the same as with [`Self::map`], and a page of one's own is lost to a shrink too.
    ///
    /// # Errors
    /// [`ObjectError::Map`].
    ///
    /// # Source
    /// mmap(2), `MAP_PRIVATE`.
    pub fn map_private(&self) -> Result<MapMut, ObjectError> {
        self.mapped(|bytes| MapOptions::new().private(self, bytes))
    }

    /// Removes its name, if that still stands for this object and not for one that somebody put there meanwhile.
    ///
    /// The kernel cannot remove a name by the object behind it. So the name is looked at, moved to a
    /// [hidden one](crate::Directory::clean), looked at again, and only then removed. If a new object took the name
    /// between the two looks, it is moved back.
    ///
    /// # Errors
    /// [`ObjectError::NotMine`], [`ObjectError::Missing`] if the name is gone, [`ObjectError::Denied`],
    /// [`ObjectError::Displaced`], or the system's refusal.
    ///
    /// # Source
    /// unlink(2), renameat2(2).
    pub fn unlink_if_mine(&self) -> Result<(), ObjectError> {
        let mine = self.stat()?;
        self.refuse_unless_behind(self.name.file_name(), mine.identity)?;
        match Hidden::take(&self.directory, self.name.file_name(), mine.identity) {
            Ok(Some(hidden)) => self.remove_if_behind(hidden, mine.identity),
            Ok(None) => self.unlink_and_count(mine.links),
            Err(refusal) => Err(self.explain(refusal)),
        }
    }

    /// Removes what was moved aside, or puts it back if it is another's.
    fn remove_if_behind(&self, hidden: Hidden<'_>, mine: Identity) -> Result<(), ObjectError> {
        let verdict = self.refuse_unless_behind(hidden.name(), mine);
        match verdict {
            Ok(()) => return hidden.remove().map_err(|refusal| self.explain(refusal)),
            Err(ObjectError::Missing { .. }) => return self.ask_who_finished(hidden, mine),
            Err(_) => {}
        }
        match hidden.publish(self.name.file_name()) {
            Err((refusal, hidden)) if refusal.errno() == Errno::NOENT => self.ask_who_finished(hidden, mine),
            Err((_, hidden)) => {
                let kept_as = Some(String::from_utf8_lossy(hidden.name()).into_owned());
                hidden.keep();
                Err(ObjectError::Displaced { name: self.name.clone(), kept_as })
            }
            Ok(()) => verdict,
        }
    }

    /// Somebody who cleans up has found the hidden name, and has finished what we began: removed it, or put it back.
    fn ask_who_finished(&self, hidden: Hidden<'_>, mine: Identity) -> Result<(), ObjectError> {
        hidden.keep();
        match self.refuse_unless_behind(self.name.file_name(), mine) {
            Err(ObjectError::Missing { .. }) => Ok(()),
            verdict => verdict,
        }
    }

    /// Where a name cannot be moved safely: removes it, then asks whether it was ours that lost one.
    fn unlink_and_count(&self, links_before: u64) -> Result<(), ObjectError> {
        self.directory.unlink(&self.name)?;
        if self.stat()?.links < links_before {
            return Ok(());
        }
        Err(ObjectError::Displaced { name: self.name.clone(), kept_as: None })
    }

    fn refuse_unless_behind(&self, file_name: &[u8], mine: Identity) -> Result<(), ObjectError> {
        match self.directory.calls().look(file_name) {
            Ok(facts) if facts.identity == mine => Ok(()),
            Ok(_) => Err(ObjectError::NotMine { name: self.name.clone() }),
            Err(refusal) => Err(self.explain(refusal)),
        }
    }

    fn refuse_if_read_only(&self) -> Result<(), ObjectError> {
        match self.access {
            Access::ReadWrite => Ok(()),
            Access::ReadOnly => Err(ObjectError::ReadOnly { name: self.name.clone() }),
        }
    }

    fn mapped<M>(&self, map: impl FnOnce(usize) -> Result<M, MapError>) -> Result<M, ObjectError> {
        map(self.bytes()?).map_err(|source| ObjectError::Map { name: self.name.clone(), source })
    }

    fn beyond_end(&self, at: usize, bytes: usize, bytes_now: usize) -> ObjectError {
        ObjectError::BeyondEnd { name: self.name.clone(), at, bytes, bytes_now }
    }

    fn explain(&self, refusal: SystemError) -> ObjectError {
        self.directory.explain(refusal, &self.name)
    }
}

impl AsFd for Object {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl From<Object> for OwnedFd {
    fn from(object: Object) -> Self {
        object.fd
    }
}
