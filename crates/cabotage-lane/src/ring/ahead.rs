// SPDX-License-Identifier: MIT OR Apache-2.0
//! The records of a ring that were not consumed, for who peeks at them: nothing is consumed and nothing is told.

use super::{TheirRing, check, record_bytes_max};
use crate::record::{CONTINUE, Header, Port, TAGS, Tag, WORD_BYTES};
use crate::sync::{Ordering, fence};
use crate::violation::Violation;

/// A record where it lies, which its sender may write again meanwhile.
#[derive(Debug)]
pub struct Ahead<'ring, R> {
    ring: &'ring R,
    at: u64,
    header: Header,
}

impl<R: TheirRing> Ahead<'_, R> {
    /// What the sender says it is.
    pub fn tag(&self) -> Tag {
        self.header.tag()
    }

    /// Which conversation the sender says it belongs to.
    pub fn port(&self) -> Port {
        self.header.port()
    }

    /// How many bytes the body has.
    pub fn bytes(&self) -> usize {
        usize::try_from(self.header.bytes()).unwrap_or(0) // 32 bits
    }

    /// Copies bytes of the body from `offset` on, each loaded once; answers how many.
    pub fn read(&self, offset: usize, target: &mut [u8]) -> usize {
        let bytes = self.bytes().saturating_sub(offset).min(target.len());
        if bytes > 0 {
            self.ring.read((self.at + 1) * WORD_BYTES as u64 + offset as u64, &mut target[..bytes]);
        }
        bytes
    }
}

/// Passes on each record of a ring from word `at` on until there is none, or `act` answers that it has seen enough.
/// Answers the sender's number for the ring in which the lane goes on, if this one ends.
///
/// # Errors
/// The ring is not as a sender leaves it.
pub fn survey<R: TheirRing>(
    ring: &R,
    mut at: u64,
    mut act: impl FnMut(Ahead<'_, R>) -> bool,
) -> Result<Option<u32>, Violation> {
    let words = ring.words();
    let mut walked = 0;
    // No sender fills the word that its receiver polls.
    while walked < words {
        at &= words - 1;
        let header = Header(ring.load(at));
        if header.0 == 0 {
            return Ok(None);
        }
        fence(Ordering::Acquire);
        check(header, at, words, record_bytes_max(words))?;
        let record = Ahead { ring, at, header };
        if header.tag() == CONTINUE {
            let mut segment = [0; 4];
            record.read(0, &mut segment);
            return Ok(Some(u32::from_le_bytes(segment)));
        }
        if TAGS.contains(&header.tag()) && !act(record) {
            return Ok(None);
        }
        (at, walked) = (at + header.words(), walked + header.words());
    }
    Err(Violation::Boundary { words: walked, words_left: words })
}
