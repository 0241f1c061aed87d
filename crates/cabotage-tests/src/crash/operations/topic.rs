// SPDX-License-Identifier: MIT OR Apache-2.0
//! Topics: a publisher is killed in everything it does, and its subscriber and its successor go on; a subscriber is
//! killed, and holds nobody.

use std::os::fd::AsFd;
use std::time::Duration;

use cabotage_link::Ready;
use cabotage_os::Deadline;
use cabotage_os::poll::{self, Readiness};
use cabotage_shm::{Publisher, ReceiveError, Subscriber, TopicError, WhenSlow};

use crate::Wrong;
use crate::crash::stage::{After, Gate, Ground, Operation, Outcome, Stage, Survivor};
use crate::crash::traced::{Traced, stop_here};
use crate::notes::Notes;
use crate::record::{InOrder, Mark};
use crate::scratch::Scratch;
use crate::topics::{CAPACITY_BYTES, Policy};
use crate::watchdog::soon;

const BYTES: usize = 100;
/// Records that are published before the operation.
const BEFORE: u64 = 3;
/// The stream that a survivor publishes at the end, to see that the topic lives.
const AFTERWARDS: u64 = 9;

const WAITS: Policy = Policy(WhenSlow::Wait);
const DROPS: Policy = Policy(WhenSlow::Drop);

pub(super) const OPERATIONS: &[Operation] = &[
    Operation { name: "topic.create", set: |_| Ok(newcomer()) },
    Operation { name: "topic.take-over", set: take_over },
    Operation { name: "topic.publish", set: |_| Ok(publisher(WAITS, false, publish)) },
    Operation { name: "topic.publish-or-drop", set: |_| Ok(publisher(DROPS, false, publish)) },
    Operation { name: "topic.publish-to-sleeper", set: |_| Ok(publisher(WAITS, true, publish)) },
    Operation { name: "topic.publish-in-place", set: |_| Ok(publisher(WAITS, false, lend)) },
    Operation { name: "topic.overwrite", set: |_| Ok(publisher(DROPS, false, overwrite)) },
    Operation { name: "topic.close-publisher", set: |_| Ok(publisher(WAITS, false, close)) },
    Operation { name: "topic.subscribe", set: |ground| subscriber(WAITS, ground, subscribe) },
    Operation { name: "topic.receive", set: |ground| subscriber(WAITS, ground, receive) },
    Operation { name: "topic.receive-or-lose", set: |ground| subscriber(DROPS, ground, receive) },
    Operation { name: "topic.arm", set: |ground| subscriber(WAITS, ground, arm) },
    Operation { name: "topic.close-subscriber", set: |ground| subscriber(WAITS, ground, leave) },
];

fn mark(number: u64) -> Mark {
    Mark { stream: 0, number }
}

/// A publisher that has published some records.
fn published(policy: Policy, place: &Scratch, notes: &Notes) -> Publisher {
    let mut publisher = policy.create(place, soon()).expect("a topic");
    for number in 0..BEFORE {
        notes.sending(number, || publisher.publish(&mark(number).record(BYTES), soon())).expect("room");
    }
    publisher
}

fn publish(gate: &Gate<'_>, mut publisher: Publisher) {
    let record = mark(BEFORE).record(BYTES);
    gate.operation(|| {
        let sent = gate.notes.sending(BEFORE, || publisher.publish(&record, Deadline::Now));
        (publisher, sent)
    });
}

fn lend(gate: &Gate<'_>, mut publisher: Publisher) {
    let record = mark(BEFORE).record(BYTES);
    gate.operation(|| {
        let sent = gate.notes.sending(BEFORE, || {
            let mut loan = publisher.loan(BYTES, Deadline::Now)?;
            loan.write_at(0, &record);
            loan.publish()
        });
        (publisher, sent)
    });
}

/// Goes once around the ring, over what its subscriber has not read.
fn overwrite(gate: &Gate<'_>, mut publisher: Publisher) {
    // The subscriber is here, and has read what is there.
    while !gate.notes.is_ready() {
        std::thread::yield_now();
    }
    let turn = (CAPACITY_BYTES / (BYTES + 8)) as u64 + 4;
    for number in BEFORE..turn {
        let record = mark(number).record(BYTES);
        gate.notes.sending(number, || publisher.publish(&record, Deadline::Now)).expect("no wait");
    }
    let records: Vec<_> = (turn..turn + 2).map(|number| (number, mark(number).record(BYTES))).collect();
    gate.operation(|| {
        let sent = records.iter().try_for_each(|(number, record)| {
            gate.notes.sending(*number, || publisher.publish(record, Deadline::Now))
        });
        (publisher, sent)
    });
}

