// SPDX-License-Identifier: MIT OR Apache-2.0
//! What goes with a message beside its body: attributes, each of which says what it is and how long.

use cabotage_lane::{bytes_of, value_of};

use super::{Header, WireError};

cabotage_lane::plain! {
    /// How one attribute begins.
    #[derive(Debug, PartialEq, Eq)]
    pub(crate) struct AttributeHead {
        /// What it is.
        pub(crate) kind: u16,
        /// What is special about it.
        pub(crate) flags: u16,
        /// How many bytes follow; the next one begins at the next multiple of 8.
        pub(crate) bytes: u32,
    }
}

const HEAD_BYTES: usize = size_of::<AttributeHead>();

/// What an attribute is: the number in its head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Note {
    /// A view goes with the message: a [`ViewNote`].
    View = 1,
    /// The request declares ranges of its asker's memory: a list of them.
    Ranges = 2,
    /// Handles go with the message, in its record or in those before it: a [`HandlesNote`].
    Handles = 3,
}

impl Note {
    pub(crate) fn of(kind: u16) -> Option<Self> {
        [Self::View, Self::Ranges, Self::Handles].into_iter().find(|note| *note as u16 == kind)
    }

    /// The bit by which Windows programmers know the attribute.
    fn bit(self) -> u32 {
        match self {
            Self::View => 0x4000_0000,
            Self::Ranges => 0x0400_0000,
            Self::Handles => 0x1000_0000,
        }
    }
}

/// Flag of a view or of ranges: the body of the message is in the view, or is the first range.
pub(crate) const BODY: u16 = 1;
/// Flag of a view: it is a secure one, whose memory is the first descriptor that goes with the message.
pub(crate) const SECURE: u16 = 2;

cabotage_lane::plain! {
    /// What is said of a view.
    #[derive(Debug, PartialEq, Eq)]
    pub(crate) struct ViewNote {
        /// How many of its bytes were sent.
        pub(crate) bytes: u64,
    }
}

impl ViewNote {
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        value_of(bytes)
    }

    /// Its bytes as they go.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        bytes_of(self)
    }
}

cabotage_lane::plain! {
    /// What is said of handles.
    #[derive(Debug, PartialEq, Eq)]
    pub(crate) struct HandlesNote {
        /// How many there are.
        pub(crate) handles: u64,
        /// Which of its sender's messages with handles this is: those in records before it have the same number.
        pub(crate) group: u64,
    }
}

impl HandlesNote {
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        value_of(bytes)
    }

    /// Its bytes as they go.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        bytes_of(self)
    }
}

/// Puts attributes together.
#[derive(Debug, Default)]
pub(crate) struct AttributeWriter {
    room: Vec<u8>,
    valid: u32,
}

impl AttributeWriter {
    /// Begins anew, in the same room.
    pub(crate) fn clear(&mut self) {
        self.room.clear();
        self.valid = 0;
    }

    /// Adds an attribute, unless there is nothing to say in it.
    pub(crate) fn add(&mut self, note: Note, flags: u16, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        self.room.extend_from_slice(bytes_of(&AttributeHead { kind: note as u16, flags, bytes: length }));
        self.room.extend_from_slice(bytes);
        self.room.resize(self.room.len().next_multiple_of(8), 0);
        self.valid |= note.bit();
    }

    /// The header of a message with these attributes.
    pub(crate) fn announce(&self, header: Header) -> Header {
        let attributes_bytes = u32::try_from(self.room.len()).unwrap_or(u32::MAX);
        Header { attributes_bytes, valid: header.valid | self.valid, ..header }
    }

    /// The attributes as they go.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.room
    }
}

/// Takes attributes apart, one after the other.
#[derive(Debug, Clone)]
pub(crate) struct Attributes<'a> {
    rest: &'a [u8],
}

impl<'a> Attributes<'a> {
    /// The attributes in this room.
    pub(crate) fn new(room: &'a [u8]) -> Self {
        Self { rest: room }
    }

    fn take(&mut self) -> Option<(AttributeHead, &'a [u8])> {
        let (head, rest) = self.rest.split_at_checked(HEAD_BYTES)?;
        let head: AttributeHead = value_of(head)?;
        let bytes = usize::try_from(head.bytes).ok()?;
        let (room, rest) = rest.split_at_checked(bytes.checked_next_multiple_of(8)?)?;
        self.rest = rest;
        Some((head, &room[..bytes]))
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Result<(AttributeHead, &'a [u8]), WireError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let taken = self.take();
        if taken.is_none() {
            self.rest = &[];
        }
        Some(taken.ok_or(WireError::Attributes))
    }
}
