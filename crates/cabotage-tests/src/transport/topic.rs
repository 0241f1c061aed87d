// SPDX-License-Identifier: MIT OR Apache-2.0
//! A topic with one subscriber, between processes that trust each other, by either policy: the publisher waits for the
//! slow, or they lose records and are told how many.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use cabotage_link::Ready;
use cabotage_os::Deadline;
use cabotage_shm::{Name, Publisher, Subscriber, TopicError, TopicOptions, WhenSlow};

use super::shm::{CAPACITY_BYTES, lacks as lacks_as_channel, record_bytes_max};
use super::{Ability, BothEnds, End, Side, StartFar, Told, Transport, other};
use crate::scratch::Scratch;
use crate::suite::soon;

/// What becomes of the slow.
#[derive(Debug, Clone, Copy)]
pub(super) enum Topic {
    /// The publisher waits for them.
    Waiting,
    /// They lose records.
    Dropping,
}

impl Transport for Topic {
    fn title(&self) -> &'static str {
        match self {
            Self::Waiting => "topic",
            Self::Dropping => "topic_that_drops",
        }
    }

    fn lacks(&self, ability: Ability) -> Option<&'static str> {
        match (self, ability) {
            (Self::Dropping, Ability::WaitsForTheSlow) => Some("the slow lose records"),
            (Self::Dropping, Ability::TellsLoss) => None,
            (_, Ability::TellsSender) => Some("a publisher goes on, whoever leaves"),
            (_, Ability::OneReceiver) => Some("a topic has many subscribers"),
            (_, Ability::TakeOverByReceiver) => Some("each subscriber begins for itself"),
            (_, other) => lacks_as_channel(other),
        }
    }

    fn record_bytes_max(&self) -> usize {
        record_bytes_max()
    }

    fn open(&self, place: &Scratch, side: Side, start: StartFar<'_>) -> Box<dyn End> {
        match side {
            Side::Sender => {
                let publisher = self.create(place).expect("a new topic");
                start(None);
                Box::new(attended(publisher))
            }
            Side::Receiver => {
                start(None);
                Box::new(Subscribing::new(self.subscribe(place).expect("a topic of the far one")))
            }
        }
    }

    fn open_both(&self, place: &Scratch) -> Result<BothEnds, Told> {
        let publisher = self.create(place)?;
        Ok((Box::new(Publishing(publisher)), Box::new(Subscribing::new(self.subscribe(place)?))))
    }

    fn join(&self, place: &Scratch, side: Side, _inherited: Option<OwnedFd>) -> Box<dyn End> {
        match side {
            Side::Sender => Box::new(attended(self.create(place).expect("a new topic"))),
            Side::Receiver => {
                Box::new(Subscribing::new(self.subscribe(place).expect("a topic of the near one")))
            }
        }
    }

    fn take_over(&self, place: &Scratch, side: Side) -> Result<Box<dyn End>, Told> {
        match side {
            Side::Sender => Ok(Box::new(Publishing(self.options().create_trusting(&name(place))?))),
            Side::Receiver => {
                Ok(Box::new(Subscribing::new(self.options().subscribe_trusting(&name(place))?)))
            }
        }
    }

    fn clean(&self, place: &Scratch) {
        let remove = || {
            self.create(place)
                .map_err(|told| format!("{told:?}"))?
                .remove()
                .map_err(|error| error.to_string())
        };
        // Once more where a test lets a call fail.
        remove().or_else(|_| remove()).expect("a topic that nobody uses is removed");
    }
}

fn name(place: &Scratch) -> Name {
    Name::parse(place.object("topic")).expect("a name")
}

impl Topic {
    fn options(self) -> TopicOptions {
        let when_slow = match self {
            Self::Waiting => WhenSlow::Wait,
            Self::Dropping => WhenSlow::Drop,
        };
        TopicOptions::new().capacity_bytes(CAPACITY_BYTES).when_slow(when_slow)
    }

    fn create(self, place: &Scratch) -> Result<Publisher, Told> {
        Ok(self.options().until_there(soon()).create_trusting(&name(place))?)
    }

    fn subscribe(self, place: &Scratch) -> Result<Subscriber, Told> {
        Ok(self.options().until_there(soon()).subscribe_trusting(&name(place))?)
    }
}

/// A publisher whose subscriber is there: who comes later would begin later.
fn attended(mut publisher: Publisher) -> Publishing {
    publisher.wait_for_subscriber(soon()).expect("a subscriber");
    Publishing(publisher)
}

/// The end that sends.
#[derive(Debug)]
struct Publishing(Publisher);

/// The end that receives.
#[derive(Debug)]
struct Subscribing {
    subscriber: Subscriber,
    /// The record that came behind a loss, which is told first.
    held: Option<Vec<u8>>,
}

impl Subscribing {
    fn new(subscriber: Subscriber) -> Self {
        Self { subscriber, held: None }
    }
}

impl End for Publishing {
    fn send(&mut self, record: &[u8], deadline: Deadline) -> Result<(), Told> {
        Ok(self.0.publish(record, deadline)?)
    }

    fn receive(&mut self, _deadline: Deadline) -> Result<Vec<u8>, Told> {
        Err(self.cannot("receive as its publisher"))
    }

    fn close(self: Box<Self>) {
        self.0.close();
    }
}

impl End for Subscribing {
    fn send(&mut self, _record: &[u8], _deadline: Deadline) -> Result<(), Told> {
        Err(self.cannot("send as its subscriber"))
    }

    fn receive(&mut self, deadline: Deadline) -> Result<Vec<u8>, Told> {
        if let Some(record) = self.held.take() {
            return Ok(record);
        }
        let received = self.subscriber.receive(deadline)?;
        match received.lost() {
            0 => Ok(received.to_vec()),
            lost => {
                self.held = Some(received.to_vec());
                Err(Told::Lost(lost))
            }
        }
    }

    fn must_wait(&mut self) -> Result<bool, Told> {
        Ok(self.held.is_none() && self.subscriber.ready()? == Ready::Armed)
    }

    fn descriptor(&self) -> Result<BorrowedFd<'_>, Told> {
        Ok(self.subscriber.as_fd())
    }

    fn wait_for_successor(&mut self, deadline: Deadline) -> Result<(), Told> {
        Ok(self.subscriber.wait_for_publisher(deadline)?)
    }

    fn close(self: Box<Self>) {
        self.subscriber.close();
    }
}

impl From<TopicError> for Told {
    fn from(error: TopicError) -> Self {
        match error {
            TopicError::Occupied { holder, .. } => Self::Taken(holder.to_string()),
            error => other(error),
        }
    }
}
