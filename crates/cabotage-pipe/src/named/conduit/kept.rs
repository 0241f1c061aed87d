// SPDX-License-Identifier: MIT OR Apache-2.0
//! The start of a message that is longer than its way is wide: taken out so that the rest can come, and kept here until
//! a read gets as much as it asks for, or all. So a read that gives up in the middle loses nothing.

use cabotage_link::metered::{Peeked, Read, ReadError, ReadMode};
use cabotage_os::Deadline;

use super::path::Inbound;

/// See the [module](self).
#[derive(Debug, Default)]
pub(super) struct Kept {
    bytes: Vec<u8>,
    /// Whether they follow those of the read before: see [`Read::goes_on`].
    goes_on: bool,
}

impl Kept {
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(super) fn forget(&mut self) {
        self.bytes.clear();
    }

    /// Keeps what was read of a message of which more comes.
    pub(super) fn keep(&mut self, bytes: &[u8], goes_on: bool) {
        if self.is_empty() {
            self.goes_on = goes_on;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// Takes back what was handed out before, of the same message unless its writer has taken the rest back.
    pub(super) fn put_back(&mut self, bytes: &[u8]) {
        if !self.is_empty() && !self.goes_on {
            return;
        }
        self.bytes.splice(0..0, bytes.iter().copied());
        self.goes_on = false;
    }

    /// Reads what is kept, then what the link has of the same message.
    ///
    /// # Errors
    /// As [`Inbound::read`]: what is kept stays where nothing came.
    pub(super) fn read(
        &mut self,
        link: &mut impl Inbound,
        target: &mut [u8],
        mode: ReadMode,
        deadline: Deadline,
    ) -> Result<Read, ReadError> {
        let count = self.bytes.len().min(target.len());
        target[..count].copy_from_slice(&self.bytes[..count]);
        if target.len() <= self.bytes.len() || mode == ReadMode::Bytes {
            self.bytes.drain(..count);
            let goes_on = std::mem::replace(&mut self.goes_on, true);
            return Ok(Read { bytes: count, is_rest_left: mode == ReadMode::Message, goes_on });
        }
        let read = match link.read(&mut target[count..], mode, deadline) {
            Err(ReadError::Nothing) => return Err(ReadError::Nothing),
            read => read,
        };
        let mut read = read.inspect_err(|_| self.bytes.clear())?;
        if read.goes_on {
            if read.is_rest_left && count + read.bytes < target.len() {
                self.bytes.extend_from_slice(&target[count..count + read.bytes]);
                return Err(ReadError::Nothing);
            }
            read = Read { bytes: count + read.bytes, goes_on: self.goes_on, ..read };
        } else {
            // The writer has taken the rest back: the message never was.
            target.copy_within(count..count + read.bytes, 0);
        }
        self.bytes.clear();
        Ok(read)
    }

    /// Looks at what is kept, then at what the link has.
    ///
    /// # Errors
    /// As [`Inbound::peek`].
    pub(super) fn peek(
        &self,
        link: &mut impl Inbound,
        target: &mut [u8],
    ) -> Result<Peeked, cabotage_link::LinkError> {
        let count = self.bytes.len().min(target.len());
        target[..count].copy_from_slice(&self.bytes[..count]);
        let mut seen = link.peek(&mut target[count..])?;
        seen.bytes += count;
        seen.available_bytes = seen.available_bytes.saturating_add(self.bytes.len() as u64);
        seen.message_bytes_left = seen.message_bytes_left.saturating_add((self.bytes.len() - count) as u64);
        Ok(seen)
    }
}
