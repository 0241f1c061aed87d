// SPDX-License-Identifier: MIT OR Apache-2.0
//! How a topic's objects are laid out: what the head of every meeting says, and what only topics have.
//!
//! The publisher's object: head, board, ring, index. The subscribers' object: head, roster. Layout: docs/topics.md.

use std::sync::Arc;

use cabotage_lane::topic::{BOARD_WORDS, Memory, WhenSlow, index_words, roster_words};
use cabotage_lane::{MappedRing, PeerRing};
use cabotage_os::fork::SoleFd;
use cabotage_os::map::{Map, MapMut};
use cabotage_os::{SystemError, object};

use super::TopicOptions;
use crate::error::ObjectError;
use crate::meeting::choices::RING_BYTES_MAX;
use crate::meeting::head::{CONTROL_AT, HEAD_BYTES, Head, Kind};
use crate::meeting::refusal::Refusal;
use crate::name::Name;
use crate::object::Object;

const WHEN_SLOW_AT: usize = 128;
const PLACES_AT: usize = 136;
const INDEX_BYTES_AT: usize = 144;

/// What a topic is like.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    pub(super) head: Head,
    pub(super) when_slow: WhenSlow,
    pub(super) places: u32,
    pub(super) index_bytes: usize,
}

impl Shape {
    /// Of a new topic.
    pub(super) fn of(options: &TopicOptions, name: &Name) -> Result<Self, SystemError> {
        let head = Head::draw(Kind::Topic, options.choices(), name)?;
        let index_words = index_words(head.ring_bytes as u64 / 8, options.records_kept());
        let index_bytes = usize::try_from(index_words).unwrap_or(0) * 8; // at most four rings
        Ok(Self { head, when_slow: options.policy(), places: options.places(), index_bytes })
    }

    /// Writes the publisher's object, which is all zeroes.
    pub(super) fn write(&self, object: &Object) -> Result<(), ObjectError> {
        self.head.write(object)?;
        let words = [
            (WHEN_SLOW_AT, u64::from(self.when_slow == WhenSlow::Drop)),
            (PLACES_AT, self.places.into()),
            (INDEX_BYTES_AT, self.index_bytes as u64),
        ];
        words.iter().try_for_each(|(at, word)| object.write_at(*at, &word.to_le_bytes()))
    }

    /// Reads the rest of the publisher's object, whose head is known.
    pub(super) fn read(head: Head, main: &SoleFd) -> Result<Self, Refusal> {
        let word = |at| {
            let mut bytes = [0; 8];
            object::read_at(main, at, &mut bytes, &head.name).map(|_| u64::from_le_bytes(bytes))
        };
        let (when_slow, places, index_bytes) = (word(WHEN_SLOW_AT)?, word(PLACES_AT)?, word(INDEX_BYTES_AT)?);
        let nonsense = || Refusal::Stranger("its head makes no sense");
        let shape = Self {
            head,
            when_slow: if when_slow == 0 { WhenSlow::Wait } else { WhenSlow::Drop },
            places: u32::try_from(places).map_err(|_| nonsense())?,
            index_bytes: usize::try_from(index_bytes).map_err(|_| nonsense())?,
        };
        if shape.is_possible() { Ok(shape) } else { Err(nonsense()) }
    }

    fn is_possible(&self) -> bool {
        let is_fit = |bytes: usize| bytes.is_power_of_two() && (64..=4 * RING_BYTES_MAX).contains(&bytes);
        is_fit(self.head.ring_bytes) && is_fit(self.index_bytes) && (1..=1 << 20).contains(&self.places)
    }

    /// How long the publisher's object is.
    pub(super) fn main_bytes(&self) -> usize {
        HEAD_BYTES + self.head.ring_bytes + self.index_bytes
    }

    /// How long the subscribers' object is.
    pub(super) fn roster_bytes(&self) -> usize {
        HEAD_BYTES + usize::try_from(roster_words(self.places)).unwrap_or(0) * 8 // below 2^30
    }

    fn parts(&self) -> [(usize, u64); 3] {
        let Head { ring_at, ring_bytes, .. } = self.head;
        let index = (ring_at + ring_bytes, self.index_bytes as u64 / 8);
        [(ring_at, ring_bytes as u64 / 8), (CONTROL_AT, BOARD_WORDS), index]
    }

    /// The ring and the rest as the publisher sees them.
    pub(super) fn publishing(
        &self,
        main: &Arc<MapMut>,
        roster: MapMut,
    ) -> Option<(MappedRing, Memory<MappedRing, MappedRing>)> {
        let [ring, board, index] = self.parts().map(|(at, words)| MappedRing::new(main.clone(), at, words));
        let roster = MappedRing::new(Arc::new(roster), HEAD_BYTES, roster_words(self.places))?;
        Some((ring?, Memory { board: board?, index: index?, roster }))
    }

    /// The ring and the rest as a subscriber sees them.
    pub(super) fn subscribing(
        &self,
        main: &Arc<Map>,
        roster: MapMut,
    ) -> Option<(PeerRing, Memory<PeerRing, MappedRing>)> {
        let [ring, board, index] = self.parts().map(|(at, words)| PeerRing::new(main.clone(), at, words));
        let roster = MappedRing::new(Arc::new(roster), HEAD_BYTES, roster_words(self.places))?;
        Some((ring?, Memory { board: board?, index: index?, roster }))
    }
}
