// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where the last records end: how a reader that comes late, or was overtaken, finds a record's start and its number.
//!
//! Entry `n` (modulo the index) is the position behind record `n`, which is where record `n + 1` starts. It is
//! written when the record is staged, before [`NEWEST`](board::NEWEST) says that it is published, and the publisher
//! never stages more than a quarter of the index ahead. So a reader that uses entries of the younger half, and finds
//! afterwards that fewer than a quarter were published meanwhile, has read entries that nobody rewrote.

use super::{COUNT_MAX, Words, board};
use crate::sync::{Ordering, fence};

/// Where a reader may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Start {
    /// The position.
    pub(super) position: u64,
    /// The number of the record that starts there, or will.
    pub(super) number: u64,
}

/// How many records may be staged and not published.
pub(super) fn staged_max(index: &impl Words) -> u64 {
    index.words() / 4
}

/// Notes where record `number` ends.
#[inline]
pub(super) fn note(index: &impl Words, number: u64, end: u64) {
    // Release: whoever reads this entry also finds what was published before, and sees that its own is too old. Where
    // only sleepers fence, no fence of publishing says so.
    index.word(number).store(end, Ordering::Release);
}

/// Says that all records up to `number` are published and noted.
#[inline]
pub(super) fn tell_newest(board: &impl Words, number: u64) {
    board.word(board::NEWEST).store(number, Ordering::Release);
}

/// A start at most `back` records before the end, as far back as possible, at `least(end)` or later; `None` when the
/// publisher was too quick, and then the next try may succeed, or when no publisher has written these words.
pub(super) fn find(
    board: &impl Words,
    index: &impl Words,
    back: u64,
    least: impl FnOnce(u64) -> u64,
) -> Option<Start> {
    let newest = load(board, board::NEWEST);
    fence(Ordering::Acquire);
    let end = load(index, newest);
    if newest.max(end) > COUNT_MAX {
        return None;
    }
    let (least, back) = (least(end), back.min(index.words() / 2 - 1));
    let start = (newest.saturating_sub(back)..=newest)
        .map(|number| Start { position: load(index, number), number: number + 1 })
        .find(|start| (least..=COUNT_MAX).contains(&start.position));
    fence(Ordering::Acquire);
    let meanwhile = load(board, board::NEWEST).checked_sub(newest)?;
    start.filter(|_| meanwhile < staged_max(index))
}

fn load(words: &impl Words, at: u64) -> u64 {
    words.word(at).load(Ordering::Relaxed)
}
