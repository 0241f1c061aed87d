// SPDX-License-Identifier: MIT OR Apache-2.0
//! How an object is created or opened, and by whom it was when both are possible.

use cabotage_os::Deadline;
use cabotage_os::map::{MapMut, MapOptions};
use cabotage_os::object::Access;

use crate::attach::{Patience, attach};
use crate::directory::Directory;
use crate::error::ObjectError;
use crate::name::Name;
use crate::object::Object;
use crate::publish::{Draft, Refusal, WhenTaken};

/// How an object is created or opened. The default: in /dev/shm, mode 0600, for reading and writing.
///
/// ```
/// use cabotage_shm::{Name, Object, Won};
///
/// let name = Name::parse("/cabotage-doc-counters")?;
/// # let _ = cabotage_shm::unlink(&name);
/// let (counters, won) = Object::options().mode(0o660).open_or_create(&name, 4096)?;
/// if won == Won::Created {
///     println!("{name} is new: {} zeroes", counters.bytes()?);
/// }
/// # counters.unlink_if_mine()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Options {
    directory: Directory,
    mode: u32,
    exact_mode: bool,
    access: Access,
    patience: Patience,
}

/// Who made the object that [`Options::open_or_create`] answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Won {
    /// This call did.
    Created,
    /// Another did, before.
    Opened,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            directory: Directory::default(),
            mode: 0o600,
            exact_mode: false,
            access: Access::ReadWrite,
            patience: Patience { there_by: Deadline::Now, sized_by: Deadline::Now },
        }
    }
}

impl Options {
    /// The default choices.
    pub fn new() -> Self {
        Self::default()
    }

    /// The object lives in `directory` instead of /dev/shm.
    #[must_use]
    pub fn directory(self, directory: &Directory) -> Self {
        Self { directory: directory.clone(), ..self }
    }

    /// A created object gets these permission bits (of `0o777`), less those of the process' umask. The creator may
    /// write to it even if they forbid that: 0400 makes an object that no other process of the user can open for
    /// writing, unless it changes the bits first.
    #[must_use]
    pub fn mode(self, mode: u32) -> Self {
        Self { mode: mode & 0o777, ..self }
    }

    /// A created object gets exactly the bits of [`Self::mode`], whatever the umask.
    #[must_use]
    pub fn exact_mode(self) -> Self {
        Self { exact_mode: true, ..self }
    }

    /// Opens for reading alone. An object that is created is open for writing all the same.
    #[must_use]
    pub fn read_only(self) -> Self {
        Self { access: Access::ReadOnly, ..self }
    }

    /// Opening an object that has no size yet waits until it has one, or until `deadline`. Other libraries create
    /// the name first and give it a size afterwards; this one never shows such an object.
    #[must_use]
    pub fn wait_until_sized(mut self, deadline: impl Into<Deadline>) -> Self {
        self.patience.sized_by = deadline.into();
        self
    }

    /// Opening an object that is not there waits until it is, or until `deadline`: told by a watch of the directory,
    /// or where there is none by looking every 20 ms.
    ///
    /// # Source
    /// inotify(7).
    #[must_use]
    pub fn wait_until_there(mut self, deadline: impl Into<Deadline>) -> Self {
        self.patience.there_by = deadline.into();
        self
    }

    /// Creates the object `name` with `bytes` zero bytes, all of them backed by memory.
    ///
    /// # Errors
    /// [`ObjectError::Exists`], [`ObjectError::ZeroSize`], [`ObjectError::TooLarge`], [`ObjectError::NoSpace`], or
    /// the system's refusal. Nothing is left behind then.
    ///
    /// # Source
    /// shm_open(3), `O_CREAT | O_EXCL`; open(2), `O_TMPFILE`; fallocate(2).
    pub fn create(&self, name: &Name, bytes: usize) -> Result<Object, ObjectError> {
        self.create_filled(name, bytes, |_| Ok(()))
    }

    /// Like [`Self::create`], and `fill` writes to the object before anybody else can see it. If `fill` fails or
    /// panics, there is no object.
    ///
    /// # Errors
    /// As [`Self::create`], and what `fill` answers.
    pub fn create_filled<E: From<ObjectError>>(
        &self,
        name: &Name,
        bytes: usize,
        fill: impl FnOnce(&Object) -> Result<(), E>,
    ) -> Result<Object, E> {
        self.draft(name, bytes).publish(fill).map_err(Refusal::into_error)
    }

