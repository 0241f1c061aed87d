// SPDX-License-Identifier: MIT OR Apache-2.0
//! Channels and topics that nobody takes part in, and what lies beside a name that none has.
//!
//! Whoever takes part holds a lock on one of the objects: on the one with the caller's name, or on the one beside it,
//! the *key*. Whoever makes a meeting [marks](crate::meeting::making) the key from before anybody can see it until it
//! has taken its place; whoever removes one takes the key away last. So a meeting with no lock on either object has
//! nobody, at that instant; and a key without a lock and without the name it speaks of belongs to one that was never
//! finished, or is half gone.
//!
//! Whoever cleans up holds all locks of both, so that nobody comes meanwhile, looks again, and takes the name away
//! first: what a killed cleaner leaves is half gone, and found by the next. One who comes in just these few calls is
//! told that the place is occupied.

use std::collections::BTreeMap;
use std::os::fd::AsFd;

use cabotage_lane::Control;
use cabotage_os::fork::SoleFd;
use cabotage_os::lock::{self, Lock, LockError, Range, Sharing};
use cabotage_os::object::{self, Access, Facts, Identity, Kind as FileKind};
use cabotage_os::{Deadline, Errno, SystemError};

use super::{Leaving, Swept, Unread, What, file_name, is_ours};
use crate::directory::Directory;
use crate::error::ObjectError;
use crate::meeting::companion::Companions;
use crate::meeting::head::{CONTROL_AT, Head, Kind};
use crate::meeting::occupant;
use crate::name::Name;
use crate::object::Object;

/// The meetings among these files that nobody takes part in. What cannot be looked into is passed over.
pub(super) fn look(directory: &Directory, names: &[Vec<u8>]) -> Vec<Leaving> {
    let mut numbers = BTreeMap::new();
    for name in names {
        if let Some(companions) = Companions::of_file(name) {
            numbers.entry(companions.number()).or_insert_with(Vec::new).push(name.clone());
        }
    }
    let meetings = numbers.into_iter().filter_map(|(number, files)| {
        let meeting = Meeting::gather(directory, Companions::of(number), &files).ok()??;
        meeting.leaving().ok()?
    });
    meetings.collect()
}

/// Removes one that was found, if still nobody takes part in it.
pub(super) fn remove(directory: &Directory, leaving: &Leaving, unread: Unread) -> Result<Swept, ObjectError> {
    let Some(companions) = companions_of(directory, leaving)? else { return Ok(Swept::Gone) };
    let names = directory.calls().names()?;
    let files: Vec<_> =
        names.into_iter().filter(|name| Companions::of_file(name) == Some(companions)).collect();
    match Meeting::gather(directory, companions, &files)? {
        Some(meeting) => meeting.remove(unread),
        None => Ok(Swept::Gone),
    }
}

/// The number of the meeting: in the name of a file beside it, or in the head of the one that has the name.
fn companions_of(directory: &Directory, leaving: &Leaving) -> Result<Option<Companions>, ObjectError> {
    let (What::Channel { name, .. } | What::Topic { name }) = &leaving.what else {
        return Ok(Companions::of_file(file_name(&leaving.path)));
    };
    let main = directory.calls().open(name.file_name(), Access::ReadOnly)?;
    Ok(Head::read(&main, name)?.ok().map(|head| head.companions))
}

/// The files beside a name.
struct Meeting<'a> {
    directory: &'a Directory,
    companions: Companions,
    /// The object beside the name, and what its head says.
    key: Option<(Vec<u8>, Head)>,
    fifos: Vec<Vec<u8>>,
    /// Of the key, or else of a FIFO.
    facts: Facts,
}

/// The locks on a meeting that was found to have nobody, and the object that has its name.
struct Held {
    _key: Option<Lock<SoleFd>>,
    main: Option<Main>,
}

/// The object that has the name of a meeting.
struct Main {
    file: Lock<SoleFd>,
    head: Head,
}

