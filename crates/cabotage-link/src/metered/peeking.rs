// SPDX-License-Identifier: MIT OR Apache-2.0
//! A look at what is there to be read, which takes nothing and tells the writer nothing.

use std::sync::Arc;

use cabotage_lane::PeerRing;
use cabotage_lane::revoke::Ahead;
use cabotage_lane::ring::{self, TheirRing};

use super::front::Sight;
use super::reading::Reading;
use super::record::{FIRST, HEAD_BYTES, MORE, Part};
use super::shape::Framing;
use crate::core::Core;
use crate::error::LinkError;
use crate::parcel::PLAIN;
use crate::wire::Purpose;

/// What a peek has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Peeked {
    /// How many bytes it has copied: of the first message, where borders are kept. Empty messages are passed over.
    pub bytes: usize,
    /// How many bytes there are to be read, those of pending writes among them.
    pub available_bytes: u64,
    /// How many bytes of the first message were not copied. 0 where no borders are kept.
    pub message_bytes_left: u64,
}

/// The walk of a peek through the records.
#[derive(Debug)]
struct Walk<'a> {
    target: &'a mut [u8],
    seen: Peeked,
    ahead: Ahead,
    framing: Framing,
    /// The position of the next record.
    position: u64,
    /// How much of the write of the last record is to come behind it.
    rest: u64,
    /// How many bytes of the first message there are, and whether it is over.
    first: u64,
    is_first_over: bool,
}

impl Walk<'_> {
    /// A write begins: of the one before comes no more.
    fn begin(&mut self) {
        self.rest = 0;
        self.is_first_over |= self.first > 0;
    }

    /// Sees `bytes` bytes, and `rest` that follow them, of which so many stand; `read` copies from an offset among
    /// them.
    fn see(&mut self, bytes: u64, standing: u64, read: impl FnOnce(&mut [u8]) -> usize) {
        let here = standing.min(bytes);
        self.rest = standing - here;
        self.position = self.position.saturating_add(bytes);
        self.seen.available_bytes = self.seen.available_bytes.saturating_add(here);
        let is_first = self.framing == Framing::Bytes || !self.is_first_over;
        if is_first {
            self.first += here;
            let free = &mut self.target[self.seen.bytes..];
            let wanted = free.len().min(usize::try_from(here).unwrap_or(usize::MAX));
            self.seen.bytes += read(&mut free[..wanted]);
        }
    }

    /// Sees a record that the reader has not come to.
    fn see_record<R: TheirRing>(&mut self, record: &ring::Ahead<'_, R>) {
        let mut word = [0; HEAD_BYTES];
        let (lead, part) = match record.tag() {
            PLAIN => (0, Part { rest: 0, is_firm: true }),
            FIRST | MORE => (record.read(0, &mut word), Part::decode(word)),
            _ => return, // A fault, told when it is read.
        };
        if record.tag() != MORE {
            self.begin();
        }
        let bytes = record.bytes().saturating_sub(lead) as u64;
        let standing = self.ahead.standing(self.position, bytes, part.mark());
        self.see(bytes, standing, |target| record.read(lead, target));
    }

    fn finish(mut self) -> Peeked {
        self.seen.available_bytes = self.seen.available_bytes.saturating_add(self.rest);
        if self.framing == Framing::Messages {
            let rest = if self.is_first_over { 0 } else { self.rest };
            self.seen.message_bytes_left = (self.first + rest) - self.seen.bytes as u64;
        }
        self.seen
    }
}

impl Reading {
    /// Looks at what is there.
    pub(super) fn peek(&mut self, core: &Arc<Core>, target: &mut [u8]) -> Result<Peeked, LinkError> {
        let sight = self.look(core)?;
        let (Some(lane), Some(reader)) = (&mut self.inc.lane, &mut self.reader) else {
            return Ok(Peeked::default());
        };
        let ahead = reader.ahead().map_err(|lie| core.end_with(lie.into()))?;
        let is_open = self.rest > 0 && !self.is_cut && !core.is_over();
        let mut walk = Walk {
            target,
            seen: Peeked::default(),
            ahead,
            framing: self.framing,
            position: reader.position(),
            rest: if is_open { self.rest } else { 0 },
            first: 0,
            is_first_over: false,
        };
        if sight == Sight::Nothing {
            return Ok(walk.finish());
        }
        let (front, left) = (self.front, reader.left());
        let mut is_front = front.is_there;
        let next = lane.survey(|record| {
            if std::mem::take(&mut is_front) {
                let standing = walk.ahead.standing(walk.position, left, front.mark());
                walk.see(left, standing, |target| record.read(front.offset, target));
            } else {
                walk.see_record(&record);
            }
            true
        });
        if let Some(segment) = next.map_err(|lie| core.end_with(lie.into()))?
            && let Some(map) = self.inc.segment(core, segment, Purpose::Ring)?
            && let Some(ring) = PeerRing::new(map.clone(), 0, map.bytes() as u64 / 8)
        {
            // What is wrong with it, reading tells.
            let _ = ring::survey(&ring, 0, |record| {
                walk.see_record(&record);
                true
            });
        }
        Ok(walk.finish())
    }
}
