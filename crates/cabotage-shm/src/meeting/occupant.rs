// SPDX-License-Identifier: MIT OR Apache-2.0
//! Who holds the place of an object, as its holder wrote it down there; that somebody does is known from the
//! [lock](super::place) alone.
//!
//! The words stand in the object's head and belong to whoever holds its place. They are claims: shown to people, and
//! compared with what the kernel says before a number is shown.

use std::os::fd::AsFd;

use cabotage_os::fork::SoleFd;
use cabotage_os::map::{Map, MapError, MapMut};
use cabotage_os::object;
use cabotage_os::process::{self, IdentityError, Pid, ProcessIdentity};
use cabotage_os::{Errno, SystemError};

use super::Presence;
use crate::name::Name;

/// How many processes have held the place, the present one included.
const INCARNATION_AT: usize = 64;
/// The last of them that has closed its end, by its number.
const CLOSED_AT: usize = 72;
const PID_AT: usize = 80;
const START_AT: usize = 88;
const NAMESPACE_AT: usize = 96;
const UID_AT: usize = 104;
/// In a consumer's object: which producer sent what is consumed.
const SEEN_AT: usize = 112;

/// The words of a head, wherever they are read from.
pub(crate) trait Words {
    /// The word at this offset.
    fn word(&self, at: usize) -> Result<u64, MapError>;
}

impl Words for Map {
    fn word(&self, at: usize) -> Result<u64, MapError> {
        self.load_u64(at)
    }
}

impl Words for MapMut {
    fn word(&self, at: usize) -> Result<u64, MapError> {
        self.load_u64(at)
    }
}

/// The head of an open object that is not mapped, for who only looks on: each word is read when it is asked for, since
/// in which order that happens matters.
pub(crate) struct HeadFile<'a>(pub(crate) &'a SoleFd);

impl Words for HeadFile<'_> {
    fn word(&self, at: usize) -> Result<u64, MapError> {
        let mut word = [0; 8];
        match object::read_at(self.0, at, &mut word, "a head")? {
            8 => Ok(u64::from_le_bytes(word)),
            _ => Err(MapError::Truncated),
        }
    }
}

/// Writes down that this process holds the place now; answers which incarnation it is.
pub(crate) fn write_down(own: &MapMut) -> Result<u64, MapError> {
    // A count at its end was written by somebody else's hand: it begins anew, and 0 stays for nobody.
    let incarnation = own.load_u64(INCARNATION_AT)?.checked_add(1).unwrap_or(1);
    let (pid, start) = match ProcessIdentity::own() {
        Ok(identity) => (identity.pid.as_raw_nonzero().get().unsigned_abs(), identity.start_time_ticks),
        // /proc says nothing: then we are shown without a number.
        Err(IdentityError::System(refusal)) if is_shortage(&refusal) => return Err(refusal.into()),
        Err(_) => (0, 0),
    };
    own.store_u64(PID_AT, pid.into())?;
    own.store_u64(START_AT, start)?;
    own.store_u64(NAMESPACE_AT, process::own_pid_namespace()?.unwrap_or(0))?;
    own.store_u64(UID_AT, process::own_uid().into())?;
    own.store_u64(INCARNATION_AT, incarnation)?;
    Ok(incarnation)
}

/// Writes down that this incarnation has closed its end: nothing follows.
pub(crate) fn write_off(own: &MapMut, incarnation: u64) -> Result<(), MapError> {
    own.store_u64(CLOSED_AT, incarnation)
}

/// How many processes have held the place.
pub(crate) fn incarnation(map: &impl Words) -> Result<u64, MapError> {
    map.word(INCARNATION_AT)
}

/// Whether this incarnation, or a later one, has closed its end. Ask after its lock was found free, or a close in
/// between is taken for a death.
pub(crate) fn has_closed(map: &impl Words, incarnation: u64) -> Result<bool, MapError> {
    Ok(map.word(CLOSED_AT)? >= incarnation)
}

/// Writes down whose records are consumed: those of this incarnation of the other end.
pub(crate) fn note_seen(own: &MapMut, incarnation: u64) -> Result<(), MapError> {
    own.store_u64(SEEN_AT, incarnation)
}

/// What [`note_seen`] wrote last.
pub(crate) fn seen(own: &Map) -> Result<u64, MapError> {
    own.load_u64(SEEN_AT)
}

/// Who holds the place, or held it last, given whether its lock is taken.
pub(crate) fn presence(
    map: &impl Words,
    is_taken: impl FnOnce() -> Result<bool, SystemError>,
) -> Result<Presence, MapError> {
    let last = incarnation(map)?;
    if is_taken()? {
        let uid = u32::try_from(map.word(UID_AT)?).unwrap_or(u32::MAX);
        return Ok(Presence::Here { pid: proved_pid(map)?, uid });
    }
    Ok(match last {
        0 => Presence::Nobody,
        last if has_closed(map, last)? => Presence::Left,
        _ => Presence::Died,
    })
}

/// The number that the last holder wrote down, whatever process has it now; `None` where it knew none.
pub(crate) fn told_pid(object: impl AsFd, name: &Name) -> Result<Option<i32>, SystemError> {
    let mut word = [0; 8];
    object::read_at(object, PID_AT, &mut word, name)?;
    Ok(i32::try_from(u64::from_le_bytes(word)).ok().filter(|pid| *pid > 0))
}

/// The holder's number, if it means this very process here.
fn proved_pid(map: &impl Words) -> Result<Option<i32>, MapError> {
    let told = i32::try_from(map.word(PID_AT)?).ok().and_then(Pid::from_raw);
    let (start, namespace) = (map.word(START_AT)?, map.word(NAMESPACE_AT)?);
    let (Some(pid), Some(here)) = (told, process::own_pid_namespace()?) else { return Ok(None) };
    if namespace != here {
        return Ok(None);
    }
    match ProcessIdentity::of_pid(pid) {
        Ok(found) if found.start_time_ticks == start => Ok(Some(pid.as_raw_nonzero().get())),
        Err(IdentityError::System(refusal)) if is_shortage(&refusal) => Err(refusal.into()),
        _ => Ok(None),
    }
}

fn is_shortage(refusal: &SystemError) -> bool {
    matches!(refusal.errno(), Errno::MFILE | Errno::NFILE | Errno::NOMEM)
}
