// SPDX-License-Identifier: MIT OR Apache-2.0
//! The consumer: looks for the next record where it will lie, waits, and is told of each producer's end once.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use cabotage_lane::ring::{Look, Receiver};
use cabotage_lane::{MappedControls, Pace, PeerRing};
use cabotage_link::{Patience, Ready};
use cabotage_os::Deadline;
use cabotage_os::map::MapError;

use super::producer::low_bits;
use super::seat::{Other, Seat, moment};
use super::waiting::take;
use crate::channel::error::{ChannelError, ReceiveError, Role};
use crate::channel::receive_each;
use crate::channel::record::Record;
use crate::meeting::appear::pause;
use crate::meeting::choices::Choices;
use crate::meeting::{Presence, occupant};
use crate::name::Name;

mod looks;

type Lane = Receiver<PeerRing, MappedControls>;

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Consumer {
    lane: Lane,
    /// Whether the next record of the usual shape is the caller's, to be read where it lies: then one comparison tells
    /// that there is one.
    is_flowing: bool,
    is_armed: bool,
    /// Whether records are handed out many at a time, and their consumption is stored at the end.
    is_batching: bool,
    /// Whether the other end's bell tells of whatever happens there next: it is open, or nobody has come yet.
    knows_other: bool,
    /// Which producer's records these are.
    generation: u64,
    /// Whether the end of that producer was told, or is none of ours to be told.
    has_told_end: bool,
    /// What was found after the last record of a batch, and not told yet.
    untold: Option<ReceiveError>,
    /// When one who only ever tries last asked for the other end.
    asked_at: Option<Instant>,
    patience: Patience,
    pace: Pace,
    /// The record in hand, under the guard: what the ring holds may be gone at any time.
    copy: Option<Vec<u8>>,
    seat: Seat,
}

/// What was found by one who asked for the other end too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Record,
    Nothing,
    /// Nothing, and the producer's end changes hands.
    Between,
}

/// One who only ever tries asks for the other end so often.
const ASK_EVERY: Duration = Duration::from_millis(20);

impl Consumer {
    pub(crate) fn open(choices: &Choices, name: &Name) -> Result<Self, ChannelError> {
        let seat = take(choices, name)?;
        let (ring_at, words) = seat.ring();
        let ring = PeerRing::new(seat.other.clone(), ring_at, words);
        let Some((ring, controls)) = ring.zip(seat.controls()) else {
            let why = "its ring does not fit into it";
            return Err(ChannelError::NotAChannel { name: name.clone(), why });
        };
        let truncated = |_| ChannelError::Truncated { name: name.clone() };
        let mut consumer = Self {
            untold: None,
            lane: Lane::resume(ring, controls, seat.fencing, low_bits(seat.incarnation)),
            is_flowing: false,
            is_armed: false,
            is_batching: false,
            knows_other: false,
            generation: occupant::seen(&seat.own).map_err(truncated)?.max(1),
            has_told_end: true,
            asked_at: None,
            patience: Patience::new(choices.wait),
            pace: Pace::default(),
            copy: choices.guards.then(Vec::new),
            seat,
        };
        // The end of a producer that was gone before we came, with all its records consumed, is none of ours; that of
        // one who goes from now on is, also if it never sends.
        let is_gone = consumer.seat.found_last_gone().map_err(truncated)?;
        consumer.has_told_end = is_gone || consumer.lane.has_news().is_ok_and(|news| news);
        consumer.seat.bells.ring()?;
        consumer.wait_until_there(choices.until_there)?;
        Ok(consumer)
    }

    /// Waits for a producer, or something to read, if that was asked for.
    fn wait_until_there(&mut self, deadline: Deadline) -> Result<(), ChannelError> {
        if deadline == Deadline::Now || self.lane.has_news().is_ok_and(|news| news) {
            return Ok(());
        }
        let is_there = self.seat.wait_for_a_visit(deadline);
        let name = || self.seat.name().clone();
        match is_there {
            Ok(true) => Ok(()),
            Ok(false) => Err(ChannelError::NobodyCame { name: name(), role: Role::Producer }),
            Err(MapError::System(refusal)) => Err(refusal.into()),
            Err(_) => Err(ChannelError::Truncated { name: name() }),
        }
    }

    /// Waits for a record like the one before; `false`: [`Consumer::receive_otherwise`] finds it, or tells why there is
    /// none.
    #[inline(always)]
    pub(crate) fn finds(&mut self, deadline: Deadline) -> bool {
        self.seat.is_here() && (self.is_usual() || self.becomes_usual(deadline))
    }

    /// Answers whether a record is in hand.
    #[inline(always)]
    pub(crate) fn try_receive(&mut self) -> Result<bool, ReceiveError> {
        if self.seat.is_here() && self.is_usual() {
            return Ok(true);
        }
        self.try_otherwise()
    }

    /// Waits until a record is in hand.
    #[inline(never)]
    pub(crate) fn receive_otherwise(&mut self, deadline: Deadline) -> Result<(), ReceiveError> {
        self.check()?;
        loop {
            if self.look_for_a_while(deadline)? {
                return Ok(());
            }
            let is_late = deadline.has_passed();
            if self.knows_other && !is_late && self.patience.looks().is_some() {
                self.sleep(deadline)?;
            }
            match self.look_at_other()? {
                Found::Record => return Ok(()),
                _ if is_late => return Err(ReceiveError::Nothing),
                Found::Between => pause(moment(deadline))?,
                Found::Nothing => {}
            }
        }
    }

    #[inline(never)]
    fn try_otherwise(&mut self) -> Result<bool, ReceiveError> {
        self.check()?;
        if self.look()? {
            return Ok(true);
        }
        if !self.is_armed && self.asked_at.is_some_and(|at| at.elapsed() < ASK_EVERY) {
            return Ok(false);
        }
        self.disarm();
        self.asked_at = Some(Instant::now());
        Ok(self.look_at_other()? == Found::Record)
    }

