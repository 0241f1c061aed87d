// SPDX-License-Identifier: MIT OR Apache-2.0
//! The producer: the lane's sender, one look at who we are before each record, and waits for room.

use std::time::Instant;

use cabotage_lane::ring::{self, Sender, StageError};
use cabotage_lane::{MappedControls, MappedRing};
use cabotage_link::{LOOKS_BETWEEN_CHECKS, Patience};
use cabotage_os::Deadline;
use cabotage_os::map::MapError;

use super::seat::{Other, Seat, moment};
use super::succession::{PLAIN, SUCCESSION, Succession};
use super::waiting::create_and_take;
use crate::channel::batch;
use crate::channel::error::{BatchError, ChannelError, SendError};
use crate::meeting::appear::pause;
use crate::meeting::choices::Choices;
use crate::meeting::{Presence, occupant};
use crate::name::Name;

type Lane = Sender<MappedRing, MappedControls>;

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Producer {
    lane: Lane,
    /// Whether a record may go straight into the ring: nothing is owed before it, and nothing is to be looked at after
    /// it.
    is_plain: bool,
    /// What is still to be said before the first record.
    owed: Option<Succession>,
    patience: Patience,
    seat: Seat,
}

/// Room for one record.
#[derive(Debug)]
pub(crate) struct Loan<'producer> {
    loan: ring::Loan<'producer, MappedRing, MappedControls>,
    seat: &'producer Seat,
}

impl Producer {
    pub(crate) fn create(choices: &Choices, name: &Name) -> Result<Self, ChannelError> {
        let seat = create_and_take(choices, name)?;
        let (ring_at, words) = seat.ring();
        let not_whole = |why| ChannelError::NotAChannel { name: name.clone(), why };
        let ring = MappedRing::new(seat.own.clone(), ring_at, words);
        let (ring, controls) =
            ring.zip(seat.controls()).ok_or_else(|| not_whole("its ring does not fit into it"))?;
        let lane = Lane::resume(ring, controls, seat.fencing, low_bits(seat.incarnation))
            .map_err(|_| not_whole("its ring was written by somebody else"))?;
        let owed = owed(&seat).map_err(|_| ChannelError::Truncated { name: name.clone() })?;
        let patience = Patience::new(choices.wait);
        let mut producer = Self { lane, is_plain: false, owed, patience, seat };
        // Without room for it, it goes before the first record.
        let _ = producer.pay();
        producer.seat.bells.ring()?;
        Ok(producer)
    }

    #[inline(always)]
    pub(crate) fn send(&mut self, record: &[u8], deadline: Deadline) -> Result<(), SendError> {
        if self.is_plain
            && self.seat.is_here()
            && let Ok(must_ring) = self.lane.send(PLAIN, 0, record)
        {
            self.lane.expect_more();
            if must_ring { self.ring() } else { Ok(()) }
        } else {
            self.send_otherwise(record, deadline)
        }
    }

    #[cold]
    fn ring(&self) -> Result<(), SendError> {
        Ok(self.seat.bells.ring()?)
    }

    #[cold]
    fn send_otherwise(&mut self, record: &[u8], deadline: Deadline) -> Result<(), SendError> {
        self.stage(record, deadline)?;
        self.publish()
    }

    /// Stages a record behind those staged before; to wait for room they are published.
    fn stage(&mut self, record: &[u8], deadline: Deadline) -> Result<(), SendError> {
        self.settle(deadline)?;
        loop {
            match self.lane.stage(PLAIN, 0, record) {
                Ok(()) => return Ok(()),
                Err(error) => self.overcome(error, record.len(), deadline)?,
            }
        }
    }

    /// Makes visible what is staged.
    fn publish(&mut self) -> Result<(), SendError> {
        if self.lane.publish() {
            self.ring()?;
        }
        self.check_memory()
    }

    pub(crate) fn send_all<R: AsRef<[u8]>>(
        &mut self,
        records: impl IntoIterator<Item = R>,
        deadline: Deadline,
    ) -> Result<usize, BatchError> {
        batch::send_all(
            self,
            records,
            |end, record| end.stage(record, deadline),
            |end| if end.seat.is_here() { end.publish() } else { Ok(()) },
        )
    }

