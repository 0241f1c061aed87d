// SPDX-License-Identifier: MIT OR Apache-2.0
//! The messages on a link's socket: what each says, byte by byte, and how many descriptors go with it.
//!
//! Pure: encodes into memory of ours, decodes bytes that were received into memory of ours. The first byte is the
//! kind; the fields follow without gaps, integers with their lowest byte first. Lengths are strict, but for the
//! HELLO of a newer version. BELL, HELLO, REFUSED, AGAIN and BYE stay as they are in every version, so that two ends
//! that share none can say so.

mod fields;
mod hello;
mod refusal;
#[cfg(test)]
mod tests;
mod version;

use cabotage_os::Fault;

use fields::Fields;

pub(crate) use fields::Encoded;
pub(crate) use hello::{First, Flags, HELLO_BYTES_MAX, Hello};
pub(crate) use refusal::Refusal;
pub(crate) use version::{VERSIONS, Versions};

/// The longest message of any version: a receiver's buffer of this size cuts none short.
pub(crate) const FRAME_BYTES_MAX: usize = HELLO_BYTES_MAX;

/// The most descriptors that one message carries.
pub(crate) const DESCRIPTORS_MAX: u8 = 64;

/// One message on a link's socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Frame<'a> {
    /// Look at your lane: there is news.
    Bell,
    /// What the sender is; each end's first message.
    Hello(Hello<'a>),
    /// The first segment of the sender's outbox, whose descriptor goes with it.
    Outbox { bytes: u32 },
    /// Another segment of the sender's outbox, whose descriptor goes with it.
    Segment { number: u32, purpose: Purpose, bytes: u64 },
    /// Descriptors for the record that will name this sequence number.
    Descriptors { sequence: u64, count: u8 },
    /// The sender wants no link.
    Refused { reason: Refusal },
    /// Say HELLO once more: the kernel could not say who you are.
    Again,
    /// The sender is done with the link and has sent all it will.
    Bye,
    /// A message of up to 4,096 bytes, before the sender has handed over an outbox.
    Early(First<'a>),
}

/// What a segment is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A bigger ring.
    Ring,
    /// A block for a large payload.
    Block,
}

/// A received message that the protocol does not know. The peer's fault: that link is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// It has no byte at all.
    #[error("the peer sent a message without a byte")]
    Empty,
    /// There is no such kind.
    #[error("the peer sent a message of a kind that does not exist ({kind})")]
    Kind {
        /// What it says.
        kind: u8,
    },
    /// It is longer or shorter than what it says.
    #[error("the peer sent a {frame} of {bytes} bytes, which is not its length")]
    Length {
        /// Which message.
        frame: &'static str,
        /// Its length.
        bytes: usize,
    },
    /// It begins like a HELLO, but is none of ours.
    #[error("the peer does not speak Cabotage's protocol: does the name belong to another program?")]
    Stranger,
    /// No HELLO of any version has so many bytes of fields.
    #[error("the peer sent a HELLO with {bytes} bytes of fields")]
    FieldBytes {
        /// How many.
        bytes: u16,
    },
    /// No end speaks such a range of versions.
    #[error("the peer says that it speaks versions {oldest} to {newest}")]
    Versions {
        /// The oldest.
        oldest: u16,
        /// The newest.
        newest: u16,
    },
    /// There is more first data than a HELLO may carry.
    #[error("the peer sent {bytes} bytes with its HELLO; at most {} are allowed", First::BYTES_MAX)]
    FirstData {
        /// How many.
        bytes: usize,
    },
    /// No message carries so many descriptors.
    #[error("the peer announced {count} descriptors; 1 to {DESCRIPTORS_MAX} are allowed")]
    Count {
        /// How many.
        count: u8,
    },
    /// One of the codes in it means nothing.
    #[error("the peer sent a {frame} with a code that means nothing ({code})")]
    Code {
        /// Which message.
        frame: &'static str,
        /// The code.
        code: u8,
    },
}

impl WireError {
    /// Whose fault it is: always the peer's.
    pub fn fault(&self) -> Fault {
        Fault::Peer
    }
}

