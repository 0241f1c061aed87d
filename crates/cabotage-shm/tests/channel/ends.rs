// SPDX-License-Identifier: MIT OR Apache-2.0
//! Meeting and parting: names, places, modes, removal.

use std::cell::Cell;
use std::os::unix::fs::PermissionsExt;
use std::rc::Rc;
use std::time::Duration;

use cabotage_os::{Deadline, seam};
use cabotage_shm::{ChannelError, Consumer, ObjectError, Presence, Producer, ReceiveError, Role};

use crate::common::{Scratch, name};
use crate::{consumer, next, options, patience, producer};

#[test]
fn the_paved_path_is_a_name_at_each_end() {
    let text = format!("/cabotage-test-paved-{}", std::process::id());
    let mut producer = Producer::create_trusting(&text).unwrap();
    let mut consumer = Consumer::open_trusting(&text).unwrap();
    producer.send(b"ahoy", patience()).unwrap();
    assert_eq!(next(&mut consumer), b"ahoy");
    assert_eq!(consumer.name(), &name(&text));
    consumer.remove().unwrap();
    assert!(matches!(Consumer::open_trusting(&text), Err(ChannelError::Missing { .. })));
    assert!(matches!(Producer::create_trusting("a/b"), Err(ChannelError::Name(_))));
}

