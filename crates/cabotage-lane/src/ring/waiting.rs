// SPDX-License-Identifier: MIT OR Apache-2.0
//! What lies in a ring and was not consumed: for who only looks on.

use super::{TheirRing, check, record_bytes_max};
use crate::record::{Header, Tag};
use crate::sync::{Ordering, fence};
use crate::violation::Violation;

/// How much lies in a ring and was not consumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Waiting {
    /// How many records.
    pub records: u64,
    /// How many bytes they have together.
    pub bytes: u64,
}

/// How much with this tag lies behind the position `consumed`. Where others write and consume meanwhile, the answer is
/// that of a moment which may never have been.
///
/// # Errors
/// The ring is not as a sender leaves it, or was written faster than we looked.
pub fn waiting(ring: &impl TheirRing, consumed: u64, tag: Tag) -> Result<Waiting, Violation> {
    let mut waiting = Waiting::default();
    follow(ring, consumed, |header| {
        if header.tag() == tag {
            waiting.records += 1;
            waiting.bytes += header.bytes();
        }
    })?;
    Ok(waiting)
}

/// Passes on each header from the position `consumed` on; answers where the next one is to appear.
pub(crate) fn follow(
    ring: &impl TheirRing,
    consumed: u64,
    mut see: impl FnMut(Header),
) -> Result<u64, Violation> {
    let (words, bytes_max) = (TheirRing::words(ring), record_bytes_max(TheirRing::words(ring)));
    let mut published = consumed;
    loop {
        let at = published & (words - 1);
        let header = Header(ring.load(at));
        if header.0 == 0 {
            return Ok(published);
        }
        fence(Ordering::Acquire);
        check(header, at, words, bytes_max)?;
        see(header);
        published = published.checked_add(header.words()).ok_or(Violation::Header { header: header.0 })?;
        if published - consumed >= words {
            // No sender fills the word that its receiver polls.
            return Err(Violation::Boundary { words: published - consumed, words_left: words });
        }
    }
}
