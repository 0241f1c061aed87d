// SPDX-License-Identifier: MIT OR Apache-2.0
//! The first message of each end: which versions it speaks, what it offers, and perhaps the first data.
//!
//! ```text
//! kind 1 | magic 7 | field bytes 2 | oldest 2 | newest 2 | flags 4 | message bytes max 4 | port 4 | first 2 | first data
//!                                  |<----------------------- field bytes -------------------------->|
//! ```
//!
//! This much holds for every version to come: where these fields stand, that a newer version adds its own after
//! them (so `field bytes` grows, to 256 at most), and that first data comes last, 4,096 bytes at most. So an end
//! can read the HELLO of any version, and tell that it does not speak it.

use crate::wire::fields::{Encoded, Fields};
use crate::wire::{VERSIONS, Versions, WireError};

pub(super) const KIND: u8 = 1;
pub(super) const NAME: &str = "HELLO";

/// By this a stranger's protocol is recognised as such.
const MAGIC: [u8; 7] = *b"cabotag";

/// The fields of version 1: see the picture above.
const FIELDS_BYTES: u16 = 2 + 2 + 4 + 4 + 4 + 2;

/// The fields of every version to come fit into this many bytes.
const FIELDS_BYTES_MAX: u16 = 256;

/// What stands where the length of the first data would, when there is none; no data at all is another thing than
/// data of no bytes.
const NO_FIRST: u16 = u16::MAX;

/// The longest HELLO of any version: room for it is room for every message.
pub(crate) const HELLO_BYTES_MAX: usize = 1 + MAGIC.len() + 2 + FIELDS_BYTES_MAX as usize + First::BYTES_MAX;

/// What an end says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hello<'a> {
    /// Which versions it speaks.
    pub(crate) versions: Versions,
    /// What it can do.
    pub(crate) flags: Flags,
    /// The longest message that it takes by its peer's ring.
    pub(crate) message_bytes_max: u32,
    /// Which of several rights that share a link is meant; 0 until there are several.
    pub(crate) port: u32,
    /// A first message, sent before the peer's library has answered.
    pub(crate) first: Option<First<'a>>,
}

/// First data: at most [`First::BYTES_MAX`] bytes, and perhaps none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct First<'a>(&'a [u8]);

impl<'a> First<'a> {
    pub(crate) const BYTES_MAX: usize = 4096;

    /// `None` if it is too long to go with a HELLO.
    pub(crate) fn new(bytes: &'a [u8]) -> Option<Self> {
        (bytes.len() <= Self::BYTES_MAX).then_some(Self(bytes))
    }

    pub(crate) fn bytes(self) -> &'a [u8] {
        self.0
    }
}

/// What an end can do. Bits that later versions add are dropped, so what two ends share is what both know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Flags(u32);

impl Flags {
    /// It takes part in expedited membarrier.
    pub(crate) const MEMBARRIER: Self = Self(1 << 0);
    const KNOWN: u32 = Self::MEMBARRIER.0;

    /// Both together.
    #[cfg(test)]
    pub(crate) fn and(self, more: Self) -> Self {
        Self(self.0 | more.0)
    }

    /// Whether everything in `wanted` is here.
    pub(crate) fn has(self, wanted: Self) -> bool {
        self.0 & wanted.0 == wanted.0
    }
}

impl<'a> Hello<'a> {
    pub(super) fn encode(&self) -> Encoded {
        let first_bytes =
            self.first.map_or(NO_FIRST, |first| u16::try_from(first.0.len()).unwrap_or(NO_FIRST));
        let mut message = Encoded::new(KIND)
            .and(MAGIC)
            .and(FIELDS_BYTES.to_le_bytes())
            .and(self.versions.oldest.to_le_bytes())
            .and(self.versions.newest.to_le_bytes())
            .and(self.flags.0.to_le_bytes())
            .and(self.message_bytes_max.to_le_bytes())
            .and(self.port.to_le_bytes())
            .and(first_bytes.to_le_bytes());
        message.push(self.first.map_or(&[], First::bytes));
        message
    }

    /// Reads what follows the kind.
    pub(super) fn decode(mut message: Fields<'a>) -> Result<Self, WireError> {
        if message.array().ok() != Some(MAGIC) {
            return Err(WireError::Stranger);
        }
        let fields_bytes = message.u16()?;
        if !(FIELDS_BYTES..=FIELDS_BYTES_MAX).contains(&fields_bytes) {
            return Err(WireError::FieldBytes { bytes: fields_bytes });
        }
        let mut fields = message.part(fields_bytes.into())?;
        let versions = Versions { oldest: fields.u16()?, newest: fields.u16()? };
        if !versions.is_possible() {
            return Err(WireError::Versions { oldest: versions.oldest, newest: versions.newest });
        }
        let flags = Flags(fields.u32()? & Flags::KNOWN);
        let (message_bytes_max, port) = (fields.u32()?, fields.u32()?);
        let first = match fields.u16()? {
            NO_FIRST => None,
            bytes => {
                let data = message.slice(bytes.into())?;
                Some(First::new(data).ok_or(WireError::FirstData { bytes: data.len() })?)
            }
        };
        // What a newer version says beyond this is not for us.
        if versions.newest <= VERSIONS.newest {
            fields.end()?;
        }
        message.end()?;
        Ok(Self { versions, flags, message_bytes_max, port, first })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Frame;

    const PLAIN: Hello<'_> = Hello {
        versions: VERSIONS,
        flags: Flags::MEMBARRIER,
        message_bytes_max: 64 << 10,
        port: 0,
        first: None,
    };
    const FIELDS_AT: usize = 1 + MAGIC.len() + 2;
    const FIELDS_END: usize = FIELDS_AT + FIELDS_BYTES as usize;

