// SPDX-License-Identifier: MIT OR Apache-2.0
//! What stands of the records that a reader has not come to, for who only looks.

use super::Mark;
use super::aftermath::Aftermath;
use super::gap::Gap;

/// See [`Reader::ahead`](super::Reader::ahead).
#[derive(Debug, Clone, Copy)]
pub struct Ahead {
    /// What the writer has withdrawn.
    pub(super) gap: Option<Gap>,
    /// The verdict, once the writer is gone.
    pub(super) aftermath: Option<Aftermath>,
}

impl Ahead {
    /// How many bytes stand of a record of `bytes` bytes at `position`, and of what is to follow it of the same write.
    pub fn standing(&self, position: u64, bytes: u64, mark: Mark) -> u64 {
        let Mark::Revocable { rest } = mark else { return bytes };
        let end = position.saturating_add(bytes);
        if let Some(aftermath) = self.aftermath {
            // What is not there comes no more.
            return aftermath.stands(position, end.saturating_add(rest)).clamp(position, end) - position;
        }
        match self.gap {
            Some(gap) if position < gap.to && end >= gap.to.min(gap.from.saturating_add(1)) => {
                gap.from.saturating_sub(position)
            }
            _ => bytes.saturating_add(rest),
        }
    }
}
