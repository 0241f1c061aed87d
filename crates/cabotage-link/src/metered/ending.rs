// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whether there is still somebody to write to, and how the peer has ended if not: by its own word, or by dying.

use cabotage_lane::{Controls, MappedControls};

use super::writing::Writing;
use crate::core::Core;
use crate::error::LinkError;

/// How many writes lie between two looks at the socket: who writes and never waits learns there that its reader was
/// killed.
pub(super) const WRITES_BETWEEN_LOOKS: u32 = 8192;

impl Writing {
    /// Whether there is somebody to write to. Now and then, the socket is asked; each time, as long as there are no words
    /// of the peer in which it could say that it has ended.
    pub(super) fn check(&mut self, core: &Core) -> Result<(), LinkError> {
        core.check_here()?;
        let must_look = self.unlooked.is_multiple_of(WRITES_BETWEEN_LOOKS) || !self.out.has_met();
        if must_look && !core.is_over() {
            core.pump()?;
        }
        let checked = core.check().and_then(|()| self.open(core));
        if let Err(error) = checked {
            return Err(self.how(core, error));
        }
        self.word_of_end(core).map_or(Ok(()), Err)
    }

    /// How the link ended: what the peer's last word was.
    pub(super) fn how(&mut self, core: &Core, error: LinkError) -> LinkError {
        let _ = self.out.meet(core); // It may have come with the end.
        let Some(controls) = self.controls(core) else { return error };
        let words = controls.peer();
        match error {
            LinkError::Closed | LinkError::Died if words.is_discarded() => LinkError::Discarded,
            LinkError::Died if words.is_closed() => LinkError::Closed,
            error => error,
        }
    }

    /// Whether there is still somebody who may read.
    pub(super) fn check_peer(&mut self, core: &Core) -> Result<(), LinkError> {
        core.check()?;
        self.word_of_end(core).map_or(Ok(()), Err)
    }

    /// How the peer says in its words that it has ended, if it does: nobody can hold that back, as a child of its may hold
    /// the hang-up.
    pub(super) fn word_of_end(&mut self, core: &Core) -> Option<LinkError> {
        let made = self.out.lane_if_made().map(|lane| lane.controls().peer().is_closed());
        if made == Some(false) {
            return None;
        }
        let controls = self.controls(core)?;
        match controls.peer().is_closed() {
            true if controls.peer().is_discarded() => Some(LinkError::Discarded),
            true => Some(LinkError::Closed),
            false => None,
        }
    }

    /// The words of both ends, also where this end has written nothing before the peer ended.
    fn controls(&mut self, core: &Core) -> Option<MappedControls> {
        if let Some(lane) = self.out.lane_if_made() {
            return Some(lane.controls().clone());
        }
        let (theirs, _) = core.their_outbox()?;
        MappedControls::new(core.own_outbox().ok()?, theirs)
    }
}