    /// A HELLO with `more` fields after those of version 1, by an end that speaks up to version `newest`.
    fn longer(newest: u16, more: &[u8], first: &'static [u8]) -> Vec<u8> {
        let versions = Versions { oldest: 1, newest };
        let mut message = Hello { versions, first: First::new(first), ..PLAIN }.encode().to_vec();
        let fields_bytes = FIELDS_BYTES + u16::try_from(more.len()).unwrap();
        message[FIELDS_AT - 2..FIELDS_AT].copy_from_slice(&fields_bytes.to_le_bytes());
        message.splice(FIELDS_END..FIELDS_END, more.iter().copied());
        message
    }

    fn parse(message: &[u8]) -> Result<Hello<'_>, WireError> {
        match Frame::parse(message)? {
            Frame::Hello(hello) => Ok(hello),
            other => panic!("{other:?} is no HELLO"),
        }
    }

    #[test]
    fn a_hello_stays_as_it_is_on_the_wire() {
        let mut expected = b"\x01cabotag".to_vec();
        expected.extend([18, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 7, 0, 0, 0, 2, 0, b'h', b'i']);
        let hello = Hello { port: 7, first: First::new(b"hi"), ..PLAIN };
        assert_eq!(*hello.encode(), expected);
    }

    #[test]
    fn no_first_data_is_another_thing_than_empty_first_data() {
        let (none, empty) = (PLAIN.encode(), Hello { first: First::new(b""), ..PLAIN }.encode());
        assert_eq!(parse(&none).unwrap().first, None);
        assert_eq!(parse(&empty).unwrap().first.map(First::bytes), Some(&b""[..]));
    }

    #[test]
    fn first_data_of_up_to_4096_bytes_goes_with_a_hello() {
        let most = [7; First::BYTES_MAX];
        let message = Hello { first: First::new(&most), ..PLAIN }.encode();
        assert_eq!(parse(&message).unwrap().first.map(First::bytes), Some(&most[..]));
        assert_eq!(First::new(&[7; First::BYTES_MAX + 1]), None);
        let mut forged = message.to_vec();
        forged.push(7);
        forged[FIELDS_END - 2..FIELDS_END].copy_from_slice(&4097_u16.to_le_bytes());
        assert_eq!(parse(&forged), Err(WireError::FirstData { bytes: 4097 }));
    }

    #[test]
    fn what_a_newer_version_adds_is_skipped_and_its_first_data_is_found() {
        for more in [1, 2, FIELDS_BYTES_MAX - FIELDS_BYTES] {
            let message = longer(2, &vec![0xEE; more.into()], b"data");
            let hello = parse(&message).unwrap();
            assert_eq!(hello.versions, Versions { oldest: 1, newest: 2 });
            assert_eq!(hello.first.map(First::bytes), Some(&b"data"[..]));
            assert!(message.len() <= HELLO_BYTES_MAX);
        }
    }

    #[test]
    fn our_own_version_has_no_more_fields_than_we_know() {
        assert!(matches!(parse(&longer(1, &[0], b"")), Err(WireError::Length { .. })));
    }

    #[test]
    fn a_newer_version_is_no_reason_for_a_longer_or_shorter_hello_than_it_says() {
        let message = longer(9, &[1, 2, 3], b"data");
        for bytes in 0..message.len() {
            assert!(parse(&message[..bytes]).is_err(), "cut to {bytes} bytes");
        }
        assert!(parse(&[&message[..], b"x"].concat()).is_err());
    }

    #[test]
    fn impossible_counts_of_field_bytes_are_refused() {
        for bytes in [0, FIELDS_BYTES - 1, FIELDS_BYTES_MAX + 1, u16::MAX] {
            let mut message = longer(9, &[0; 400], b"");
            message[FIELDS_AT - 2..FIELDS_AT].copy_from_slice(&bytes.to_le_bytes());
            assert_eq!(parse(&message), Err(WireError::FieldBytes { bytes }));
        }
    }

    #[test]
    fn a_strangers_protocol_is_recognised() {
        for message in [&b"\x01"[..], b"\x01cabota", b"\x01BEGIN session", b"\x01\0\0\0\0\0\0\0"] {
            assert_eq!(parse(message), Err(WireError::Stranger));
        }
    }

    #[test]
    fn versions_that_cannot_be_are_refused() {
        for (oldest, newest) in [(0, 0), (0, 1), (2, 1), (u16::MAX, 1)] {
            let message = Hello { versions: Versions { oldest, newest }, ..PLAIN }.encode();
            assert_eq!(parse(&message), Err(WireError::Versions { oldest, newest }));
        }
    }

    #[test]
    fn flags_that_we_do_not_know_are_ignored() {
        let message = Hello { flags: Flags(u32::MAX), ..PLAIN }.encode();
        let flags = parse(&message).unwrap().flags;
        assert_eq!(flags, Flags::MEMBARRIER);
        assert!(flags.has(Flags::MEMBARRIER) && !Flags::default().has(Flags::MEMBARRIER));
        assert_eq!(Flags::default().and(Flags::MEMBARRIER), Flags::MEMBARRIER);
    }
}