fn close(gate: &Gate<'_>, publisher: Publisher) {
    gate.operation(|| {
        gate.notes.doing(|| {
            publisher.close();
            Ok::<_, ()>(())
        })
    });
}

fn subscribe(policy: Policy, gate: &Gate<'_>) {
    gate.operation(|| policy.subscribe(gate.place, Deadline::Now));
}

fn subscribed(policy: Policy, gate: &Gate<'_>) -> Subscriber {
    let mut subscriber = policy.subscribe(gate.place, soon()).expect("a topic");
    subscriber.receive(soon()).expect("a record");
    subscriber
}

fn receive(policy: Policy, gate: &Gate<'_>) {
    let mut subscriber = subscribed(policy, gate);
    gate.operation(|| {
        let is_there = subscriber.receive(Deadline::Now).is_ok();
        (subscriber, is_there)
    });
}

fn arm(policy: Policy, gate: &Gate<'_>) {
    let mut subscriber = subscribed(policy, gate);
    while subscriber.try_receive().is_ok_and(|record| record.is_some()) {}
    gate.operation(|| (subscriber.ready(), subscriber));
}

fn leave(policy: Policy, gate: &Gate<'_>) {
    let subscriber = subscribed(policy, gate);
    gate.operation(|| subscriber.close());
}

/// One who creates a topic where none was.
fn newcomer() -> Stage {
    let victim = |gate: &Gate<'_>| {
        let record = mark(0).record(BYTES);
        gate.operation(|| {
            let mut publisher = WAITS.create(gate.place, Deadline::Now)?;
            gate.notes.sending(0, || publisher.publish(&record, Deadline::Now))?;
            Ok::<_, Wrong>(publisher)
        });
    };
    let survivor = After(|ground: &Ground<'_>, _: &mut Outcome| {
        let mut due = InOrder::from(0, 0);
        match WAITS.subscribe(ground.place, Deadline::Now) {
            Ok(mut subscriber) => drop(drain(&mut subscriber, &mut due, Deadline::Now)?),
            Err(TopicError::Missing { .. } | TopicError::NobodyCame { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        ground.notes.check_received(due.next())?;
        lives_on(WAITS, ground.place, None, None)
    });
    Stage { victim: Box::new(victim), survivor: Box::new(survivor) }
}

/// A publisher that dies; its subscriber lives.
fn publisher(policy: Policy, sleeps: bool, victim: fn(&Gate<'_>, Publisher)) -> Stage {
    let victim = move |gate: &Gate<'_>| victim(gate, published(policy, gate.place, gate.notes));
    let survivor = Reader { policy, sleeps, subscriber: None, due: InOrder::from(0, 0) };
    Stage { victim: Box::new(victim), survivor: Box::new(survivor) }
}

/// The publisher before was killed too, and had published some records.
fn take_over(ground: &Ground<'_>) -> Result<Stage, Wrong> {
    let mut before = Traced::start(|| {
        let _publisher = published(WAITS, ground.place, ground.notes);
        stop_here();
    })?;
    before.wait_for_gate()?;
    before.kill()?;
    let victim = |gate: &Gate<'_>| {
        gate.operation(|| WAITS.create(gate.place, Deadline::Now));
    };
    let survivor = Reader { policy: WAITS, sleeps: false, subscriber: None, due: InOrder::from(0, 0) };
    Ok(Stage { victim: Box::new(victim), survivor: Box::new(survivor) })
}

/// A subscriber that dies; its publisher lives.
fn subscriber(policy: Policy, ground: &Ground<'_>, victim: fn(Policy, &Gate<'_>)) -> Result<Stage, Wrong> {
    let mut publisher = published(policy, ground.place, &Notes::new()?.0);
    let survivor = After(move |ground: &Ground<'_>, outcome: &mut Outcome| {
        // More than the ring holds: one who is dead must not keep room.
        let turns = 3 * CAPACITY_BYTES / BYTES;
        outcome.told(|| {
            (0..turns as u64)
                .try_for_each(|number| publisher.publish(&Mark { stream: 5, number }.record(BYTES), soon()))
        })?;
        if publisher.subscribers()? != 0 {
            return Err("a dead subscriber counts".into());
        }
        lives_on(policy, ground.place, Some(publisher), None)
    });
    Ok(Stage { victim: Box::new(move |gate| victim(policy, gate)), survivor: Box::new(survivor) })
}

