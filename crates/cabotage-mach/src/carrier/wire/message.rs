// SPDX-License-Identifier: MIT OR Apache-2.0
//! A message as a record.
//!
//! The reply right is told in the header: none, a token, a token of the receiver's, or by the first entry.

use std::os::fd::OwnedFd;

use cabotage_lane::{bytes_of, value_of};
use cabotage_link::BlockMut;
use cabotage_os::sealed::SealedPart;

use super::carried::{ENTRY_BYTES, Entry, kind};
use super::{
    BODY_BYTES_MAX, By, COMPLEX, Carried, ENTRIES_MAX, HEADER_BYTES, Header, PORTS_MAX, Plain, SEALED_MAX,
    WireError, Word,
};
use crate::right::{Disposition, Right};

pub(super) mod reply {
    pub(in super::super) const NONE: u8 = 0;
    pub(in super::super) const TOKEN: u8 = 1;
    pub(in super::super) const HOME: u8 = 2;
    pub(in super::super) const ENTRY: u8 = 3;
}

/// A message that was checked. Descriptors and blocks belong to its rights, files and memory in their order, that of
/// the reply right first.
#[derive(Debug, PartialEq)]
pub(crate) struct Message<'a> {
    pub(crate) id: i32,
    pub(crate) is_complex: bool,
    pub(crate) to: To,
    pub(crate) reply: Carried,
    pub(crate) items: Vec<Item<'a>>,
    pub(crate) body: &'a [u8],
}

/// Which right a message was sent by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum To {
    /// The send right that the link is.
    Port,
    /// A send-once right that the receiver granted.
    Token(u64),
}

/// What a message carries.
#[derive(Debug, PartialEq)]
pub(crate) enum Item<'a> {
    Port(Carried),
    Ports(Vec<Carried>, Disposition),
    /// Memory that lies in the record.
    Inline(&'a [u8]),
    /// Memory of so many bytes in the next block that came along.
    Block(u64),
    /// So many bytes of the immutable memory that the next descriptor is.
    Sealed {
        object_bytes: u64,
        start: u64,
        bytes: usize,
    },
    /// The next descriptor, as a right of its own.
    File,
}

impl<'a> Message<'a> {
    /// The send-once rights that it grants, in order.
    pub(crate) fn tokens(&self) -> impl Iterator<Item = u64> + '_ {
        let carried = self.items.iter().flat_map(|item| match item {
            Item::Port(carried) => std::slice::from_ref(carried),
            Item::Ports(list, _) => list.as_slice(),
            _ => &[],
        });
        std::iter::once(&self.reply).chain(carried).filter_map(|carried| match carried {
            Carried::Token(token) => Some(*token),
            _ => None,
        })
    }

    pub(super) fn parse(header: &Header, rest: &'a [u8]) -> Result<Self, WireError> {
        let (count, body_bytes) = (header.entries as usize, header.body_bytes as usize);
        if count > ENTRIES_MAX || body_bytes > BODY_BYTES_MAX {
            return Err(WireError::TooMany);
        }
        if header.flags & !COMPLEX != 0 || header.reserved != 0 {
            return Err(WireError::Reserved);
        }
        let length = |told| WireError::Length { told: HEADER_BYTES + told, found: HEADER_BYTES + rest.len() };
        let at = count * ENTRY_BYTES;
        let (entries, rest_bytes) = rest.split_at_checked(at).ok_or(length(at))?;
        let (body, memory) = rest_bytes.split_at_checked(body_bytes).ok_or(length(at + body_bytes))?;
        let mut reader = Reader { entries, memory, rights: 0, sealed: 0, descriptors: 0 };
        let reply = reader.reply(header)?;
        let mut items = Vec::new();
        while let Some(entry) = reader.next()? {
            items.push(reader.item(&entry)?);
        }
        if !reader.memory.is_empty() {
            return Err(length(rest.len() - reader.memory.len()));
        }
        if reader.descriptors != header.descriptors as usize {
            return Err(WireError::Descriptors);
        }
        let to = if header.token == 0 { To::Port } else { To::Token(header.token) };
        let is_complex = header.flags & COMPLEX != 0;
        if !is_complex && !items.is_empty() {
            return Err(WireError::Reserved);
        }
        Ok(Self { id: header.id.cast_signed(), is_complex, to, reply, items, body })
    }
}

