// SPDX-License-Identifier: MIT OR Apache-2.0
//! A message's fields, one after the other without gaps: integers with their lowest byte first.

use std::ops::Deref;

use crate::wire::WireError;

/// How many bytes a message without first data has at most: a HELLO.
pub(super) const SMALL_BYTES_MAX: usize = 28;

/// What is left of a received message to be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'a> {
    rest: &'a [u8],
    /// What the message is called, and how long it is: for errors.
    frame: &'static str,
    bytes: usize,
}

impl<'a> Fields<'a> {
    /// The fields of the `frame` whose kind was read, from a message of `rest` and that one byte.
    pub(super) fn new(frame: &'static str, rest: &'a [u8]) -> Self {
        Self { rest, frame, bytes: rest.len().saturating_add(1) }
    }

    pub(super) fn u8(&mut self) -> Result<u8, WireError> {
        self.array().map(u8::from_le_bytes)
    }

    pub(super) fn u16(&mut self) -> Result<u16, WireError> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, WireError> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, WireError> {
        self.array().map(u64::from_le_bytes)
    }

    /// The next `N` bytes.
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(self.length())?;
        self.rest = rest;
        Ok(*taken)
    }

    /// The next `bytes` bytes.
    pub(super) fn slice(&mut self, bytes: usize) -> Result<&'a [u8], WireError> {
        let (taken, rest) = self.rest.split_at_checked(bytes).ok_or(self.length())?;
        self.rest = rest;
        Ok(taken)
    }

    /// The next `bytes` bytes as fields of their own.
    pub(super) fn part(&mut self, bytes: usize) -> Result<Self, WireError> {
        Ok(Self { rest: self.slice(bytes)?, ..*self })
    }

    /// Nothing may be left.
    pub(super) fn end(self) -> Result<(), WireError> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.length()) }
    }

    fn length(&self) -> WireError {
        WireError::Length { frame: self.frame, bytes: self.bytes }
    }
}

/// A message to be sent. Only one with first data needs the heap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Encoded {
    /// The message is the first so many of these bytes.
    Small([u8; SMALL_BYTES_MAX], usize),
    Large(Vec<u8>),
}

impl Encoded {
    /// A message of this kind, without fields yet.
    pub(super) fn new(kind: u8) -> Self {
        Self::Small([0; SMALL_BYTES_MAX], 0).and([kind])
    }

    /// The message with `field` after what it has.
    pub(super) fn and<const N: usize>(mut self, field: [u8; N]) -> Self {
        self.push(&field);
        self
    }

    /// Adds bytes, moving to the heap when they are too many.
    pub(super) fn push(&mut self, added: &[u8]) {
        match self {
            Self::Small(room, bytes) => {
                if let Some(target) = room.get_mut(*bytes..*bytes + added.len()) {
                    target.copy_from_slice(added);
                    *bytes += added.len();
                } else {
                    *self = Self::Large([self, added].concat());
                }
            }
            Self::Large(whole) => whole.extend_from_slice(added),
        }
    }
}

impl Deref for Encoded {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Small(room, bytes) => &room[..*bytes],
            Self::Large(whole) => whole,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_moves_to_the_heap_only_when_it_must() {
        let mut message = Encoded::new(7);
        message.push(&[1; SMALL_BYTES_MAX - 1]);
        assert!(matches!(message, Encoded::Small(..)));
        message.push(&[2]);
        assert!(matches!(message, Encoded::Large(_)));
        message.push(&[3]);
        assert_eq!(&message[SMALL_BYTES_MAX - 1..], [1, 2, 3]);
        assert_eq!(message.len(), SMALL_BYTES_MAX + 2);
    }

    #[test]
    fn a_field_that_is_not_there_is_told_with_the_length_of_the_message() {
        let mut fields = Fields::new("X", &[1, 2, 3]);
        assert_eq!(fields.u16(), Ok(0x0201));
        assert_eq!(fields.u16(), Err(WireError::Length { frame: "X", bytes: 4 }));
        assert_eq!(fields.end(), Err(WireError::Length { frame: "X", bytes: 4 }));
    }
}
