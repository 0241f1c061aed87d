// SPDX-License-Identifier: MIT OR Apache-2.0
//! The consumer: receives over the link to the producer, and when that one has ended, looks for the next.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use cabotage_link::direct::message_bytes_max;
use cabotage_link::names::News;
use cabotage_link::{Link, LinkError, Ready};
use cabotage_os::epoll::{Poller, Trigger};
use cabotage_os::poll::Readiness;
use cabotage_os::{Deadline, Errno, SystemError};

use super::place::Place;
use super::seat::{here, presence_after};
use super::seeking::{Answered, Stream, enter, hear, knock, moment};
use crate::channel::error::{ChannelError, ReceiveError};
use crate::channel::receive_each;
use crate::channel::record::Record;
use crate::meeting::Presence;
use crate::meeting::appear::pause;
use crate::meeting::choices::Choices;
use crate::name::Name;

mod in_hand;

/// One who only ever tries looks at the socket so often.
const ASK_EVERY: Duration = Duration::from_millis(20);
/// How many owners of the name that end while we knock are tried in one call.
const KNOCKS_MAX: usize = 8;

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Consumer {
    // Dropped first, so that nothing is closed while it is watched.
    poller: Poller,
    /// To the producer, or to whoever has the name and has not answered yet.
    link: Option<Link>,
    /// Whether the producer has let us in.
    is_in: bool,
    /// News of the name, while we wait for a producer outside.
    news: Option<News>,
    stream: Stream,
    /// The number of the next record.
    next: u64,
    /// How the last producer ended.
    last: LinkError,
    /// When one who only ever tries last looked at the socket too.
    asked_at: Option<Instant>,
    /// What was found after the last record of a batch, and not told yet.
    untold: Option<ReceiveError>,
    place: Place,
}

impl Consumer {
    pub(crate) fn open(choices: &Choices, name: &Name) -> Result<Self, ChannelError> {
        let place = Place::new(choices, name)?;
        let (link, stream) = enter(&place)?;
        let poller = Poller::new()?;
        poller.add(&link, 0, Readiness::IN, Trigger::Level)?;
        Ok(Self {
            poller,
            link: Some(link),
            is_in: true,
            news: None,
            stream,
            next: stream.first,
            last: LinkError::Died,
            asked_at: None,
            untold: None,
            place,
        })
    }

    /// Waits for a record; `false`: [`Consumer::receive_otherwise`] tells why there is none, or finds it.
    #[inline(always)]
    pub(crate) fn finds(&mut self, deadline: Deadline) -> bool {
        match &mut self.link {
            Some(link) if self.is_in && self.untold.is_none() => link.find(deadline).is_ok(),
            _ => false,
        }
    }

    /// Waits until a record is in hand.
    #[cold]
    pub(crate) fn receive_otherwise(&mut self, deadline: Deadline) -> Result<(), ReceiveError> {
        self.check()?;
        loop {
            if self.get_in(deadline)? {
                let Some(link) = &mut self.link else { continue };
                return match link.find(deadline) {
                    Ok(()) => Ok(()),
                    Err(cabotage_link::ReceiveError::Link(error)) => Err(self.part(error)),
                    Err(_) => Err(ReceiveError::Nothing),
                };
            }
            if deadline.has_passed() {
                return Err(self.news());
            }
        }
    }

    /// What is told for as long as no producer has let us in: how the last one ended. Whether whoever has the name is
    /// that one, on its way out, or its successor, shows when it answers or hangs up.
    fn news(&self) -> ReceiveError {
        self.last.clone().into()
    }

    /// Answers whether a record is in hand.
    #[inline(always)]
    pub(crate) fn try_receive(&mut self) -> Result<bool, ReceiveError> {
        if let (true, Some(link)) = (self.is_in && self.untold.is_none(), &mut self.link)
            && let Ok(true) = link.try_find()
        {
            return Ok(true);
        }
        self.try_otherwise()
    }