/// What of a message is still to be read.
struct Reader<'a> {
    entries: &'a [u8],
    memory: &'a [u8],
    rights: usize,
    sealed: usize,
    descriptors: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<Option<Entry>, WireError> {
        if self.entries.is_empty() {
            return Ok(None);
        }
        let (entry, rest) = self.entries.split_at_checked(ENTRY_BYTES).ok_or(WireError::Short)?;
        self.entries = rest;
        value_of(entry).map(Some).ok_or(WireError::Short)
    }

    fn reply(&mut self, header: &Header) -> Result<Carried, WireError> {
        let names_token = matches!(header.reply, reply::TOKEN | reply::HOME);
        if names_token != (header.reply_token != 0) {
            return Err(WireError::Reserved);
        }
        match header.reply {
            reply::NONE => Ok(Carried::Null(Right::SendOnce)),
            reply::TOKEN => Ok(Carried::Token(header.reply_token)),
            reply::HOME => Ok(Carried::Home(header.reply_token)),
            reply::ENTRY => {
                let entry = self.next()?.ok_or(WireError::Array)?;
                self.right(&entry)?.ok_or(WireError::Entry(entry.kind))
            }
            _ => Err(WireError::Reserved),
        }
    }

    fn right(&mut self, entry: &Entry) -> Result<Option<Carried>, WireError> {
        let Some(right) = Carried::of(entry)? else { return Ok(None) };
        self.rights += 1;
        self.descriptors += usize::from(right.has_descriptor());
        // The reply right is one of the header's, and does not count.
        if self.rights > PORTS_MAX + 1 { Err(WireError::TooMany) } else { Ok(Some(right)) }
    }

    fn item(&mut self, entry: &Entry) -> Result<Item<'a>, WireError> {
        if let Some(right) = self.right(entry)? {
            return Ok(Item::Port(right));
        }
        let is_array = entry.kind == kind::PORTS;
        let place = (entry.port, entry.secret);
        let is_clean = entry.reserved == 0
            && (entry.pid, entry.uid) == (0, 0)
            && (place == (0, 0) || entry.kind == kind::SEALED)
            && (is_array || entry.detail == 0);
        if !is_clean {
            return Err(WireError::Reserved);
        }
        match entry.kind {
            kind::PORTS => self.array(entry),
            kind::INLINE => {
                let bytes = usize::try_from(entry.number).map_err(|_| WireError::TooMany)?;
                let (memory, rest) = self.memory.split_at_checked(bytes).ok_or(WireError::Memory)?;
                self.memory = rest;
                Ok(Item::Inline(memory))
            }
            kind::BLOCK => Ok(Item::Block(entry.number)),
            kind::SEALED => self.sealed(entry),
            kind::FILE if entry.number == 0 => {
                self.descriptors += 1;
                Ok(Item::File)
            }
            kind::FILE => Err(WireError::Reserved),
            unknown => Err(WireError::Entry(unknown)),
        }
    }

    fn sealed(&mut self, entry: &Entry) -> Result<Item<'a>, WireError> {
        let (object_bytes, start) = (entry.port, entry.secret);
        let bytes = usize::try_from(entry.number).map_err(|_| WireError::Memory)?;
        let is_inside = start.checked_add(entry.number).is_some_and(|end| end <= object_bytes);
        if bytes == 0 || !is_inside {
            return Err(WireError::Memory);
        }
        self.sealed += 1;
        self.descriptors += 1;
        if self.sealed > SEALED_MAX {
            Err(WireError::TooMany)
        } else {
            Ok(Item::Sealed { object_bytes, start, bytes })
        }
    }

    fn array(&mut self, entry: &Entry) -> Result<Item<'a>, WireError> {
        let disposition = Disposition::from_raw(entry.detail.into()).ok_or(WireError::Array)?;
        let count = usize::try_from(entry.number).map_err(|_| WireError::Array)?;
        if count > self.entries.len() / ENTRY_BYTES {
            return Err(WireError::Array);
        }
        let mut rights = Vec::with_capacity(count);
        for _ in 0..count {
            let entry = self.next()?.ok_or(WireError::Array)?;
            let right = self.right(&entry)?.ok_or(WireError::Array)?;
            if !right.is(disposition.gives()) {
                return Err(WireError::Array);
            }
            rights.push(right);
        }
        Ok(Item::Ports(rights, disposition))
    }
}

/// A message that is being written.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    header: Header,
    entries: Vec<u8>,
    memory: Vec<u8>,
    /// What goes along, in order.
    pub(crate) descriptors: Vec<OwnedFd>,
    /// Likewise.
    pub(crate) blocks: Vec<BlockMut>,
}

