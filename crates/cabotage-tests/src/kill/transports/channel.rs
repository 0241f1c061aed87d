// SPDX-License-Identifier: MIT OR Apache-2.0
//! Channels: the survivor keeps its end through the lives of many victims, each of which takes the place of the one
//! before it and goes on where that was.

use std::time::Duration;

use cabotage_os::Deadline;
use cabotage_shm::{ChannelError, Consumer, Producer, ReceiveError, SendError};

use super::link::wait_for_death;
use super::{Answer, record, send_for_ever};
use crate::Wrong;
use crate::channels::Form;
use crate::kill::session::{Life, Session, Side, Survivor, Transport};
use crate::notes::Notes;
use crate::record::{InOrder, Mark};
use crate::scratch::Scratch;
use crate::watchdog::soon;

/// How long a victim waits in one call.
const WHILE: Duration = Duration::from_secs(1);
/// What each of the first records has at least, on the average.
const RECORD_BYTES: usize = 200;

/// A form of a channel.
#[derive(Debug)]
pub(super) struct Channel {
    pub(super) name: &'static str,
    pub(super) form: Form,
}

impl Transport for Channel {
    fn name(&self) -> &'static str {
        self.name
    }

    fn has_successors(&self) -> bool {
        true
    }

    fn survivor(&self, victims: Side, place: &Scratch) -> Result<Box<dyn Survivor>, Wrong> {
        let form = self.form;
        Ok(match victims {
            Side::Sender => Box::new(Reading { form, consumer: None }),
            Side::Receiver => {
                let producer = form.create(place, Deadline::Now)?;
                Box::new(Writing { form, producer, sent: 0, notes: Notes::new()?.0 })
            }
        })
    }

    fn victim(&self, life: &Life<'_>) -> Result<(), Wrong> {
        match life.side {
            Side::Sender => produce(self.form.create(&life.place, soon())?, life),
            Side::Receiver => consume(self.form.open(&life.place, soon())?, life),
        }
    }
}

/// The life of a victim that sends: a stream of its own.
fn produce(mut producer: Producer, life: &Life<'_>) -> Result<(), Wrong> {
    life.notes.begin_stream(life.number);
    life.notes.set_ready(true);
    Ok(send_for_ever(&life.notes, life.number, |record| {
        match producer.send(record, Deadline::within(WHILE)) {
            Ok(()) => Ok(Answer::Done),
            Err(SendError::Full) => Ok(Answer::NotYet),
            Err(SendError::Closed | SendError::Died) => Ok(Answer::Over),
            Err(error) => Err(error),
        }
    })?)
}

