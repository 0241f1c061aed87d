// SPDX-License-Identifier: MIT OR Apache-2.0
//! What one end writes to the other: a header of fixed size, then attributes, then the body.
//!
//! ```text
//! | header, 32 bytes | attributes, each a head and its bytes, in units of 8 | body |
//! | one word | body |
//! ```
//!
//! The lengths in the header add up to the length of the message exactly, or the link is over. A message that is nothing
//! but a body begins with one word instead, which the other end tells apart by its highest bit. Numbers of requests
//! are their asker's: whoever hears one looks it up in a table of its own, so that nobody can speak about a request
//! that is not between the two. What the other side is told by its own kernel or library (that a port closed, that a
//! client died) has no form here.
//!
//! Everything in this module works on private memory and takes any bytes.

mod attributes;
mod copy;
mod short;
mod terms;

use cabotage_lane::{bytes_of, value_of};

pub(crate) use attributes::{AttributeWriter, Attributes, BODY, HandlesNote, Note, SECURE, ViewNote};
pub(crate) use copy::{BUSY, CopyWanted, DONE, GONE};
pub(crate) use short::{SHORT_BYTES, Short};
pub(crate) use terms::{CONSENTS, READS_MEMORY, TERMS_BYTES, Terms};

cabotage_lane::plain! {
    /// How a message begins.
    #[derive(Debug, PartialEq, Eq)]
    pub(crate) struct Header {
        /// The request this is, answers or cancels; 0 where there is none. Below 2^56.
        pub(crate) id: u64,
        /// Of a callback: the request of the other side that it is about. Otherwise 0.
        pub(crate) about: u64,
        /// How many bytes the body has.
        pub(crate) body_bytes: u32,
        /// How many bytes the attributes have.
        pub(crate) attributes_bytes: u32,
        /// Which attributes the sender has set.
        pub(crate) valid: u32,
        /// A [`Word`].
        pub(crate) word: u16,
        /// What is special: [`SYNC`] and its like.
        pub(crate) flags: u16,
    }
}

/// How many bytes a [`Header`] has.
pub(crate) const HEADER_BYTES: usize = size_of::<Header>();

/// The asker is blocked until the answer comes, and may be called back.
pub(crate) const SYNC: u16 = 1;

/// How many bytes of attributes one message has at most.
pub(crate) const ATTRIBUTES_BYTES_MAX: u32 = 16 << 10;

/// Every flag that has a meaning.
const FLAGS: u16 = SYNC;

/// Why somebody was not let in, as it goes in the field `about` of a refusal.
pub(crate) mod reason {
    /// The server refused.
    pub(crate) const SERVER: u64 = 0;
    /// There are as many clients as may be.
    pub(crate) const CROWDED: u64 = 1;
    /// There are more data than are taken; the field `id` says how many are.
    pub(crate) const DATA: u64 = 2;
}

/// What a message says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word {
    /// Let me in.
    Connect,
    /// You are in.
    Accept,
    /// You are not.
    Refuse,
    /// Answer this.
    Request,
    /// This is the answer.
    Reply,
    /// This is for you.
    Datagram,
    /// Do not answer any more.
    Cancel,
    /// There will be no answer.
    Lost,
    /// Copy from or to a range that you have declared.
    Copy,
    /// It is copied, or not.
    Copied,
    /// These are handles of a message that follows.
    Handles,
}

impl Word {
    const ALL: [Self; 11] = [
        Self::Connect,
        Self::Accept,
        Self::Refuse,
        Self::Request,
        Self::Reply,
        Self::Datagram,
        Self::Cancel,
        Self::Lost,
        Self::Copy,
        Self::Copied,
        Self::Handles,
    ];

    /// In words, for messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Connect => "a request to connect",
            Self::Accept => "an acceptance",
            Self::Refuse => "a refusal",
            Self::Request => "a request",
            Self::Reply => "a reply",
            Self::Datagram => "a datagram",
            Self::Cancel => "a cancel",
            Self::Lost => "the loss of a reply",
            Self::Copy => "a copy request",
            Self::Copied => "the answer to a copy request",
            Self::Handles => "handles",
        }
    }

    #[inline]
    fn number(self) -> u16 {
        self as u16 + 1
    }

    #[inline]
    fn of(number: u16) -> Option<Self> {
        Self::ALL.get(usize::from(number).wrapping_sub(1)).copied()
    }
}

impl Header {
    /// A header of a message with this body and no attributes.
    #[inline]
    pub(crate) fn new(word: Word, id: u64, body_bytes: usize) -> Self {
        Self {
            id,
            about: 0,
            body_bytes: u32::try_from(body_bytes).unwrap_or(u32::MAX),
            attributes_bytes: 0,
            valid: 0,
            word: word.number(),
            flags: 0,
        }
    }

