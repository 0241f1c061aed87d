// SPDX-License-Identifier: MIT OR Apache-2.0
//! The members of a set, in places that are used again.

use cabotage_os::epoll;

use super::key::Key;
use super::member::Linked;
use super::turns::Turns;
use crate::join::Listener;

/// A link, or a listener whose clients become links.
#[derive(Debug)]
pub(super) enum Member {
    Link(Box<Linked>),
    Listener(Box<Listener>),
}

#[derive(Debug)]
struct Place {
    /// How many members have left it.
    generation: u32,
    member: Option<Member>,
}

/// All members, and which of them are active.
#[derive(Debug)]
pub(super) struct Crew {
    places: Vec<Place>,
    free: Vec<u32>,
    links: usize,
    pub(super) turns: Turns,
}

impl Crew {
    pub(super) fn new() -> Self {
        Self { places: Vec::new(), free: Vec::new(), links: 0, turns: Turns::new() }
    }

    pub(super) fn links(&self) -> usize {
        self.links
    }

    pub(super) fn is_empty(&self) -> bool {
        self.free.len() == self.places.len()
    }

    /// The key that the next member will have.
    pub(super) fn next_key(&self) -> Key {
        let place = self.free.last().copied();
        // More members than a process may have descriptors: never.
        let place = place.unwrap_or_else(|| u32::try_from(self.places.len()).unwrap_or(u32::MAX));
        Key { place, generation: self.places.get(place as usize).map_or(0, |place| place.generation) }
    }

    /// Takes a member. A link is active at first, since what waits in its ring is told by no event.
    pub(super) fn add(&mut self, member: Member) -> Key {
        let key = self.next_key();
        let is_link = matches!(member, Member::Link(_));
        match self.free.pop() {
            Some(place) => self.places[place as usize].member = Some(member),
            None => self.places.push(Place { generation: 0, member: Some(member) }),
        }
        if is_link {
            self.links += 1;
            self.turns.join(key.place);
        }
        key
    }

    /// Lets a member go.
    pub(super) fn take(&mut self, key: Key) -> Option<Member> {
        let place =
            self.places.get_mut(key.place as usize).filter(|place| place.generation == key.generation)?;
        let member = place.member.take()?;
        place.generation = place.generation.wrapping_add(1);
        self.free.push(key.place);
        self.links -= usize::from(matches!(member, Member::Link(_)));
        self.turns.leave(key.place);
        Some(member)
    }

    #[inline]
    pub(super) fn get(&self, key: Key) -> Option<&Member> {
        let place = self.places.get(key.place as usize)?;
        place.member.as_ref().filter(|_| place.generation == key.generation)
    }

    #[inline]
    pub(super) fn get_mut(&mut self, key: Key) -> Option<&mut Member> {
        let place = self.places.get_mut(key.place as usize)?;
        place.member.as_mut().filter(|_| place.generation == key.generation)
    }

    #[inline]
    pub(super) fn link_mut(&mut self, key: Key) -> Option<&mut Linked> {
        match self.get_mut(key) {
            Some(Member::Link(linked)) => Some(linked),
            _ => None,
        }
    }

    /// The link of this key, which is active from now on.
    #[inline]
    pub(super) fn seated_link(&mut self, key: Key) -> Option<&mut Linked> {
        let Self { places, turns, .. } = self;
        let place = places.get_mut(key.place as usize).filter(|place| place.generation == key.generation)?;
        match &mut place.member {
            Some(Member::Link(linked)) => {
                turns.join(key.place);
                Some(linked)
            }
            _ => None,
        }
    }

    /// Whose turn it is.
    #[inline]
    pub(super) fn current(&mut self) -> Option<(Key, &mut Member)> {
        let number = self.turns.current()?;
        let place = self.places.get_mut(number as usize)?;
        let key = Key { place: number, generation: place.generation };
        place.member.as_mut().map(|member| (key, member))
    }

    pub(super) fn members(&self) -> impl Iterator<Item = (Key, &Member)> {
        self.places.iter().zip(0..).filter_map(|(place, number)| {
            let key = Key { place: number, generation: place.generation };
            place.member.as_ref().map(|member| (key, member))
        })
    }

    /// Something has happened to a member, which may be gone already.
    pub(super) fn rouse(&mut self, event: epoll::Event) {
        let key = Key::of_token(event.token);
        match self.get_mut(key) {
            None => return,
            Some(Member::Link(linked)) => linked.rouse(),
            Some(Member::Listener(_)) => {}
        }
        self.turns.join(key.place);
    }
}