    fn check(&mut self) -> Result<(), ReceiveError> {
        if !self.seat.is_here() {
            return Err(ReceiveError::Forked);
        }
        match self.untold.take() {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    fn sleep(&mut self, deadline: Deadline) -> Result<(), ReceiveError> {
        if self.arm()? == Look::Ready {
            return Ok(());
        }
        let began = Instant::now();
        let slept = self.seat.bells.sleep(deadline);
        self.disarm();
        self.patience.slept(began.elapsed());
        Ok(slept?)
    }

    fn arm(&mut self) -> Result<Look, ReceiveError> {
        let look = self.lane.arm()?;
        self.ring_if_awaited();
        self.is_armed = look == Look::Armed;
        Ok(look)
    }

    /// From now on the producer need not ring.
    fn disarm(&mut self) {
        if std::mem::take(&mut self.is_armed) {
            self.lane.disarm();
        }
    }

    #[inline(always)]
    fn ring_if_awaited(&mut self) {
        if self.lane.take_bell() {
            self.ring();
        }
    }

    #[cold]
    fn ring(&self) {
        // Our own FIFO is open at both ends, so a byte goes in, or as many lie there already.
        let _ = self.seat.bells.ring();
    }

    pub(crate) fn ready(&mut self) -> Result<Ready, ReceiveError> {
        if !self.seat.is_here() {
            return Err(ReceiveError::Forked);
        }
        match self.try_ready() {
            Ok(Ready::Armed) => Ok(Ready::Armed),
            Err(ReceiveError::System(refusal)) => {
                self.disarm();
                Err(refusal.into())
            }
            // A fault is something to receive too.
            _ => {
                self.disarm();
                Ok(Ready::Ready)
            }
        }
    }

    /// What has rung is heard before we arm, so that no bell is lost which the last look did not see.
    fn try_ready(&mut self) -> Result<Ready, ReceiveError> {
        if self.untold.is_some() {
            return Ok(Ready::Ready);
        }
        match self.seat.ask()? {
            Other::Closed | Other::Died if self.has_told_end => self.seat.bells.renew()?,
            Other::Closed | Other::Died | Other::Between => return Ok(Ready::Ready),
            Other::Here | Other::Nobody => {}
        }
        Ok(match self.arm()? {
            Look::Ready => Ready::Ready,
            Look::Armed => Ready::Armed,
        })
    }

    pub(crate) fn receive_each(
        &mut self,
        max: usize,
        mut act: impl FnMut(Record<'_>),
    ) -> Result<usize, ReceiveError> {
        let batch = Batch::begin(self);
        let next = |end: &mut Self| {
            let found = end.try_receive()?;
            if found {
                act(Record::trusting(end));
            }
            Ok(found)
        };
        receive_each(batch.0, max, next, |end, error| end.untold = Some(error))
    }

    /// Consumes the record in hand.
    #[inline(always)]
    pub(crate) fn consume(&mut self) {
        if !self.seat.is_here() {
            return; // The maps stayed with the parent.
        }
        if self.is_batching {
            self.lane.consume();
        } else {
            self.lane.consume_exactly();
        }
        self.ring_if_awaited();
    }

    /// How many bytes the record in hand has.
    #[inline(always)]
    pub(crate) fn record_bytes(&self) -> usize {
        self.lane.shape().bytes()
    }

    /// Where in the channel the record in hand lies.
    #[inline(always)]
    pub(crate) fn position(&self) -> u64 {
        self.lane.consumed()
    }

    /// Copies bytes of the record in hand.
    #[inline(always)]
    pub(crate) fn read(&self, offset: usize, target: &mut [u8]) -> usize {
        match &self.copy {
            None if self.seat.is_here() => self.lane.read(offset, target),
            None => 0,
            Some(copy) => {
                let rest = copy.get(offset..).unwrap_or_default();
                let bytes = rest.len().min(target.len());
                target[..bytes].copy_from_slice(&rest[..bytes]);
                bytes
            }
        }
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    pub(crate) fn producer(&self) -> Result<Presence, ReceiveError> {
        if self.seat.is_truncated() {
            return Err(ReceiveError::Truncated);
        }
        Ok(self.seat.presence()?)
    }

    pub(crate) fn wait_for_producer(&mut self, deadline: Deadline) -> Result<(), ReceiveError> {
        if !self.seat.is_here() {
            return Err(ReceiveError::Forked);
        }
        match self.seat.wait_for_other(deadline)? {
            true => Ok(()),
            false => Err(ReceiveError::Nothing),
        }
    }

    pub(crate) fn record_bytes_max(&self) -> usize {
        usize::try_from(self.lane.bytes_max()).unwrap_or(usize::MAX)
    }

    pub(crate) fn name(&self) -> &Name {
        self.seat.name()
    }

    pub(crate) fn remove(self) -> Result<(), ChannelError> {
        if !self.seat.is_here() {
            return Err(ChannelError::Forked);
        }
        self.seat.remove()
    }

    pub(crate) fn as_fd(&self) -> BorrowedFd<'_> {
        self.seat.bells.as_fd()
    }
}

/// Records handed out together, whose consumption is stored once, also if the caller panics.
struct Batch<'consumer>(&'consumer mut Consumer);

impl<'consumer> Batch<'consumer> {
    fn begin(consumer: &'consumer mut Consumer) -> Self {
        consumer.is_batching = true;
        Self(consumer)
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        self.0.is_batching = false;
        if self.0.seat.is_here() {
            self.0.lane.tell_taken();
        }
    }
}