    /// Its bytes, as they go.
    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        bytes_of(self)
    }

    /// Its bytes as words: each holds its fields in the machine's order.
    #[inline]
    pub(crate) fn words(&self) -> [u64; HEADER_BYTES / 8] {
        let two = |[first, second]: [u32; 2]| match cfg!(target_endian = "little") {
            true => u64::from(first) | u64::from(second) << 32,
            false => u64::from(second) | u64::from(first) << 32,
        };
        let ([a, b], [c, d]) = (self.word.to_ne_bytes(), self.flags.to_ne_bytes());
        let last = u32::from_ne_bytes([a, b, c, d]);
        [self.id, self.about, two([self.body_bytes, self.attributes_bytes]), two([self.valid, last])]
    }
}

/// A header that was checked against the length of its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) word: Word,
    pub(crate) flags: u16,
    pub(crate) valid: u32,
    pub(crate) id: u64,
    pub(crate) about: u64,
    pub(crate) attributes_bytes: usize,
    pub(crate) body_bytes: usize,
    header_bytes: usize,
}

impl Head {
    /// Reads the start of a message that is `bytes_in_all` bytes long.
    ///
    /// # Errors
    /// [`WireError`].
    #[inline]
    pub(crate) fn parse(start: &[u8], bytes_in_all: usize) -> Result<Self, WireError> {
        if let Some(short) = Short::at(start) {
            return short.parse(bytes_in_all);
        }
        let header: Header = start.get(..HEADER_BYTES).and_then(value_of).ok_or(WireError::Short)?;
        let word = Word::of(header.word).ok_or(WireError::Word(header.word))?;
        let told = HEADER_BYTES as u64 + u64::from(header.attributes_bytes) + u64::from(header.body_bytes);
        if told != bytes_in_all as u64 {
            return Err(WireError::Length { told, found: bytes_in_all });
        }
        if header.flags & !FLAGS != 0 || !header.attributes_bytes.is_multiple_of(8) {
            return Err(WireError::Reserved);
        }
        if header.attributes_bytes > ATTRIBUTES_BYTES_MAX {
            return Err(WireError::Attributes);
        }
        Ok(Self {
            word,
            flags: header.flags,
            valid: header.valid,
            id: header.id,
            about: header.about,
            attributes_bytes: header.attributes_bytes as usize,
            body_bytes: header.body_bytes as usize,
            header_bytes: HEADER_BYTES,
        })
    }

    /// Where the attributes begin in the message.
    pub(crate) fn attributes_at(&self) -> usize {
        self.header_bytes
    }

    /// Where the body begins in the message.
    #[inline]
    pub(crate) fn body_at(&self) -> usize {
        self.header_bytes + self.attributes_bytes
    }

    /// Whether the asker is blocked.
    #[inline]
    pub(crate) fn is_sync(&self) -> bool {
        self.flags & SYNC != 0
    }
}

/// What is wrong with a message of the peer's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// It is shorter than a header.
    #[error("sent a message without a whole header")]
    Short,
    /// It says something that has no meaning.
    #[error("sent a message of the unknown kind {0}")]
    Word(u16),
    /// Its lengths do not add up.
    #[error("sent a message of {found} bytes whose lengths add up to {told}")]
    Length {
        /// What the header says, in bytes.
        told: u64,
        /// What came, in bytes.
        found: usize,
    },
    /// Something is set that has no meaning.
    #[error("set what is reserved in a message")]
    Reserved,
    /// Its attributes can't be taken apart.
    #[error("sent attributes that do not fit into their room")]
    Attributes,
    /// It brings a view that was never to be taken, or that is not what came with it.
    #[error("sent a view that is not taken here, or is not what came with the message")]
    View,
    /// Its answer to a copy request brings something else than was asked for.
    #[error("answered a copy request with something else than was asked for")]
    Copied,
    /// It declares what can't be ranges of its memory.
    #[error("declared what can be no ranges of its memory")]
    Ranges,
    /// It does not bring the handles that it says.
    #[error("sent {came} handles with a message that has {told}")]
    Handles {
        /// How many it says.
        told: usize,
        /// How many came.
        came: usize,
    },
    /// It brings more handles than are taken.
    #[error("sent {handles} handles with one message, where {handles_max} are the limit")]
    TooManyHandles {
        /// How many came.
        handles: usize,
        /// How many may.
        handles_max: usize,
    },
    /// It is longer than the port takes.
    #[error("sent a body of {bytes} bytes, where {bytes_max} are the limit")]
    TooLong {
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        bytes_max: usize,
    },
}

#[cfg(test)]
mod tests;
