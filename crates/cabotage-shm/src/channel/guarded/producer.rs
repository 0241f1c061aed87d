// SPDX-License-Identifier: MIT OR Apache-2.0
//! The producer: sends to the consumer that it has let in, and keeps what is sent while there is none.
//!
//! There is no thread: consumers come in during the producer's own calls. A call that finds no consumer, or is about to
//! wait, looks who has come; a stream with room in its ring looks now and then, by the clock, since a system call among
//! records costs the pace of both ends.

use std::time::{Duration, Instant};

use cabotage_link::direct::{message_bytes_max, ring_bytes};
use cabotage_link::{LinkError, PeerFault};
use cabotage_os::Deadline;

use super::backlog::Backlog;
use super::door::Door;
use super::loan::Loan;
use super::place::Place;
use super::seat::{self, Seat, presence_after};
use super::words::Answer;
use crate::channel::batch;
use crate::channel::error::{BatchError, ChannelError, SendError};
use crate::meeting::Presence;
use crate::meeting::choices::Choices;
use crate::name::Name;

/// A stream looks at the clock once in so many records.
const RECORDS_BETWEEN_CLOCKS: u64 = 4096;
/// And by the clock so often who has come.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// A consumer that stops looking after its last record rings nobody.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Producer {
    seat: Option<Seat>,
    backlog: Backlog,
    door: Door,
    /// The number of the first record that was sent to the present consumer, or will be to the next.
    first: u64,
    ring_bytes: usize,
    looked_at: Instant,
    /// Whether somebody may have come since, or one who came was not seen to.
    has_news: bool,
    /// How the last consumer ended, while there is no other.
    last: Presence,
    /// By which fault, if it was one.
    fault: Option<PeerFault>,
    name: Name,
}

impl Producer {
    pub(crate) fn create(choices: &Choices, name: &Name) -> Result<Self, ChannelError> {
        let place = Place::new(choices, name)?;
        let published = place.publish()?;
        let ring_bytes = ring_bytes(choices.capacity_bytes);
        Ok(Self {
            seat: None,
            backlog: Backlog::new(ring_bytes),
            door: Door::new(published, place.link_options())?,
            first: 0,
            ring_bytes,
            looked_at: Instant::now(),
            has_news: true,
            last: Presence::Nobody,
            fault: None,
            name: name.clone(),
        })
    }

    #[inline(always)]
    pub(crate) fn send(&mut self, record: &[u8], deadline: Deadline) -> Result<(), SendError> {
        if let Some(seat) = &mut self.seat
            && seat.send(record)
        {
            return Ok(());
        }
        self.send_otherwise(record, deadline)
    }

    #[cold]
    fn send_otherwise(&mut self, record: &[u8], deadline: Deadline) -> Result<(), SendError> {
        self.stage(record, deadline)?;
        self.publish();
        Ok(())
    }

    /// Stages a record behind those staged before; to wait for room they are published.
    fn stage(&mut self, record: &[u8], deadline: Deadline) -> Result<(), SendError> {
        self.check_length(record.len())?;
        self.attend_if_due()?;
        loop {
            match &mut self.seat {
                None if self.backlog.has_room(record.len()) => {
                    self.backlog.push(record);
                    return Ok(());
                }
                None => self.wait_for_room(record.len(), deadline)?,
                Some(seat) => match seat.stage(record) {
                    Ok(()) => return Ok(()),
                    Err(refused) => self.overcome(refused, record.len(), deadline)?,
                },
            }
        }
    }

    /// Makes visible what is staged. That the consumer is gone the next call finds.
    fn publish(&mut self) {
        if let Some(seat) = &mut self.seat {
            let _ = seat.link.publish();
        }
    }

    pub(crate) fn send_all<R: AsRef<[u8]>>(
        &mut self,
        records: impl IntoIterator<Item = R>,
        deadline: Deadline,
    ) -> Result<usize, BatchError> {
        let publish = |end: &mut Self| {
            end.publish();
            Ok(())
        };
        batch::send_all(self, records, |end, record| end.stage(record, deadline), publish)
    }

