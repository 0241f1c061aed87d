// SPDX-License-Identifier: MIT OR Apache-2.0
//! Numbers of spaces, ports and sets, and tables that are looked up by them. A number whose thing is gone names nothing
//! for ever, also when its place is taken again: that is how a right notices that its port has died.

use std::marker::PhantomData;

/// A number in a table of `T`.
pub struct Id<T> {
    place: u32,
    generation: u32,
    of: PhantomData<fn() -> T>,
}

/// A space.
pub type SpaceId = Id<super::space::Space>;
/// A port.
pub type PortId = Id<super::port::Port>;
/// A port set.
pub type SetId = Id<super::set::PortSet>;

impl<T> Id<T> {
    /// As one number, to be told to others.
    pub(crate) fn number(self) -> u64 {
        u64::from(self.generation) << 32 | u64::from(self.place)
    }

    /// The number's thing, if there is one.
    pub(crate) fn of_number(number: u64) -> Self {
        let half = |bits: u64| u32::try_from(bits & u64::from(u32::MAX)).unwrap_or(u32::MAX);
        Self { place: half(number), generation: half(number >> 32), of: PhantomData }
    }
}

/// Names a thread that waits, to send or to receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub(crate) u64);

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Id<T> {}
impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        (self.place, self.generation) == (other.place, other.generation)
    }
}
impl<T> Eq for Id<T> {}
impl<T> std::hash::Hash for Id<T> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (self.place, self.generation).hash(state);
    }
}
impl<T> std::fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.place, self.generation)
    }
}

/// Things by number.
#[derive(Debug)]
pub(crate) struct Table<T> {
    places: Vec<Place<T>>,
    free: Vec<u32>,
}

#[derive(Debug)]
struct Place<T> {
    generation: u32,
    thing: Option<T>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { places: Vec::new(), free: Vec::new() }
    }
}

/// Makes way for one more: a table grows by an eighth, not by as much again, so that few places lie idle.
pub(crate) fn make_way<T>(places: &mut Vec<T>) {
    if places.len() == places.capacity() {
        places.reserve_exact((places.len() / 8).max(16));
    }
}

impl<T> Table<T> {
    /// What the table takes up, in bytes.
    #[cfg(test)]
    pub(crate) fn bytes(&self) -> usize {
        self.places.capacity() * size_of::<Place<T>>() + self.free.capacity() * size_of::<u32>()
    }

    pub(crate) fn insert(&mut self, thing: T) -> Id<T> {
        let place = self.free.pop().unwrap_or_else(|| {
            make_way(&mut self.places);
            self.places.push(Place { generation: 0, thing: None });
            u32::try_from(self.places.len() - 1).unwrap_or(u32::MAX)
        });
        let slot = &mut self.places[place as usize];
        slot.thing = Some(thing);
        Id { place, generation: slot.generation, of: PhantomData }
    }

    pub(crate) fn get(&self, id: Id<T>) -> Option<&T> {
        self.places.get(id.place as usize).filter(|place| place.generation == id.generation)?.thing.as_ref()
    }

    pub(crate) fn get_mut(&mut self, id: Id<T>) -> Option<&mut T> {
        let place = self.places.get_mut(id.place as usize)?;
        if place.generation == id.generation { place.thing.as_mut() } else { None }
    }

    pub(crate) fn remove(&mut self, id: Id<T>) -> Option<T> {
        let place =
            self.places.get_mut(id.place as usize).filter(|place| place.generation == id.generation)?;
        let thing = place.thing.take()?;
        place.generation = place.generation.wrapping_add(1);
        self.free.push(id.place);
        Some(thing)
    }

    /// As [`Table::remove`], for who does not want the thing.
    #[inline]
    pub(crate) fn clear(&mut self, id: Id<T>) {
        let Some(place) = self.places.get_mut(id.place as usize) else { return };
        if place.generation == id.generation && place.thing.is_some() {
            place.thing = None;
            place.generation = place.generation.wrapping_add(1);
            self.free.push(id.place);
        }
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = Id<T>> + '_ {
        let place_of = |(place, slot): (usize, &Place<T>)| {
            let place = u32::try_from(place).ok()?;
            slot.thing.as_ref().map(|_| Id { place, generation: slot.generation, of: PhantomData })
        };
        self.places.iter().enumerate().filter_map(place_of)
    }
}
