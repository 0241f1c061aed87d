// SPDX-License-Identifier: MIT OR Apache-2.0
//! The header of a message that is nothing but a body: one word, so that the message fills few cache lines and is
//! recognized by one comparison.
//!
//! From the highest bit down: that it is one (no number of a long header has that bit), whether the asker is blocked,
//! two that are 0, four with the [`Word`], and 56 with the number.

use cabotage_lane::value_of;
use cabotage_link::Message;

use super::{Head, Header, SYNC, WireError, Word};

/// How many bytes a [`Short`] has.
pub(crate) const SHORT_BYTES: usize = size_of::<u64>();

const IS_SHORT: u64 = 1 << 63;
const IS_SYNC: u64 = 1 << 62;
const RESERVED: u64 = 3 << 60;
const WORD_AT: u32 = 56;
const ID: u64 = (1 << WORD_AT) - 1;

/// See the [module](self).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Short(pub(crate) u64);

impl Short {
    /// Of a message about this number.
    #[inline]
    pub(crate) fn new(word: Word, id: u64) -> Self {
        Self(IS_SHORT | u64::from(word.number()) << WORD_AT | id & ID)
    }

    /// Of a request whose asker is blocked.
    #[inline]
    pub(crate) fn sync_request(id: u64) -> Self {
        Self(Self::new(Word::Request, id).0 | IS_SYNC)
    }

    /// What says the same as this header, if there is that.
    #[inline]
    pub(crate) fn of(header: &Header) -> Option<Self> {
        let is_plain = header.about == 0 && header.attributes_bytes == 0 && header.valid == 0;
        let speaks = matches!(Word::of(header.word)?, Word::Request | Word::Reply | Word::Datagram);
        let sync = if header.flags & SYNC != 0 { IS_SYNC } else { 0 };
        (is_plain && speaks && header.id <= ID)
            .then_some(Self(IS_SHORT | sync | u64::from(header.word) << WORD_AT | header.id))
    }

    /// The first word of a message, which says of itself whether it is one.
    #[inline]
    pub(crate) fn read(message: &Message<'_>) -> Self {
        let mut start = [0; SHORT_BYTES];
        message.copy_to(&mut start);
        Self(u64::from_ne_bytes(start))
    }

    /// How many bytes the body of a message has that begins with a short header, if it is not longer than may be.
    #[inline]
    pub(crate) fn body_bytes(message: &Message<'_>, bytes_max: usize) -> Option<usize> {
        message.bytes().checked_sub(SHORT_BYTES).filter(|bytes| *bytes <= bytes_max)
    }

    /// The short header of a message that begins like this, if it has one.
    #[inline]
    pub(crate) fn at(start: &[u8]) -> Option<Self> {
        let word: u64 = value_of(start.get(..SHORT_BYTES)?)?;
        (word & IS_SHORT != 0).then_some(Self(word))
    }

    /// The number, if this is a request whose asker is blocked.
    #[inline]
    pub(crate) fn as_sync_request(self) -> Option<u64> {
        let id = self.0 & ID;
        (self == Self::sync_request(id)).then_some(id)
    }

    /// The header of a message that is `bytes_in_all` bytes long.
    ///
    /// # Errors
    /// [`WireError`].
    pub(super) fn parse(self, bytes_in_all: usize) -> Result<Head, WireError> {
        let body_bytes = bytes_in_all.checked_sub(SHORT_BYTES).ok_or(WireError::Short)?;
        if self.0 & RESERVED != 0 {
            return Err(WireError::Reserved);
        }
        let number = u16::from(self.0.to_be_bytes()[0] & 0xF);
        Ok(Head {
            word: Word::of(number).ok_or(WireError::Word(number))?,
            flags: if self.0 & IS_SYNC != 0 { SYNC } else { 0 },
            valid: 0,
            id: self.0 & ID,
            about: 0,
            attributes_bytes: 0,
            body_bytes,
            header_bytes: SHORT_BYTES,
        })
    }
}
