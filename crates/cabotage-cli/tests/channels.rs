// SPDX-License-Identifier: MIT OR Apache-2.0
//! The verbs on channels: streams between commands, ends that come too early, takeover, and channels that are listed,
//! shown and removed.

mod support;

use std::io::Write;
use std::process::{Child, Stdio};

use cabotage::Deadline;
use cabotage::os::process::{Pidfd, Signal};
use cabotage::shm::{ChannelGlance, ChannelOptions, Consumer, Name, Producer};
use tempfile::NamedTempFile;

use support::{Harbour, Outcome, cabotage, run, start, until};

/// A channel of one test, removed with it.
struct Channel {
    name: Name,
    address: String,
}

impl Channel {
    fn new(what: &str) -> Self {
        let name = Name::parse(format!("/cabotage-test-channel-{}-{what}", std::process::id())).unwrap();
        Self { address: format!("trusting:{name}"), name }
    }

    fn is_there(&self) -> bool {
        ChannelOptions::new().look_trusting(&self.name).is_ok()
    }

    fn glance(&self) -> ChannelGlance {
        ChannelOptions::new().look_trusting(&self.name).unwrap()
    }

    /// A sender and a receiver between which so much has gone; and where it came to.
    fn under_way(&self, bytes: &[u8]) -> (Child, Child, NamedTempFile) {
        let come = NamedTempFile::new().unwrap();
        let file = come.path().to_str().unwrap();
        let receiver = start(&mut cabotage(&["receive", &self.address, "--output", file]));
        let mut sender = self.sender();
        sender.stdin.as_mut().unwrap().write_all(bytes).unwrap();
        until("it has come", || std::fs::read(come.path()).unwrap() == bytes);
        (sender, receiver, come)
    }

    fn sender(&self) -> Child {
        start(cabotage(&["send", &self.address]).stdin(Stdio::piped()))
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        if let Ok(consumer) = Consumer::options().open_trusting(&self.name) {
            let _ = consumer.remove();
        }
    }
}

fn pattern(bytes: usize) -> Vec<u8> {
    (0..=250).cycle().take(bytes).collect()
}

fn kill(mut child: Child) {
    Pidfd::of_child(&child).unwrap().send_signal(Signal::KILL).unwrap();
    child.wait().unwrap();
}

#[test]
fn a_stream_goes_from_one_command_to_another_whichever_comes_first() {
    for (number, bytes) in [0, 1, 5_000, (9 << 20) + 17].into_iter().enumerate() {
        let channel = Channel::new(&format!("stream-{number}"));
        let receive = || start(&mut cabotage(&["receive", "--remove", &channel.address]));
        let early = number.is_multiple_of(2).then(receive);
        let mut sender = channel.sender();
        let receiver = early.unwrap_or_else(receive);
        let mut input = sender.stdin.take().unwrap();
        let writer = std::thread::spawn(move || input.write_all(&pattern(bytes)).unwrap());
        assert!(Outcome::of(receiver).expect(0).stdout == pattern(bytes), "{bytes} bytes");
        writer.join().unwrap();
        Outcome::of(sender).expect(0);
        assert!(!channel.is_there());
    }
}

#[test]
fn nobody_at_the_other_end_is_awaited_until_the_time_is_up() {
    let channel = Channel::new("nobody");
    for verb in ["receive", "send"] {
        let outcome = run(&[verb, &channel.address, "--timeout", "0.05"]).expect(6);
        assert!(outcome.errors().contains(&channel.address), "{}", outcome.errors());
    }
}

#[test]
fn a_sender_that_is_killed_leaves_half_a_stream_and_the_next_one_goes_on() {
    let channel = Channel::new("half");
    let (sender, receiver, _come) = channel.under_way(b"the first half");
    kill(sender);
    let outcome = Outcome::of(receiver).expect(5);
    assert!(outcome.errors().contains("died before the end"), "{}", outcome.errors());

    let mut sender = channel.sender();
    sender.stdin.take().unwrap().write_all(b"a whole one").unwrap();
    assert_eq!(run(&["receive", &channel.address]).expect(0).text(), "a whole one");
    Outcome::of(sender).expect(0);
    let row = run(&["show", "--json", &channel.address]).expect(0).json().remove(0);
    assert_eq!((&row["generation"], &row["producer"]["presence"]), (&2.into(), &"left".into()));
}

