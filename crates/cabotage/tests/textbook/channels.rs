// SPDX-License-Identifier: MIT OR Apache-2.0
//! The figures of the producer and the consumer, over channels.

use cabotage::shm::{Consumer, Name};

use crate::program::{Program, run, start};

/// A name that no other run of these tests uses, checked to be free again at the end.
struct Free(String);

impl Free {
    fn name(purpose: &str) -> Self {
        Self(format!("/cabotage-textbook-channel-{purpose}-{}", std::process::id()))
    }
}

impl Drop for Free {
    fn drop(&mut self) {
        let name = Name::parse(&self.0).expect("a name");
        let left_behind = Consumer::options().open_trusting(&name).and_then(Consumer::remove).is_ok();
        assert!(!left_behind || std::thread::panicking(), "{} was left behind", self.0);
    }
}

#[test]
fn producer_and_consumer_start_in_either_order_and_the_consumer_removes_the_objects() {
    for order in [["channel_producer", "channel_consumer"], ["channel_consumer", "channel_producer"]] {
        let name = Free::name(order[0]);
        let running = order.map(|program| start(program, &[&name.0]));
        for ending in running.map(Program::finish) {
            assert!(ending.is_success, "{}", ending.said);
            let expected = [
                format!("2 records wait in {} for the consumer\n", name.0),
                format!("Hello\nWorld!\n{} is removed\n", name.0),
            ];
            assert!(expected.contains(&ending.said), "{}", ending.said);
        }
    }
}

#[test]
fn every_number_goes_through_the_bounded_buffer_once_and_in_order() {
    let name = Free::name("bounded");
    let program = run("bounded_buffer", &[&name.0]);
    assert!(program.is_success, "{}", program.said);
    assert!(program.said.contains("produced 10000 numbers"), "{}", program.said);
    assert!(
        program.said.contains("consumed the numbers up to 10000, their sum is 50005000"),
        "{}",
        program.said
    );
}

#[test]
fn a_killed_producer_is_told_of_and_its_successor_goes_on() {
    let name = Free::name("takeover");
    let program = run("channel_takeover", &[&name.0]);
    assert!(program.is_success, "{}", program.said);
    let expected = "producer 1: chest 1 of tea\nproducer 1: chest 2 of tea\n\
                    the producer has died without closing its end\n\
                    producer 2: chest 1 of silk\nproducer 2: chest 2 of silk\n";
    assert_eq!(program.said, expected);
}

#[test]
fn a_slow_subscriber_is_waited_for_or_told_what_it_lost() {
    let name = Free::name("slow");
    let program = run("topic_slow_subscriber", &[&name.0]);
    assert!(program.is_success, "{}", program.said);
    let expected = "Wait: the publisher found no room: it waits for the slowest\n\
                    \x20 the keen one lost 0\n  the slow one lost some: false\n\
                    Drop: the publisher was never held up\n\
                    \x20 the keen one lost 0\n  the slow one lost some: true\n";
    assert_eq!(program.said, expected);
}
