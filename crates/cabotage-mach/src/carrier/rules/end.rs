// SPDX-License-Identifier: MIT OR Apache-2.0
//! One end of a link: what it may say and hear, and when the link has served its time.

use super::{Allowance, Broken, Granted, Held, Ration};

/// Which end it is.
#[derive(Debug)]
pub(crate) enum Role {
    /// It has a send right.
    Holder {
        /// What it may send.
        allowance: Allowance,
        /// Whether it still has the right.
        has_right: bool,
    },
    /// Its port it is.
    Owner {
        /// What may come.
        ration: Ration,
        /// Whether the other end still has the right.
        has_right: bool,
        /// Whether the port has died.
        is_dead: bool,
    },
    /// It has a send-once right of which a third party was the first holder: one message goes, and nothing else.
    OnceHolder {
        /// Whether it still has the right.
        has_right: bool,
    },
    /// One message comes.
    OnceOwner {
        /// Whether none came yet.
        has_right: bool,
        /// Whether the port has died.
        is_dead: bool,
    },
}

/// What an end stands for, when the link is over: `G` is a right that was granted, `H` one that was held.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ending<G, H> {
    /// Whether the right itself was still there.
    pub(crate) had_right: bool,
    /// Send-once rights to ports of ours that nobody uses any more: each is told by a notification.
    pub(crate) unused: Vec<G>,
    /// Send-once rights of ours that have died.
    pub(crate) dead: Vec<H>,
}

impl Role {
    /// The end that sends.
    pub(crate) fn holder(limit: u32) -> Self {
        Self::Holder { allowance: Allowance::new(limit), has_right: true }
    }

    /// The end that receives.
    pub(crate) fn owner(limit: u32) -> Self {
        Self::Owner { ration: Ration::new(limit), has_right: true, is_dead: false }
    }

    /// The end that receives one message.
    pub(crate) fn once_owner() -> Self {
        Self::OnceOwner { has_right: true, is_dead: false }
    }

    /// Whether the right that the link is still exists, as far as this end knows.
    pub(crate) fn has_right(&self) -> bool {
        match self {
            Self::Holder { has_right, .. }
            | Self::Owner { has_right, .. }
            | Self::OnceHolder { has_right }
            | Self::OnceOwner { has_right, .. } => *has_right,
        }
    }

    /// Whether this end is the port's.
    pub(crate) fn is_owner(&self) -> bool {
        matches!(self, Self::Owner { .. } | Self::OnceOwner { .. })
    }

    /// A message came by the right itself.
    pub(crate) fn hear_message(&mut self) -> Result<(), Broken> {
        match self {
            Self::Owner { ration, has_right: true, .. } => ration.receive(),
            Self::OnceOwner { has_right, .. } if *has_right => {
                *has_right = false;
                Ok(())
            }
            _ => Err(Broken::OutOfTurn),
        }
    }

    /// Whether a message by the right itself may come, and whether one may at all.
    #[inline]
    pub(crate) fn may_hear(&self, by_right: bool) -> bool {
        match self {
            Self::Owner { ration, has_right: true, is_dead: false } => !by_right || ration.has_room(),
            Self::Holder { .. } => !by_right,
            _ => false,
        }
    }

    /// A message came by the right itself and was taken at once; answers whether to tell the holder.
    #[inline]
    pub(crate) fn hear_and_take(&mut self) -> bool {
        match self {
            Self::Owner { ration, .. } => ration.receive().is_ok() && ration.take(),
            _ => false,
        }
    }

    /// How many messages went by the right itself, and how many of them were taken.
    pub(crate) fn counts(&self) -> (u64, u64) {
        match self {
            Self::Holder { allowance, .. } => allowance.counts(),
            Self::Owner { ration, .. } => ration.counts(),
            Self::OnceHolder { .. } | Self::OnceOwner { .. } => (0, 0),
        }
    }