impl Draft {
    /// A message with this number by this right.
    pub(crate) fn new(id: i32, to: To, is_complex: bool) -> Self {
        let token = match to {
            To::Port => 0,
            To::Token(token) => token,
        };
        let flags = if is_complex { COMPLEX } else { 0 };
        let header = Header {
            word: Word::Message.number(),
            flags,
            id: id.cast_unsigned(),
            token,
            ..Header::default()
        };
        Self { header, ..Self::default() }
    }

    /// Where to answer. This comes before everything that is carried.
    pub(crate) fn reply(&mut self, right: Carried, descriptor: Option<OwnedFd>) {
        let (how, token) = match right {
            Carried::Null(_) => (reply::NONE, 0),
            Carried::Token(token) => (reply::TOKEN, token),
            Carried::Home(token) => (reply::HOME, token),
            Carried::Dead(_)
            | Carried::Send { .. }
            | Carried::Once
            | Carried::Own
            | Carried::OwnOnce
            | Carried::Receive(_) => (reply::ENTRY, 0),
        };
        (self.header.reply, self.header.reply_token) = (how, token);
        if how == reply::ENTRY {
            self.right(right, descriptor);
        }
    }

    /// A right.
    pub(crate) fn right(&mut self, right: Carried, descriptor: Option<OwnedFd>) {
        self.entry(right.entry());
        self.descriptors.extend(descriptor);
    }

    /// The start of an array; its rights follow.
    pub(crate) fn array(&mut self, rights: usize, disposition: Disposition) {
        let detail = u16::try_from(disposition as u32).unwrap_or(u16::MAX);
        self.entry(Entry { kind: kind::PORTS, number: rights as u64, detail, ..Entry::default() });
    }

    /// Memory that lies in the record.
    pub(crate) fn memory(&mut self, bytes: &[u8]) {
        self.entry(Entry { kind: kind::INLINE, number: bytes.len() as u64, ..Entry::default() });
        self.memory.extend_from_slice(bytes);
    }

    /// Memory in the next block.
    pub(crate) fn block(&mut self, block: BlockMut) {
        self.entry(Entry { kind: kind::BLOCK, number: block.bytes() as u64, ..Entry::default() });
        self.blocks.push(block);
    }

    /// Memory that nobody changes any more.
    pub(crate) fn sealed(&mut self, part: SealedPart) {
        self.entry(Entry {
            kind: kind::SEALED,
            number: part.bytes() as u64,
            port: part.object_bytes(),
            secret: part.start(),
            ..Entry::default()
        });
        self.descriptors.push(part.into());
    }

    /// An open file.
    pub(crate) fn file(&mut self, file: OwnedFd) {
        self.entry(Entry { kind: kind::FILE, ..Entry::default() });
        self.descriptors.push(file);
    }

    fn entry(&mut self, entry: Entry) {
        self.header.entries += 1;
        self.entries.extend_from_slice(bytes_of(&entry));
    }

    /// The bytes of the record, with this body: with the short header, if that says it all.
    pub(crate) fn bytes(&mut self, body: &[u8], taken: u32) -> Vec<u8> {
        if let Some(words) = self.plain(body, taken).and_then(Plain::words) {
            return [bytes_of(&words), body].concat();
        }
        self.long(body, taken)
    }

    fn plain(&self, body: &[u8], taken: u32) -> Option<Plain> {
        let header = &self.header;
        let is_plain = header.entries == 0 && header.flags == 0 && body.len() <= Plain::BODY_BYTES_MAX;
        let by = match (header.token, header.reply) {
            _ if !is_plain => return None,
            (0, reply::NONE) => By::Right,
            (0, reply::TOKEN) => By::RightWithReply(header.reply_token),
            (token, reply::NONE) => By::Token(token),
            _ => return None,
        };
        Some(Plain { id: header.id.cast_signed(), by, taken })
    }

    /// The same with the long header.
    pub(super) fn long(&mut self, body: &[u8], taken: u32) -> Vec<u8> {
        self.header.taken = taken;
        self.header.body_bytes = u32::try_from(body.len()).unwrap_or(u32::MAX);
        self.header.descriptors = u32::try_from(self.descriptors.len()).unwrap_or(u32::MAX);
        [bytes_of(&self.header), &self.entries, body, &self.memory].concat()
    }
}
