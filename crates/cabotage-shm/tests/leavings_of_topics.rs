// SPDX-License-Identifier: MIT OR Apache-2.0
//! Topics that nobody takes part in any more are found, and removed when told so; a publisher or a single subscriber
//! that lives keeps one.

mod common;

use cabotage_os::{Deadline, seam};
use cabotage_shm::leavings::{Swept, Unread, What};
use cabotage_shm::{Directory, Publisher, Subscriber, TopicError, TopicOptions};
use common::sweeps::{
    found, killed_at_each_call, must_be_swept, removes, role, sweep, with_a_cleaner_in_each_gap,
    without_starts,
};
use common::{Scratch, name};

fn options(directory: &Directory) -> TopicOptions {
    TopicOptions::new().directory(directory).capacity_bytes(4096).history(4)
}

fn publish(directory: &Directory) -> Result<Publisher, TopicError> {
    let mut publisher = options(directory).create_trusting(&name("prices"))?;
    publisher.publish(b"x", Deadline::Now).unwrap();
    Ok(publisher)
}

fn subscribe(directory: &Directory) -> Result<Subscriber, TopicError> {
    let mut subscriber = options(directory).subscribe_trusting(&name("prices"))?;
    assert_eq!(subscriber.receive(Deadline::Now).unwrap().as_slice(), b"x");
    Ok(subscriber)
}

fn left(scratch: &Scratch) {
    publish(&scratch.directory).unwrap();
}

#[test]
fn whoever_is_killed_at_any_call_leaves_what_one_sweep_removes() {
    killed_at_each_call("as_a_publisher", |_| {}, must_be_swept);
    killed_at_each_call("as_a_publisher", left, must_be_swept);
    killed_at_each_call("as_a_subscriber", left, must_be_swept);
    killed_at_each_call("as_a_cleaner", left, must_be_swept);
}

#[test]
#[ignore = "a role, played by another process of the test above"]
fn as_a_publisher() {
    let Some((directory, nth)) = role() else { return };
    let _death = seam::kill_nth(nth);
    drop(publish(&directory).unwrap());
}

#[test]
#[ignore = "a role, played by another process of the test above"]
fn as_a_subscriber() {
    let Some((directory, nth)) = role() else { return };
    let _death = seam::kill_nth(nth);
    drop(subscribe(&directory).unwrap());
}

#[test]
#[ignore = "a role, played by another process of the test above"]
fn as_a_cleaner() {
    let Some((directory, nth)) = role() else { return };
    let _death = seam::kill_nth(nth);
    sweep(&directory);
}

#[test]
fn a_topic_stays_while_anybody_takes_part_and_then_until_it_may_go() {
    let _gate = without_starts();
    let scratch = Scratch::new();
    let publisher = publish(&scratch.directory).unwrap();
    assert_eq!((found(&scratch), sweep(&scratch.directory)), (vec![], 0));
    let subscriber = subscribe(&scratch.directory).unwrap();
    drop(publisher);
    assert_eq!((found(&scratch), sweep(&scratch.directory)), (vec![], 0), "a subscriber is there");
    drop(subscriber);
    assert_eq!(found(&scratch), [What::Topic { name: name("prices") }]);
    let [left] = &scratch.directory.leavings().unwrap()[..] else { panic!("one leaving") };
    assert_eq!(removes(&scratch.directory, left, Unread::Keep), Swept::Kept);
    subscribe(&scratch.directory).unwrap();
    assert_eq!(removes(&scratch.directory, left, Unread::Remove), Swept::Removed);
    assert_eq!(scratch.file_names(), [""; 0]);
}

#[test]
fn a_cleaner_in_any_gap_of_making_and_using_a_topic_finds_nothing() {
    let make_and_use = |scratch: &Scratch| {
        let publisher = publish(&scratch.directory)?;
        Ok::<_, TopicError>((publisher, subscribe(&scratch.directory)?))
    };
    with_a_cleaner_in_each_gap(make_and_use, |scratch, ends, swept, gap| {
        let _ends = ends.unwrap_or_else(|error| panic!("gap {gap}: {error}"));
        assert_eq!((swept, scratch.file_names().len()), (0, 4), "gap {gap}");
    });
}
