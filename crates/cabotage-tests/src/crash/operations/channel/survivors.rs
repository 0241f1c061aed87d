// SPDX-License-Identifier: MIT OR Apache-2.0
//! The ends of a channel that live on, and what must be true of it whoever has died: it goes on with successors.

use std::os::fd::AsFd;
use std::time::Duration;

use cabotage_link::Ready;
use cabotage_os::Deadline;
use cabotage_os::poll::{self, Readiness};
use cabotage_shm::{ChannelError, Consumer, Producer, ReceiveError};

use super::{AFTERWARDS, BEFORE, BYTES};
use crate::Wrong;
use crate::channels::Form;
use crate::crash::stage::{Ground, Outcome, Survivor};
use crate::record::{InOrder, Mark};
use crate::scratch::Scratch;
use crate::watchdog::soon;

/// The consumer that lives on.
pub(super) struct Reader {
    form: Form,
    sleeps: bool,
    consumer: Option<Consumer>,
    due: InOrder,
}

impl Reader {
    /// One that opens the channel when it is there; it sleeps on its descriptor if asked.
    pub(super) fn new(form: Form, sleeps: bool) -> Self {
        Self { form, sleeps, consumer: None, due: InOrder::from(0, 0) }
    }
}

impl Survivor for Reader {
    fn prepare(&mut self, ground: &Ground<'_>) -> Result<(), Wrong> {
        let mut consumer = self.form.open(ground.place, soon())?;
        for _ in 0..BEFORE {
            let record = consumer.receive(soon())?.to_vec();
            self.due.take(&record)?;
        }
        if self.sleeps && consumer.ready()? != Ready::Armed {
            return Err("there is a record that nobody sent".into());
        }
        self.consumer = Some(consumer);
        Ok(())
    }

    fn check(mut self: Box<Self>, ground: &Ground<'_>, outcome: &mut Outcome) -> Result<(), Wrong> {
        let mut consumer = self.consumer.take().ok_or("a consumer")?;
        if self.sleeps {
            let waits = [(consumer.as_fd(), Readiness::IN)];
            let [found] = outcome.told(|| poll::wait(waits, Deadline::within(Duration::from_secs(2))))?;
            if found.is_empty() {
                return Err("a consumer that sleeps is woken neither by the record nor by the death".into());
            }
        }
        let end = outcome.told(|| drain(&mut consumer, &mut self.due))?;
        ground.notes.check_received(self.due.next())?;
        match end {
            ReceiveError::Died if !ground.notes.is_done() => {}
            ReceiveError::Closed if ground.notes.is_begun() => {}
            other => return Err(format!("the consumer is told: {other}").into()),
        }
        lives_on(self.form, ground.place, None, Some(consumer))
    }
}

/// The producer that lives on.
pub(super) struct Writer {
    form: Form,
    producer: Option<Producer>,
    sent: u64,
}

impl Writer {
    /// A producer that has sent so many records.
    pub(super) fn new(form: Form, producer: Producer, sent: u64) -> Self {
        Self { form, producer: Some(producer), sent }
    }
}

impl Survivor for Writer {
    fn prepare(&mut self, _ground: &Ground<'_>) -> Result<(), Wrong> {
        if !self.form.keeps_records() {
            // The guarded form lets its consumer in from its own calls.
            self.producer.as_mut().ok_or("a producer")?.wait_for_consumer(soon())?;
        }
        Ok(())
    }

    fn check(mut self: Box<Self>, ground: &Ground<'_>, outcome: &mut Outcome) -> Result<(), Wrong> {
        let mut producer = self.producer.take().ok_or("a producer")?;
        if outcome.told(|| producer.consumer())?.is_here() {
            return Err("a dead consumer is said to be here".into());
        }
        // Where the victim was removing the channel, there may be none to be opened.
        let mut consumer = match self.successor(&mut producer, ground.place) {
            Ok(consumer) => consumer,
            Err(ChannelError::Missing { .. } | ChannelError::NotAChannel { .. }) => {
                drop(producer);
                return lives_on(self.form, ground.place, None, None);
            }
            Err(error) => return Err(error.into()),
        };
        if ground.notes.is_done() {
            return Err("a removed channel is opened".into());
        }
        // What is known to be there is waited for; what may have been consumed is not.
        let is_all_taken = ground.notes.taken() == self.sent;
        let patience = if is_all_taken { Deadline::Now } else { Deadline::within(Duration::from_secs(1)) };
        let first = match consumer.receive(patience).map(|record| record.to_vec()) {
            Ok(record) => Mark::of(&record)?.number,
            Err(ReceiveError::Nothing) => self.sent,
            Err(error) => return Err(error.into()),
        };
        ground.notes.check_successor(first)?;
        let mut due = InOrder::from(0, first + 1);
        while due.next() < self.sent {
            let record = consumer.receive(soon())?.to_vec();
            due.take(&record)?;
        }
        lives_on(self.form, ground.place, Some(producer), Some(consumer))
    }
}

