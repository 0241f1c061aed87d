// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a server asks of the memory that a waiting client has declared, and how the client answers.
//!
//! The bytes of a copy go in a block beside the message, whichever way they go. The number of the copy stands in the
//! header: in `about` of the request, beside the number of the client's request, and in `id` of the answer.

use cabotage_lane::{bytes_of, value_of};

use crate::rules::{Access, Wanted};

cabotage_lane::plain! {
    /// The body of a copy request.
    #[derive(Debug, PartialEq, Eq)]
    pub(crate) struct CopyWanted {
        range: u64,
        offset: u64,
        bytes: u64,
        access: u64,
    }
}

/// The answer in `about`: it is copied.
pub(crate) const DONE: u64 = 0;
/// The request waits no more.
pub(crate) const GONE: u64 = 1;
/// The request waits, but whoever has its memory is busy with something else.
pub(crate) const BUSY: u64 = 2;

impl CopyWanted {
    pub(crate) fn new(wanted: Wanted) -> Self {
        let Wanted { range, offset, bytes, access } = wanted;
        Self { range, offset, bytes, access: access as u64 }
    }

    /// Its bytes as they go.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        bytes_of(self)
    }

    /// What is asked; `None` if these are other bytes.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Wanted> {
        let Self { range, offset, bytes, access } = value_of(bytes)?;
        let access = match access {
            0 => Access::Read,
            1 => Access::Write,
            _ => return None,
        };
        Some(Wanted { range, offset, bytes, access })
    }
}