    pub(crate) fn loan(&mut self, bytes: usize, deadline: Deadline) -> Result<Loan<'_>, SendError> {
        self.settle(deadline)?;
        while !self.lane.has_room(bytes)? {
            // Too long a record is refused by the first attempt to stage it, a wait would be in vain.
            self.check_length(bytes)?;
            self.wait_for_room(bytes, deadline)?;
        }
        self.check_length(bytes)?;
        match self.lane.loan(PLAIN, 0, bytes) {
            Ok(loan) => Ok(Loan { loan, seat: &self.seat }),
            Err(StageError::Violation(violation)) => Err(violation.into()),
            Err(_) => Err(SendError::Full),
        }
    }

    fn check_length(&self, bytes: usize) -> Result<(), SendError> {
        let bytes_max = self.record_bytes_max();
        if bytes > bytes_max { Err(SendError::TooLong { bytes, bytes_max }) } else { Ok(()) }
    }

    /// What has to be so before a record may be staged.
    fn settle(&mut self, deadline: Deadline) -> Result<(), SendError> {
        if !self.seat.is_here() {
            return Err(SendError::Forked);
        }
        self.check_memory()?;
        while let Err(error) = self.pay() {
            self.overcome(error, Succession::BYTES, deadline)?;
        }
        Ok(())
    }

    /// Says that this producer follows another, if that was not said yet and there is room for it.
    fn pay(&mut self) -> Result<(), StageError> {
        if let Some(succession) = &self.owed {
            self.lane.stage(SUCCESSION, 0, succession.bytes())?;
            self.owed = None;
            if self.lane.publish() {
                // Whoever misses this bell is told of the next record.
                let _ = self.seat.bells.ring();
            }
        }
        self.is_plain = !self.seat.choices().guards;
        Ok(())
    }

    fn check_memory(&self) -> Result<(), SendError> {
        if self.seat.is_truncated() { Err(SendError::Truncated) } else { Ok(()) }
    }

    fn overcome(&mut self, error: StageError, bytes: usize, deadline: Deadline) -> Result<(), SendError> {
        match error {
            StageError::Full(_) => {
                self.publish()?;
                self.wait_for_room(bytes, deadline)
            }
            StageError::TooLong(_) => self.check_length(bytes),
            StageError::Violation(violation) => {
                self.check_memory()?;
                Err(violation.into())
            }
        }
    }

    /// Looks for a while whether the consumer has made room, then sleeps until it has.
    fn wait_for_room(&mut self, bytes: usize, deadline: Deadline) -> Result<(), SendError> {
        loop {
            if self.look_for_room(bytes, deadline)? {
                return Ok(());
            }
            // The last look also asks for the consumer: it may have ended long ago.
            let other = self.ask()?;
            if self.lane.has_room(bytes)? {
                return Ok(());
            }
            match other {
                Other::Closed => return Err(SendError::Closed),
                Other::Died => return Err(SendError::Died),
                _ if deadline.has_passed() => return Err(SendError::Full),
                Other::Between => pause(moment(deadline))?,
                Other::Here | Other::Nobody => self.sleep(bytes, deadline)?,
            }
        }
    }

    /// The consumer tells of each record, so there may be room for one only: whoever takes that is full again at once,
    /// and asks for the line that the consumer is about to write. So for a moment we wait for more room than we need.
    fn look_for_room(&mut self, bytes: usize, deadline: Deadline) -> Result<bool, SendError> {
        const LOOKS_FOR_MORE: u32 = 256;
        if deadline == Deadline::Now {
            return Ok(false);
        }
        let plenty = bytes.max(self.capacity_bytes() / 4);
        let looks_max = self.patience.looks().unwrap_or(u32::MAX);
        for looks in 1..=looks_max {
            let wanted = if looks < LOOKS_FOR_MORE { plenty } else { bytes };
            if self.lane.has_room(wanted)? {
                self.patience.paid(looks);
                return Ok(true);
            }
            if looks.is_multiple_of(LOOKS_BETWEEN_CHECKS) && (self.has_ended()? || deadline.has_passed()) {
                return Ok(false);
            }
            std::hint::spin_loop();
        }
        Ok(false)
    }

    fn sleep(&mut self, bytes: usize, deadline: Deadline) -> Result<(), SendError> {
        if !self.lane.arm_for_room(bytes)? {
            return Ok(());
        }
        let began = Instant::now();
        let slept = self.seat.bells.sleep(deadline);
        self.lane.awake();
        self.patience.slept(began.elapsed());
        Ok(slept?)
    }

    fn ask(&self) -> Result<Other, SendError> {
        self.check_memory()?;
        Ok(self.seat.ask()?)
    }

    fn has_ended(&self) -> Result<bool, SendError> {
        Ok(matches!(self.ask()?, Other::Closed | Other::Died))
    }

    pub(crate) fn wait_for_consumer(&mut self, deadline: Deadline) -> Result<(), SendError> {
        if !self.seat.is_here() {
            return Err(SendError::Forked);
        }
        match self.seat.wait_for_other(deadline)? {
            true => Ok(()),
            false => Err(SendError::Full),
        }
    }

    pub(crate) fn wait_until_consumed(&mut self, deadline: Deadline) -> Result<(), SendError> {
        /// A consumer that stops looking after the last record rings nobody.
        const LOOK_AGAIN: std::time::Duration = std::time::Duration::from_millis(10);
        if !self.seat.is_here() {
            return Err(SendError::Forked);
        }
        loop {
            let other = self.ask()?;
            match self.is_consumed()? {
                true => return Ok(()),
                false if deadline.has_passed() => return Err(SendError::Full),
                false => {}
            }
            match other {
                Other::Closed => return Err(SendError::Closed),
                Other::Died => return Err(SendError::Died),
                Other::Between => pause(moment(deadline))?,
                Other::Here | Other::Nobody => {
                    self.lane.announce()?;
                    let slept = match self.is_consumed() {
                        Ok(false) => self.seat.bells.sleep(deadline.or_sooner(Deadline::within(LOOK_AGAIN))),
                        _ => Ok(()),
                    };
                    self.lane.awake();
                    slept?;
                }
            }
        }
    }

    /// Also of a consumer that ended before it had told so.
    fn is_consumed(&mut self) -> Result<bool, SendError> {
        let published = self.lane.published();
        Ok(self.lane.has_left(published)? || self.lane.consumed() >= published)
    }

    pub(crate) fn consumer(&self) -> Result<Presence, SendError> {
        self.check_memory()?;
        Ok(self.seat.presence()?)
    }

    pub(crate) fn generation(&self) -> u64 {
        self.seat.incarnation
    }

    pub(crate) fn record_bytes_max(&self) -> usize {
        usize::try_from(self.lane.bytes_max()).unwrap_or(usize::MAX)
    }

    pub(crate) fn capacity_bytes(&self) -> usize {
        usize::try_from(self.lane.ring_words() * 8).unwrap_or(usize::MAX)
    }

    pub(crate) fn name(&self) -> &Name {
        self.seat.name()
    }
}

