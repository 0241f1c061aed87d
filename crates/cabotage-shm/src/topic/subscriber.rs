// SPDX-License-Identifier: MIT OR Apache-2.0
//! The subscriber: looks for the next record where it will lie, copies it, and is told of each publisher's end once.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use cabotage_lane::topic::{self, Sight};
use cabotage_lane::{MappedRing, Pace, PeerRing, Plain};
use cabotage_link::{Patience, Ready};
use cabotage_os::Deadline;
use cabotage_os::fork::{Origin, SoleFd};
use cabotage_os::map::Map;

use super::bells::Ear;
use super::opening;
use super::shape::Shape;
use super::succession::Succession;
use super::waiting::subscribe;
use super::{Received, TopicError, TopicOptions};
use crate::channel::{ReceiveError, receive_each};
use crate::directory::Directory;
use crate::meeting::appear::pause;
use crate::meeting::place::{Seat, is_taken};
use crate::meeting::{Presence, occupant};
use crate::name::Name;

mod end;
mod joining;
mod waiting;

use end::Other;

type Lane = topic::Subscriber<PeerRing, PeerRing, MappedRing>;

/// One of those that receive. Dropping it gives its place to others.
#[derive(Debug)]
pub struct Subscriber {
    lane: Lane,
    origin: Origin,
    main: Arc<Map>,
    /// Whether a shrink of the memory is an error, and so to be looked for.
    is_guarded: bool,
    /// The record received last, as long as the longest so far.
    body: Vec<u8>,
    /// How many records were lost since the one received last.
    lost_now: u64,
    lost: u64,
    /// Which publisher's records these are.
    generation: u64,
    /// Whether that one's end was told.
    has_told_end: bool,
    /// Whether there was a publisher when this subscriber took its place, or one has come while it did.
    found_publisher: bool,
    /// When one who only ever tries last looked whether the publisher is there.
    asked_at: Option<Instant>,
    /// What ended a batch that had records in it, to be told next.
    untold: Option<ReceiveError>,
    patience: Patience,
    pace: Pace,
    shape: Shape,
    directory: Directory,
    seat: Seat<SoleFd>,
    ear: Ear,
}

/// How long one waits for who is about to come or go.
const MOMENT: Duration = Duration::from_millis(1);

impl Subscriber {
    /// A subscriber of the topic `name` among processes that trust each other, from the next record on: see
    /// [`TopicOptions::subscribe_trusting`].
    ///
    /// # Errors
    /// [`TopicError::Name`], and as [`TopicOptions::subscribe_trusting`].
    pub fn subscribe_trusting(name: impl AsRef<[u8]>) -> Result<Self, TopicError> {
        TopicOptions::new().subscribe_trusting(&Name::parse(name)?)
    }

    pub(super) fn open(options: &TopicOptions, name: &Name) -> Result<Self, TopicError> {
        let mut subscriber = subscribe(options, || Self::join(options, name))?;
        subscriber.wait_until_there(options.choices().until_there)?;
        Ok(subscriber)
    }

