// SPDX-License-Identifier: MIT OR Apache-2.0
//! What two processes write to each other over the link of one send right: a header of fixed size, entries for what
//! is carried, the body, and memory that is small enough to lie behind it.
//!
//! ```text
//! | header, 40 bytes | entries, 40 bytes each | body | memory |
//! ```
//!
//! A message that is nothing but a body and a right to answer by, or such an answer, has a [shorter header](plain).
//!
//! The lengths add up to that of the record exactly, and the descriptors that its entries ask for have all come with
//! it or before it, or the link is over. Numbers of tokens are their granter's: whoever hears one looks it up in a
//! table of its own. What a process is told by its own kernel (that a port has died, that nobody is left to send) has
//! no form here.
//!
//! Everything in this module works on private memory and takes any bytes.

mod carried;
mod error;
mod message;
mod plain;
#[cfg(test)]
mod tests;

use cabotage_lane::{bytes_of, value_of};

pub(crate) use carried::{Carried, Claim, ENTRY_BYTES};
pub(crate) use error::WireError;
pub(crate) use message::{Draft, Item, Message, To};
pub(crate) use plain::{BRIEF_BYTES, By, Plain};

cabotage_lane::plain! {
    /// How a record begins.
    #[derive(Debug, PartialEq, Eq, Default)]
    pub(crate) struct Header {
        /// A [`Word`].
        pub(crate) word: u8,
        /// [`COMPLEX`].
        pub(crate) flags: u8,
        /// How the reply right of a message is told: see [`message`].
        pub(crate) reply: u8,
        /// Nothing.
        pub(crate) reserved: u8,
        /// The user's number of a message.
        pub(crate) id: u32,
        /// The send-once right that a message goes to, or that the record is about; 0 for none. Of a fork: its number.
        pub(crate) token: u64,
        /// The send-once right to reply to, where it is a token.
        pub(crate) reply_token: u64,
        /// How many messages of this link the receiver has taken out of its queue, ever: the lowest 32 bits.
        pub(crate) taken: u32,
        /// How many bytes the body has.
        pub(crate) body_bytes: u32,
        /// How many entries follow.
        pub(crate) entries: u32,
        /// How many descriptors belong to the record, those that went ahead included.
        pub(crate) descriptors: u32,
    }
}

/// How many bytes a [`Header`] has.
pub(crate) const HEADER_BYTES: usize = size_of::<Header>();
/// The message was sent as a complex one.
pub(crate) const COMPLEX: u8 = 1;

/// The most rights that one message carries.
///
/// # Source
/// XNU, osfmk/ipc/ipc_policy.h.
pub(crate) const PORTS_MAX: usize = 16_383;
/// The most entries: each right may stand in an array of its own, and each may be followed by memory.
pub(crate) const ENTRIES_MAX: usize = 4 * PORTS_MAX;
/// The most pieces of sealed memory of one message: each is a descriptor.
pub(crate) const SEALED_MAX: usize = 64;
/// The longest inline body, in bytes.
///
/// # Source
/// XNU, osfmk/ipc/ipc_policy.h: 48 MiB without what the kernel itself puts there.
pub(crate) const BODY_BYTES_MAX: usize = (48 << 20) - 68;

/// What a record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word {
    /// The first thing that an owner says: which port this is.
    Welcome,
    /// A message.
    Message,
    /// These descriptors belong to a message that follows.
    Ahead,
    /// Another link to the same port, for a third party.
    Fork,
    /// No send right is left at this end.
    Release,
    /// A send-once right was destroyed without a message.
    Unused,
    /// A send-once right goes to a third party: messages come by this link instead.
    Materialise,
    /// The header says how far the queue was taken; the body, how long it may be.
    Taken,
    /// The port is dead; send-once rights of the link are not.
    Died,
    /// A receive right is to move over this link, under this number; see [`moving`](super::moving) for this and what
    /// follows.
    Offer,
    Ready,
    Pause,
    Resume,
    Moved,
    /// The port is here now, and its old owner has heard so many records.
    Here,
    Give,
    Whole,
    Custody,
    /// A send-once right (0: the one that the link is) is the end that comes along, from now on; see
    /// [`detached`](super::detached).
    Detach,
    /// It is.
    Detached,
    /// A message of the common shape: see [`plain`].
    Brief,
}

