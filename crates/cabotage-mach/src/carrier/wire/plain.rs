// SPDX-License-Identifier: MIT OR Apache-2.0
//! The messages that come most: a body, and a token to answer by or none.

use cabotage_lane::{bytes_of, value_of};

use super::{HEADER_BYTES, Header, To, Word, message::reply};

/// The header of such a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plain {
    pub(crate) id: i32,
    pub(crate) to: To,
    /// The token to answer by.
    pub(crate) reply: Option<u64>,
    pub(crate) taken: u32,
}

impl Plain {
    /// The longest body.
    pub(crate) const BODY_BYTES_MAX: usize = 2048;

    /// The bytes of the record, with this body, into `target`, whose former content goes.
    #[inline]
    pub(crate) fn write(self, body: &[u8], target: &mut Vec<u8>) {
        let header = Header {
            word: Word::Message.number(),
            reply: if self.reply.is_some() { reply::TOKEN } else { reply::NONE },
            id: self.id.cast_unsigned(),
            token: match self.to {
                To::Port => 0,
                To::Token(token) => token,
            },
            reply_token: self.reply.unwrap_or(0),
            taken: self.taken,
            body_bytes: u32::try_from(body.len()).unwrap_or(u32::MAX),
            ..Header::default()
        };
        target.clear();
        target.extend_from_slice(bytes_of(&header));
        target.extend_from_slice(body);
    }

    /// Reads the start of a record of so many bytes; `None` if it is another one, or wrong.
    #[inline]
    pub(crate) fn read(start: &[u8; HEADER_BYTES], bytes: usize) -> Option<Self> {
        let header: Header = value_of(start)?;
        let has_reply = header.reply == reply::TOKEN;
        let is_plain = header.word == Word::Message.number()
            && (has_reply || header.reply == reply::NONE)
            && has_reply == (header.reply_token != 0)
            && header.flags == 0
            && header.reserved == 0
            && header.entries == 0
            && header.descriptors == 0
            && HEADER_BYTES + header.body_bytes as usize == bytes
            && header.body_bytes as usize <= Self::BODY_BYTES_MAX;
        is_plain.then(|| Self {
            id: header.id.cast_signed(),
            to: if header.token == 0 { To::Port } else { To::Token(header.token) },
            reply: has_reply.then_some(header.reply_token),
            taken: header.taken,
        })
    }
}
