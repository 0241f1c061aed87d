// SPDX-License-Identifier: MIT OR Apache-2.0
//! The roster: who reads, how far each is, and whether anybody sleeps.
//!
//! Each reader owns one place, a line with one word: 0 while nobody has it, else one more than the position before
//! which its owner has read all. Who owns which place is decided elsewhere, by locks that die with their holders.

use super::{Words, board};
use crate::sync::{AtomicU64, Ordering, fence};

/// A place on the roster, counted from 0.
pub type Place = u32;

const LINE_WORDS: u64 = 16;
/// The highest call for a bell: one more than the number of the ring that its caller has seen.
pub(super) const WANTED: u64 = 0;
/// How many places, from the first on, were ever taken.
const USED: u64 = LINE_WORDS;
const FIRST_PLACE: u64 = 2 * LINE_WORDS;

/// How many words a roster of so many places has.
pub fn roster_words(places: Place) -> u64 {
    (FIRST_PLACE + LINE_WORDS * u64::from(places)).next_power_of_two()
}

fn word(roster: &impl Words, place: Place) -> &AtomicU64 {
    roster.word(FIRST_PLACE + LINE_WORDS * u64::from(place))
}

/// Says that the owner of `place` has read all before `position`.
pub(super) fn tell(roster: &impl Words, place: Place, position: u64) {
    // Release: what was read is not overwritten before it was read; the fence that follows comes too late for that.
    word(roster, place).store(position + 1, Ordering::Release);
}

/// Takes the place into use, at `position`. Look at what is kept after this.
pub(super) fn enter(roster: &impl Words, place: Place, position: u64) {
    roster.word(USED).fetch_max(u64::from(place) + 1, Ordering::Relaxed);
    tell(roster, place, position);
    // With the publisher's fence between what it keeps and its look at the roster: one of us sees the other.
    fence(Ordering::SeqCst);
}

/// Gives the place up: its owner does, or whoever holds its lock because the owner is dead.
pub(super) fn leave(roster: &impl Words, place: Place) {
    // Release: as in `tell`, for what was read since.
    word(roster, place).store(0, Ordering::Release);
}

/// How far the owner of `place` has read; `None` if nobody has it.
pub(super) fn position(roster: &impl Words, place: Place) -> Option<u64> {
    word(roster, place).load(Ordering::Relaxed).checked_sub(1)
}

/// All places: first those that nobody has, as it seems, then those that somebody has, who may be dead.
pub fn places(roster: &impl Words, places: Place) -> (Vec<Place>, Vec<Place>) {
    (0..places).partition(|place| position(roster, *place).is_none())
}

/// The places that were ever in use, of `places` that there are.
pub(super) fn used(roster: &impl Words, places: Place) -> impl Iterator<Item = Place> {
    let used = roster.word(USED).load(Ordering::Relaxed);
    0..Place::try_from(used).unwrap_or(places).min(places)
}

/// How far the slowest is; `u64::MAX` if nobody reads. Pairs with the release of `tell` and `leave` only by an acquire
/// fence after it: the sender that takes the room has one, behind its look at the count of what may be overwritten.
pub(super) fn slowest(roster: &impl Words, places: Place) -> u64 {
    let positions = used(roster, places).filter_map(|place| position(roster, place));
    positions.min().unwrap_or(u64::MAX)
}

/// Whether the publisher sleeps until the slowest comes as far as `position`, from `before`.
pub(super) fn must_ring_publisher(board: &impl Words, before: u64, position: u64) -> bool {
    fence(Ordering::SeqCst);
    let waits = board.word(board::WAITS).load(Ordering::Relaxed);
    waits != 0 && before < waits && waits <= position
}
