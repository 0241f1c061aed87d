// SPDX-License-Identifier: MIT OR Apache-2.0
//! Ending a link by our own will, and telling the peer.

use std::os::fd::AsFd;

use cabotage_lane::{Controls, MappedControls};
use cabotage_os::Deadline;

use super::{Core, OUTBOX};
use crate::error::LinkError;
use crate::wire::Frame;

impl Core {
    /// Says goodbye, and that what is unread in both directions is destroyed.
    pub(crate) fn discard(&self) -> Result<(), LinkError> {
        self.check_here()?;
        let told = self.say_hello(None).and_then(|_| self.own_outbox()).map(|own| {
            if let Some(controls) = MappedControls::alone(own) {
                controls.own().discard();
            }
        });
        self.close();
        match told {
            Err(refusal @ LinkError::System(_)) => Err(refusal),
            // There is nobody to be told.
            _ => Ok(()),
        }
    }

    /// Says goodbye: what was sent before stays readable for the peer.
    pub(crate) fn close(&self) {
        if !self.socket.is_here() {
            return;
        }
        let mut desk = self.desk();
        if desk.end().is_none() {
            // On a full socket there is no room for the word, so it stands in the outbox as well.
            if let Some(controls) = desk.own.clone().and_then(MappedControls::alone)
                && !controls.own().is_discarded()
            {
                controls.own().close();
            }
            // What the socket had no room for until now.
            if let (true, Some(memory)) = (desk.has_said_hello, desk.own_unsent.take()) {
                let _ = self.socket.send(&OUTBOX.encode(), &[memory.as_fd()], Deadline::Now);
            }
            let _ = self.socket.send(&Frame::Bye.encode(), &[], Deadline::Now);
        }
        self.end_in(&mut desk, LinkError::Closed);
    }
}