#[test]
fn a_receiver_that_is_killed_is_told_to_the_sender_and_what_it_left_is_received() {
    let channel = Channel::new("gone");
    let (mut sender, receiver, _come) = channel.under_way(b"taken");
    Pidfd::of_child(&receiver).unwrap().send_signal(Signal::STOP).unwrap();
    let mut input = sender.stdin.take().unwrap();
    input.write_all(b"left behind").unwrap();
    drop(input);
    until("it waits", || channel.glance().waiting == Some((1, 11)));
    kill(receiver);
    let outcome = Outcome::of(sender).expect(5);
    assert!(outcome.errors().contains("the consumer of"), "{}", outcome.errors());
    assert!(outcome.errors().contains("died; 16 bytes"), "{}", outcome.errors());
    let shown = run(&["show", &channel.address]).expect(0).text();
    assert!(shown.contains("1 record of 11 bytes waits") && shown.contains("left alone"), "{shown}");
    assert_eq!(run(&["receive", &channel.address]).expect(0).text(), "left behind");
}

#[test]
fn a_channel_in_use_is_listed_and_shown_and_neither_taken_nor_removed() {
    let channel = Channel::new("mine");
    let mut producer = Producer::create_trusting(channel.name.to_string()).unwrap();
    producer.send(b"12345", Deadline::Now).unwrap();
    let pid = std::process::id();

    let listed = run(&["ls", "trusting", "--json"]).expect(0).json();
    let row = listed.iter().find(|row| row["address"] == channel.address).unwrap();
    assert_eq!((&row["producer"]["pid"], &row["consumer"]["presence"]), (&pid.into(), &"nobody".into()));
    assert_eq!((&row["waiting_records"], &row["waiting_bytes"]), (&1.into(), &5.into()));
    assert_eq!((&row["left_alone"], &row["mode"]), (&false.into(), &"0600".into()));
    let shown = run(&["show", &channel.address]).expect(0).text();
    assert!(shown.contains(&format!("the producer is pid {pid}; this is generation 1")), "{shown}");
    assert!(run(&["ls"]).expect(0).text().contains(&channel.address));

    let words = format!("process {pid}");
    for arguments in [&["rm", &channel.address][..], &["send", &channel.address]] {
        let refused = run(arguments).expect(1);
        assert!(refused.errors().contains(&words), "{}", refused.errors());
    }
    producer.close();
    run(&["rm", &channel.address]).expect(0);
    run(&["show", &channel.address]).expect(3);
    run(&["rm", &channel.address]).expect(3);
    run(&["rm", "--force", &channel.address]).expect(0);
}

#[test]
fn what_is_no_channel_is_left_alone_in_words() {
    let object = support::Object::new("no-channel");
    std::fs::write(&object.path, b"just bytes").unwrap();
    let address = format!("trusting:/{}", object.name);
    for verb in ["show", "rm", "receive", "send"] {
        let outcome = run(&[verb, &address]).expect(1);
        assert!(outcome.errors().contains("is no channel"), "{}", outcome.errors());
    }
    assert!(object.path.exists());
}

#[test]
fn a_guarded_stream_goes_from_one_command_to_another_and_leaves_no_name() {
    for bytes in [0, 1, 5_000, (9 << 20) + 17] {
        let harbour = Harbour::new();
        let receiver = start(&mut harbour.command(&["receive", "channel:/stream"]));
        let mut sender = start(harbour.command(&["send", "channel:/stream"]).stdin(Stdio::piped()));
        let mut input = sender.stdin.take().unwrap();
        let writer = std::thread::spawn(move || input.write_all(&pattern(bytes)).unwrap());
        assert!(Outcome::of(receiver).expect(0).stdout == pattern(bytes), "{bytes} bytes");
        writer.join().unwrap();
        Outcome::of(sender).expect(0);
        assert!(harbour.is_empty("channel"));
    }
}

#[test]
fn a_guarded_sender_is_listed_and_shown_and_its_name_goes_when_it_was_killed() {
    let harbour = Harbour::new();
    let sender = start(harbour.command(&["send", "channel:/mine"]).stdin(Stdio::piped()));
    let socket = harbour.socket("channel", "mine");
    until("the name is published", || socket.exists());
    let listed = harbour.run(&["ls", "channel", "--json"]).expect(0).json();
    assert_eq!((&listed[0]["address"], &listed[0]["pid"]), (&"channel:/mine".into(), &sender.id().into()));
    assert!(harbour.run(&["show", "channel:/mine"]).expect(0).text().contains("which lives"));
    harbour.run(&["rm", "channel:/mine"]).expect(1);
    harbour.run(&["send", "channel:/mine"]).expect(1);
    kill(sender);
    harbour.run(&["rm", "channel:/mine"]).expect(0);
    harbour.run(&["show", "channel:/mine"]).expect(3);
    for verb in ["receive", "send"] {
        harbour.run(&[verb, "channel:/mine", "--timeout", "0.05"]).expect(6);
    }
}
