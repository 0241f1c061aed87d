// SPDX-License-Identifier: MIT OR Apache-2.0
//! A message of two parts: some words of a protocol that stands on links, and a body.

use cabotage_lane::bytes_of;
use cabotage_os::Deadline;

use super::Outgoing;
use crate::core::Core;
use crate::error::{LinkError, SendError};
use crate::link::Link;
use crate::parcel::PLAIN;

impl Outgoing {
    /// Sends a message if that is as simple as can be; `None`: nothing was sent, for whatever reason.
    #[inline]
    fn send_joined<const N: usize>(
        &mut self,
        core: &Core,
        head: [u64; N],
        body: &[u8],
    ) -> Option<Result<(), LinkError>> {
        if !core.is_open() || !self.has_met || body.len() + N * size_of::<u64>() > self.bytes_max {
            return None;
        }
        let lane = self.lane.as_mut()?;
        let must_ring = lane.send_joined(PLAIN, 0, head, body).ok()?;
        match self.is_streaming {
            true => lane.expect_more(),
            false => lane.expect_another(body.len() + N * size_of::<u64>()),
        }
        Some(if must_ring { core.ring() } else { Ok(()) })
    }
}

impl Link {
    /// As [`Link::send`], of a message that begins with the words `head`, in the machine's order, followed by `body`.
    ///
    /// # Errors
    /// [`SendError`]; nothing was sent then.
    #[inline]
    pub fn send_joined<const N: usize>(
        &mut self,
        head: [u64; N],
        body: &[u8],
        deadline: Deadline,
    ) -> Result<(), SendError> {
        match self.out.send_joined(&self.core, head, body) {
            Some(sent) => {
                self.note_sent();
                Ok(sent?)
            }
            None => self.send(&[bytes_of(&head), body].concat(), deadline),
        }
    }
}
