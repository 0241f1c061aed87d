// SPDX-License-Identifier: MIT OR Apache-2.0
//! Channels: each role is killed in everything it does, and the other side and a successor go on without a gap.

mod survivors;

use cabotage_os::Deadline;
use cabotage_shm::{ChannelError, Consumer, Presence, Producer, ReceiveError};

use crate::Wrong;
use crate::channels::Form;
use crate::crash::stage::{Gate, Ground, Operation, Outcome, Stage};
use crate::crash::traced::{Traced, stop_here};
use crate::notes::Notes;
use crate::record::{InOrder, Mark};
use crate::scratch::Scratch;
use crate::watchdog::soon;
use survivors::{Reader, Writer, drain_until, expect, lives_on};

const BYTES: usize = 100;
/// Records that are sent before the operation.
const BEFORE: u64 = 3;
/// The stream that the survivor sends at the end, to see that the channel lives.
const AFTERWARDS: u64 = 9;

/// What is tried with each form. An operation that waits for its peer in the middle cannot be stepped through: how the
/// guarded form attaches is killed at random.
macro_rules! operations_of {
    ($form:expr, $prefix:literal, $($name:literal => $set:expr),* $(,)?) => {
        &[
            Operation { name: concat!($prefix, ".create"), set: |_| Ok(newcomer($form)) },
            Operation { name: concat!($prefix, ".send"), set: |_| Ok(producer($form, false, send)) },
            Operation { name: concat!($prefix, ".send-to-sleeper"), set: |_| Ok(producer($form, true, send)) },
            Operation { name: concat!($prefix, ".send-in-place"), set: |_| Ok(producer($form, false, lend)) },
            Operation { name: concat!($prefix, ".send-batch"), set: |_| Ok(producer($form, false, send_batch)) },
            Operation { name: concat!($prefix, ".receive"), set: |ground| consumer($form, ground, receive) },
            Operation { name: concat!($prefix, ".receive-from-full"), set: |ground| full($form, ground) },
            Operation { name: concat!($prefix, ".arm"), set: |ground| consumer($form, ground, arm) },
            Operation { name: concat!($prefix, ".close-producer"), set: |_| Ok(producer($form, false, close)) },
            Operation { name: concat!($prefix, ".close-consumer"), set: |ground| consumer($form, ground, leave) },
            $(Operation { name: concat!($prefix, $name), set: $set },)*
        ]
    };
}

pub(super) const TRUSTING: &[Operation] = operations_of!(Form::Trusting, "shm-trusting",
    ".attach" => |ground| consumer(Form::Trusting, ground, attach),
    ".take-over-to-send" => |ground| next_producer(Form::Trusting, ground),
    ".take-over-to-receive" => |ground| next_consumer(Form::Trusting, ground),
    ".remove" => |ground| consumer(Form::Trusting, ground, remove),
);

pub(super) const GUARDED: &[Operation] = operations_of!(Form::Guarded, "shm-guarded",
    ".take-over-to-send" => |ground| next_newcomer(Form::Guarded, ground),
);

fn mark(number: u64) -> Mark {
    Mark { stream: 0, number }
}

/// A producer that has sent some records.
fn sent(form: Form, place: &Scratch, notes: &Notes) -> Producer {
    let mut producer = form.create(place, soon()).expect("a channel");
    for number in 0..BEFORE {
        notes.sending(number, || producer.send(&mark(number).record(BYTES), soon())).expect("room");
    }
    producer
}

fn create(form: Form, gate: &Gate<'_>) {
    let record = mark(0).record(BYTES);
    gate.operation(|| {
        let mut producer = form.create(gate.place, Deadline::Now)?;
        gate.notes.sending(0, || producer.send(&record, Deadline::Now))?;
        Ok::<_, Wrong>(producer)
    });
}

fn send(gate: &Gate<'_>, mut producer: Producer) {
    let record = mark(BEFORE).record(BYTES);
    gate.operation(|| {
        let sent = gate.notes.sending(BEFORE, || producer.send(&record, Deadline::Now));
        (producer, sent)
    });
}

fn lend(gate: &Gate<'_>, mut producer: Producer) {
    let record = mark(BEFORE).record(BYTES);
    gate.operation(|| {
        let sent = gate.notes.sending(BEFORE, || {
            let mut loan = producer.loan(BYTES, Deadline::Now)?;
            loan.write_at(0, &record);
            loan.send()
        });
        (producer, sent)
    });
}

fn send_batch(gate: &Gate<'_>, mut producer: Producer) {
    let records: Vec<_> = (BEFORE..BEFORE + 4).map(|number| mark(number).record(BYTES)).collect();
    gate.operation(|| {
        let sent = gate.notes.sending(BEFORE + 3, || producer.send_all(&records, Deadline::Now));
        (producer, sent)
    });
}

fn close(gate: &Gate<'_>, producer: Producer) {
    gate.operation(|| {
        gate.notes.doing(|| {
            producer.close();
            Ok::<_, ()>(())
        })
    });
}

/// A consumer that has taken the first record.
fn taken(form: Form, gate: &Gate<'_>) -> Consumer {
    let mut consumer = form.open(gate.place, soon()).expect("a channel");
    gate.notes.taking(0, || consumer.receive(soon()).map(drop)).expect("a record");
    consumer
}

fn attach(form: Form, gate: &Gate<'_>) {
    gate.operation(|| form.open(gate.place, Deadline::Now));
}