/// The life of a victim that receives: it goes on with the stream where the one before it was.
fn consume(mut consumer: Consumer, life: &Life<'_>) -> Result<(), Wrong> {
    life.notes.set_ready(true);
    let mut due = None;
    loop {
        let record = match consumer.receive(Deadline::within(WHILE)) {
            Ok(record) => record,
            Err(ReceiveError::Nothing) => continue,
            Err(ReceiveError::Closed | ReceiveError::Died) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let bytes = record.to_vec();
        let number = Mark::of(&bytes)?.number;
        if due.is_none() {
            life.notes.check_successor(number)?;
        }
        due.get_or_insert_with(|| InOrder::from(0, number)).take(&bytes)?;
        // A record is consumed when it is dropped.
        life.notes.taking(number, || {
            drop(record);
            Ok::<_, Wrong>(())
        })?;
    }
}

/// The consumer that lives on.
struct Reading {
    form: Form,
    consumer: Option<Consumer>,
}

impl Reading {
    /// Opens the channel as soon as the first victim has made it; `None` if that dies before.
    fn reach(&mut self, session: &Session<'_>) -> Result<Option<&mut Consumer>, Wrong> {
        while self.consumer.is_none() {
            let was_dead = session.is_dead();
            match session.slice(|deadline| self.form.open(session.place, deadline)) {
                Ok(consumer) => self.consumer = Some(consumer),
                Err(ChannelError::Missing { .. } | ChannelError::NobodyCame { .. }) if was_dead => {
                    return Ok(None);
                }
                Err(ChannelError::Missing { .. } | ChannelError::NobodyCame { .. }) => {
                    session.still_waits()?
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(self.consumer.as_mut())
    }
}

impl Survivor for Reading {
    fn live(&mut self, session: &Session<'_>) -> Result<(), Wrong> {
        let mut due = InOrder::from(session.number, 0);
        let kept_max = self.form.kept_max(RECORD_BYTES);
        let Some(consumer) = self.reach(session)? else { return check(session, 0, kept_max) };
        // The end of the one before is told until another comes.
        let has_come = loop {
            let was_dead = session.is_dead();
            match session.slice(|deadline| consumer.wait_for_producer(deadline)) {
                Ok(()) => break true,
                Err(ReceiveError::Nothing) if was_dead => break false,
                Err(ReceiveError::Nothing) => session.still_waits()?,
                Err(error) => return Err(error.into()),
            }
        };
        loop {
            match session.slice(|deadline| consumer.receive(deadline).map(|record| record.to_vec())) {
                Ok(record) => drop(due.take(&record)?),
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
        check(session, due.next(), kept_max)
    }

    fn leave(self: Box<Self>, place: &Scratch) -> Result<(), Wrong> {
        match self.consumer {
            Some(consumer) => consumer.remove()?,
            None => match self.form.open(place, Deadline::Now) {
                Ok(consumer) => consumer.remove()?,
                Err(error) if is_absence(&error) => {}
                Err(error) => return Err(error.into()),
            },
        }
        self.form.clean(place)
    }
}

/// There is no channel, or nobody in it who lets us in.
fn is_absence(error: &ChannelError) -> bool {
    use ChannelError::{Missing, NoAnswer, NobodyCame};
    matches!(error, Missing { .. } | NobodyCame { .. } | NoAnswer { .. })
}

/// As [`check_if_ready`], where some may have died with their sender.
fn check(session: &Session<'_>, received: u64, kept_max: u64) -> Result<(), Wrong> {
    if session.notes.is_ready() && kept_max > 0 {
        return session.notes.check_received_or_none(received, kept_max);
    }
    check_if_ready(session, received)
}

/// One that died before it was ready has noted nothing; what is there then is of the one before it.
pub(super) fn check_if_ready(session: &Session<'_>, received: u64) -> Result<(), Wrong> {
    match session.notes.is_ready() {
        true => session.notes.check_received(received),
        false if received == 0 => Ok(()),
        false => Err(format!("{received} records came of one that sent nothing").into()),
    }
}

/// The producer that lives on.
struct Writing {
    form: Form,
    producer: Producer,
    sent: u64,
    /// What victims have noted last.
    notes: Notes,
}

impl Survivor for Writing {
    fn live(&mut self, session: &Session<'_>) -> Result<(), Wrong> {
        // The end of the one before is told until another comes.
        loop {
            let was_dead = session.is_dead();
            match session.slice(|deadline| self.producer.wait_for_consumer(deadline)) {
                Ok(()) => break,
                Err(SendError::Full | SendError::Died | SendError::Closed) if was_dead => {
                    return self.note(session);
                }
                Err(SendError::Full | SendError::Died | SendError::Closed) => session.still_waits()?,
                Err(error) => return Err(error.into()),
            }
        }
        loop {
            let next = record(0, self.sent);
            match session.slice(|deadline| self.producer.send(&next, deadline)) {
                Ok(()) => self.sent += 1,
                Err(SendError::Full) => session.still_waits()?,
                Err(SendError::Died) => break,
                Err(error) => return Err(error.into()),
            }
        }
        session.told();
        self.note(session)
    }

    fn leave(self: Box<Self>, place: &Scratch) -> Result<(), Wrong> {
        if self.producer.consumer()?.is_here() {
            return Err("a dead consumer is said to be here".into());
        }
        // A producer of the guarded form lets its consumer in from its own calls.
        let Self { form, mut producer, sent, notes } = *self;
        let consumer = std::thread::scope(|scope| {
            let reading = scope.spawn(move || read_the_rest(form, place, sent, &notes));
            while !reading.is_finished() {
                let _ = producer.wait_for_consumer(Deadline::within(Duration::from_millis(10)));
                std::thread::yield_now();
            }
            producer.close();
            reading.join().map_err(|_| Wrong::from("the successor has panicked"))?
        })?;
        // What the guarded form has goes with its producer.
        if form.keeps_records() {
            consumer.remove()?;
        }
        form.clean(place)
    }
}

/// A successor of the victims receives all that they have not.
fn read_the_rest(form: Form, place: &Scratch, sent: u64, notes: &Notes) -> Result<Consumer, Wrong> {
    let mut consumer = form.open(place, soon())?;
    let mut due: Option<InOrder> = None;
    while due.as_ref().is_none_or(|due| due.next() < sent) {
        match consumer.receive(Deadline::within(WHILE)).map(|record| record.to_vec()) {
            Ok(record) => {
                let number = Mark::of(&record)?.number;
                if due.is_none() {
                    notes.check_successor(number)?;
                }
                due.get_or_insert_with(|| InOrder::from(0, number)).take(&record)?;
            }
            Err(ReceiveError::Nothing) if due.is_none() => {
                notes.check_successor(sent)?;
                break;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(consumer)
}

impl Writing {
    /// Keeps what the victim has noted, now that it is dead.
    fn note(&mut self, session: &Session<'_>) -> Result<(), Wrong> {
        wait_for_death(session)?;
        self.notes.copy_from(session.notes);
        Ok(())
    }
}
