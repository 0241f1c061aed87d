// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reading: from an end, or from its reading half.

use cabotage_link::metered::{Peeked, Read, ReadError, ReadMode};
use cabotage_os::Deadline;

use super::Conduit;
use super::path::{Inbound, Path};
use crate::named::error::{Denial, PipeError};
use crate::named::rules::{PipeMode, WaitMode};

impl<P: Path<Link: Inbound>> Conduit<P> {
    /// Reads into `target`: across borders, or from one message, as the handle says.
    #[inline]
    pub(in crate::named) fn read(
        &mut self,
        target: &mut [u8],
        deadline: Deadline,
    ) -> Result<Read, PipeError> {
        let deadline = self.patience(deadline);
        let mode = self.read_mode();
        let Some(link) = self.path.link().filter(|_| self.access.read) else {
            return Err(self.unreadable());
        };
        let read = match self.kept.is_empty() {
            true => link.read(target, mode, deadline),
            false => self.kept.read(link, target, mode, deadline),
        };
        match read {
            Ok(Read { bytes, is_rest_left: true, goes_on }) if bytes < target.len() => {
                self.state.has_read();
                self.kept.keep(&target[..bytes], goes_on);
                Err(self.not_read(ReadError::Nothing, deadline))
            }
            Ok(read) => {
                self.state.has_read();
                Ok(read)
            }
            Err(error) => Err(self.not_read(error, deadline)),
        }
    }

    /// Looks at what is there to read, and takes nothing.
    pub(in crate::named) fn peek(&mut self, target: &mut [u8]) -> Result<Peeked, PipeError> {
        self.check_readable()?;
        let Some(link) = self.path.link() else {
            self.state.peek(false)?;
            return Err(PipeError::InvalidState);
        };
        let peeked = match self.kept.is_empty() {
            true => link.peek(target),
            false => self.kept.peek(link, target),
        };
        let peeked = peeked.map_err(|error| self.ended(error))?;
        if peeked.available_bytes == 0 {
            self.observe()?;
            self.state.peek(false)?;
        }
        Ok(peeked)
    }

    /// Reads a message of any length.
    pub(in crate::named) fn receive(
        &mut self,
        message: &mut Vec<u8>,
        deadline: Deadline,
    ) -> Result<(), PipeError> {
        self.check_readable()?;
        if self.handle.read_mode != PipeMode::Message {
            return Err(PipeError::InvalidReadMode);
        }
        let mut got = 0;
        message.resize(message.capacity().max(MESSAGE_BYTES_USUAL), 0);
        loop {
            match self.read(&mut message[got..], deadline) {
                Ok(Read { bytes, is_rest_left, goes_on }) => {
                    if !goes_on {
                        // The rest of the message before was taken back.
                        message.copy_within(got..got + bytes, 0);
                        got = 0;
                    }
                    got += bytes;
                    if !is_rest_left {
                        message.truncate(got);
                        return Ok(());
                    }
                }
                Err(error) => {
                    if matches!(error, PipeError::Empty | PipeError::TimedOut) {
                        self.kept.put_back(&message[..got]);
                    }
                    message.clear();
                    return Err(error);
                }
            }
            message.resize(message.len() * 2, 0);
        }
    }
}

impl<P: Path> Conduit<P> {
    /// Why nothing can be read without a link or without the right.
    #[cold]
    fn unreadable(&self) -> PipeError {
        let refused = self.check_readable().err().or(self.state.read(false, WaitMode::NoWait).err());
        refused.unwrap_or(PipeError::Empty)
    }

    pub(super) fn check_readable(&self) -> Result<(), PipeError> {
        if self.access.read { Ok(()) } else { Err(PipeError::AccessDenied(Denial::NotForReading)) }
    }

    #[inline]
    fn read_mode(&self) -> ReadMode {
        match self.handle.read_mode {
            PipeMode::Byte => ReadMode::Bytes,
            PipeMode::Message => ReadMode::Message,
        }
    }
}

/// How many bytes a message is expected to have at most: beyond that, room for it is made when it is seen.
const MESSAGE_BYTES_USUAL: usize = 4096;
