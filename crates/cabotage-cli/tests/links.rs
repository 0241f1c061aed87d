// SPDX-License-Identifier: MIT OR Apache-2.0
//! The verbs on links: streams and calls between commands, names that are listed, shown and removed, and ends that
//! come too early. Each test has a directory of its own for its names.

mod support;

use std::io::Write;
use std::path::Path;
use std::process::{Child, Stdio};

use cabotage::os::process::{Pidfd, Signal};

use support::{Harbour, Outcome, start, tool, until};

fn pattern(bytes: usize) -> Vec<u8> {
    (0..=250).cycle().take(bytes).collect()
}

fn kill(mut child: Child) {
    Pidfd::of_child(&child).unwrap().send_signal(Signal::KILL).unwrap();
    child.wait().unwrap();
}

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).to_str().unwrap().to_owned()
}

#[test]
fn a_stream_goes_from_one_command_to_another_and_leaves_no_name() {
    for bytes in [0, 1, 5_000, (3 << 20) + 17] {
        let harbour = Harbour::new();
        let receiver = harbour.publisher(&["receive", "link:stream"], "stream");
        harbour.run_with_input(&["send", "link:stream"], &pattern(bytes)).expect(0);
        assert!(Outcome::of(receiver).expect(0).stdout == pattern(bytes), "{bytes} bytes");
        assert!(harbour.is_empty("link"));
    }
}

#[test]
fn a_sender_with_patience_may_come_first() {
    let harbour = Harbour::new();
    let sender =
        start(&mut harbour.command(&["send", "link:early", "--timeout", "60", "--input", "/proc/version"]));
    let received = harbour.run(&["receive", "link:early", "--timeout", "60"]).expect(0).stdout;
    assert_eq!(received, std::fs::read("/proc/version").unwrap());
    Outcome::of(sender).expect(0);
}

#[test]
fn a_name_that_nobody_has_is_missing_or_awaited_until_the_time_is_up() {
    let harbour = Harbour::new();
    for verb in ["send", "call"] {
        let outcome = harbour.run(&[verb, "link:nobody"]).expect(3);
        assert!(outcome.errors().contains("start its server first"), "{}", outcome.errors());
        harbour.run(&[verb, "link:nobody", "--timeout", "0.05"]).expect(6);
    }
    harbour.run(&["show", "link:nobody"]).expect(3);
    harbour.run(&["rm", "link:nobody"]).expect(3);
    harbour.run(&["rm", "--force", "link:nobody"]).expect(0);
    harbour.run(&["receive", "link:nobody", "--timeout", "0.05"]).expect(6);
    assert!(harbour.is_empty("link"));
}

#[test]
fn a_sender_that_is_killed_leaves_a_stream_that_is_told_to_be_half() {
    let harbour = Harbour::new();
    let receiver = harbour.publisher(&["receive", "link:half"], "half");
    let mut sender = start(harbour.command(&["send", "link:half"]).stdin(Stdio::piped()));
    sender.stdin.as_mut().unwrap().write_all(b"the first half").unwrap();
    until("the sender was accepted", || harbour.is_empty("link"));
    kill(sender);
    let outcome = Outcome::of(receiver).expect(5);
    assert!(outcome.errors().contains("died before the end"), "{}", outcome.errors());
}

#[test]
fn a_receiver_that_is_killed_is_told_to_the_sender() {
    let harbour = Harbour::new();
    let receiver = harbour.publisher(&["receive", "link:gone"], "gone");
    let mut sender = start(harbour.command(&["send", "link:gone"]).stdin(Stdio::piped()));
    let mut input = sender.stdin.take().unwrap();
    until("the sender was accepted", || harbour.is_empty("link"));
    kill(receiver);
    let _ = input.write_all(&pattern(1 << 20));
    drop(input);
    Outcome::of(sender).expect(5);
}