const BELL: u8 = 0;
const OUTBOX: u8 = 2;
const SEGMENT: u8 = 3;
const DESCRIPTORS: u8 = 4;
const AGAIN: u8 = 6;
const BYE: u8 = 7;
const EARLY: u8 = 8;

impl<'a> Frame<'a> {
    /// What a received message says.
    ///
    /// # Errors
    /// [`WireError`]: never a panic, whatever the bytes are.
    pub(crate) fn parse(message: &'a [u8]) -> Result<Self, WireError> {
        let (&kind, rest) = message.split_first().ok_or(WireError::Empty)?;
        match kind {
            BELL => bare("BELL", rest, Self::Bell),
            hello::KIND => Hello::decode(Fields::new(hello::NAME, rest)).map(Self::Hello),
            OUTBOX => {
                let mut fields = Fields::new("OUTBOX", rest);
                let bytes = fields.u32()?;
                fields.end().map(|()| Self::Outbox { bytes })
            }
            SEGMENT => parse_segment(Fields::new("SEGMENT", rest)),
            DESCRIPTORS => parse_descriptors(Fields::new("DESCRIPTORS", rest)),
            refusal::KIND => {
                let reason = Refusal::decode(Fields::new(refusal::NAME, rest))?;
                Ok(Self::Refused { reason })
            }
            AGAIN => bare("AGAIN", rest, Self::Again),
            BYE => bare("BYE", rest, Self::Bye),
            EARLY => {
                let bytes = rest.len();
                First::new(rest).map(Self::Early).ok_or(WireError::FirstData { bytes })
            }
            kind => Err(WireError::Kind { kind }),
        }
    }

    /// The message as it goes on the socket.
    pub(crate) fn encode(&self) -> Encoded {
        match *self {
            Self::Bell => Encoded::new(BELL),
            Self::Hello(hello) => hello.encode(),
            Self::Outbox { bytes } => Encoded::new(OUTBOX).and(bytes.to_le_bytes()),
            Self::Segment { number, purpose, bytes } => {
                Encoded::new(SEGMENT).and(number.to_le_bytes()).and([purpose as u8]).and(bytes.to_le_bytes())
            }
            Self::Descriptors { sequence, count } => {
                Encoded::new(DESCRIPTORS).and(sequence.to_le_bytes()).and([count])
            }
            Self::Refused { reason } => reason.encode(),
            Self::Again => Encoded::new(AGAIN),
            Self::Bye => Encoded::new(BYE),
            Self::Early(first) => {
                let mut message = Encoded::new(EARLY);
                message.push(first.bytes());
                message
            }
        }
    }

    /// How many descriptors go with it: not one more, not one less.
    pub(crate) fn descriptors_expected(&self) -> usize {
        match *self {
            Self::Outbox { .. } | Self::Segment { .. } => 1,
            Self::Descriptors { count, .. } => count.into(),
            Self::Bell | Self::Hello(_) | Self::Refused { .. } | Self::Again | Self::Bye | Self::Early(_) => {
                0
            }
        }
    }
}

/// A message without fields.
fn bare<'a>(name: &'static str, rest: &'a [u8], frame: Frame<'a>) -> Result<Frame<'a>, WireError> {
    Fields::new(name, rest).end().map(|()| frame)
}

fn parse_segment(mut fields: Fields<'_>) -> Result<Frame<'_>, WireError> {
    let number = fields.u32()?;
    let code = fields.u8()?;
    let bytes = fields.u64()?;
    fields.end()?;
    let purpose = [Purpose::Ring, Purpose::Block].into_iter().find(|purpose| *purpose as u8 == code);
    let purpose = purpose.ok_or(WireError::Code { frame: "SEGMENT", code })?;
    Ok(Frame::Segment { number, purpose, bytes })
}

fn parse_descriptors(mut fields: Fields<'_>) -> Result<Frame<'_>, WireError> {
    let sequence = fields.u64()?;
    let count = fields.u8()?;
    fields.end()?;
    if (1..=DESCRIPTORS_MAX).contains(&count) {
        Ok(Frame::Descriptors { sequence, count })
    } else {
        Err(WireError::Count { count })
    }
}
