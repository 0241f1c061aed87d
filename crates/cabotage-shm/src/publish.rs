// SPDX-License-Identifier: MIT OR Apache-2.0
//! Creation: an object gets its name when it is complete, in one step, and only if the name is free.
//!
//! The file is made without a name, allocated, filled, and then linked. Nobody can see it at size 0 or half filled,
//! and a killed creator leaves nothing. Where the kernel or the file system lacks unnamed files, it is made under a
//! [hidden name](crate::hidden) and moved.

use std::os::fd::{AsFd, OwnedFd};

use cabotage_os::object::{self, Access};
use cabotage_os::{Errno, SystemError};

use crate::directory::Directory;
use crate::error::ObjectError;
use crate::hidden::Hidden;
use crate::name::Name;
use crate::object::Object;

/// An object that is to be.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    pub(crate) directory: &'a Directory,
    pub(crate) name: &'a Name,
    pub(crate) bytes: usize,
    pub(crate) mode: u32,
    pub(crate) exact_mode: bool,
    pub(crate) when_taken: WhenTaken,
}

/// What becomes of an object that has the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WhenTaken {
    /// It keeps it.
    Refuse,
    /// It makes room.
    Replace,
}

/// Why a draft was not published: ours, or the caller's own reason.
#[derive(Debug)]
pub(crate) enum Refusal<E> {
    Object(ObjectError),
    Fill(E),
}

