// SPDX-License-Identifier: MIT OR Apache-2.0
//! The handles of this process: what each stands for, and whether it is still the handle that was given out.
//!
//! A value is a multiple of 4, as on Windows, and fits 31 bits: a place in the table, and how often that place was used
//! before. So a closed handle is invalid although its place is used again; and places are used in turn, so that it stays
//! so for long.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::failure::{Answer, Failure};
use crate::object::Object;

/// What a handle stands for, and its marks.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) object: Object,
    /// Whether a child that inherits handles gets it.
    pub(crate) inherit: bool,
    /// Whether it is protected from being closed.
    pub(crate) protect: bool,
}

/// See the [module](self).
#[derive(Debug, Default)]
pub(crate) struct Table {
    places: Mutex<Places>,
}

#[derive(Debug, Default)]
struct Places {
    places: Vec<Place>,
    free: VecDeque<usize>,
}

#[derive(Debug, Default)]
struct Place {
    uses: usize,
    entry: Option<Entry>,
}

const PLACE_BITS: u32 = 20;
const USES: usize = 1 << (31 - 2 - PLACE_BITS);
/// So many places are opened before one is used again.
const FREE_MIN: usize = 64;

fn value_of(at: usize, uses: usize) -> usize {
    // The first is 4: 0 is no handle.
    (uses << (PLACE_BITS + 2)) | ((at + 1) << 2)
}

fn place_of(value: usize) -> Option<(usize, usize)> {
    let at = (value >> 2) & ((1 << PLACE_BITS) - 1);
    let uses = value >> (PLACE_BITS + 2);
    // Windows ignores the two lowest bits; they mark the event of an OVERLAPPED.
    (at > 0 && uses < USES).then(|| (at - 1, uses))
}

impl Table {
    /// A new handle to this.
    ///
    /// # Errors
    /// `ERROR_TOO_MANY_OPEN_FILES`.
    pub(crate) fn insert(&self, object: Object, inherit: bool) -> Answer<usize> {
        let entry = Entry { object, inherit, protect: false };
        let mut table = self.lock();
        let at = match table.free.len() < FREE_MIN {
            true => table.places.len(),
            false => table.free.pop_front().ok_or(Failure::GEN_FAILURE)?,
        };
        if at == table.places.len() {
            if at + 1 >= 1 << PLACE_BITS {
                return Err(Failure::TOO_MANY_OPEN_FILES);
            }
            table.places.push(Place::default());
        }
        let place = table.places.get_mut(at).ok_or(Failure::GEN_FAILURE)?;
        place.entry = Some(entry);
        Ok(value_of(at, place.uses))
    }

    /// The handle of this value, as a parent had it; false if that is no value or in use.
    pub(crate) fn insert_as(&self, value: usize, entry: Entry) -> bool {
        let Some((at, uses)) = place_of(value) else { return false };
        let mut table = self.lock();
        while table.places.len() <= at {
            let fresh = table.places.len();
            table.places.push(Place::default());
            if fresh != at {
                table.free.push_back(fresh);
            }
        }
        table.free.retain(|free| *free != at);
        let Some(place) = table.places.get_mut(at).filter(|place| place.entry.is_none()) else {
            return false;
        };
        *place = Place { uses, entry: Some(entry) };
        true
    }

    /// What a handle stands for.
    ///
    /// # Errors
    /// `ERROR_INVALID_HANDLE`.
    pub(crate) fn get(&self, value: usize) -> Answer<Entry> {
        self.with(value, |entry| entry.clone())
    }

    /// Changes what stands in the table.
    ///
    /// # Errors
    /// `ERROR_INVALID_HANDLE`.
    pub(crate) fn with<T>(&self, value: usize, act: impl FnOnce(&mut Entry) -> T) -> Answer<T> {
        let (at, uses) = place_of(value).ok_or(Failure::INVALID_HANDLE)?;
        let mut table = self.lock();
        let place = table.places.get_mut(at).filter(|place| place.uses == uses);
        place.and_then(|place| place.entry.as_mut()).map(act).ok_or(Failure::INVALID_HANDLE)
    }

    /// Takes a handle out; whoever has what it stands for keeps it.
    ///
    /// # Errors
    /// `ERROR_INVALID_HANDLE`, also of a handle that is protected.
    pub(crate) fn remove(&self, value: usize) -> Answer<Entry> {
        if self.with(value, |entry| entry.protect)? {
            return Err(Failure::INVALID_HANDLE);
        }
        let (at, uses) = place_of(value).ok_or(Failure::INVALID_HANDLE)?;
        let mut table = self.lock();
        let place =
            table.places.get_mut(at).filter(|place| place.uses == uses).ok_or(Failure::INVALID_HANDLE)?;
        let entry = place.entry.take().ok_or(Failure::INVALID_HANDLE)?;
        place.uses = (uses + 1) % USES;
        table.free.push_back(at);
        Ok(entry)
    }

    /// All handles that a child may inherit.
    pub(crate) fn inheritable(&self) -> Vec<(usize, Entry)> {
        let table = self.lock();
        let marked = |(at, place): (usize, &Place)| {
            let entry = place.entry.as_ref().filter(|entry| entry.inherit)?;
            Some((value_of(at, place.uses), entry.clone()))
        };
        table.places.iter().enumerate().filter_map(marked).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object() -> Object {
        Object::Event(crate::event::Event::new(false, false))
    }

    #[test]
    fn handles_are_multiples_of_four_and_never_0() {
        let table = Table::default();
        let values: Vec<usize> = (0..3).map(|_| table.insert(object(), false).unwrap()).collect();
        assert_eq!(values, [4, 8, 12]);
        assert!(table.get(0).is_err() && table.get(16).is_err() && table.get(usize::MAX).is_err());
        assert!(table.get(9).is_ok(), "the lowest bits mean nothing");
    }

    #[test]
    fn a_closed_handle_stays_invalid_when_its_place_is_used_again() {
        let table = Table::default();
        let first = table.insert(object(), false).unwrap();
        table.remove(first).unwrap();
        assert_eq!(table.remove(first).unwrap_err().code, 6);
        let mut again = None;
        for _ in 0..1000 {
            let value = table.insert(object(), false).unwrap();
            again = again.or((place_of(value).unwrap().0 == 0).then_some(value));
            table.remove(value).unwrap();
        }
        assert_ne!(again.unwrap(), first);
        assert!(table.get(first).is_err());
    }

    #[test]
    fn a_protected_handle_is_not_closed() {
        let table = Table::default();
        let value = table.insert(object(), false).unwrap();
        table.with(value, |entry| entry.protect = true).unwrap();
        assert_eq!(table.remove(value).unwrap_err().code, 6);
        assert!(table.get(value).is_ok());
    }

    #[test]
    fn a_handle_of_the_parent_keeps_its_value_and_what_is_made_later_has_another() {
        let (parent, child) = (Table::default(), Table::default());
        (0..5).for_each(|_| _ = parent.insert(object(), false).unwrap());
        let value = parent.insert(object(), true).unwrap();
        let [(listed, entry)] = &parent.inheritable()[..] else { panic!("one is marked") };
        assert_eq!(*listed, value);
        assert!(child.insert_as(value, entry.clone()));
        assert!(!child.insert_as(value, entry.clone()), "in use");
        assert!(child.get(value).is_ok());
        for _ in 0..200 {
            assert_ne!(child.insert(object(), false).unwrap(), value);
        }
        assert!(!child.insert_as(0, entry.clone()) && !child.insert_as(usize::MAX, entry.clone()));
    }
}