impl Drop for Producer {
    fn drop(&mut self) {
        if self.seat.is_here() {
            // So that the consumer learns of this producer also if it sent nothing.
            let _ = self.pay();
        }
    }
}

impl Loan<'_> {
    pub(crate) fn bytes(&self) -> usize {
        self.loan.bytes()
    }

    #[inline]
    pub(crate) fn write_at(&mut self, offset: usize, bytes: &[u8]) -> usize {
        if self.seat.is_here() { self.loan.write_at(offset, bytes) } else { 0 }
    }

    #[inline]
    pub(crate) fn send(self) -> Result<(), SendError> {
        if !self.seat.is_here() {
            return Err(SendError::Forked);
        }
        if self.loan.publish() {
            self.seat.bells.ring()?;
        }
        if self.seat.is_truncated() { Err(SendError::Truncated) } else { Ok(()) }
    }
}

/// What a producer has to say that follows another.
fn owed(seat: &Seat) -> Result<Option<Succession>, MapError> {
    let generation = seat.incarnation;
    if generation == 1 {
        return Ok(None);
    }
    let has_closed = occupant::has_closed(&*seat.own, generation - 1)?;
    Ok(Some(Succession { generation, has_closed: has_closed.into() }))
}

/// Successive incarnations differ in these.
pub(super) fn low_bits(incarnation: u64) -> u32 {
    u32::try_from(incarnation & u64::from(u32::MAX)).unwrap_or(0)
}