    /// The other end gave its right back.
    pub(crate) fn hear_release(&mut self) -> Result<(), Broken> {
        match self {
            Self::Owner { has_right, .. } if *has_right => {
                *has_right = false;
                Ok(())
            }
            _ => Err(Broken::OutOfTurn),
        }
    }

    /// The other end made another link to the port, or wants a right of its own back: it needs one for that.
    pub(crate) fn hear_fork(&self) -> Result<(), Broken> {
        match self {
            Self::Owner { has_right: true, .. } => Ok(()),
            _ => Err(Broken::OutOfTurn),
        }
    }

    /// The other end says how many messages it has taken; answers how many more those are.
    pub(crate) fn hear_taken(&mut self, taken: u32) -> Result<u64, Broken> {
        match self {
            Self::Holder { allowance, .. } => allowance.told(taken),
            _ if taken == 0 => Ok(0),
            _ => Err(Broken::OutOfTurn),
        }
    }

    /// The other end says how many may wait.
    pub(crate) fn hear_limit(&mut self, limit: u32) -> Result<(), Broken> {
        match self {
            Self::Holder { allowance, .. } => allowance.set_limit(limit),
            Self::OnceHolder { .. } => {}
            _ => return Err(Broken::OutOfTurn),
        }
        Ok(())
    }

    /// This end gives its right back; answers whether the other end has to be told.
    pub(crate) fn release(&mut self) -> bool {
        match self {
            Self::Holder { has_right, .. } => std::mem::take(has_right),
            Self::OnceHolder { has_right } => {
                *has_right = false;
                false
            }
            _ => false,
        }
    }

    /// The count to send along.
    pub(crate) fn tell(&mut self) -> u32 {
        match self {
            Self::Owner { ration, .. } => ration.tell(),
            _ => 0,
        }
    }

    /// The port of this owner's end has died.
    pub(crate) fn kill(&mut self) {
        if let Self::Owner { is_dead, .. } | Self::OnceOwner { is_dead, .. } = self {
            *is_dead = true;
        }
    }

    /// The other end says that the port has died; answers whether that is news.
    pub(crate) fn hear_death(&mut self) -> Result<bool, Broken> {
        match self {
            Self::Holder { has_right, .. } | Self::OnceHolder { has_right } => Ok(std::mem::take(has_right)),
            _ => Err(Broken::OutOfTurn),
        }
    }

    /// A message goes by the right itself.
    pub(crate) fn send(&mut self) {
        match self {
            Self::Holder { allowance, .. } => allowance.send(),
            Self::OnceHolder { has_right } => *has_right = false,
            _ => {}
        }
    }

    /// How many messages more have room at the port; none when the right is gone.
    pub(crate) fn room(&self) -> u64 {
        match self {
            Self::Holder { allowance, has_right: true } => allowance.room(),
            Self::OnceHolder { has_right: true } => 1,
            _ => 0,
        }
    }

    /// Whether this end closes the link now: a holder does when nothing is left that could be said, and an owner whose
    /// port has died does when no send-once right is open. A message that crosses that was sent to a dead port.
    pub(crate) fn is_done<G, H>(&self, granted: &Granted<G>, held: &Held<H>) -> bool {
        let has_served = match self {
            Self::Holder { .. } | Self::OnceHolder { .. } => !self.has_right(),
            Self::Owner { is_dead, .. } | Self::OnceOwner { is_dead, .. } => *is_dead,
        };
        has_served && granted.is_empty() && held.is_empty()
    }

    /// The link is over.
    pub(crate) fn end<G, H>(&mut self, granted: &mut Granted<G>, held: &mut Held<H>) -> Ending<G, H> {
        let had_right = self.has_right();
        match self {
            Self::Holder { has_right, .. }
            | Self::Owner { has_right, .. }
            | Self::OnceHolder { has_right }
            | Self::OnceOwner { has_right, .. } => *has_right = false,
        }
        Ending { had_right, unused: granted.lose(), dead: held.lose() }
    }
}