impl Draft<'_> {
    /// Makes the object, lets `fill` write to it while nobody else can see it, and gives it its name.
    pub(crate) fn publish<E>(
        &self,
        fill: impl FnOnce(&Object) -> Result<(), E>,
    ) -> Result<Object, Refusal<E>> {
        self.refuse_what_cannot_be()?;
        if self.when_taken == WhenTaken::Replace {
            return self.replace(fill);
        }
        match self.unnamed_file()? {
            Some(fd) => self.publish_unnamed(fd, fill),
            None => self.publish_hidden(fill),
        }
    }

    fn publish_unnamed<E>(
        &self,
        fd: OwnedFd,
        fill: impl FnOnce(&Object) -> Result<(), E>,
    ) -> Result<Object, Refusal<E>> {
        let object = self.complete(fd, fill)?;
        let published = self.directory.calls().publish(object.as_fd(), self.name.file_name());
        published.map_err(|refusal| self.explain(refusal))?;
        Ok(object)
    }

    /// The same, and takes the name from the object that has it, in one step.
    fn replace<E>(&self, fill: impl FnOnce(&Object) -> Result<(), E>) -> Result<Object, Refusal<E>> {
        let (hidden, object) = match self.unnamed_file()? {
            Some(fd) => {
                let object = self.complete(fd, fill)?;
                let hidden = Hidden::adopt(self.directory, object.fd()).map_err(ObjectError::from)?;
                (hidden, object)
            }
            None => {
                let (hidden, fd) = Hidden::create(self.directory, self.mode).map_err(ObjectError::from)?;
                (hidden, self.complete(fd, fill)?)
            }
        };
        let replaced = hidden.replace(self.name.file_name());
        replaced.map_err(|(refusal, _)| self.directory.explain(refusal, self.name))?;
        let _ = object::unlock(&object, self.name);
        Ok(object)
    }

    fn publish_hidden<E>(&self, fill: impl FnOnce(&Object) -> Result<(), E>) -> Result<Object, Refusal<E>> {
        let (hidden, fd) = Hidden::create(self.directory, self.mode).map_err(ObjectError::from)?;
        let object = self.complete(fd, fill)?;
        // Refused, the hidden name goes with the error that is dropped here.
        hidden.publish(self.name.file_name()).map_err(|(refusal, _)| self.explain(refusal))?;
        // The lock was for the unfinished object; should this fail, it goes when the object is closed.
        let _ = object::unlock(&object, self.name);
        Ok(object)
    }

    /// A file that nobody can see; `None` where there is no such thing.
    fn unnamed_file(&self) -> Result<Option<OwnedFd>, ObjectError> {
        if !object::has_unnamed_files() {
            return Ok(None);
        }
        match self.directory.calls().create_unnamed(self.mode) {
            Ok(fd) => Ok(Some(fd)),
            Err(refusal) if matches!(refusal.errno(), Errno::OPNOTSUPP | Errno::ISDIR) => Ok(None),
            Err(refusal) => Err(refusal.into()),
        }
    }

    fn complete<E>(
        &self,
        fd: OwnedFd,
        fill: impl FnOnce(&Object) -> Result<(), E>,
    ) -> Result<Object, Refusal<E>> {
        self.allocate(&fd)?;
        if self.exact_mode {
            object::set_mode(&fd, self.mode, self.name).map_err(ObjectError::from)?;
        }
        let object = Object::new(fd, self.name.clone(), self.directory.clone(), Access::ReadWrite);
        fill(&object).map_err(Refusal::Fill)?;
        Ok(object)
    }

    /// Chunk by chunk: before Linux 6.6 each signal makes an allocation start anew, so that one of many seconds
    /// would never end in a program with a timer.
    fn allocate(&self, fd: &OwnedFd) -> Result<(), ObjectError> {
        if self.bytes > CHUNK_BYTES {
            self.refuse_what_has_no_room(fd)?;
        }
        for at in (0..self.bytes).step_by(CHUNK_BYTES) {
            let bytes = CHUNK_BYTES.min(self.bytes - at);
            if let Err(refusal) = object::allocate(fd, at, bytes, self.name) {
                return Err(self.explain_allocation(fd, refusal));
            }
        }
        Ok(())
    }

    fn refuse_what_cannot_be(&self) -> Result<(), ObjectError> {
        match self.bytes {
            0 => Err(ObjectError::ZeroSize { name: self.name.clone() }),
            1..=BYTES_MAX => Ok(()),
            bytes => Err(ObjectError::TooLarge { name: self.name.clone(), bytes }),
        }
    }

    /// Asked before a long allocation, which would take the last free bytes from everybody for a while.
    fn refuse_what_has_no_room(&self, fd: &OwnedFd) -> Result<(), ObjectError> {
        self.refuse_a_taken_name()?;
        match object::free_bytes(fd, self.name)? {
            Some(free_bytes) if free_bytes < self.bytes as u64 => Err(self.no_space(free_bytes)),
            _ => Ok(()),
        }
    }

    fn refuse_a_taken_name(&self) -> Result<(), ObjectError> {
        if self.when_taken == WhenTaken::Replace {
            return Ok(());
        }
        match self.directory.calls().look(self.name.file_name()) {
            Ok(_) => Err(ObjectError::Exists { name: self.name.clone() }),
            Err(_) => Ok(()),
        }
    }

    fn explain_allocation(&self, fd: &OwnedFd, refusal: SystemError) -> ObjectError {
        match refusal.errno() {
            Errno::NOSPC => match self.refuse_a_taken_name() {
                Ok(()) => no_space(fd, self.name, self.bytes, refusal),
                Err(taken) => taken,
            },
            Errno::FBIG => ObjectError::TooLarge { name: self.name.clone(), bytes: self.bytes },
            _ => refusal.into(),
        }
    }

    fn no_space(&self, free_bytes: u64) -> ObjectError {
        ObjectError::NoSpace { name: self.name.clone(), wanted_bytes: self.bytes as u64, free_bytes }
    }

    fn explain(&self, refusal: SystemError) -> ObjectError {
        match refusal.errno() {
            Errno::EXIST => ObjectError::Exists { name: self.name.clone() },
            _ => refusal.into(),
        }
    }
}

/// The typed error for a full file system, which says how much is left; the bare refusal if even that is unknown.
pub(crate) fn no_space(fd: impl AsFd, name: &Name, wanted: usize, refusal: SystemError) -> ObjectError {
    match object::free_bytes(fd, name) {
        Ok(Some(free_bytes)) => {
            ObjectError::NoSpace { name: name.clone(), wanted_bytes: wanted as u64, free_bytes }
        }
        _ => refusal.into(),
    }
}

/// How much is allocated in one call.
const CHUNK_BYTES: usize = 16 << 20;

/// No file, and no map, is longer.
pub(crate) const BYTES_MAX: usize = isize::MAX as usize;

impl<E> From<ObjectError> for Refusal<E> {
    fn from(error: ObjectError) -> Self {
        Self::Object(error)
    }
}

impl<E: From<ObjectError>> Refusal<E> {
    /// The error as the caller of a filled creation gets it.
    pub(crate) fn into_error(self) -> E {
        match self {
            Self::Object(error) => error.into(),
            Self::Fill(error) => error,
        }
    }
}