impl Writer {
    /// The next consumer, whom the producer may have to let in.
    fn successor(&self, producer: &mut Producer, place: &Scratch) -> Result<Consumer, ChannelError> {
        let form = self.form;
        if form.keeps_records() {
            return form.open(place, Deadline::Now);
        }
        std::thread::scope(|scope| {
            let opening = scope.spawn(move || form.open(place, soon()));
            while !opening.is_finished() {
                let _ = producer.wait_for_consumer(Deadline::within(Duration::from_millis(1)));
            }
            opening.join().expect("no panic")
        })
    }
}

/// Receives until there is nothing more; answers what was told then.
fn drain(consumer: &mut Consumer, due: &mut InOrder) -> Result<ReceiveError, Wrong> {
    drain_until(consumer, due, soon())
}

pub(super) fn drain_until(
    consumer: &mut Consumer,
    due: &mut InOrder,
    deadline: Deadline,
) -> Result<ReceiveError, Wrong> {
    loop {
        match consumer.receive(deadline).map(|record| record.to_vec()) {
            Ok(record) => drop(due.take(&record)?),
            Err(end) => return Ok(end),
        }
    }
}

pub(super) fn expect(told: &ReceiveError, due: &ReceiveError) -> Result<(), Wrong> {
    if told == due { Ok(()) } else { Err(format!("the consumer is told: {told}, not: {due}").into()) }
}

/// The channel goes on with whom it has and with successors of the dead; then it is removed, and nothing is there.
pub(super) fn lives_on(
    form: Form,
    place: &Scratch,
    producer: Option<Producer>,
    consumer: Option<Consumer>,
) -> Result<(), Wrong> {
    // Each end in a thread, since a producer of the guarded form lets its consumer in from its own calls.
    let consumer = std::thread::scope(|scope| {
        let producing = scope.spawn(move || produce(form, place, producer));
        let mut consumer = match consumer {
            Some(consumer) => consumer,
            None => form.open(place, soon())?,
        };
        for number in 0..2 {
            let found = loop {
                match consumer.receive(soon()).map(|record| record.to_vec()) {
                    Ok(found) => break found,
                    // The end of the one before is told until its successor is there, and once more behind its records.
                    Err(ReceiveError::Died | ReceiveError::Closed) if number == 0 => std::thread::yield_now(),
                    Err(error) => return Err(error.into()),
                }
            };
            InOrder::from(AFTERWARDS, number).take(&found)?;
        }
        producing.join().map_err(|_| Wrong::from("the producer has panicked"))??;
        let end = drain(&mut consumer, &mut InOrder::from(AFTERWARDS, 2))?;
        expect(&end, &ReceiveError::Closed)?;
        Ok::<_, Wrong>(consumer)
    })?;
    // What the guarded form has goes with its producer.
    if form.keeps_records() {
        consumer.remove()?;
    }
    form.clean(place)
}

/// Sends two records, sees that they are consumed, and closes.
fn produce(form: Form, place: &Scratch, producer: Option<Producer>) -> Result<(), Wrong> {
    let mut producer = match producer {
        Some(producer) => producer,
        None => form.create(place, Deadline::Now)?,
    };
    for number in 0..2 {
        producer.send(&Mark { stream: AFTERWARDS, number }.record(BYTES), soon())?;
    }
    producer.wait_for_consumer(soon())?;
    producer.wait_until_consumed(soon())?;
    producer.close();
    Ok(())
}
