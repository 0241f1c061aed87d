// SPDX-License-Identifier: MIT OR Apache-2.0
//! The receiving half of a link: looks, waits, and hands out messages where they lie.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use cabotage_lane::block::Borrowed;
use cabotage_lane::ring::{ArmError, Glimpse, Look, Receiver, Shape, Sight};
use cabotage_lane::{Controls, HoldOff, MappedControls, Pace, PeerRing};
use cabotage_os::Deadline;

use crate::core::Core;
use crate::error::{LinkError, ReceiveError};
use crate::message::{Extra, is_plain};
use crate::wait::{LOOKS_BETWEEN_CHECKS, Patience};

mod follow;
mod giver;
mod meeting;
mod recent;
mod usual;

pub(crate) use follow::unannounced;
pub(crate) use giver::Giver;
use recent::Recent;

type Lane = Receiver<PeerRing, MappedControls>;

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Incoming {
    /// Messages that came before the peer's outbox.
    early: VecDeque<Vec<u8>>,
    /// Once the peer's outbox has come.
    pub(crate) lane: Option<Lane>,
    first_ring: Option<PeerRing>,
    pub(crate) recent: Recent,
    /// The peer's number for the ring that the lane goes through.
    ring_number: u32,
    pub(crate) borrowed: Option<Borrowed<MappedControls>>,
    pub(crate) giver: Option<Arc<Giver>>,
    /// A box for what comes with the next uncommon message.
    pub(crate) spare: Option<Box<Extra>>,
    /// Whether the next message of the ring is the next message, and what the last one looked like is known: then one
    /// comparison tells that there is another like it.
    is_flowing: bool,
    /// Whether the last one was bytes and nothing else.
    pub(crate) is_plain: bool,
    pub(crate) is_armed: bool,
    /// Looks in a row that found nothing: now and then one looks at the socket too.
    empty_looks: u32,
    patience: Patience,
    pub(crate) pace: Pace,
    hold_off: HoldOff,
    /// Whether something was received since the last send.
    pub(crate) has_received: bool,
    /// Whether the peer is told of each message's consumption at once.
    pub(crate) tells_each: bool,
}

/// What a look found.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Found {
    /// A record.
    Record(Shape),
    /// One that came before the peer's outbox.
    Early,
    /// Nothing.
    Nothing,
}

/// Whether to sleep: what [`Link::ready`](crate::Link::ready) answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ready {
    /// There is a message, or the link is over: receive it.
    Ready,
    /// There is nothing, and the descriptor becomes readable when there is: wait on it.
    Armed,
}

impl Incoming {
    pub(crate) fn new(core: &Core) -> Self {
        Self {
            early: VecDeque::new(),
            lane: None,
            first_ring: None,
            recent: Recent::default(),
            ring_number: 0,
            borrowed: None,
            giver: None,
            spare: None,
            is_flowing: false,
            is_plain: false,
            is_armed: false,
            empty_looks: 0,
            patience: Patience::new(core.options.wait),
            pace: Pace::default(),
            hold_off: HoldOff::default(),
            has_received: false,
            tells_each: false,
        }
    }

    /// Whether the peer's outbox has come.
    pub(crate) fn has_lane(&self) -> bool {
        self.lane.is_some()
    }

    /// Whether something lies there, whatever it is.
    pub(crate) fn glimpse(&self) -> bool {
        !self.early.is_empty() || self.lane.as_ref().is_some_and(|lane| lane.glimpse() != Glimpse::Nothing)
    }

    pub(crate) fn take_early(&mut self) -> Option<Vec<u8>> {
        self.early.pop_front()
    }

    pub(crate) fn patience(&mut self) -> &mut Patience {
        &mut self.patience
    }

    /// Looks for a message.
    #[inline]
    pub(crate) fn look(&mut self, core: &Core) -> Result<Found, LinkError> {
        let (Some(lane), true) = (&mut self.lane, self.early.is_empty()) else {
            return Ok(if self.early.is_empty() { Found::Nothing } else { Found::Early });
        };
        match lane.look() {
            Ok(Sight::Record(shape)) => {
                self.note(shape);
                Ok(Found::Record(shape))
            }
            Ok(Sight::Empty) => {
                if lane.take_bell() {
                    core.ring_sender();
                }
                Ok(Found::Nothing)
            }
            sight => self.follow(core, sight),
        }
    }

