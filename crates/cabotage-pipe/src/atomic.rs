// SPDX-License-Identifier: MIT OR Apache-2.0
//! Bytes short enough that one write moves them whole: the length is checked once, then the type is the proof.

use cabotage_os::pipe::ATOMIC_BYTES;

/// At most [`Atomic::BYTES_MAX`] bytes, which a pipe takes whole or not at all: never cut, and never mixed with
/// the bytes of another writer.
///
/// # Source
/// pipe(7), `PIPE_BUF`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Atomic<'bytes>(&'bytes [u8]);

impl<'bytes> Atomic<'bytes> {
    /// The most bytes that a pipe takes whole.
    pub const BYTES_MAX: usize = ATOMIC_BYTES;

    /// Checks the length.
    ///
    /// # Errors
    /// [`TooLong`].
    pub fn new(bytes: &'bytes [u8]) -> Result<Self, TooLong> {
        if bytes.len() > Self::BYTES_MAX {
            return Err(TooLong { bytes: bytes.len() });
        }
        Ok(Self(bytes))
    }

    /// The first bytes of a buffer that is no longer than the limit.
    pub(crate) fn start_of(buffer: &'bytes [u8; ATOMIC_BYTES], bytes: usize) -> Self {
        Self(&buffer[..bytes])
    }

    /// The bytes.
    pub fn as_bytes(self) -> &'bytes [u8] {
        self.0
    }
}

impl<'bytes> TryFrom<&'bytes [u8]> for Atomic<'bytes> {
    type Error = TooLong;

    fn try_from(bytes: &'bytes [u8]) -> Result<Self, TooLong> {
        Self::new(bytes)
    }
}

/// Too many bytes for one atomic write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "{bytes} bytes cannot be written atomically, a pipe moves at most {} whole: send them as a framed message",
    ATOMIC_BYTES
)]
pub struct TooLong {
    /// How many there were.
    pub bytes: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_itself_is_allowed_and_one_more_is_not() {
        let bytes = [0; Atomic::BYTES_MAX + 1];
        assert!(Atomic::new(&bytes[1..]).is_ok());
        assert_eq!(Atomic::new(&bytes), Err(TooLong { bytes: 4097 }));
        assert!(Atomic::new(&[]).is_ok());
    }
}
