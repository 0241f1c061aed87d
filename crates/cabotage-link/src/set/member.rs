// SPDX-License-Identifier: MIT OR Apache-2.0
//! One link in a set: how it is looked at, and when it need not be.
//!
//! Invariant: a link is active, or it was looked at after the last thing that may have silenced its bell. One with a
//! lane rests armed; one that has not met its peer yet has the socket alone, which always rings. Whatever empties
//! the socket takes a bell away, so the link counts what was filed, by whomever, and looks again after it, and is
//! armed anew before it rests: a peer rings once for each sleep, and one that is slow may answer this sleep with the
//! bell for a message that was taken before it. What the kernel has refused for want of memory is tried again until it is
//! done, since nothing rings for it.

use cabotage_lane::ring::Look;

use super::pace::rounds_max;
use crate::error::LinkError;
use crate::link::Link;
use crate::receive::Found;

/// See the [module](self).
#[derive(Debug)]
pub(super) struct Linked {
    pub(super) link: Link,
    /// Whether the socket has something to read.
    has_mail: bool,
    /// What was filed when this was looked at last; `None` at first.
    arrivals: Option<u64>,
    /// How many messages of the set there were when this delivered one, or missed a round.
    delivered: u64,
    /// Rounds in a row in which others delivered and this did not.
    missed: u32,
    /// How many looks have found nothing while we have not said HELLO; `None` once we have.
    unsaid: Option<u32>,
}

/// How much is read of the socket of a link that is to rest, before others have their turn.
const MAIL_AT_REST_MAX: u32 = 8;
/// After how many looks that found nothing a link says HELLO, if it does not come to rest before. Whoever sends at once on a
/// link that it got sends both as one.
const LOOKS_BEFORE_HELLO: u32 = 64;

/// What a look at a link found.
#[derive(Debug)]
pub(super) enum Sight {
    /// A message.
    Found(Found),
    /// Nothing, but it is worth looking again.
    Nothing,
    /// Nothing yet, and there is more on its socket, for which it rings no more.
    Mail,
    /// Nothing, and it rings when there is something.
    Rests,
    /// The link is over, and everything before was received.
    Over(LinkError),
}

impl Linked {
    pub(super) fn new(mut link: Link) -> Self {
        // Whoever had it may have taken what its last bell was rung for.
        link.inc.disarm();
        Self { link, has_mail: false, arrivals: None, delivered: 0, missed: 0, unsaid: Some(0) }
    }

    /// Its socket became readable, or its time is up.
    pub(super) fn rouse(&mut self) {
        self.has_mail = true;
    }

    /// Looks for a message, in a set that has delivered so many and in which so many links are active.
    #[inline]
    pub(super) fn look(&mut self, delivered: u64, active: usize) -> Sight {
        match self.find() {
            Ok(Found::Nothing) => self.idle(delivered, active),
            Ok(found) => {
                self.found(delivered);
                Sight::Found(found)
            }
            Err(error) => Sight::Over(error),
        }
    }

    /// A message was found, in a set that has delivered so many before.
    #[inline]
    pub(super) fn found(&mut self, delivered: u64) {
        (self.delivered, self.missed) = (delivered + 1, 0);
        if self.link.inc.is_armed {
            self.link.inc.disarm();
        }
    }

    /// Makes the link rest; answers whether it does, and not what there is instead.
    pub(super) fn settle(&mut self) -> bool {
        self.has_nothing() && self.has_greeted() && (self.rings() || matches!(self.park(), Sight::Rests))
    }

    /// Whether neither the ring nor the socket has anything.
    fn has_nothing(&mut self) -> bool {
        for _ in 0..MAIL_AT_REST_MAX {
            if !matches!(self.find(), Ok(Found::Nothing)) {
                return false;
            }
            if !self.has_mail {
                return true;
            }
        }
        false
    }

    /// What comes first goes first: the ring, and when it is empty what was filed. So an end is found last.
    #[inline]
    fn find(&mut self) -> Result<Found, LinkError> {
        let Link { inc, core, .. } = &mut self.link;
        match inc.look(core) {
            // An end may have been noticed by a bell that could not be rung, which does not tell what came before it.
            Err(_) if core.is_over() => {}
            Ok(Found::Nothing) => {}
            found => return found,
        }
        if self.has_mail || self.arrivals != Some(core.mark()) || core.is_over() {
            return self.look_at_mail();
        }
        Ok(Found::Nothing)
    }

    #[cold]
    fn look_at_mail(&mut self) -> Result<Found, LinkError> {
        let Link { inc, core, .. } = &mut self.link;
        if self.has_mail || core.is_behind() {
            self.has_mail = !core.pump_some()? || core.is_behind();
        }
        self.arrivals = Some(core.mark());
        let found = inc.look_at_filed(core);
        inc.disarm();
        found
    }

    /// Sees that we have said HELLO; answers whether there is still nothing.
    fn has_greeted(&mut self) -> bool {
        if self.unsaid.is_none() {
            return true;
        }
        // What is the matter, the looks tell that follow.
        let has_greeted = self.link.core.greet().is_ok();
        if has_greeted {
            self.unsaid = None;
        }
        has_greeted && self.has_nothing()
    }

    /// Whether the next message, or the peer's first words, will make the socket readable.
    fn rings(&self) -> bool {
        self.link.inc.lane.is_none() || self.link.inc.is_armed
    }

    #[inline]
    fn idle(&mut self, delivered: u64, active: usize) -> Sight {
        if self.has_mail {
            return Sight::Mail;
        }
        if let Some(looks) = self.unsaid
            && let Some(sight) = self.linger(looks)
        {
            return sight;
        }
        if self.rings() {
            return Sight::Rests;
        }
        if delivered == self.delivered {
            return Sight::Nothing;
        }
        (self.delivered, self.missed) = (delivered, self.missed + 1);
        if self.missed < rounds_max(active) { Sight::Nothing } else { self.park() }
    }

    /// Nothing came. `None`: we have said HELLO, perhaps with a message.
    #[cold]
    fn linger(&mut self, looks: u32) -> Option<Sight> {
        let core = &self.link.core;
        self.unsaid = (!core.has_said_hello() && looks < LOOKS_BEFORE_HELLO).then_some(looks + 1);
        match self.unsaid {
            Some(_) => Some(Sight::Nothing),
            None if core.has_said_hello() => None,
            None => match core.greet() {
                // It rests after another look: what a peer that is gone has left may have been filed.
                Ok(()) => Some(Sight::Nothing),
                Err(error) => Some(Sight::Over(error)),
            },
        }
    }

    #[cold]
    fn park(&mut self) -> Sight {
        self.missed = 0;
        let Link { inc, core, .. } = &mut self.link;
        match inc.arm(core) {
            Ok(Look::Armed) => Sight::Rests,
            // What the peer sent before its end is found first.
            Ok(Look::Ready) => Sight::Nothing,
            Err(_) if core.is_over() => Sight::Nothing,
            Err(error) => Sight::Over(error),
        }
    }
}