    /// A record of the ring is the next message.
    #[inline]
    fn note(&mut self, shape: Shape) {
        (self.is_flowing, self.is_plain) = (true, is_plain(shape));
    }

    /// Looks without waiting. Now and then the socket is looked at too, so that one who only ever looks learns of
    /// the peer's end.
    #[inline]
    pub(crate) fn try_look(&mut self, core: &Arc<Core>) -> Result<Found, LinkError> {
        core.check_readable()?;
        match self.look(core)? {
            Found::Nothing => self.try_look_again(core),
            found => Ok(found),
        }
    }

    fn try_look_again(&mut self, core: &Arc<Core>) -> Result<Found, LinkError> {
        self.empty_looks = self.empty_looks.wrapping_add(1);
        let is_known = self.lane.is_some() && !self.is_armed && !core.is_over();
        if is_known && !self.empty_looks.is_multiple_of(LOOKS_BETWEEN_CHECKS) {
            return Ok(Found::Nothing);
        }
        self.disarm();
        self.look_at_socket(core)
    }

    /// Files what has come over the socket, then looks once more; what the peer sent before its end counts first.
    pub(crate) fn look_at_socket(&mut self, core: &Arc<Core>) -> Result<Found, LinkError> {
        core.pump()?;
        self.look_after_filing(core)
    }

    /// Looks for what others have filed, and at the ring; where there is nothing, says HELLO.
    pub(crate) fn look_after_filing(&mut self, core: &Arc<Core>) -> Result<Found, LinkError> {
        let found = self.look_at_filed(core)?;
        if self.lane.is_none() && matches!(found, Found::Nothing) {
            // Not before there is nothing to answer: an answer goes with the HELLO and needs no memory.
            core.greet()?;
        }
        Ok(found)
    }

    /// Looks for what others have filed, and at the ring.
    pub(crate) fn look_at_filed(&mut self, core: &Arc<Core>) -> Result<Found, LinkError> {
        let end = core.end();
        if let Some(error) = &end
            && core.desk().has_failed()
        {
            return Err(error.clone());
        }
        self.pick_up(core)?;
        match (self.look(core)?, end) {
            (Found::Nothing, Some(error)) => Err(self.how(error)),
            (found, _) => Ok(found),
        }
    }

    /// A peer that could not say goodbye on a full socket has said it in its outbox.
    fn how(&self, error: LinkError) -> LinkError {
        let has_closed = self.lane.as_ref().is_some_and(|lane| lane.controls().peer().is_closed());
        match error {
            LinkError::Died if has_closed => LinkError::Closed,
            error => error,
        }
    }

    /// From now on the peer need not ring.
    pub(crate) fn disarm(&mut self) {
        if std::mem::take(&mut self.is_armed)
            && let Some(lane) = &mut self.lane
        {
            lane.disarm();
        }
    }

    /// Looks; where there is nothing, arranges for the socket to become readable when there is.
    pub(crate) fn ready(&mut self, core: &Arc<Core>) -> Result<Ready, LinkError> {
        core.check_here()?;
        match self.try_ready(core) {
            Ok(Ready::Armed) => Ok(Ready::Armed),
            Err(refusal @ LinkError::System(_)) if core.end().is_none() => {
                self.disarm();
                Err(refusal)
            }
            // An end of the link is something to receive too.
            _ => {
                self.disarm();
                Ok(Ready::Ready)
            }
        }
    }