/// The subscriber that lives on.
struct Reader {
    policy: Policy,
    sleeps: bool,
    subscriber: Option<Subscriber>,
    due: InOrder,
}

impl Survivor for Reader {
    fn prepare(&mut self, ground: &Ground<'_>) -> Result<(), Wrong> {
        let mut subscriber = self.policy.subscribe(ground.place, soon())?;
        for _ in 0..BEFORE {
            let record = subscriber.receive(soon())?.to_vec();
            self.due.take(&record)?;
        }
        if self.sleeps && subscriber.ready()? != Ready::Armed {
            return Err("there is a record that nobody published".into());
        }
        self.subscriber = Some(subscriber);
        ground.notes.set_ready(true);
        Ok(())
    }

    fn check(mut self: Box<Self>, ground: &Ground<'_>, outcome: &mut Outcome) -> Result<(), Wrong> {
        let mut subscriber = self.subscriber.take().ok_or("a subscriber")?;
        if self.sleeps {
            let waits = [(subscriber.as_fd(), Readiness::IN)];
            let [found] = outcome.told(|| poll::wait(waits, Deadline::within(Duration::from_secs(2))))?;
            if found.is_empty() {
                return Err("a subscriber that sleeps is woken neither by the record nor by the death".into());
            }
        }
        let end = outcome.told(|| drain(&mut subscriber, &mut self.due, soon()))?;
        ground.notes.check_received(self.due.next())?;
        match end {
            ReceiveError::Died if !ground.notes.is_done() => {}
            ReceiveError::Closed if ground.notes.is_begun() => {}
            other => return Err(format!("the subscriber is told: {other}").into()),
        }
        lives_on(self.policy, ground.place, None, Some(subscriber))
    }
}

/// Receives until there is nothing more; answers what was told then. Records that were lost to the policy are told to
/// be, exactly.
fn drain(subscriber: &mut Subscriber, due: &mut InOrder, deadline: Deadline) -> Result<ReceiveError, Wrong> {
    loop {
        match subscriber.receive(deadline).map(|record| (record.lost(), record.to_vec())) {
            Ok((lost, record)) => {
                due.skip(lost);
                due.take(&record)?;
            }
            Err(end) => return Ok(end),
        }
    }
}

/// The topic goes on with whom it has and with successors of the dead; then it is removed, and nothing is there.
fn lives_on(
    policy: Policy,
    place: &Scratch,
    publisher: Option<Publisher>,
    subscriber: Option<Subscriber>,
) -> Result<(), Wrong> {
    let mut publisher = match publisher {
        Some(publisher) => publisher,
        None => policy.create(place, Deadline::Now)?,
    };
    let mut subscriber = match subscriber {
        Some(subscriber) => subscriber,
        None => {
            let mut subscriber = policy.subscribe(place, Deadline::Now)?;
            while subscriber.try_receive().is_ok_and(|record| record.is_some()) {}
            subscriber
        }
    };
    for number in 0..2 {
        publisher.publish(&Mark { stream: AFTERWARDS, number }.record(BYTES), soon())?;
        let found = loop {
            match subscriber.receive(soon()).map(|record| record.to_vec()) {
                Ok(found) => break found,
                // The end of the one before is told once more, before the first record of the next.
                Err(ReceiveError::Died | ReceiveError::Closed) if number == 0 => {}
                Err(error) => return Err(error.into()),
            }
        };
        InOrder::from(AFTERWARDS, number).take(&found)?;
    }
    publisher.close();
    match drain(&mut subscriber, &mut InOrder::from(AFTERWARDS, 2), soon())? {
        ReceiveError::Closed => {}
        other => return Err(format!("the subscriber is told: {other}").into()),
    }
    subscriber.remove()?;
    policy.clean(place)
}