#[test]
fn a_command_answers_calls_one_after_another() {
    let Some(tr) = tool("tr") else { return };
    let harbour = Harbour::new();
    let server =
        harbour.publisher(&["serve", "link:shout", "--", tr.to_str().unwrap(), "a-z", "A-Z"], "shout");
    for _ in 0..2 {
        let answer = harbour.run_with_input(&["call", "link:shout"], b"ahoy").expect(0);
        assert_eq!(answer.text(), "AHOY");
    }
    let file = path(harbour.0.path(), "answer");
    let call = ["call", "--json", "link:shout", "--output", &file];
    let row = harbour.run_with_input(&call, &pattern(200_000)).expect(0).json().remove(0);
    assert_eq!((&row["bytes"], &row["answer_bytes"]), (&200_000.into(), &200_000.into()));
    harbour.run(&["call", "--json", "link:shout"]).expect(2);
    kill(server);
    let refused = harbour.run_with_input(&["call", "link:shout"], b"ahoy").expect(3);
    assert!(refused.errors().contains("start it again"), "{}", refused.errors());
}

#[test]
fn a_caller_whose_server_cannot_run_its_command_is_not_left_waiting() {
    let harbour = Harbour::new();
    let server = harbour.publisher(&["serve", "link:broken", "--", "/nowhere/at/all"], "broken");
    harbour.run_with_input(&["call", "link:broken"], b"ahoy").expect(5);
    kill(server);
}

#[test]
fn every_answer_is_recorded_for_programs_with_who_asked() {
    let Some(cat) = tool("cat") else { return };
    let harbour = Harbour::new();
    let arguments = ["serve", "--json", "link:echo", "--", cat.to_str().unwrap()];
    let server = harbour.publisher(&arguments, "echo");
    harbour.run_with_input(&["call", "link:echo"], b"12345").expect(0);
    let mut server = server;
    let mut line = String::new();
    let mut said = std::io::BufReader::new(server.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut said, &mut line).unwrap();
    kill(server);
    let row: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&row["bytes"], &row["answer_bytes"], &row["status"]), (&5.into(), &5.into(), &0.into()));
    assert!(row["pid"].is_number() && row["uid"].is_number(), "{row}");
}

#[test]
fn names_are_listed_and_shown_and_only_those_left_behind_removed() {
    let harbour = Harbour::new();
    let receiver = harbour.publisher(&["receive", "link:mine"], "mine");
    let listed = harbour.run(&["ls", "link", "--json"]).expect(0).json();
    let row = listed.iter().find(|row| row["address"] == "link:mine").unwrap();
    assert_eq!((&row["scope"], &row["alive"], &row["mode"]), (&"user".into(), &true.into(), &"0600".into()));
    assert_eq!(row["pid"], receiver.id());
    let shown = harbour.run(&["show", "link:mine"]).expect(0).text();
    assert!(shown.contains(&format!("published by pid {}, which lives", receiver.id())), "{shown}");

    let refused = harbour.run(&["rm", "link:mine"]).expect(1);
    assert!(refused.errors().contains(&format!("process {}", receiver.id())), "{}", refused.errors());
    let taken = harbour.run(&["receive", "link:mine"]).expect(1);
    assert!(taken.errors().contains("taken by process"), "{}", taken.errors());

    kill(receiver);
    let shown = harbour.run(&["show", "--json", "link:mine"]).expect(0).json().remove(0);
    assert_eq!((&shown["alive"], &shown["pid"]), (&false.into(), &serde_json::Value::Null));
    assert!(harbour.run(&["ls", "link"]).expect(0).text().contains("left behind"));
    harbour.run(&["rm", "link:mine"]).expect(0);
    assert!(harbour.is_empty("link"));
}

#[test]
fn a_name_left_behind_is_taken_over() {
    let harbour = Harbour::new();
    kill(harbour.publisher(&["receive", "link:again"], "again"));
    let receiver = start(&mut harbour.command(&["receive", "link:again"]));
    let sent = harbour.run_with_input(&["send", "link:again", "--timeout", "20"], b"x").expect(0);
    assert_eq!(sent.errors(), "");
    assert_eq!(Outcome::of(receiver).expect(0).stdout, b"x");
}

#[test]
fn what_carries_no_messages_can_be_neither_served_nor_called() {
    let harbour = Harbour::new();
    for arguments in [&["call", "shm:/x"][..], &["serve", "fifo:x", "--", "cat"], &["serve", "link:x"]] {
        harbour.run(arguments).expect(2);
    }
    harbour.run(&["send", "link:a/b"]).expect(2);
}