impl Word {
    const ALL: [Self; 21] = [
        Self::Welcome,
        Self::Message,
        Self::Ahead,
        Self::Fork,
        Self::Release,
        Self::Unused,
        Self::Materialise,
        Self::Taken,
        Self::Died,
        Self::Offer,
        Self::Ready,
        Self::Pause,
        Self::Resume,
        Self::Moved,
        Self::Here,
        Self::Give,
        Self::Whole,
        Self::Custody,
        Self::Detach,
        Self::Detached,
        Self::Brief,
    ];

    /// Whether one descriptor comes with it.
    fn has_descriptor(self) -> bool {
        matches!(self, Self::Fork | Self::Materialise | Self::Offer | Self::Pause | Self::Give | Self::Detach)
    }

    /// Whether its body is a number.
    fn has_number(self) -> bool {
        matches!(self, Self::Offer | Self::Moved | Self::Here | Self::Give)
    }

    fn number(self) -> u8 {
        self as u8 + 1
    }

    fn of(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number).wrapping_sub(1)).copied()
    }
}

cabotage_lane::plain! {
    /// The body of a welcome, and of what follows it when the queue's limit has changed.
    #[derive(Debug, PartialEq, Eq)]
    pub(crate) struct Welcome {
        /// The owner's number of the port.
        pub(crate) port: u64,
        /// What nobody knows who never had a right to the port.
        pub(crate) secret: u64,
        /// How many messages of this link the port queues.
        pub(crate) limit: u32,
        /// How many pieces of sealed memory of this link may wait there in messages, and how many bytes.
        pub(crate) sealed: u32,
        pub(crate) sealed_bytes: u64,
    }
}

cabotage_lane::plain! {
    /// The body of the record behind all that belongs to a port that moves.
    #[derive(Debug, PartialEq, Eq, Default)]
    pub(crate) struct Whole {
        /// How many ends of links came: those of send rights, the old owner's own, those of send-once rights.
        pub(crate) ends: u64,
        /// How many messages.
        pub(crate) messages: u64,
        /// How many of the ends are of send-once rights.
        pub(crate) once: u32,
        /// How many send-once rights the old owner keeps: these tokens of its own link, from 1 on.
        pub(crate) tokens: u32,
        /// How many messages the port queues.
        pub(crate) limit: u32,
        /// Whether it arrives guarded, and how: [`GUARDED`] and what follows.
        pub(crate) guarding: u32,
        /// The guard.
        pub(crate) guard: u64,
    }
}

/// A port comes with a guard; with a strict one; and never to move again.
pub(crate) const GUARDED: u32 = 1;
pub(crate) const STRICT: u32 = 2;
pub(crate) const IMMOVABLE: u32 = 4;

/// A record that was checked.
#[derive(Debug, PartialEq)]
pub(crate) struct Record<'a> {
    /// How many messages the sender of the record has taken: see [`Header::taken`].
    pub(crate) taken: u32,
    /// How many descriptors belong to it.
    pub(crate) descriptors: usize,
    pub(crate) says: Says<'a>,
}

/// What it says.
#[derive(Debug, PartialEq)]
pub(crate) enum Says<'a> {
    Welcome(Welcome),
    Message(Message<'a>),
    Ahead,
    Fork { nonce: u64 },
    Release,
    Unused { token: u64 },
    Materialise { token: u64 },
    Taken { limit: u32 },
    Died,
    Offer { number: u64 },
    Ready,
    Pause,
    Resume,
    Moved { heard: u64 },
    Here { heard: u64 },
    Give { heard: u64 },
    Whole(Whole),
    Custody,
    Detach { token: u64 },
    Detached { token: u64 },
}

impl Says<'_> {
    /// Whether the holder of a send right says this about the port itself, and not about a send-once right.
    pub(crate) fn is_about_port(&self) -> bool {
        match self {
            Self::Message(message) => message.to == To::Port,
            Self::Fork { .. } | Self::Release => true,
            _ => false,
        }
    }
}

impl<'a> Record<'a> {
    /// Takes a record apart that was copied into memory of ours.
    ///
    /// # Errors
    /// [`WireError`]: the peer's fault.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, WireError> {
        if bytes.first() == Some(&Word::Brief.number()) {
            return Plain::record(bytes);
        }
        let (start, rest) = bytes.split_at_checked(HEADER_BYTES).ok_or(WireError::Short)?;
        let header: Header = value_of(start).ok_or(WireError::Short)?;
        let word = Word::of(header.word).ok_or(WireError::Word(header.word))?;
        let descriptors = header.descriptors as usize;
        let says = match word {
            Word::Message => Says::Message(Message::parse(&header, rest)?),
            word => {
                check_bare(&header, word, rest)?;
                other(&header, word, rest)?
            }
        };
        Ok(Self { taken: header.taken, descriptors, says })
    }
}

