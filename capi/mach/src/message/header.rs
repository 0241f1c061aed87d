// SPDX-License-Identifier: MIT OR Apache-2.0
//! The header of a message: `mach_msg_header_t`.

use cabotage_mach::{Disposition, Name};

use super::{number_at, put};

/// How long it is.
pub(crate) const HEADER_BYTES: usize = 24;

/// Descriptors follow.
const COMPLEX: u32 = 0x8000_0000;
/// What a sender may set.
const USER: u32 = 0x801f_1f1f;

/// The header of a message, but for its size, which the call says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    bits: u32,
    pub(crate) remote: u32,
    pub(crate) local: u32,
    pub(crate) voucher: u32,
    pub(crate) id: i32,
}

impl Header {
    /// The header at the start of a message; `None` if that is shorter.
    pub(crate) fn read(message: &[u8]) -> Option<Self> {
        let bytes = message.first_chunk::<HEADER_BYTES>()?;
        Some(Self {
            bits: number_at(bytes, 0),
            remote: number_at(bytes, 8),
            local: number_at(bytes, 12),
            voucher: number_at(bytes, 16),
            id: number_at(bytes, 20).cast_signed(),
        })
    }

    /// One without a voucher, of which there are none.
    pub(crate) fn new(
        is_complex: bool,
        (remote, to): (Name, Option<Disposition>),
        (local, back): (Name, Option<Disposition>),
        id: i32,
    ) -> Self {
        let number = |disposition: Option<Disposition>| disposition.map_or(0, |which| which as u32);
        let complex = if is_complex { COMPLEX } else { 0 };
        Self {
            bits: complex | number(to) | number(back) << 8,
            remote: remote.as_raw(),
            local: local.as_raw(),
            voucher: 0,
            id,
        }
    }

    /// Writes it at the start of a message of `size` bytes.
    pub(crate) fn write(&self, size: usize, message: &mut [u8]) {
        let size = u32::try_from(size).unwrap_or(u32::MAX);
        let words = [self.bits, size, self.remote, self.local, self.voucher, self.id.cast_unsigned()];
        for (at, word) in words.into_iter().enumerate() {
            put(message, at * 4, &word.to_ne_bytes());
        }
    }

    /// Whether only such bits are set as a sender may set.
    pub(crate) fn is_plain(&self) -> bool {
        self.bits & !USER == 0
    }

    pub(crate) fn is_complex(&self) -> bool {
        self.bits & COMPLEX != 0
    }

    /// The number by which the right of the remote port is given.
    pub(crate) fn remote_number(&self) -> u32 {
        self.bits & 0x1f
    }

    /// The number by which the right of the local port is given.
    pub(crate) fn local_number(&self) -> u32 {
        self.bits >> 8 & 0x1f
    }

    /// The number by which the voucher is given.
    pub(crate) fn voucher_number(&self) -> u32 {
        self.bits >> 16 & 0x1f
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_as_it_was_written() {
        let to = (Name::from_raw(0x103), Some(Disposition::CopySend));
        let back = (Name::from_raw(0x203), Some(Disposition::MakeSendOnce));
        let header = Header::new(true, to, back, -7);
        let mut bytes = [0; 30];
        header.write(32, &mut bytes);
        assert_eq!(number_at(&bytes, 0), 0x8000_1513);
        assert_eq!((number_at(&bytes, 4), number_at(&bytes, 8), number_at(&bytes, 12)), (32, 0x103, 0x203));
        assert_eq!(Header::read(&bytes), Some(header));
        assert_eq!(Header::read(&bytes[..23]), None);
        assert!(header.is_complex() && header.is_plain());
        assert_eq!((header.remote_number(), header.local_number(), header.voucher_number()), (19, 21, 0));
    }
}
