// SPDX-License-Identifier: MIT OR Apache-2.0
//! The messages that come most: a body, and a send-once right to answer by or none; or the answer by such a one. Their
//! header has two words, so that a short body lies in few cache lines with it.
//!
//! ```text
//! | header, 16 bytes | body |
//! ```

use cabotage_lane::{bytes_of, value_of};

use super::{Carried, Message, Record, Says, To, WireError, Word};
use crate::right::Right;

cabotage_lane::plain! {
    /// See the [module](self).
    #[derive(Debug, PartialEq, Eq, Default)]
    struct Brief {
        /// [`Word::Brief`].
        word: u8,
        /// What the token is: see [`kind`].
        kind: u8,
        /// Nothing.
        reserved: u16,
        /// The user's number of the message.
        id: u32,
        /// A send-once right, 0 for none. One whose number is larger goes with the long header.
        token: u32,
        /// As in every record.
        taken: u32,
    }
}

mod kind {
    /// There is none.
    pub(super) const NONE: u8 = 0;
    /// The sender grants it, to be answered by.
    pub(super) const REPLY: u8 = 1;
    /// The message is the answer by it.
    pub(super) const ANSWER: u8 = 2;
}

/// How many bytes the header of such a message has.
pub(crate) const BRIEF_BYTES: usize = size_of::<Brief>();

/// The header of such a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plain {
    pub(crate) id: i32,
    pub(crate) by: By,
    pub(crate) taken: u32,
}

/// The rights of such a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// It goes by the send right that the link is, and is not to be answered.
    Right,
    /// The same, and this send-once right comes along to answer it by.
    RightWithReply(u64),
    /// It goes by this send-once right.
    Token(u64),
}

impl By {
    /// By which right it goes.
    pub(crate) fn to(self) -> To {
        match self {
            Self::Right | Self::RightWithReply(_) => To::Port,
            Self::Token(token) => To::Token(token),
        }
    }

    /// The right that comes along to answer by.
    pub(crate) fn reply(self) -> Option<u64> {
        if let Self::RightWithReply(token) = self { Some(token) } else { None }
    }
}

impl Plain {
    /// The longest body.
    pub(crate) const BODY_BYTES_MAX: usize = 2048;

    /// The header as two words; `None` if the number of a right is too large for it.
    #[inline]
    pub(crate) fn words(self) -> Option<[u64; 2]> {
        let (kind, token) = match self.by {
            By::Right => (kind::NONE, 0),
            By::RightWithReply(token) => (kind::REPLY, u32::try_from(token).ok()?),
            By::Token(token) => (kind::ANSWER, u32::try_from(token).ok()?),
        };
        let id = self.id.cast_unsigned();
        let brief = Brief { word: Word::Brief.number(), kind, reserved: 0, id, token, taken: self.taken };
        value_of(bytes_of(&brief))
    }

    /// Reads the header of a record with so many bytes behind it.
    ///
    /// # Errors
    /// [`WireError`]
    #[inline]
    pub(crate) fn read(start: &[u8; BRIEF_BYTES], body_bytes: usize) -> Result<Self, WireError> {
        let brief: Brief = value_of(start).ok_or(WireError::Short)?;
        if brief.word != Word::Brief.number() {
            return Err(WireError::Word(brief.word));
        }
        if body_bytes > Self::BODY_BYTES_MAX {
            return Err(WireError::TooMany);
        }
        let by = match (brief.kind, u64::from(brief.token)) {
            (kind::NONE, 0) => By::Right,
            (kind::REPLY, token @ 1..) => By::RightWithReply(token),
            (kind::ANSWER, token @ 1..) => By::Token(token),
            _ => return Err(WireError::Reserved),
        };
        match brief.reserved {
            0 => Ok(Self { id: brief.id.cast_signed(), by, taken: brief.taken }),
            _ => Err(WireError::Reserved),
        }
    }

    /// The whole record, as any other.
    pub(super) fn record(bytes: &[u8]) -> Result<Record<'_>, WireError> {
        let (start, body) = bytes.split_first_chunk().ok_or(WireError::Short)?;
        let plain = Self::read(start, body.len())?;
        let reply = plain.by.reply().map_or(Carried::Null(Right::SendOnce), Carried::Token);
        let (id, to) = (plain.id, plain.by.to());
        let says = Says::Message(Message { id, is_complex: false, to, reply, items: Vec::new(), body });
        Ok(Record { taken: plain.taken, descriptors: 0, says })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(plain: Plain, body: &[u8]) -> Vec<u8> {
        [bytes_of(&plain.words().unwrap()), body].concat()
    }

    #[test]
    fn a_brief_message_is_two_words_and_its_body() {
        for by in [By::Right, By::RightWithReply(7), By::Token(8)] {
            let plain = Plain { id: -3, by, taken: 9 };
            let bytes = bytes(plain, b"ahoy");
            assert_eq!(bytes.len(), BRIEF_BYTES + 4);
            let record = Record::parse(&bytes).unwrap();
            let Says::Message(message) = record.says else { panic!("{record:?}") };
            assert_eq!((record.taken, record.descriptors), (9, 0));
            assert_eq!((message.id, message.to, message.body), (-3, by.to(), &b"ahoy"[..]));
            let token = by.reply().map_or(Carried::Null(Right::SendOnce), Carried::Token);
            assert_eq!((message.reply, message.is_complex, message.items), (token, false, Vec::new()));
        }
    }

    #[test]
    fn what_a_brief_header_cannot_say_is_not_said_by_one() {
        let large = u64::from(u32::MAX) + 1;
        for by in [By::RightWithReply(large), By::Token(large)] {
            assert_eq!(Plain { id: 0, by, taken: 0 }.words(), None);
        }
    }

    #[test]
    fn a_brief_header_that_says_what_has_no_meaning_is_refused() {
        let good = bytes(Plain { id: 1, by: By::Token(2), taken: 3 }, b"");
        let with = |at: usize, byte: u8| {
            let mut bad = good.clone();
            bad[at] = byte;
            Record::parse(&bad).map(|record| record.taken)
        };
        assert_eq!(with(1, 2), Ok(3));
        for (at, byte) in [(1, 0), (1, 3), (2, 1), (3, 1)] {
            assert_eq!(with(at, byte), Err(WireError::Reserved), "{byte} at {at}");
        }
        let none = bytes(Plain { id: 1, by: By::Right, taken: 3 }, b"");
        for kind in [kind::REPLY, kind::ANSWER] {
            assert_eq!(Record::parse(&[&none[..1], &[kind], &none[2..]].concat()), Err(WireError::Reserved));
        }
        assert_eq!(Record::parse(&good[..BRIEF_BYTES - 1]), Err(WireError::Short));
        let long = [&good[..], &[0; Plain::BODY_BYTES_MAX + 1]].concat();
        assert_eq!(Record::parse(&long), Err(WireError::TooMany));
    }
}