    /// Like [`Self::create`], with a map of the whole object, made before anybody else can see it: either both are
    /// there afterwards, or neither. It takes two system calls less than creating and then mapping, since nobody can
    /// have changed the size in between. Who can hurt the map later: see [`Object::map`].
    ///
    /// # Errors
    /// As [`Self::create`], and [`ObjectError::Map`].
    pub fn create_mapped(&self, name: &Name, bytes: usize) -> Result<(Object, MapMut), ObjectError> {
        let mut mapped = None;
        let object = self.create_filled(name, bytes, |object| {
            let map = MapOptions::new().of_known_size().read_write(object, bytes);
            mapped = Some(map.map_err(|source| ObjectError::Map { name: name.clone(), source })?);
            Ok::<_, ObjectError>(())
        })?;
        Ok((object, mapped.expect("a published object was mapped first")))
    }

    /// Like [`Self::create_filled`], and an object that has the name makes room for the new one, in one step: whoever
    /// opens the name finds the old one or the new one, complete, never none. Who has the old one open keeps it.
    ///
    /// # Errors
    /// As [`Self::create_filled`], but never [`ObjectError::Exists`]; [`ObjectError::NotAnObject`] when something else
    /// has the name; [`ObjectError::Denied`] when it is another user's.
    ///
    /// # Source
    /// rename(2).
    pub fn replace_filled<E: From<ObjectError>>(
        &self,
        name: &Name,
        bytes: usize,
        fill: impl FnOnce(&Object) -> Result<(), E>,
    ) -> Result<Object, E> {
        let draft = Draft { when_taken: WhenTaken::Replace, ..self.draft(name, bytes) };
        draft.publish(fill).map_err(Refusal::into_error)
    }

    /// Opens the object `name`.
    ///
    /// # Errors
    /// [`ObjectError::Missing`], [`ObjectError::Denied`], [`ObjectError::NotAnObject`],
    /// [`ObjectError::NotYetSized`], or the system's refusal.
    ///
    /// # Source
    /// shm_open(3).
    pub fn open(&self, name: &Name) -> Result<Object, ObjectError> {
        attach(&self.directory, name, self.access, self.patience)
    }

    /// Opens the object `name`, or creates it with `bytes` zero bytes if there is none, and tells which. Of many
    /// processes that call this at once exactly one creates. An object that is opened may have another size.
    ///
    /// # Errors
    /// As [`Self::open`] but [`ObjectError::Missing`], and as [`Self::create`] but [`ObjectError::Exists`];
    /// [`ObjectError::Unsettled`] when others keep creating and removing it.
    pub fn open_or_create(&self, name: &Name, bytes: usize) -> Result<(Object, Won), ObjectError> {
        self.open_or_create_filled(name, bytes, |_| Ok(()))
    }

    /// Like [`Self::open_or_create`], and `fill` writes to a new object before anybody else can see it. It runs again
    /// in the rare case that somebody else's object won, and then vanished.
    ///
    /// # Errors
    /// As [`Self::open_or_create`], and what `fill` answers.
    pub fn open_or_create_filled<E: From<ObjectError>>(
        &self,
        name: &Name,
        bytes: usize,
        mut fill: impl FnMut(&Object) -> Result<(), E>,
    ) -> Result<(Object, Won), E> {
        let now = Patience { there_by: Deadline::Now, ..self.patience };
        for _ in 0..TRIES {
            match attach(&self.directory, name, self.access, now) {
                Ok(object) => return Ok((object, Won::Opened)),
                Err(ObjectError::Missing { .. }) => {}
                Err(error) => return Err(error.into()),
            }
            match self.draft(name, bytes).publish(&mut fill) {
                Ok(object) => return Ok((object, Won::Created)),
                Err(Refusal::Object(ObjectError::Exists { .. })) => {}
                Err(refusal) => return Err(refusal.into_error()),
            }
        }
        Err(ObjectError::Unsettled { name: name.clone(), tries: TRIES }.into())
    }

    fn draft<'a>(&'a self, name: &'a Name, bytes: usize) -> Draft<'a> {
        let &Self { ref directory, mode, exact_mode, .. } = self;
        Draft { directory, name, bytes, mode, exact_mode, when_taken: WhenTaken::Refuse }
    }
}

/// How often a name may vanish under our hands before we give up.
const TRIES: u32 = 100;
