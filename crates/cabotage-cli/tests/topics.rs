// SPDX-License-Identifier: MIT OR Apache-2.0
//! The verbs on topics: one stream to many commands, what the slow lose, and topics that are listed, shown and removed.

mod support;

use std::io::Write;
use std::process::{Child, Stdio};

use cabotage::Deadline;
use cabotage::os::process::{Pidfd, Signal};
use cabotage::shm::{Name, Publisher, TopicOptions};
use support::{Outcome, cabotage, run, start, until};

/// A topic of one test, removed with it.
struct Topic {
    name: Name,
    address: String,
}

impl Topic {
    fn new(what: &str) -> Self {
        let name = Name::parse(format!("/cabotage-test-topic-{}-{what}", std::process::id())).unwrap();
        Self { address: format!("topic:{name}"), name }
    }

    /// Whether a publisher has come, and so many subscribers are there.
    fn has(&self, subscribers: u32) -> bool {
        let glance = TopicOptions::new().look_trusting(&self.name);
        glance.is_ok_and(|glance| glance.generation > 0 && glance.subscribers == subscribers)
    }

    fn sender(&self, arguments: &[&str]) -> Child {
        start(cabotage(&[&["send", &self.address], arguments].concat()).stdin(Stdio::piped()))
    }

    /// So many receivers, once they are there, and a publisher.
    fn receivers(&self, count: u32) -> Vec<Child> {
        let receivers = (0..count).map(|_| start(&mut cabotage(&["receive", &self.address]))).collect();
        until("all have come", || self.has(count));
        receivers
    }
}

impl Drop for Topic {
    fn drop(&mut self) {
        if TopicOptions::new().look_trusting(&self.name).is_ok() {
            let _ = TopicOptions::new().create_trusting(&self.name).and_then(Publisher::remove);
        }
    }
}

fn pattern(bytes: usize) -> Vec<u8> {
    (0..=250).cycle().take(bytes).collect()
}

#[test]
fn every_receiver_gets_the_whole_stream() {
    let topic = Topic::new("all");
    // It waits for its first subscriber, so the others are there before it sends.
    let mut sender = topic.sender(&[]);
    let receivers = topic.receivers(3);
    let mut input = sender.stdin.take().unwrap();
    let writer = std::thread::spawn(move || input.write_all(&pattern((9 << 20) + 17)).unwrap());
    // Together: one that is not listened to would hold up the others.
    let outcomes: Vec<_> = receivers.into_iter().map(|it| std::thread::spawn(|| Outcome::of(it))).collect();
    for outcome in outcomes {
        let outcome = outcome.join().unwrap();
        assert!(
            outcome.status == Some(0) && outcome.stdout == pattern((9 << 20) + 17),
            "{}",
            outcome.errors()
        );
    }
    writer.join().unwrap();
    Outcome::of(sender).expect(0);
    run(&["rm", &topic.address]).expect(0);
    run(&["show", &topic.address]).expect(3);
}

#[test]
fn a_slow_receiver_is_told_what_it_lost_and_holds_nobody() {
    let topic = Topic::new("slow");
    let mut sender = topic.sender(&["--when-slow", "drop"]);
    let receiver = topic.receivers(1).pop().unwrap();
    Pidfd::of_child(&receiver).unwrap().send_signal(Signal::STOP).unwrap();
    sender.stdin.take().unwrap().write_all(&pattern(30 << 20)).unwrap();
    Pidfd::of_child(&receiver).unwrap().send_signal(Signal::CONT).unwrap();
    let outcome = Outcome::of(receiver);
    assert_eq!(outcome.status, Some(1), "{}", outcome.errors());
    assert!(outcome.errors().contains("were lost"), "{}", outcome.errors());
    Outcome::of(sender).expect(0);
}

#[test]
fn a_publisher_that_is_killed_is_told_to_its_receivers() {
    let topic = Topic::new("half");
    let mut sender = topic.sender(&[]);
    let receivers = topic.receivers(2);
    sender.kill().unwrap();
    sender.wait().unwrap();
    for receiver in receivers {
        let outcome = Outcome::of(receiver).expect(5);
        assert!(outcome.errors().contains("died before the end"), "{}", outcome.errors());
    }
}

#[test]
fn whoever_comes_late_may_begin_with_what_is_kept() {
    let topic = Topic::new("late");
    let mut publisher = TopicOptions::new().history(10).create_trusting(&topic.name).unwrap();
    for word in ["one ", "two ", "three"] {
        publisher.publish(word.as_bytes(), Deadline::Now).unwrap();
    }
    publisher.close();
    let received = run(&["receive", "--history", "2", &topic.address]).expect(0).text();
    assert_eq!(received, "two three");
}

#[test]
fn a_topic_in_use_is_listed_and_shown_and_neither_taken_nor_removed() {
    let topic = Topic::new("mine");
    let publisher = TopicOptions::new().create_trusting(&topic.name).unwrap();
    let _receiver = topic.receivers(1);
    let pid = std::process::id();

    let listed = run(&["ls", "topic", "--json"]).expect(0).json();
    let row = listed.iter().find(|row| row["address"] == topic.address).unwrap();
    assert_eq!((&row["publisher"]["pid"], &row["subscribers"]), (&pid.into(), &1.into()));
    let shown = run(&["show", &topic.address]).expect(0).text();
    assert!(shown.contains(&format!("the publisher is pid {pid}; this is generation 1")), "{shown}");
    assert!(shown.contains("1 subscriber of at most 64; the slow lose records"), "{shown}");

    for (verb, words) in [("rm", "1 subscriber"), ("send", &*format!("process {pid}"))] {
        let refused = run(&[verb, &topic.address]).expect(1);
        assert!(refused.errors().contains(words), "{}", refused.errors());
    }
    publisher.close();
}

#[test]
fn nobody_at_the_other_side_is_awaited_until_the_time_is_up() {
    let topic = Topic::new("nobody");
    for verb in ["receive", "send"] {
        let outcome = run(&[verb, &topic.address, "--timeout", "0.05"]).expect(6);
        assert!(outcome.errors().contains(&topic.address), "{}", outcome.errors());
    }
}
