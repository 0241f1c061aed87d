// SPDX-License-Identifier: MIT OR Apache-2.0
//! Topics: a subscriber lives through many publishers, each of which goes on behind the one before it; a publisher lives
//! through many subscribers, none of which may hold it when it is dead.

use std::time::Duration;

use cabotage_os::Deadline;
use cabotage_shm::{Publisher, ReceiveError, SendError, Subscriber, TopicError};

use super::channel::check_if_ready;
use super::link::wait_for_death;
use super::{Answer, record, send_for_ever};
use crate::Wrong;
use crate::kill::session::{Life, Session, Side, Survivor, Transport};
use crate::record::{InOrder, Mark};
use crate::scratch::Scratch;
use crate::topics::Policy;
use crate::watchdog::soon;

/// How long a victim waits in one call.
const WHILE: Duration = Duration::from_secs(1);
/// More records than the ring holds.
const MANY: u64 = 300;

/// Topics of one policy.
#[derive(Debug)]
pub(super) struct Topic {
    pub(super) name: &'static str,
    pub(super) policy: Policy,
}

impl Transport for Topic {
    fn name(&self) -> &'static str {
        self.name
    }

    fn has_successors(&self) -> bool {
        true
    }

    fn survivor(&self, victims: Side, place: &Scratch) -> Result<Box<dyn Survivor>, Wrong> {
        let policy = self.policy;
        Ok(match victims {
            Side::Sender => Box::new(Reading { policy, subscriber: None, is_new: true }),
            Side::Receiver => {
                Box::new(Writing { policy, publisher: policy.create(place, Deadline::Now)?, sent: 0 })
            }
        })
    }

    fn victim(&self, life: &Life<'_>) -> Result<(), Wrong> {
        match life.side {
            Side::Sender => publish(self.policy.create(&life.place, soon())?, life),
            Side::Receiver => receive(self.policy.subscribe(&life.place, soon())?, life),
        }
    }
}

/// The life of a victim that publishes: a stream of its own.
fn publish(mut publisher: Publisher, life: &Life<'_>) -> Result<(), Wrong> {
    life.notes.begin_stream(life.number);
    life.notes.set_ready(true);
    Ok(send_for_ever(&life.notes, life.number, |record| {
        match publisher.publish(record, Deadline::within(WHILE)) {
            Ok(()) => Ok(Answer::Done),
            Err(SendError::Full) => Ok(Answer::NotYet),
            Err(error) => Err(error),
        }
    })?)
}

/// The life of a victim that subscribes: it begins where the topic is.
fn receive(mut subscriber: Subscriber, life: &Life<'_>) -> Result<(), Wrong> {
    life.notes.set_ready(true);
    let mut due = None;
    loop {
        match subscriber.receive(Deadline::within(WHILE)).map(|record| (record.lost(), record.to_vec())) {
            Ok((lost, record)) => take(&mut due, lost, &record)?,
            Err(ReceiveError::Nothing) => {}
            Err(ReceiveError::Closed | ReceiveError::Died) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}

/// The next record, of which so many were lost before; the first may be any.
fn take(due: &mut Option<InOrder>, lost: u64, record: &[u8]) -> Result<(), Wrong> {
    let Mark { stream, number } = Mark::of(record)?;
    let due = due.get_or_insert_with(|| InOrder::from(stream, number - lost));
    due.skip(lost);
    due.take(record)?;
    Ok(())
}

/// The subscriber that lives on.
struct Reading {
    policy: Policy,
    subscriber: Option<Subscriber>,
    /// Whether it has just come, so that its first record may be any.
    is_new: bool,
}

impl Reading {
    /// Subscribes as soon as the first victim has made the topic; `None` if that dies before.
    fn reach(&mut self, session: &Session<'_>) -> Result<Option<&mut Subscriber>, Wrong> {
        while self.subscriber.is_none() {
            let was_dead = session.is_dead();
            match session.slice(|deadline| self.policy.subscribe(session.place, deadline)) {
                Ok(subscriber) => self.subscriber = Some(subscriber),
                Err(TopicError::Missing { .. } | TopicError::NobodyCame { .. }) if was_dead => {
                    return Ok(None);
                }
                Err(TopicError::Missing { .. } | TopicError::NobodyCame { .. }) => session.still_waits()?,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(self.subscriber.as_mut())
    }
}

impl Survivor for Reading {
    fn live(&mut self, session: &Session<'_>) -> Result<(), Wrong> {
        let mut due = (!std::mem::take(&mut self.is_new)).then(|| InOrder::from(session.number, 0));
        let Some(subscriber) = self.reach(session)? else {
            self.is_new = true;
            return Ok(());
        };
        let has_come = loop {
            let was_dead = session.is_dead();
            match session.slice(|deadline| subscriber.wait_for_publisher(deadline)) {
                Ok(()) => break true,
                Err(ReceiveError::Nothing) if was_dead => break false,
                Err(ReceiveError::Nothing) => session.still_waits()?,
                Err(error) => return Err(error.into()),
            }
        };
        loop {
            let received = session.slice(|deadline| {
                subscriber.receive(deadline).map(|record| (record.lost(), record.to_vec()))
            });
            match received {
                Ok((lost, record)) => take(&mut due, lost, &record)?,
                Err(ReceiveError::Died | ReceiveError::Nothing) if !has_come => break,
                Err(ReceiveError::Died) => {
                    session.told();
                    break;
                }
                Err(ReceiveError::Nothing) => session.still_waits()?,
                Err(error) => return Err(error.into()),
            }
        }
        wait_for_death(session)?;
        match due {
            Some(due) => check_if_ready(session, due.next()),
            None => Ok(()),
        }
    }

    fn leave(self: Box<Self>, place: &Scratch) -> Result<(), Wrong> {
        match self.subscriber {
            Some(subscriber) => subscriber.remove()?,
            None => match self.policy.subscribe(place, Deadline::Now) {
                Ok(subscriber) => subscriber.remove()?,
                Err(TopicError::Missing { .. }) => {}
                Err(error) => return Err(error.into()),
            },
        }
        self.policy.clean(place)
    }
}

/// The publisher that lives on.
struct Writing {
    policy: Policy,
    publisher: Publisher,
    sent: u64,
}

impl Survivor for Writing {
    fn live(&mut self, session: &Session<'_>) -> Result<(), Wrong> {
        while !session.is_dead() {
            self.publish(session)?;
        }
        // One who is dead holds nobody.
        let end = self.sent + MANY;
        while self.sent < end {
            self.publish(session)?;
        }
        session.told();
        Ok(())
    }

    fn leave(mut self: Box<Self>, place: &Scratch) -> Result<(), Wrong> {
        if self.publisher.subscribers()? != 0 {
            return Err("dead subscribers count".into());
        }
        self.publisher.remove()?;
        self.policy.clean(place)
    }
}

impl Writing {
    fn publish(&mut self, session: &Session<'_>) -> Result<(), Wrong> {
        let next = record(0, self.sent);
        match session.slice(|deadline| self.publisher.publish(&next, deadline)) {
            Ok(()) => self.sent += 1,
            Err(SendError::Full) => session.still_waits()?,
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}