    pub(crate) fn loan(&mut self, bytes: usize, deadline: Deadline) -> Result<Loan<'_>, SendError> {
        self.check_length(bytes)?;
        self.attend_if_due()?;
        loop {
            match &mut self.seat {
                None if self.backlog.has_room(bytes) => break,
                None => self.wait_for_room(bytes, deadline)?,
                Some(seat) => match seat.loan(bytes) {
                    Ok(_) => break,
                    Err(refused) => self.overcome(refused, bytes, deadline)?,
                },
            }
        }
        match &mut self.seat {
            None => Ok(Loan::in_backlog(bytes, &mut self.backlog, &self.door)),
            Some(seat) => match seat.loan(bytes) {
                Ok((loan, ends)) => Ok(Loan::in_ring(loan, ends)),
                Err(_) => Err(SendError::Full),
            },
        }
    }

    fn check_length(&self, bytes: usize) -> Result<(), SendError> {
        let bytes_max = self.record_bytes_max();
        if bytes > bytes_max { Err(SendError::TooLong { bytes, bytes_max }) } else { Ok(()) }
    }

    /// What can be done about a record that was not staged.
    fn overcome(
        &mut self,
        refused: cabotage_link::SendError,
        bytes: usize,
        deadline: Deadline,
    ) -> Result<(), SendError> {
        match refused {
            cabotage_link::SendError::Full => {
                self.publish();
                self.wait_for_room(bytes, deadline)
            }
            cabotage_link::SendError::Link(error) => self.part(error),
            _ => self.check_length(bytes),
        }
    }

    /// Waits until a record of so many bytes may have room, seeing to the door meanwhile.
    fn wait_for_room(&mut self, bytes: usize, deadline: Deadline) -> Result<(), SendError> {
        let was_let_in = self.seat.is_some();
        // A sleep tells when somebody comes, so asking before each would cost a call for nothing; but whoever gives up
        // has asked.
        if !was_let_in || self.has_news || deadline.has_passed() {
            self.attend()?;
        }
        match &mut self.seat {
            None if self.backlog.has_room(bytes) => Ok(()),
            None => match self.last {
                Presence::Left => Err(SendError::Closed),
                Presence::Died => Err(SendError::Died),
                _ if deadline.has_passed() => Err(SendError::Full),
                _ => Ok(self.door.wait(deadline)?),
            },
            // It has just come, and its ring has as much room as the backlog had; or it may have gone and come again.
            Some(_) if !was_let_in => Ok(()),
            Some(_) if deadline.has_passed() => Err(SendError::Full),
            Some(seat) => {
                let (door, until) = (self.door.fd(), self.door.again(deadline));
                match seat.link.wait_for_room(bytes, door, until) {
                    Ok(has_come) => {
                        self.has_news = has_come || door.is_none();
                        Ok(())
                    }
                    Err(cabotage_link::SendError::Link(error)) => self.part(error),
                    Err(_) => Err(SendError::Full),
                }
            }
        }
    }

    /// Sees to the door if nobody is here, or it is time.
    fn attend_if_due(&mut self) -> Result<(), SendError> {
        let is_due = self.looked_at.elapsed() >= LOOK_EVERY;
        match &mut self.seat {
            Some(seat) if !is_due => {
                seat.go_on_for(RECORDS_BETWEEN_CLOCKS);
                if self.door.is_here() { Ok(()) } else { Err(SendError::Forked) }
            }
            _ => self.attend(),
        }
    }

    /// Sees whether the consumer is still here, and who has come.
    fn attend(&mut self) -> Result<(), SendError> {
        if !self.door.is_here() {
            return Err(SendError::Forked);
        }
        (self.looked_at, self.has_news) = (Instant::now(), false);
        if let Some(error) = self.seat.as_ref().map(Seat::ending).transpose()?.flatten() {
            self.part(error)?;
        }
        self.door.look();
        while let Some(link) = self.door.next(self.seat.is_none()) {
            match &self.seat {
                Some(seat) => {
                    seat::turn_away(link, &Answer::taken(self.door.generation(), seat::here(&seat.link)));
                }
                None => self.let_in(link),
            }
        }
        if let Some(seat) = &mut self.seat {
            seat.go_on_for(RECORDS_BETWEEN_CLOCKS);
        }
        Ok(())
    }

    fn let_in(&mut self, link: cabotage_link::Link) {
        let answer = Answer::welcome(self.door.generation(), self.first, self.ring_bytes);
        self.seat = Seat::take(link, &answer, &self.backlog, self.ring_bytes);
        if self.seat.is_some() {
            self.backlog.clear();
            (self.last, self.fault) = (Presence::Nobody, None);
        }
    }

    /// The consumer has ended: what it has not consumed is kept for the next one.
    fn part(&mut self, error: LinkError) -> Result<(), SendError> {
        let Some(seat) = &self.seat else { return Ok(()) };
        match error {
            LinkError::Forked => return Err(SendError::Forked),
            // A call that was refused ends no link, and who is here goes on consuming.
            LinkError::System(refusal) if seat.ending()?.is_none() => return Err(refusal.into()),
            _ => {}
        }
        let Some(seat) = self.seat.take() else { return Ok(()) };
        self.first += seat.give_up(&mut self.backlog);
        self.last = presence_after(&error);
        self.fault = seat::fault_of(error);
        Ok(())
    }

    pub(crate) fn wait_for_consumer(&mut self, deadline: Deadline) -> Result<(), SendError> {
        loop {
            self.attend()?;
            if self.seat.is_some() {
                return Ok(());
            }
            if deadline.has_passed() {
                return Err(SendError::Full);
            }
            self.door.wait(deadline)?;
        }
    }

    pub(crate) fn wait_until_consumed(&mut self, deadline: Deadline) -> Result<(), SendError> {
        loop {
            self.attend()?;
            let is_late = deadline.has_passed();
            match &mut self.seat {
                None if self.backlog.is_empty() => return Ok(()),
                None => match self.last {
                    Presence::Left => return Err(SendError::Closed),
                    Presence::Died => return Err(SendError::Died),
                    _ if is_late => return Err(SendError::Full),
                    _ => self.door.wait(deadline)?,
                },
                Some(seat) => {
                    if seat.is_consumed() {
                        return Ok(());
                    }
                    if is_late {
                        return Err(SendError::Full);
                    }
                    let until = self.door.again(deadline).or_sooner(Deadline::within(LOOK_AGAIN));
                    let waited = seat.link.wait_until_consumed(self.door.fd(), until);
                    if let Err(cabotage_link::SendError::Link(error)) = waited {
                        self.part(error)?;
                    }
                }
            }
        }
    }

    pub(crate) fn consumer(&self) -> Result<Presence, SendError> {
        match &self.seat {
            _ if !self.door.is_here() => Err(SendError::Forked),
            Some(seat) => Ok(seat.presence()?),
            None => Ok(self.last),
        }
    }

    /// The rule that the last consumer broke, if that is how it ended and no other has come.
    pub(crate) fn consumer_fault(&self) -> Option<&PeerFault> {
        self.fault.as_ref()
    }

    pub(crate) fn generation(&self) -> u64 {
        self.door.generation()
    }

    pub(crate) fn record_bytes_max(&self) -> usize {
        message_bytes_max(self.ring_bytes)
    }

    pub(crate) fn capacity_bytes(&self) -> usize {
        self.ring_bytes
    }

    pub(crate) fn name(&self) -> &Name {
        &self.name
    }
}