    #[cold]
    fn try_otherwise(&mut self) -> Result<bool, ReceiveError> {
        self.check()?;
        if !self.get_in(Deadline::Now)? {
            return Err(self.news());
        }
        let Some(link) = &mut self.link else { return Ok(false) };
        let asks = self.asked_at.is_none_or(|at| at.elapsed() >= ASK_EVERY);
        let found = if asks {
            self.asked_at = Some(Instant::now());
            match link.find(Deadline::Now) {
                Ok(()) => Ok(true),
                Err(cabotage_link::ReceiveError::Link(error)) => Err(error),
                Err(_) => Ok(false),
            }
        } else {
            link.try_find()
        };
        found.map_err(|error| self.part(error))
    }

    fn check(&mut self) -> Result<(), ReceiveError> {
        if !self.poller.is_here() {
            return Err(ReceiveError::Forked);
        }
        match self.untold.take() {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// Gets to a producer, if there is one, and waits at most until `deadline` for it to let us in.
    ///
    /// # Errors
    /// How the last one ended, while there is no other.
    fn get_in(&mut self, deadline: Deadline) -> Result<bool, ReceiveError> {
        if self.link.is_none() {
            self.knock(Deadline::Now)?;
        }
        let Some(link) = &mut self.link else { return Ok(false) };
        if self.is_in {
            return Ok(true);
        }
        match hear(link, deadline) {
            Answered::In(stream) => {
                self.follow(stream);
                Ok(true)
            }
            Answered::NotYet => Ok(false),
            Answered::Taken(holder) => {
                self.leave();
                Err(ReceiveError::Occupied { holder })
            }
            Answered::Gone(error @ (LinkError::System(_) | LinkError::Forked)) => {
                self.leave();
                Err(error.into())
            }
            Answered::Gone(_) => {
                self.leave();
                Err(self.news())
            }
        }
    }

    /// Goes on with the records of this producer.
    fn follow(&mut self, stream: Stream) {
        // Of a name that was given back in between, the count of producers began anew.
        let generation = stream.generation.max(self.stream.generation.saturating_add(1));
        (self.stream, self.next, self.is_in) = (Stream { generation, ..stream }, stream.first, true);
    }

    /// Connects to whoever has the name now.
    fn knock(&mut self, deadline: Deadline) -> Result<(), ReceiveError> {
        let link = match knock(&self.place, deadline) {
            Ok(link) => link,
            Err(ChannelError::System(refusal)) => return Err(refusal.into()),
            Err(ChannelError::Forked) => return Err(ReceiveError::Forked),
            Err(ChannelError::Connect(error)) => return Err(ReceiveError::Connect(error)),
            Err(_) => return Err(self.news()),
        };
        self.poller.add(&link, 0, Readiness::IN, Trigger::Level)?;
        self.forget_news();
        (self.link, self.is_in) = (Some(link), false);
        Ok(())
    }

    /// The link has ended, and from then on there is no producer until another has let us in. A call that was refused
    /// ends no link.
    fn part(&mut self, error: LinkError) -> ReceiveError {
        let is_refusal = matches!(error, LinkError::System(_))
            && self.link.as_ref().is_some_and(|link| matches!(link.ending(), Ok(None) | Err(_)));
        if error != LinkError::Forked && !is_refusal {
            self.leave();
            self.last = match &error {
                LinkError::Closed => LinkError::Closed,
                _ => LinkError::Died,
            };
        }
        error.into()
    }

    fn leave(&mut self) {
        if let Some(link) = self.link.take() {
            // It is watched, so this can't fail.
            let _ = self.poller.remove(&link);
        }
        self.is_in = false;
    }

    fn forget_news(&mut self) {
        if let Some(fd) = self.news.as_ref().and_then(News::fd) {
            let _ = self.poller.remove(fd);
        }
        self.news = None;
    }

    pub(crate) fn ready(&mut self) -> Result<Ready, ReceiveError> {
        if !self.poller.is_here() {
            return Err(ReceiveError::Forked);
        }
        if self.untold.is_some() {
            return Ok(Ready::Ready);
        }
        for _ in 0..KNOCKS_MAX {
            if self.link.is_none() {
                self.watch_name()?;
            }
            match self.get_in(Deadline::Now) {
                Ok(_) => break,
                Err(ReceiveError::Closed | ReceiveError::Died) if self.link.is_some() => break,
                // Told already: then we wait for the next one.
                Err(ReceiveError::Closed | ReceiveError::Died) if self.news.is_some() => {
                    return Ok(Ready::Armed);
                }
                // Whoever had the name has ended since we knocked, and nobody watches the name any more.
                Err(ReceiveError::Closed | ReceiveError::Died) => {}
                Err(error @ (ReceiveError::System(_) | ReceiveError::Forked)) => return Err(error),
                Err(error) => {
                    self.untold = Some(error);
                    return Ok(Ready::Ready);
                }
            }
        }
        match &mut self.link {
            Some(link) => Ok(link.ready()?),
            None => Ok(Ready::Ready),
        }
    }

    /// From now on the descriptor becomes readable when the name may have appeared.
    fn watch_name(&mut self) -> Result<(), ReceiveError> {
        let news = self.news.get_or_insert_with(|| self.place.news());
        let sees_all = news.renew()?;
        let Some(fd) = news.fd().filter(|_| sees_all) else {
            self.forget_news();
            return Err(SystemError::new("inotify_add_watch", self.place.name(), Errno::NOSPC).into());
        };
        match self.poller.add(fd, 1, Readiness::IN, Trigger::Level) {
            Err(refusal) if refusal.errno() != Errno::EXIST => Err(refusal.into()),
            _ => Ok(()),
        }
    }

    pub(crate) fn receive_each(
        &mut self,
        max: usize,
        mut act: impl FnMut(Record<'_>),
    ) -> Result<usize, ReceiveError> {
        let batch = Batch::begin(self);
        let next = |end: &mut Self| {
            let is_there = end.try_receive()?;
            if is_there {
                act(Record::guarded(end));
            }
            Ok(is_there)
        };
        receive_each(batch.0, max, next, |end, error| end.untold = Some(error))
    }

    pub(crate) fn generation(&self) -> u64 {
        self.stream.generation
    }

    pub(crate) fn producer(&self) -> Result<Presence, ReceiveError> {
        if !self.poller.is_here() {
            return Err(ReceiveError::Forked);
        }
        let Some(link) = &self.link else { return Ok(presence_after(&self.last)) };
        match link.ending()? {
            Some(error) => Ok(presence_after(&error)),
            None => Ok(here(link)),
        }
    }

    pub(crate) fn wait_for_producer(&mut self, deadline: Deadline) -> Result<(), ReceiveError> {
        if !self.poller.is_here() {
            return Err(ReceiveError::Forked);
        }
        loop {
            if self.link.is_none() {
                match self.knock(deadline) {
                    Err(ReceiveError::Closed | ReceiveError::Died) if deadline.has_passed() => {
                        return Err(ReceiveError::Nothing);
                    }
                    Err(ReceiveError::Closed | ReceiveError::Died) | Ok(()) => {}
                    Err(error) => return Err(error),
                }
            }
            match self.get_in(deadline) {
                Ok(true) => return Ok(()),
                Ok(false) | Err(ReceiveError::Closed | ReceiveError::Died) if deadline.has_passed() => {
                    return Err(ReceiveError::Nothing);
                }
                Ok(false) => {}
                // Whoever has the name is no producer, or ended at once.
                Err(ReceiveError::Closed | ReceiveError::Died) => pause(moment(deadline))?,
                Err(error) => return Err(error),
            }
        }
    }

    pub(crate) fn record_bytes_max(&self) -> usize {
        message_bytes_max(self.stream.ring_bytes)
    }

    pub(crate) fn name(&self) -> &Name {
        self.place.name()
    }

    pub(crate) fn remove(self) -> Result<(), ChannelError> {
        if !self.poller.is_here() {
            return Err(ChannelError::Forked);
        }
        let place = self.place.clone();
        drop(self);
        place.remove()
    }

    pub(crate) fn as_fd(&self) -> BorrowedFd<'_> {
        self.poller.as_fd()
    }
}

/// Records handed out together, whose consumption is told once, also if the caller panics.
struct Batch<'consumer>(&'consumer mut Consumer);

impl<'consumer> Batch<'consumer> {
    fn begin(consumer: &'consumer mut Consumer) -> Self {
        if let Some(link) = &mut consumer.link {
            link.tell_each(false);
        }
        Self(consumer)
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        if let Some(link) = &mut self.0.link {
            link.tell_each(true);
        }
    }
}
