// SPDX-License-Identifier: MIT OR Apache-2.0
//! Looking at a topic without taking part in it: nothing is locked, written or mapped.

use cabotage_lane::topic::WhenSlow;
use cabotage_os::map::MapError;
use cabotage_os::object::{self, Access, Identity};

use super::TopicError;
use super::opening::{Opened, open};
use crate::directory::Directory;
use crate::meeting::occupant::{self, HeadFile};
use crate::meeting::{Presence, place};
use crate::name::Name;

/// A topic over named objects, as it was when it was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TopicGlance {
    /// Its name.
    pub name: Name,
    /// Which object has the name.
    pub identity: Identity,
    /// The permission bits of that object.
    pub mode: u32,
    /// Its owner.
    pub uid: u32,
    /// How many bytes the ring has.
    pub capacity_bytes: usize,
    /// What happens when a subscriber is slow.
    pub when_slow: WhenSlow,
    /// How many publishers it has had, the present one included.
    pub generation: u64,
    /// Who publishes.
    pub publisher: Presence,
    /// How many subscribers there are.
    pub subscribers: u32,
    /// How many there may be.
    pub subscribers_max: u32,
}

impl TopicGlance {
    /// Whether no process takes part in it. What was kept of its records then waits for subscribers that come later.
    pub fn is_left_alone(&self) -> bool {
        !self.publisher.is_here() && self.subscribers == 0
    }
}

pub(super) fn look(directory: &Directory, name: &Name) -> Result<TopicGlance, TopicError> {
    let Opened { shape, main, roster } = open(directory, name, Access::ReadOnly, Access::ReadOnly)?;
    let facts = object::facts(&main, name)?;
    let words = HeadFile(&main);
    let of_map = |error: MapError| TopicError::of(name, error);
    let generation = occupant::incarnation(&words).map_err(of_map)?;
    // The roster has all locks of a topic.
    let publisher = occupant::presence(&words, || place::is_taken(&roster)).map_err(of_map)?;
    let subscribers = place::taken_seats(&roster, shape.places)?;
    Ok(TopicGlance {
        name: name.clone(),
        identity: facts.identity,
        mode: facts.mode,
        uid: facts.uid,
        capacity_bytes: shape.head.ring_bytes,
        when_slow: shape.when_slow,
        generation,
        publisher,
        subscribers,
        subscribers_max: shape.places,
    })
}
