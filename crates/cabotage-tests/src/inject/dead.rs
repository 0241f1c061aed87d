// SPDX-License-Identifier: MIT OR Apache-2.0
//! Channels of which an end was killed: another takes its place, the consumer removes them, a sweep finds them.
//!
//! Who dies is a forked child, and it is started from a thread of its own: no call of it or of that thread fails.

use cabotage_os::Deadline;
use cabotage_os::fork::child_answers;
use cabotage_shm::leavings::Unread;
use cabotage_shm::{ChannelError, ChannelOptions, Directory, Name, Producer};

use super::Answer;
use super::ledger::shortly;
use crate::record::Mark;
use crate::scratch::Scratch;
use crate::transport::{self, End, Side, Told, Transport};
use crate::watchdog::soon;

/// How many records are sent before somebody dies.
const BEFORE: u64 = 4;

/// Does it in a thread in which no call fails.
fn elsewhere<T: Send>(act: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| scope.spawn(act).join().expect("no call of that thread fails"))
}

/// Does it in a process that then ends without a word.
fn in_one_that_dies(act: impl FnOnce() -> bool + Send) {
    elsewhere(|| assert!(child_answers(act, soon()).expect("a child"), "the child has failed"));
}

fn trusting() -> &'static dyn Transport {
    transport::by_title("shm_trusting").expect("a transport")
}

fn take(place: &Scratch, side: Side) -> Result<Box<dyn End>, crate::Wrong> {
    trusting().take_over(place, side).map_err(|told| format!("{told:?}").into())
}

/// Sends the record of this number, which has room.
fn send(end: &mut dyn End, number: u64) -> Answer {
    let record = Mark { stream: 4, number }.record(60);
    end.send(&record, Deadline::Now).map_err(|told| format!("{told:?}").into())
}

/// Receives the record of this number, which is there; another one breaks a promise.
fn receive(end: &mut dyn End, number: u64) -> Answer {
    match end.receive(shortly()) {
        Ok(record) => {
            assert_eq!(Mark::of(&record)?.number, number, "lost or doubled");
            Ok(())
        }
        Err(told) if told.is_end() => panic!("{told:?} before record {number}"),
        Err(told) => Err(format!("{told:?}").into()),
    }
}

pub(super) fn a_producer_goes_on_for_a_killed_one(place: &Scratch) -> Answer {
    in_one_that_dies(|| {
        let mut end = take(place, Side::Sender).expect("a new channel");
        let is_sent = (0..BEFORE).all(|number| send(&mut *end, number).is_ok());
        std::mem::forget(end);
        is_sent
    });
    let went_on = go_on_as_producer(place);
    trusting().clean(place);
    went_on
}

fn go_on_as_producer(place: &Scratch) -> Answer {
    let mut receiver = take(place, Side::Receiver)?;
    let mut sender = take(place, Side::Sender)?;
    send(&mut *sender, BEFORE)?;
    (0..BEFORE).try_for_each(|number| receive(&mut *receiver, number))?;
    match receiver.receive(shortly()) {
        Err(Told::Died) => receive(&mut *receiver, BEFORE),
        Err(Told::Other(wrong)) => Err(wrong.into()),
        other => panic!("the death is not told, but {other:?}"),
    }
}

pub(super) fn a_consumer_goes_on_for_a_killed_one(place: &Scratch) -> Answer {
    const CONSUMED: u64 = 2;
    let mut sender = elsewhere(|| {
        let mut end = take(place, Side::Sender).expect("a new channel");
        (0..BEFORE).try_for_each(|number| send(&mut *end, number)).expect("room");
        end
    });
    in_one_that_dies(|| {
        let mut end = take(place, Side::Receiver).expect("the channel");
        let is_received = (0..CONSUMED).all(|number| receive(&mut *end, number).is_ok());
        std::mem::forget(end);
        is_received
    });
    let went_on = (|| {
        let mut receiver = take(place, Side::Receiver)?;
        send(&mut *sender, BEFORE)?;
        (CONSUMED..=BEFORE).try_for_each(|number| receive(&mut *receiver, number))
    })();
    drop(sender);
    trusting().clean(place);
    went_on
}

fn channel_in(directory: &Directory) -> ChannelOptions {
    ChannelOptions::new().directory(directory).capacity_bytes(4096)
}

fn files_in(place: &Scratch) -> usize {
    std::fs::read_dir(place.memory()).expect("a folder").count()
}

pub(super) fn a_channel_is_removed_by_its_consumer(place: &Scratch) -> Answer {
    let (directory, name) = (Directory::open(place.memory())?, Name::parse("removed")?);
    let options = channel_in(&directory);
    let (producer, consumer) = elsewhere(|| {
        let producer = options.create_trusting(&name).expect("a new channel");
        (producer, options.open_trusting(&name).expect("the channel"))
    });
    let removed = consumer.remove();
    drop(producer);
    elsewhere(|| {
        if removed.is_ok() {
            let again = options.open_trusting(&name).map(drop);
            assert!(matches!(again, Err(ChannelError::Missing { .. })), "it is removed, and yet {again:?}");
        }
        // What a removal has left a sweep ends.
        sweep(&directory).expect("a sweep");
    });
    assert_eq!(files_in(place), 0, "{removed:?} leaves what no sweep finds");
    Ok(removed?)
}

/// Sweeps everything that is found.
fn sweep(directory: &Directory) -> Answer {
    for leaving in directory.leavings()? {
        directory.remove_leaving(&leaving, Unread::Remove)?;
    }
    Ok(())
}

pub(super) fn what_killed_ends_left_is_found_and_swept(place: &Scratch) -> Answer {
    let directory = Directory::open(place.memory())?;
    let (stale, living) = (Name::parse("stale")?, Name::parse("living")?);
    let options = channel_in(&directory);
    in_one_that_dies(|| {
        let mut producer = options.create_trusting(&stale).expect("a new channel");
        let is_sent = producer.send(b"unread", Deadline::Now).is_ok();
        std::mem::forget(producer);
        is_sent
    });
    let producer = elsewhere(|| options.create_trusting(&living).expect("a new channel"));
    let swept = sweep(&directory);
    elsewhere(|| {
        // What could not be looked at was passed over: the next sweep finds it.
        sweep(&directory).expect("a sweep");
        match options.open_trusting(&stale).map(drop) {
            Err(ChannelError::Missing { .. }) => {}
            // A call that says of the name that it is no file, which is not so, parts the object from those beside it.
            Err(ChannelError::NotAChannel { .. }) => directory.unlink(&stale).expect("an object"),
            other => panic!("it was swept, and yet {other:?}"),
        }
        survives(&options, producer, &living);
    });
    assert_eq!(files_in(place), 0, "{swept:?} leaves what no sweep finds");
    swept
}

/// Whatever failed: who lives keeps its channel.
fn survives(options: &ChannelOptions, mut producer: Producer, name: &Name) {
    producer.send(b"alive", Deadline::Now).expect("room");
    let mut consumer = options.open_trusting(name).expect("a living channel");
    assert_eq!(consumer.receive(soon()).expect("the record").to_vec(), b"alive");
    consumer.remove().expect("the channel of its own");
}
