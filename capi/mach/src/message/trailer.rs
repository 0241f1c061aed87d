// SPDX-License-Identifier: MIT OR Apache-2.0
//! The trailer behind a received message: as much of it as the receiver asked for.

use cabotage_mach::AuditToken;
use cabotage_mach::Sender;
use cabotage_mach::kernel::messages::{BareHeader, TrailerFormat};

use super::put;
use crate::code::{Code, RCV_INVALID_TRAILER};

/// What the receive options ask for.
pub(crate) fn format_asked(option: u32) -> Result<TrailerFormat, Code> {
    let (kind, elements) = (option >> 28, option >> 24 & 0xf);
    match (kind, elements) {
        (0, 0) => Ok(TrailerFormat::Null),
        (0, 1) => Ok(TrailerFormat::Sequence),
        (0, 2) => Ok(TrailerFormat::Sender),
        (0, 3) => Ok(TrailerFormat::Audit),
        (0, 4) => Ok(TrailerFormat::Context),
        (0, 5..=8) => Ok(TrailerFormat::Labels),
        _ => Err(RCV_INVALID_TRAILER),
    }
}

/// Writes the trailer at `at`; what lies behind it stays as it was.
pub(crate) fn write_trailer(buffer: &mut [u8], at: usize, format: TrailerFormat, header: &BareHeader) {
    let trailer = bytes_of(header.sequence, header.sender, header.context, format);
    put(buffer, at, &trailer[..format.bytes()]);
}

fn bytes_of(sequence: u32, sender: Sender, context: u64, format: TrailerFormat) -> [u8; 68] {
    let mut bytes = [0; 68];
    let (user, group) = sender.user_and_group();
    let AuditToken(audit) = sender.audit();
    let size = u32::try_from(format.bytes()).unwrap_or(0);
    let words = [0, size, sequence, user, group].into_iter().chain(audit);
    for (at, word) in words.enumerate() {
        put(&mut bytes, at * 4, &word.to_ne_bytes());
    }
    put(&mut bytes, 52, &context.to_ne_bytes());
    bytes
}

/// The trailer of a message that is only looked at: `mach_port_peek`.
pub(crate) fn peeked(sequence: u32, sender: Sender, format: TrailerFormat) -> [u8; 68] {
    bytes_of(sequence, sender, 0, format)
}