/// What belongs to messages only is not set, and lengths and descriptors are those of the word.
fn check_bare(header: &Header, word: Word, rest: &[u8]) -> Result<(), WireError> {
    let told = header.body_bytes as usize;
    if told != rest.len() || header.entries != 0 {
        return Err(WireError::Length { told: HEADER_BYTES + told, found: HEADER_BYTES + rest.len() });
    }
    let is_of_messages = header.flags != 0 || header.reply != 0 || header.id != 0 || header.reply_token != 0;
    let names_token = matches!(word, Word::Fork | Word::Unused | Word::Materialise);
    let may_name = matches!(word, Word::Detach | Word::Detached);
    if is_of_messages || header.reserved != 0 || (!may_name && names_token != (header.token != 0)) {
        return Err(WireError::Reserved);
    }
    let fits = match word {
        word if word.has_descriptor() => header.descriptors == 1,
        Word::Ahead => true,
        _ => header.descriptors == 0,
    };
    if fits { Ok(()) } else { Err(WireError::Descriptors) }
}

fn other<'a>(header: &Header, word: Word, rest: &[u8]) -> Result<Says<'a>, WireError> {
    let token = header.token;
    let length = WireError::Length { told: HEADER_BYTES, found: HEADER_BYTES + rest.len() };
    if word == Word::Welcome {
        let welcome: Welcome = value_of(rest).ok_or(length)?;
        return Ok(Says::Welcome(welcome));
    }
    if word == Word::Taken {
        return Ok(Says::Taken { limit: value_of(rest).ok_or(length)? });
    }
    if word == Word::Whole {
        let whole: Whole = value_of(rest).ok_or(length)?;
        let is_known = whole.guarding & !(GUARDED | STRICT | IMMOVABLE) == 0;
        let is_clean = whole.guarding & GUARDED != 0 || (whole.guarding, whole.guard) == (0, 0);
        return if is_known && is_clean { Ok(Says::Whole(whole)) } else { Err(WireError::Reserved) };
    }
    if word.has_number() {
        let number = value_of(rest).ok_or(length)?;
        return Ok(match word {
            Word::Offer => Says::Offer { number },
            Word::Moved => Says::Moved { heard: number },
            Word::Here => Says::Here { heard: number },
            _ => Says::Give { heard: number },
        });
    }
    if !rest.is_empty() {
        return Err(length);
    }
    Ok(match word {
        Word::Ready => Says::Ready,
        Word::Pause => Says::Pause,
        Word::Resume => Says::Resume,
        Word::Custody => Says::Custody,
        Word::Ahead => Says::Ahead,
        Word::Fork => Says::Fork { nonce: token },
        Word::Release => Says::Release,
        Word::Died => Says::Died,
        Word::Unused => Says::Unused { token },
        Word::Detach => Says::Detach { token },
        Word::Detached => Says::Detached { token },
        _ => Says::Materialise { token },
    })
}

/// The bytes of a welcome.
pub(crate) fn welcome(welcome: &Welcome) -> Vec<u8> {
    bare(Word::Welcome, 0, 0, bytes_of(welcome))
}

/// The bytes of a record that says a number.
pub(crate) fn numbered(word: Word, number: u64, taken: u32) -> Vec<u8> {
    bare(word, 0, taken, &number.to_ne_bytes())
}

/// The bytes of a record that is no message.
pub(crate) fn bare(word: Word, token: u64, taken: u32, body: &[u8]) -> Vec<u8> {
    let descriptors = u32::from(word.has_descriptor());
    let header = Header {
        word: word.number(),
        token,
        taken,
        body_bytes: u32::try_from(body.len()).unwrap_or(u32::MAX),
        descriptors,
        ..Header::default()
    };
    [bytes_of(&header), body].concat()
}

/// The bytes of a record that goes before a message, with so many of its descriptors.
pub(crate) fn ahead(descriptors: usize, taken: u32) -> Vec<u8> {
    let header = Header {
        word: Word::Ahead.number(),
        taken,
        descriptors: u32::try_from(descriptors).unwrap_or(u32::MAX),
        ..Header::default()
    };
    bytes_of(&header).to_vec()
}