    /// First the socket, then the announcement: a bell that is read after it may be the one that answers it. The peer
    /// rings once for each sleep, and a late one may have been rung for a message that was taken before.
    fn try_ready(&mut self, core: &Arc<Core>) -> Result<Ready, LinkError> {
        core.check_readable()?;
        if !matches!(self.look(core)?, Found::Nothing)
            || !matches!(self.look_at_socket(core)?, Found::Nothing)
        {
            return Ok(Ready::Ready);
        }
        match self.arm(core)? {
            Look::Armed => Ok(Ready::Armed),
            Look::Ready => Ok(Ready::Ready),
        }
    }

    /// Arranges for a bell, and looks once more; this does not look at the socket. Whoever reads the socket afterwards
    /// arms anew before it sleeps.
    pub(crate) fn arm(&mut self, core: &Core) -> Result<Look, LinkError> {
        let Some(lane) = &mut self.lane else { return Ok(Look::Armed) };
        let look = match lane.arm() {
            Ok(look) => look,
            Err(ArmError::Violation(violation)) => return Err(core.end_with(violation.into())),
            Err(ArmError::System(refusal)) => return Err(refusal.into()),
        };
        if lane.take_bell() {
            core.ring_sender();
        }
        self.is_armed = look == Look::Armed;
        Ok(look)
    }

    /// Looks and waits until there is a message.
    #[inline]
    pub(crate) fn wait(&mut self, core: &Arc<Core>, deadline: Deadline) -> Result<Found, ReceiveError> {
        core.check_readable()?;
        match self.look(core)? {
            Found::Nothing => self.wait_longer(core, deadline),
            found => Ok(found),
        }
    }

    fn wait_longer(&mut self, core: &Arc<Core>, deadline: Deadline) -> Result<Found, ReceiveError> {
        if self.lane.is_none()
            && let found @ (Found::Record(_) | Found::Early) = self.look_at_socket(core)?
        {
            return Ok(found);
        }
        loop {
            if let Some(found) = self.look_for_a_while(core, deadline)? {
                return Ok(found);
            }
            if deadline.has_passed() {
                // The last look also looks at the socket: the peer may have ended long ago.
                return match self.look_at_socket(core)? {
                    Found::Nothing => Err(ReceiveError::Nothing),
                    found => Ok(found),
                };
            }
            if let found @ (Found::Record(_) | Found::Early) = self.sleep(core, deadline)? {
                return Ok(found);
            }
        }
    }

    /// Looks as often as patience allows.
    fn look_for_a_while(
        &mut self,
        core: &Arc<Core>,
        deadline: Deadline,
    ) -> Result<Option<Found>, ReceiveError> {
        if deadline == Deadline::Now {
            return Ok(None);
        }
        let looks_max = self.patience.looks();
        let mut looks = 0_u32;
        while let Some(lane) = &self.lane
            && looks_max.is_none_or(|max| looks < max)
        {
            looks = looks.wrapping_add(1);
            if lane.glimpse() != Glimpse::Nothing
                && let found @ (Found::Record(_) | Found::Early) = self.look(core)?
            {
                self.patience.paid(looks);
                return Ok(Some(found));
            }
            if looks.is_multiple_of(LOOKS_BETWEEN_CHECKS) {
                if let found @ (Found::Record(_) | Found::Early) = self.look_at_socket(core)? {
                    return Ok(Some(found));
                }
                if deadline.has_passed() {
                    return Err(ReceiveError::Nothing);
                }
            }
            std::hint::spin_loop();
        }
        Ok(None)
    }

    fn sleep(&mut self, core: &Arc<Core>, deadline: Deadline) -> Result<Found, ReceiveError> {
        let mark = core.mark();
        if self.lane.is_none() {
            // Another thread may have filed the peer's outbox.
            self.pick_up(core)?;
        }
        if !self.early.is_empty() || self.arm(core)? == Look::Ready {
            return Ok(self.look(core)?);
        }
        let began = Instant::now();
        let slept = core.sleep(mark, deadline);
        self.disarm();
        match slept {
            Ok(()) => {
                self.patience.slept(began.elapsed());
                Ok(self.look_after_filing(core)?)
            }
            // Time is up: the caller looks once more.
            Err(None) => Ok(self.look_after_filing(core)?),
            Err(Some(error)) => Err(error.into()),
        }
    }
}
