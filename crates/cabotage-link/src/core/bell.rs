// SPDX-License-Identifier: MIT OR Apache-2.0
//! The bell, and what the kernel has refused for now: a bell is owed then, and mail waits, and nobody rings for either.

use std::sync::atomic::Ordering;

use cabotage_os::socket;

use super::{Core, Desk};
use crate::error::LinkError;

impl Core {
    /// Rings the peer's bell. What it is rung for is done already, so a shortage of the system is no error: the
    /// bell is owed then. Nor is a peer that is gone: it may have taken what was sent before it went, and the next call
    /// tells that it did.
    #[cold]
    pub(crate) fn ring(&self) -> Result<(), LinkError> {
        match self.socket.ring() {
            Ok(()) => Ok(()),
            Err(socket::SendError::System(_)) => {
                self.desk().owes_bell = true;
                self.fall_behind();
                Ok(())
            }
            Err(socket::SendError::PeerGone) => {
                let _ = self.refused_send(&mut self.desk(), socket::SendError::PeerGone);
                Ok(())
            }
            Err(error) => Err(self.refused_send(&mut self.desk(), error)),
        }
    }

    /// Rings a peer that sleeps until we have taken something. If it is gone, that is told after what it left.
    #[cold]
    pub(crate) fn ring_sender(&self) {
        let _ = self.ring();
    }

    /// Rings a bell that could not be rung before.
    pub(super) fn ring_if_owed(&self, desk: &mut Desk) {
        if desk.owes_bell {
            desk.owes_bell = matches!(self.socket.ring(), Err(socket::SendError::System(_)));
            if desk.owes_bell {
                self.fall_behind();
            }
        }
    }

    /// The kernel has refused, for now, to hand over what has come or to take a bell. Whoever looks at the link next
    /// tries again, and who is about to sleep looks once more.
    pub(super) fn fall_behind(&self) {
        self.is_behind.store(true, Ordering::Relaxed);
        self.arrivals.fetch_add(1, Ordering::Release);
    }

    /// Whether something is to be tried again.
    pub(crate) fn is_behind(&self) -> bool {
        self.is_behind.load(Ordering::Relaxed)
    }
}