impl<'a> Meeting<'a> {
    /// `None` if none of the files is ours to look at.
    fn gather(
        directory: &'a Directory,
        companions: Companions,
        files: &[Vec<u8>],
    ) -> Result<Option<Self>, SystemError> {
        let (mut key, mut fifos, mut seen) = (None, Vec::new(), None);
        for name in files {
            let facts = match directory.calls().look(name) {
                Ok(facts) if is_ours(&facts) => facts,
                Ok(_) => return Ok(None),
                Err(refusal) if refusal.errno() == Errno::NOENT => continue,
                Err(refusal) => return Err(refusal),
            };
            match facts.kind {
                FileKind::Fifo => {
                    fifos.push(name.clone());
                    seen.get_or_insert(facts);
                }
                FileKind::Regular => {
                    let file = directory.calls().open(name, Access::ReadOnly)?;
                    // Without a head of ours, somebody else has put it there.
                    let Ok(head) = Head::read(&file, &companions.file("key"))? else { return Ok(None) };
                    key = Some((name.clone(), head));
                    seen = Some(facts);
                }
                _ => return Ok(None),
            }
        }
        Ok(seen.map(|facts| Self { directory, companions, key, fifos, facts }))
    }

    /// What this is, if nobody takes part in it. Nothing is locked, and no living end notices.
    fn leaving(&self) -> Result<Option<Leaving>, SystemError> {
        // The key first: whoever makes a meeting lets go of it when the name is there.
        if let Some((name, _)) = &self.key {
            let key = self.directory.calls().open(name, Access::ReadOnly)?;
            if lock::conflict(&key, Sharing::Exclusive, Range::ALL)?.is_some() {
                return Ok(None);
            }
        }
        let Some((main, head)) = self.open_main()? else {
            let path = self.key.as_ref().map_or_else(|| self.fifos.first(), |(name, _)| Some(name));
            let (Some(path), false) = (path, self.has_ears()?) else { return Ok(None) };
            let name = self.key.as_ref().map(|(_, head)| head.name.clone());
            return Ok(Some(self.directory.leaving(path, What::Beside { name }, &self.facts)));
        };
        if lock::conflict(&main, Sharing::Exclusive, Range::ALL)?.is_some() {
            return Ok(None);
        }
        let facts = object::facts(&main, &head.name)?;
        let what = self.what(&main, &head)?;
        let pid = occupant::told_pid(&main, &head.name)?;
        let leaving = self.directory.leaving(head.name.file_name(), what, &facts);
        Ok(Some(Leaving { pid, real_bytes: facts.real_bytes + self.facts.real_bytes, ..leaving }))
    }

    fn remove(&self, unread: Unread) -> Result<Swept, ObjectError> {
        let Some(held) = self.hold()? else { return Ok(Swept::Gone) };
        match held.main {
            Some(main) => {
                if self.what(main.file.file(), &main.head)?.may_be_wanted() && unread == Unread::Keep {
                    return Ok(Swept::Kept);
                }
                // It has the name for as long as we hold it, but for those who ask for no lock.
                if !self.remove_main(&main)? {
                    return Ok(Swept::Gone);
                }
                self.remove_companions()?;
            }
            None if self.has_ears()? => return Ok(Swept::Kept),
            None => self.remove_companions()?,
        }
        Ok(Swept::Removed)
    }

