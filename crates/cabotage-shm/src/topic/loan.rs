// SPDX-License-Identifier: MIT OR Apache-2.0
//! A record that is written in place.

use cabotage_lane::MappedRing;
use cabotage_lane::topic;
use cabotage_os::fork::Origin;
use cabotage_os::map::Map;

use super::bells::Tower;
use crate::channel::SendError;

/// Room for one record. Dropped without [`Loan::publish`], nothing has happened.
#[derive(Debug)]
pub struct Loan<'topic> {
    pub(super) loan: topic::Loan<'topic, MappedRing, MappedRing, MappedRing>,
    pub(super) origin: Origin,
    /// What is looked at for a shrink, if that is an error.
    pub(super) guarded: Option<&'topic Map>,
    pub(super) tower: &'topic Tower,
}

impl Loan<'_> {
    /// How many bytes the record has.
    pub fn bytes(&self) -> usize {
        self.loan.bytes()
    }

    /// Writes bytes of the record from `offset` on; answers how many fitted. What is never written holds old bytes of
    /// this topic.
    #[inline]
    pub fn write_at(&mut self, offset: usize, bytes: &[u8]) -> usize {
        if self.origin.is_here() { self.loan.write_at(offset, bytes) } else { 0 }
    }

    /// Publishes the record.
    ///
    /// # Errors
    /// [`SendError::Truncated`], [`SendError::Forked`], or the system's refusal to wake the subscribers.
    #[inline]
    pub fn publish(self) -> Result<(), SendError> {
        if !self.origin.is_here() {
            return Err(SendError::Forked);
        }
        if self.loan.publish() {
            self.tower.ring()?;
        }
        match self.guarded.is_some_and(Map::is_truncated) {
            true => Err(SendError::Truncated),
            false => Ok(()),
        }
    }
}