fn receive(form: Form, gate: &Gate<'_>) {
    let mut consumer = taken(form, gate);
    gate.operation(|| {
        let received = gate.notes.taking(1, || consumer.receive(Deadline::Now).map(drop));
        (consumer, received)
    });
}

/// Makes room where there is none: the producer may have to be woken.
fn receive_many(form: Form, gate: &Gate<'_>) {
    let mut consumer = taken(form, gate);
    gate.operation(|| {
        let received = (1..8)
            .try_for_each(|number| gate.notes.taking(number, || consumer.receive(Deadline::Now).map(drop)));
        (consumer, received)
    });
}

fn arm(form: Form, gate: &Gate<'_>) {
    let mut consumer = taken(form, gate);
    for number in 1..BEFORE {
        gate.notes.taking(number, || consumer.receive(soon()).map(drop)).expect("a record");
    }
    gate.operation(|| (consumer.ready(), consumer));
}

fn leave(form: Form, gate: &Gate<'_>) {
    let consumer = taken(form, gate);
    gate.operation(|| consumer.close());
}

fn remove(form: Form, gate: &Gate<'_>) {
    let consumer = taken(form, gate);
    gate.operation(|| gate.notes.doing(|| consumer.remove()));
}

/// One who creates a channel where none was.
fn newcomer(form: Form) -> Stage {
    let survivor = crate::crash::After(move |ground: &Ground<'_>, outcome: &mut Outcome| {
        use ChannelError::{Missing, NoAnswer, NobodyCame};
        let consumer = match form.open(ground.place, Deadline::Now) {
            Ok(consumer) => Some(consumer),
            Err(Missing { .. } | NobodyCame { .. } | NoAnswer { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        let mut due = InOrder::from(0, 0);
        if let Some(mut consumer) = consumer {
            // A channel without a producer yet waits for the first one: nobody has died in it.
            let has_come = consumer.producer()? != Presence::Nobody;
            let (patience, end) =
                if has_come { (soon(), ReceiveError::Died) } else { (Deadline::Now, ReceiveError::Nothing) };
            expect(&outcome.told(|| drain_until(&mut consumer, &mut due, patience))?, &end)?;
            consumer.close();
        }
        // Where records live in their producer, those that no consumer was handed die with it.
        if form.keeps_records() {
            ground.notes.check_received(due.next())?;
        }
        lives_on(form, ground.place, None, None)
    });
    Stage { victim: Box::new(move |gate| create(form, gate)), survivor: Box::new(survivor) }
}

/// The same, where the producer before was killed.
fn next_newcomer(form: Form, ground: &Ground<'_>) -> Result<Stage, Wrong> {
    let quiet = Notes::new()?.0;
    let mut before = Traced::start(|| {
        let _producer = sent(form, ground.place, &quiet);
        stop_here();
    })?;
    before.wait_for_gate()?;
    before.kill()?;
    Ok(newcomer(form))
}

/// A producer that dies; its consumer lives.
fn producer(form: Form, sleeps: bool, victim: fn(&Gate<'_>, Producer)) -> Stage {
    // The victim makes the channel, so that it is its own: the survivor opens it when it is there.
    let victim = move |gate: &Gate<'_>| {
        let mut producer = sent(form, gate.place, gate.notes);
        producer.wait_for_consumer(soon()).expect("a consumer");
        victim(gate, producer);
    };
    let survivor = Reader::new(form, sleeps);
    Stage { victim: Box::new(victim), survivor: Box::new(survivor) }
}

/// The producer before was killed too, and had sent some records.
fn next_producer(form: Form, ground: &Ground<'_>) -> Result<Stage, Wrong> {
    let mut before = Traced::start(|| {
        let _producer = sent(form, ground.place, ground.notes);
        stop_here();
    })?;
    before.wait_for_gate()?;
    before.kill()?;
    let victim = move |gate: &Gate<'_>| {
        gate.operation(|| form.create(gate.place, Deadline::Now));
    };
    let survivor = Reader::new(form, false);
    Ok(Stage { victim: Box::new(victim), survivor: Box::new(survivor) })
}

/// A consumer that dies; its producer lives.
fn consumer(form: Form, ground: &Ground<'_>, victim: fn(Form, &Gate<'_>)) -> Result<Stage, Wrong> {
    let quiet = Notes::new()?.0;
    let survivor = Writer::new(form, sent(form, ground.place, &quiet), BEFORE);
    Ok(Stage { victim: Box::new(move |gate| victim(form, gate)), survivor: Box::new(survivor) })
}

/// The consumer before was killed too, and had taken one record.
fn next_consumer(form: Form, ground: &Ground<'_>) -> Result<Stage, Wrong> {
    let stage = consumer(form, ground, attach)?;
    let mut before = Traced::start(|| {
        let _consumer = taken(form, &Gate { notes: ground.notes, place: ground.place });
        stop_here();
    })?;
    before.wait_for_gate()?;
    before.kill()?;
    Ok(stage)
}

/// The ring is full, and the producer waits for room.
fn full(form: Form, ground: &Ground<'_>) -> Result<Stage, Wrong> {
    let quiet = Notes::new()?.0;
    let mut producer = sent(form, ground.place, &quiet);
    let mut number = BEFORE;
    while producer.send(&mark(number).record(BYTES), Deadline::Now).is_ok() {
        number += 1;
    }
    let survivor = Writer::new(form, producer, number);
    Ok(Stage { victim: Box::new(move |gate| receive_many(form, gate)), survivor: Box::new(survivor) })
}