    /// Receives the next record, waiting for it until `deadline`.
    ///
    /// # Errors
    /// [`ReceiveError::Nothing`] at the deadline; [`ReceiveError::Closed`] and [`ReceiveError::Died`] when the publisher
    /// has ended and all that it had published was received: wait for another
    /// ([`wait_for_publisher`](Self::wait_for_publisher)), or give up; and others of [`ReceiveError`].
    #[inline]
    pub fn receive(&mut self, deadline: Deadline) -> Result<Received<'_>, ReceiveError> {
        self.tell_untold()?;
        let bytes = match self.take()? {
            Some(bytes) => bytes,
            None => self.wait(deadline)?,
        };
        Ok(self.received(bytes))
    }

    /// Receives the next record if it is there.
    ///
    /// # Errors
    /// As [`Self::receive`], but never [`ReceiveError::Nothing`].
    #[inline]
    pub fn try_receive(&mut self) -> Result<Option<Received<'_>>, ReceiveError> {
        self.tell_untold()?;
        match self.take()? {
            Some(bytes) => Ok(Some(self.received(bytes))),
            None => match self.try_otherwise()? {
                Some(bytes) => Ok(Some(self.received(bytes))),
                None => Ok(None),
            },
        }
    }

    /// Receives the next record as a plain value.
    ///
    /// # Errors
    /// As [`Self::receive`]; [`ReceiveError::OtherSize`] if it has another number of bytes: it is received all the same
    /// then, and gone.
    #[inline]
    pub fn receive_value<T: Plain>(&mut self, deadline: Deadline) -> Result<T, ReceiveError> {
        let received = self.receive(deadline)?;
        let bytes = received.bytes();
        received.value().ok_or(ReceiveError::OtherSize { bytes, expected: size_of::<T>() })
    }

    /// Hands at most `max` records that are there to `act`, one by one; answers how many. Never waits.
    ///
    /// # Errors
    /// As [`Self::try_receive`], when there was no record before.
    pub fn receive_each(
        &mut self,
        max: usize,
        mut act: impl FnMut(Received<'_>),
    ) -> Result<usize, ReceiveError> {
        let next = |end: &mut Self| Ok(end.try_receive()?.map(&mut act).is_some());
        receive_each(self, max, next, |end, error| end.untold = Some(error))
    }

    /// How many records this subscriber has lost in all, because it was slow.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Which publisher's records are received now, counted from 1.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Who publishes.
    ///
    /// # Errors
    /// [`ReceiveError::Forked`], [`ReceiveError::Truncated`], or the system's refusal.
    pub fn publisher(&self) -> Result<Presence, ReceiveError> {
        if !self.origin.is_here() {
            return Err(ReceiveError::Forked);
        }
        Ok(occupant::presence(&*self.main, || is_taken(&self.seat))?)
    }

    /// Waits until there is a publisher, or has been one since the end that was told last.
    ///
    /// # Errors
    /// [`ReceiveError::Nothing`] if none has come before `deadline`; [`ReceiveError::Forked`], or the system's refusal.
    pub fn wait_for_publisher(&mut self, deadline: Deadline) -> Result<(), ReceiveError> {
        if !self.origin.is_here() {
            return Err(ReceiveError::Forked);
        }
        loop {
            match self.ask()? {
                Other::Here => return Ok(()),
                Other::Gone(last) if last > self.generation => return Ok(()),
                _ if deadline.has_passed() => return Err(ReceiveError::Nothing),
                Other::Between => pause(deadline.or_sooner(Deadline::within(MOMENT)))?,
                Other::Gone(_) => self.ear.hear(deadline)?,
            }
        }
    }

    /// Asks to be told on the [descriptor](AsFd): wait on it only after [`Ready::Armed`], and ask again after each time it
    /// was readable.
    ///
    /// # Errors
    /// [`ReceiveError::Forked`], or the system's refusal. Whatever else there is to be told counts as ready.
    pub fn ready(&mut self) -> Result<Ready, ReceiveError> {
        match self.try_ready() {
            Err(error @ (ReceiveError::Forked | ReceiveError::System(_))) => Err(error),
            Err(_) => Ok(Ready::Ready),
            answer => answer,
        }
    }

    /// The longest record that can come, in bytes.
    pub fn record_bytes_max(&self) -> usize {
        usize::try_from(self.lane.bytes_max()).unwrap_or(usize::MAX)
    }

    /// The topic's name.
    pub fn name(&self) -> &Name {
        &self.shape.head.name
    }

    /// Gives its place to others, as dropping does.
    pub fn close(self) {}

    /// Removes the topic's files if its name still means this topic, as whoever is last may; publisher and subscribers that
    /// are there go on.
    ///
    /// # Errors
    /// [`TopicError::Forked`], [`TopicError::Object`], or the system's refusal.
    pub fn remove(self) -> Result<(), TopicError> {
        if !self.origin.is_here() {
            return Err(TopicError::Forked);
        }
        opening::remove(&self.directory, &self.shape)
    }

    #[inline]
    fn received(&mut self, bytes: usize) -> Received<'_> {
        let lost = std::mem::take(&mut self.lost_now);
        Received::new(&self.body[..bytes], self.lane.number() - 1, lost)
    }

    #[inline]
    fn tell_untold(&mut self) -> Result<(), ReceiveError> {
        match &self.untold {
            None => Ok(()),
            Some(_) => self.untold.take().map_or(Ok(()), Err),
        }
    }

    /// Looks once, and takes what is there; answers how many bytes of `body` it is.
    #[inline]
    fn take(&mut self) -> Result<Option<usize>, ReceiveError> {
        if !self.origin.is_here() {
            return Err(ReceiveError::Forked);
        }
        loop {
            let shape = match self.lane.look()? {
                Sight::Record(shape) => {
                    if self.has_told_end {
                        self.succeed_unseen()?;
                    }
                    shape
                }
                Sight::First(shape) => {
                    if let Some(news) = Succession::after(self.generation, shape.port()) {
                        self.succeed(news)?;
                    }
                    shape
                }
                Sight::Overtaken => {
                    self.catch_up()?;
                    continue;
                }
                Sight::Empty => {
                    self.ring_if_awaited();
                    return self.refuse_the_truncated().map(|()| None);
                }
            };
            let bytes = shape.bytes();
            if self.body.len() < bytes {
                self.body.resize(bytes, 0);
            }
            if self.lane.take(&mut self.body[..bytes]).is_ok() {
                self.ring_if_awaited();
                if self.is_guarded {
                    self.refuse_the_truncated()?;
                }
                return Ok(Some(bytes));
            }
            self.catch_up()?;
        }
    }

    /// Under the guard the ring may have become zeroes at any time.
    fn refuse_the_truncated(&self) -> Result<(), ReceiveError> {
        if self.main.is_truncated() { Err(ReceiveError::Truncated) } else { Ok(()) }
    }

    /// Goes on after being overtaken.
    #[cold]
    fn catch_up(&mut self) -> Result<(), ReceiveError> {
        let missed = self.lane.catch_up()?;
        self.ring_if_awaited();
        self.lost_now += missed;
        self.lost += missed;
        // A publisher's first record may be among them.
        let now = occupant::incarnation(&*self.main)?;
        if now == self.generation {
            return Ok(());
        }
        let has_closed = occupant::has_closed(&*self.main, self.generation)?;
        self.succeed(Succession { generation: now, has_closed })
    }

    #[inline]
    fn ring_if_awaited(&mut self) {
        if self.lane.take_bell() {
            // A byte goes in, or as many lie there already.
            let _ = self.ear.ring();
        }
    }
}

impl AsFd for Subscriber {
    /// Readable when there is something new: see [`Subscriber::ready`]. The same for life.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.ear.as_fd()
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        if self.origin.is_here() {
            self.lane.leave();
            let _ = self.ear.ring();
        }
    }
}
