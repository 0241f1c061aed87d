// SPDX-License-Identifier: MIT OR Apache-2.0
//! What comes to a port to which a victim had rights: each right to answer once comes to one message.

use cabotage_mach::{Message, Notification};

use super::ANSWER;
use crate::Wrong;

/// What came to the port that a victim had rights to.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Send-once rights that have come to an answer, or to the news that there is none.
    pub(super) ended: u64,
    /// Whether no send right is left.
    pub(super) is_unused: bool,
}

impl Tally {
    /// One thing more has come.
    pub(super) fn take(&mut self, message: Message) -> Result<(), Wrong> {
        match message.into_notification() {
            Err(answer) if answer.id() == ANSWER => self.ended += 1,
            Ok(Notification::SendOnce) => self.ended += 1,
            Ok(Notification::NoSenders { .. }) if !self.is_unused => self.is_unused = true,
            other => return Err(format!("the port is told {other:?}, with {self:?}").into()),
        }
        Ok(())
    }
}