    /// Takes the name away; `false` if it means another object by now.
    fn remove_main(&self, main: &Main) -> Result<bool, ObjectError> {
        let object = Object::options().directory(self.directory).read_only().open(&main.head.name)?;
        if object.identity()? != identity(&main.file)? {
            return Ok(false);
        }
        match object.unlink_if_mine() {
            Ok(()) => Ok(true),
            Err(ObjectError::NotMine { .. } | ObjectError::Missing { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The key goes last: without it the others would tell of nothing.
    fn remove_companions(&self) -> Result<(), SystemError> {
        let key = self.key.iter().map(|(name, _)| name);
        for name in self.fifos.iter().chain(key) {
            match self.directory.calls().unlink(name) {
                Err(refusal) if refusal.errno() != Errno::NOENT => return Err(refusal),
                _ => {}
            }
        }
        Ok(())
    }

    /// Both locks; `None` if somebody takes part, or has removed it meanwhile.
    fn hold(&self) -> Result<Option<Held>, SystemError> {
        let key = match &self.key {
            Some((name, _)) => match self.lock(name)? {
                Some(lock) if self.identity(name)? == Some(identity(&lock)?) => Some(lock),
                _ => return Ok(None),
            },
            None => None,
        };
        let Some((_, head)) = self.open_main()? else {
            return Ok(Some(Held { _key: key, main: None }));
        };
        let name = head.name.file_name();
        match self.lock(name)? {
            Some(file) if self.identity(name)? == Some(identity(&file)?) => {
                Ok(Some(Held { _key: key, main: Some(Main { file, head }) }))
            }
            _ => Ok(None),
        }
    }

    /// Locks all places of an object; `None` if somebody holds one.
    fn lock(&self, name: &[u8]) -> Result<Option<Lock<SoleFd>>, SystemError> {
        let file = SoleFd::made_by(|| self.directory.calls().open(name, Access::ReadWrite))?;
        match Lock::range(file, Sharing::Exclusive, Range::ALL, Deadline::Now) {
            Ok(lock) => Ok(Some(lock)),
            Err(LockError::System { source, .. }) => Err(source),
            Err(_) => Ok(None),
        }
    }

    fn identity(&self, name: &[u8]) -> Result<Option<Identity>, SystemError> {
        match self.directory.calls().look(name) {
            Ok(facts) => Ok(Some(facts.identity)),
            Err(refusal) if refusal.errno() == Errno::NOENT => Ok(None),
            Err(refusal) => Err(refusal),
        }
    }

    /// The object that has the name of this meeting; `None` if there is none, or it is another's.
    fn open_main(&self) -> Result<Option<(SoleFd, Head)>, SystemError> {
        let Some((_, Head { name, .. })) = &self.key else { return Ok(None) };
        let main = match SoleFd::made_by(|| self.directory.calls().open(name.file_name(), Access::ReadOnly)) {
            Ok(main) => main,
            Err(refusal)
                if matches!(refusal.errno(), Errno::NOENT | Errno::LOOP | Errno::ISDIR | Errno::NXIO) =>
            {
                return Ok(None);
            }
            Err(refusal) => return Err(refusal),
        };
        let head = Head::read(&main, name)?.ok().filter(|head| head.companions == self.companions);
        Ok(head.map(|head| (main, head)))
    }

    /// What a meeting is that has its name and nobody in it.
    fn what(&self, main: &SoleFd, head: &Head) -> Result<What, SystemError> {
        let name = head.name.clone();
        if head.kind != Kind::Producer as u32 {
            return Ok(What::Topic { name });
        }
        let Some((key, _)) = &self.key else { return Ok(What::Channel { name, has_unread: true }) };
        let key = self.directory.calls().open(key, Access::ReadOnly)?;
        let words = (head.ring_bytes as u64 / 8).max(1);
        // Where nothing is unread, the word that the consumer would look at next is 0.
        let count = |at: usize| word(&key, CONTROL_AT + at, &name);
        let consumed = count(Control::CONSUMED_AT)?.max(count(Control::TAKEN_AT)?);
        let next = consumed.map(|consumed| consumed % words * 8);
        let at = next.and_then(|at| head.ring_at.checked_add(usize::try_from(at).ok()?));
        let has_unread = match at {
            Some(at) => word(main, at, &name)? != Some(0),
            None => true,
        };
        Ok(What::Channel { name, has_unread })
    }

    /// Whether somebody has one of the FIFOs open: a living end whose object lost its name by hand.
    fn has_ears(&self) -> Result<bool, SystemError> {
        for fifo in &self.fifos {
            match self.directory.calls().has_fifo_reader(fifo) {
                Ok(false) => {}
                Ok(true) => return Ok(true),
                Err(refusal) if refusal.errno() == Errno::NOENT => {}
                Err(refusal) => return Err(refusal),
            }
        }
        Ok(false)
    }
}

fn identity(lock: &Lock<SoleFd>) -> Result<Identity, SystemError> {
    Ok(object::facts(lock.file(), "an object")?.identity)
}

/// A word of an open file; `None` beyond its end.
fn word(file: impl AsFd, at: usize, name: &Name) -> Result<Option<u64>, SystemError> {
    let mut bytes = [0; 8];
    let count = object::read_at(file, at, &mut bytes, name)?;
    Ok((count == bytes.len()).then(|| u64::from_le_bytes(bytes)))
}
