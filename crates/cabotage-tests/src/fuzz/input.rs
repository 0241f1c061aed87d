// SPDX-License-Identifier: MIT OR Apache-2.0
//! Taking numbers off the front of a target's bytes; when they are used up, everything that follows is zero.

/// The bytes that are left.
#[derive(Debug, Clone, Copy)]
pub(super) struct Input<'a>(pub(super) &'a [u8]);

impl<'a> Input<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next `count` bytes, or what is left.
    pub(super) fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        taken
    }

    pub(super) fn u8(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or(0)
    }

    pub(super) fn u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        let taken = self.take(8);
        bytes[..taken.len()].copy_from_slice(taken);
        u64::from_le_bytes(bytes)
    }

    /// A number that is small, near the greatest, or any at all: as the first byte says.
    pub(super) fn number(&mut self) -> u64 {
        match self.u8() {
            small @ 0..128 => small.into(),
            shift @ 128..192 => 1 << (shift - 128),
            near @ 192..224 => u64::MAX - u64::from(near - 192),
            _ => self.u64(),
        }
    }
}