#[test]
fn a_second_holder_of_an_end_is_told_who_holds_it() {
    let scratch = Scratch::new();
    let (_producer, _consumer) = (producer(&scratch), consumer(&scratch));
    let here = |presence: Presence| match presence {
        Presence::Here { pid, .. } => pid == i32::try_from(std::process::id()).ok(),
        _ => false,
    };
    match options(&scratch).create_trusting(&name("frames")) {
        Err(ChannelError::Occupied { role: Role::Producer, holder, .. }) => assert!(here(holder), "{holder}"),
        other => panic!("{other:?}"),
    }
    match options(&scratch).open_trusting(&name("frames")) {
        Err(ChannelError::Occupied { role: Role::Consumer, holder, .. }) => assert!(here(holder), "{holder}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_end_knows_whether_the_other_is_there() {
    let scratch = Scratch::new();
    let mut producer = producer(&scratch);
    assert_eq!(producer.consumer(), Ok(Presence::Nobody));
    let no_one = producer.wait_for_consumer(Deadline::within(Duration::from_millis(1)));
    assert_eq!(no_one, Err(cabotage_shm::SendError::Full));
    let mut reader = consumer(&scratch);
    assert!(producer.consumer().unwrap().is_here() && reader.producer().unwrap().is_here());
    producer.wait_for_consumer(patience()).unwrap();
    reader.wait_for_producer(patience()).unwrap();
    drop(reader);
    assert_eq!(producer.consumer(), Ok(Presence::Left));
    let reader = consumer(&scratch);
    drop(producer);
    assert_eq!(reader.producer(), Ok(Presence::Left));
}

#[test]
fn whoever_waits_for_the_name_or_for_the_place_gets_it_when_it_is_there() {
    let scratch = Scratch::new();
    let waiting = options(&scratch).until_there(patience());
    std::thread::scope(|scope| {
        let first =
            scope.spawn(|| waiting.open_trusting(&name("frames")).map(|mut frames| next(&mut frames)));
        let mut producer = producer(&scratch);
        let second =
            scope.spawn(|| waiting.create_trusting(&name("frames")).map(|frames| frames.generation()));
        producer.send(b"for the first", patience()).unwrap();
        assert_eq!(first.join().unwrap().unwrap(), b"for the first");
        drop(producer);
        assert_eq!(second.join().unwrap().unwrap(), 2);
    });
}

#[test]
fn an_end_that_comes_while_the_consumer_is_opening_is_told() {
    let (mut nth, mut ended_meanwhile) = (0, 0);
    loop {
        let scratch = Scratch::new();
        let producer = Rc::new(Cell::new(Some(producer(&scratch))));
        let theirs = producer.clone();
        let gap = seam::before_nth(nth, move || {
            // One that has not seen the consumer may not go: then that waits for the next one.
            let mut producer = theirs.take().unwrap();
            if producer.wait_for_consumer(Deadline::Now).is_err() {
                theirs.set(Some(producer));
            }
        });
        let opened = options(&scratch).until_there(patience()).open_trusting(&name("frames"));
        let is_over = !gap.has_come();
        drop(gap);
        let mut reader = opened.unwrap();
        ended_meanwhile += u32::from(producer.take().is_none());
        assert_eq!(reader.receive(patience()).map(drop), Err(ReceiveError::Closed), "call {nth}");
        if is_over {
            break;
        }
        nth += 1;
    }
    assert!(ended_meanwhile > 0, "{nth} calls");
}

#[test]
fn a_wait_for_the_name_or_the_producer_ends_at_the_deadline() {
    let scratch = Scratch::new();
    let short = || options(&scratch).until_there(Deadline::within(Duration::from_millis(2)));
    assert!(matches!(short().open_trusting(&name("frames")), Err(ChannelError::Missing { .. })));
    drop(producer(&scratch));
    assert!(matches!(
        short().open_trusting(&name("frames")),
        Err(ChannelError::NobodyCame { role: Role::Producer, .. })
    ));
    let _held = producer(&scratch);
    assert!(matches!(short().create_trusting(&name("frames")), Err(ChannelError::Occupied { .. })));
}

#[test]
fn every_object_has_exactly_the_mode_that_was_asked_for() {
    let scratch = Scratch::new();
    let _producer = options(&scratch).mode(0o626).create_trusting(&name("frames")).unwrap();
    let files = scratch.file_names();
    assert_eq!(files.len(), 4, "{files:?}");
    for file in files {
        let mode = std::fs::symlink_metadata(scratch.path.path().join(&file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o626, "{file}");
    }
    assert_eq!(scratch.directory.list().unwrap().len(), 1, "only the caller's name is listed");
}

#[test]
fn the_consumer_removes_everything_and_never_what_has_the_name_now() {
    let scratch = Scratch::new();
    let (first, reader) = (producer(&scratch), consumer(&scratch));
    reader.remove().unwrap();
    assert_eq!(scratch.file_names(), [""; 0]);
    let mut second = producer(&scratch);
    assert_eq!(second.generation(), 1, "it has nothing to do with the first");
    second.send(b"to be kept", patience()).unwrap();
    drop(first);

    let reader = consumer(&scratch);
    scratch.directory.unlink(&name("frames")).unwrap();
    let mut third = producer(&scratch);
    match reader.remove() {
        Err(ChannelError::Object(ObjectError::NotMine { .. })) => {}
        other => panic!("{other:?}"),
    }
    third.send(b"alive", patience()).unwrap();
    assert_eq!(next(&mut consumer(&scratch)), b"alive");
}

#[test]
fn what_is_no_channel_is_told_apart() {
    let scratch = Scratch::new();
    let refusal = || options(&scratch).create_trusting(&name("frames")).map(drop).unwrap_err();
    let object = scratch.options().create(&name("frames"), 8192).unwrap();
    assert!(matches!(refusal(), ChannelError::NotAChannel { .. }), "an object without a head");
    object.unlink_if_mine().unwrap();

    std::os::unix::fs::symlink("nowhere", scratch.path.path().join("frames")).unwrap();
    assert!(matches!(refusal(), ChannelError::Object(ObjectError::NotAnObject { .. })), "a link");
    std::fs::remove_file(scratch.path.path().join("frames")).unwrap();

    drop(producer(&scratch));
    let object = scratch.options().open(&name("frames")).unwrap();
    object.write_at(8, &9_u32.to_le_bytes()).unwrap();
    assert!(matches!(refusal(), ChannelError::Version { version: 9, .. }));
    object.write_at(8, &1_u32.to_le_bytes()).unwrap();
    object.write_at(32, &1_u64.to_le_bytes()).unwrap();
    assert!(matches!(refusal(), ChannelError::NotAChannel { .. }), "a ring of one byte");
    object.write_at(32, &(1_u64 << 40).to_le_bytes()).unwrap();
    assert!(matches!(refusal(), ChannelError::Truncated { .. }), "a ring beyond the end");
}

#[test]
fn without_membarrier_everything_works_alike() {
    let scratch = Scratch::new();
    let mut producer = options(&scratch).without_membarrier().create_trusting(&name("frames")).unwrap();
    let mut consumer = consumer(&scratch);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            (0..2_000_u64).for_each(|number| producer.send_value(&number, patience()).unwrap())
        });
        (0..2_000_u64).for_each(|number| assert_eq!(consumer.receive_value(patience()), Ok(number)));
        assert_eq!(consumer.receive(patience()).map(drop), Err(ReceiveError::Closed));
    });
}

#[test]
fn who_may_not_call_membarrier_is_told_what_to_do() {
    use cabotage_os::probe::{self, Feature};
    let scratch = Scratch::new();
    let _producer = producer(&scratch);
    let _without = probe::without(Feature::Membarrier);
    let refused = options(&scratch).open_trusting(&name("frames")).map(drop);
    if let Err(error) = refused {
        assert!(matches!(error, ChannelError::NoMembarrier { .. }), "{error}");
    } else {
        eprintln!("skipped: this kernel or sandbox offers no expedited membarrier");
    }
}
