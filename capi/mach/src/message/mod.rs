// SPDX-License-Identifier: MIT OR Apache-2.0
//! Messages between C's layout and ours: parsed on their way out, laid out on their way in.

mod descriptor;
mod header;
mod incoming;
mod outgoing;
mod trailer;

pub(crate) use descriptor::{Descriptor, DescriptorError};
pub(crate) use header::{HEADER_BYTES, Header};
pub(crate) use incoming::{come_back, lay_out, lay_out_bare};
pub(crate) use outgoing::{Draft, head};
pub(crate) use trailer::{format_asked, peeked, write_trailer};

/// The four bytes at `at`, as this machine orders them; 0 where there are none.
pub(crate) fn number_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |word| u32::from_ne_bytes(*word))
}

/// The eight bytes at `at`.
pub(crate) fn long_at(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |word| u64::from_ne_bytes(*word))
}

/// Writes bytes at `at`, as far as there is room.
pub(crate) fn put(bytes: &mut [u8], at: usize, source: &[u8]) {
    let Some(rest) = bytes.get_mut(at..) else { return };
    let room = rest.len().min(source.len());
    rest[..room].copy_from_slice(&source[..room]);
}
