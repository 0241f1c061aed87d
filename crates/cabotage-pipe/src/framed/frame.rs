// SPDX-License-Identifier: MIT OR Apache-2.0
//! One frame: a header of 16 bytes and up to 4,080 of payload, written in one atomic write.
//!
//! ```text
//!  0      2         3       4         6      8                      16
//!  | 0xCA | version | flags | payload | zero | writer               | payload …
//!  | 0xB0 | 1       |       | bytes   |      | (little-endian)      |
//! ```
//! The payload's length and the writer's id are little-endian. Flags: 1 first frame of a message, 2 last one.

use std::fmt;

use cabotage_os::pipe::ATOMIC_BYTES;

/// Who wrote a frame: a number that the writer drew at random when it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WriterId(pub(super) u64);

impl fmt::Display for WriterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

pub(super) const HEADER_BYTES: usize = 16;
pub(super) const PAYLOAD_BYTES_MAX: usize = ATOMIC_BYTES - HEADER_BYTES;

const MAGIC: [u8; 2] = [0xCA, 0xB0];
const VERSION: u8 = 1;
const FIRST: u8 = 1;
const LAST: u8 = 2;

/// What a frame says before its payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) writer: WriterId,
    pub(super) is_first: bool,
    pub(super) is_last: bool,
    pub(super) payload_bytes: usize,
}

/// What is wrong with a frame. The fault of whoever wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// It does not begin like a frame.
    #[error(
        "something that is no frame was written: every writer must use framed::Writer, and one reader reads"
    )]
    Magic,
    /// It is of a version that this reader does not know.
    #[error("a frame of version {version} came, and this reader knows version 1: update it")]
    Version {
        /// Which.
        version: u8,
    },
    /// It has flags, or bytes meant to be zero, that this reader does not know.
    #[error("a frame with unknown flags came")]
    Flags,
    /// It claims more payload than fits an atomic write.
    #[error("a frame claims {bytes} bytes of payload, more than an atomic write carries")]
    Length {
        /// How many.
        bytes: usize,
    },
    /// The pipe ended inside of it.
    #[error("the pipe ended in the middle of a frame")]
    Cut,
}

impl Header {
    pub(super) fn encode(self) -> [u8; HEADER_BYTES] {
        let flags = if self.is_first { FIRST } else { 0 } | if self.is_last { LAST } else { 0 };
        let length = u16::try_from(self.payload_bytes).unwrap_or(u16::MAX).to_le_bytes();
        let mut bytes = [0; HEADER_BYTES];
        bytes[..2].copy_from_slice(&MAGIC);
        bytes[2] = VERSION;
        bytes[3] = flags;
        bytes[4..6].copy_from_slice(&length);
        bytes[8..].copy_from_slice(&self.writer.0.to_le_bytes());
        bytes
    }

    pub(super) fn decode(bytes: &[u8; HEADER_BYTES]) -> Result<Self, Malformed> {
        let [magic_0, magic_1, version, flags, length_0, length_1, zero_0, zero_1, writer @ ..] = *bytes;
        let payload_bytes = usize::from(u16::from_le_bytes([length_0, length_1]));
        if [magic_0, magic_1] != MAGIC {
            return Err(Malformed::Magic);
        }
        if version != VERSION {
            return Err(Malformed::Version { version });
        }
        if flags & !(FIRST | LAST) != 0 || [zero_0, zero_1] != [0, 0] {
            return Err(Malformed::Flags);
        }
        if payload_bytes > PAYLOAD_BYTES_MAX {
            return Err(Malformed::Length { bytes: payload_bytes });
        }
        Ok(Self {
            writer: WriterId(u64::from_le_bytes(writer)),
            is_first: flags & FIRST != 0,
            is_last: flags & LAST != 0,
            payload_bytes,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        Header {
            writer: WriterId(0x0123_4567_89ab_cdef),
            is_first: true,
            is_last: false,
            payload_bytes: 4080,
        }
    }

    #[test]
    fn a_header_says_after_its_way_what_it_said_before() {
        for (is_first, is_last) in [(true, true), (true, false), (false, false), (false, true)] {
            let header = Header { is_first, is_last, ..header() };
            assert_eq!(Header::decode(&header.encode()), Ok(header));
        }
    }

    #[test]
    fn the_layout_is_the_documented_one() {
        let expected = [0xCA, 0xB0, 1, 1, 0xF0, 0x0F, 0, 0, 0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23, 0x01];
        assert_eq!(header().encode(), expected);
    }

    #[test]
    fn every_field_that_lies_is_caught() {
        let lie = |at: usize, value: u8| {
            let mut bytes = header().encode();
            bytes[at] = value;
            Header::decode(&bytes)
        };
        assert_eq!(lie(0, 0), Err(Malformed::Magic));
        assert_eq!(lie(1, 0xB1), Err(Malformed::Magic));
        assert_eq!(lie(2, 2), Err(Malformed::Version { version: 2 }));
        assert_eq!(lie(3, 4), Err(Malformed::Flags));
        assert_eq!(lie(6, 1), Err(Malformed::Flags));
        assert_eq!(lie(7, 1), Err(Malformed::Flags));
        assert_eq!(lie(4, 0xF1), Err(Malformed::Length { bytes: 4081 }));
        assert_eq!(lie(5, 0xFF), Err(Malformed::Length { bytes: 0xFFF0 }));
    }
}
