// SPDX-License-Identifier: MIT OR Apache-2.0
//! Who pays for the fence between "I have published" and "does the other sleep?".
//!
//! Whoever publishes does so often, whoever goes to sleep seldom. Where both ends take part in expedited
//! membarriers, the seldom side issues one, and the often side only keeps the compiler in order. Elsewhere both
//! fence. Both ends must choose alike, so the choice is made at the handshake. Models treat both as full fences.

use cabotage_os::SystemError;
use cabotage_os::membarrier::Membarrier;

use crate::sync::{Ordering, compiler_fence, fence};

/// How the two ends of a link order their stores and looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fencing {
    /// Each side fences.
    #[default]
    Both,
    /// The side that goes to sleep issues a barrier for both. Only when both ends have joined.
    Sleeper(Membarrier),
    /// For models, which have no barrier: as `Sleeper`, from the moment at which fences were asked for.
    #[cfg(loom)]
    Asked,
}

impl Fencing {
    /// Between the store that a sleeper waits for and the look whether it sleeps.
    #[inline]
    pub(crate) fn often(self) {
        match self {
            Self::Both => fence(Ordering::SeqCst),
            Self::Sleeper(_) => compiler_fence(Ordering::SeqCst),
            #[cfg(loom)]
            Self::Asked => {}
        }
    }

    /// Between the announcement of a sleep and the last look before it.
    pub(crate) fn seldom(self) -> Result<(), SystemError> {
        fence(Ordering::SeqCst);
        match self {
            Self::Both => Ok(()),
            Self::Sleeper(barrier) => barrier.issue(),
            #[cfg(loom)]
            Self::Asked => Ok(()),
        }
    }
}
