// SPDX-License-Identifier: MIT OR Apache-2.0
//! The verbs on Windows named pipes: calls between commands, in messages and in bytes, pipes that are listed and shown,
//! and servers that are not there. Each test has a directory of its own for its names.

mod support;

use std::process::{Child, Stdio};

use cabotage::os::process::{Pidfd, Signal};

use support::{Harbour, start, tool, until};

fn kill(mut child: Child) {
    Pidfd::of_child(&child).unwrap().send_signal(Signal::KILL).unwrap();
    child.wait().unwrap();
}

fn exists(harbour: &Harbour, name: &str) -> bool {
    let listed = harbour.run(&["ls", "pipe", "--json"]).expect(0).json();
    listed.iter().any(|row| row["address"] == name)
}

/// A server that was started with these arguments, once its pipe is there.
fn server(harbour: &Harbour, arguments: &[&str]) -> Child {
    let child = start(harbour.command(arguments).stdin(Stdio::null()));
    until("the pipe is there", || exists(harbour, arguments[1]));
    child
}

#[test]
fn a_command_answers_messages_of_any_length_one_after_another() {
    let Some(tr) = tool("tr") else { return };
    let harbour = Harbour::new();
    let tr = tr.to_str().unwrap();
    let server = server(&harbour, &["serve", "pipe:shout", "--message", "--", tr, "a-z", "A-Z"]);
    for _ in 0..2 {
        let answer = harbour.run_with_input(&["call", r"pipe:\\.\pipe\SHOUT"], b"ahoy").expect(0);
        assert_eq!(answer.text(), "AHOY");
    }
    let long = b"abc".repeat(100_000);
    let answer = harbour.run_with_input(&["call", "pipe:shout"], &long).expect(0);
    assert!(answer.stdout == b"ABC".repeat(100_000));
    harbour.run(&["call", "--json", "pipe:shout"]).expect(2);
    kill(server);
    harbour.run_with_input(&["call", "pipe:shout"], b"ahoy").expect(3);
    assert!(!exists(&harbour, "pipe:shout"));
}

#[test]
fn in_a_pipe_of_bytes_what_one_read_finds_is_answered() {
    let Some(tr) = tool("tr") else { return };
    let harbour = Harbour::new();
    let server = server(&harbour, &["serve", "pipe:bytes", "--", tr.to_str().unwrap(), "a-z", "A-Z"]);
    for _ in 0..2 {
        assert_eq!(harbour.run_with_input(&["call", "pipe:bytes"], b"ahoy").expect(0).text(), "AHOY");
    }
    kill(server);
}

#[test]
fn clients_are_served_side_by_side() {
    let Some(cat) = tool("cat") else { return };
    let harbour = Harbour::new();
    let server = server(&harbour, &["serve", "pipe:echo", "--message", "--", cat.to_str().unwrap()]);
    std::thread::scope(|scope| {
        for number in 0..6 {
            let harbour = &harbour;
            scope.spawn(move || {
                let question = format!("question {number}");
                let call = ["call", "pipe:echo", "--timeout", "60"];
                let answer = harbour.run_with_input(&call, question.as_bytes()).expect(0);
                assert_eq!(answer.text(), question);
            });
        }
    });
    kill(server);
}

#[test]
fn a_pipe_that_nobody_has_is_missing_or_awaited_until_the_time_is_up() {
    let harbour = Harbour::new();
    let outcome = harbour.run(&["call", "pipe:nobody"]).expect(3);
    assert!(outcome.errors().contains("start its server first"), "{}", outcome.errors());
    harbour.run(&["call", "pipe:nobody", "--timeout", "0.05"]).expect(6);
    harbour.run(&["show", "pipe:nobody"]).expect(3);
}

#[test]
fn a_caller_may_come_before_the_server() {
    let Some(cat) = tool("cat") else { return };
    let harbour = Harbour::new();
    let call = ["call", "pipe:early", "--timeout", "60", "--input", "/proc/version"];
    let caller = start(&mut harbour.command(&call));
    let server = server(&harbour, &["serve", "pipe:early", "--message", "--", cat.to_str().unwrap()]);
    let answer = support::Outcome::of(caller).expect(0).stdout;
    assert_eq!(answer, std::fs::read("/proc/version").unwrap());
    kill(server);
}

#[test]
fn a_pipe_is_listed_and_shown_with_what_its_instances_do() {
    let Some(cat) = tool("cat") else { return };
    let harbour = Harbour::new();
    let server = server(&harbour, &["serve", "pipe:seen", "--message", "--", cat.to_str().unwrap()]);
    let row = harbour.run(&["show", "pipe:seen", "--json"]).expect(0).json().remove(0);
    assert_eq!((&row["scope"], &row["instances"], &row["mode"]), (&"user".into(), &1.into(), &"0600".into()));
    let each = &row["each"][0];
    assert_eq!((&each["state"], &each["type"]), (&"listens".into(), &"messages".into()));
    assert_eq!(each["pid"], server.id());
    let shown = harbour.run(&["show", "pipe:seen"]).expect(0).text();
    for words in ["duplex", "1 instance of any number", "listens, of messages"] {
        assert!(shown.contains(words), "{words} in {shown}");
    }
    assert!(harbour.run(&["ls", "pipe"]).expect(0).text().contains("1 instance"));
    harbour.run(&["rm", "pipe:seen"]).expect(2);
    kill(server);
}

#[test]
fn every_answer_is_recorded_for_programs_with_who_asked() {
    let Some(cat) = tool("cat") else { return };
    let harbour = Harbour::new();
    let mut server =
        server(&harbour, &["serve", "pipe:told", "--json", "--message", "--", cat.to_str().unwrap()]);
    harbour.run_with_input(&["call", "pipe:told"], b"12345").expect(0);
    let mut line = String::new();
    let mut said = std::io::BufReader::new(server.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut said, &mut line).unwrap();
    kill(server);
    let row: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&row["bytes"], &row["answer_bytes"], &row["status"]), (&5.into(), &5.into(), &0.into()));
    assert!(row["pid"].is_number() && row["uid"].is_number(), "{row}");
}

#[test]
fn what_cannot_be_meant_is_refused_with_words() {
    let harbour = Harbour::new();
    for arguments in [
        &["send", "pipe:x"][..],
        &["receive", "pipe:x"],
        &["serve", "link:x", "--message", "--", "cat"],
        &["call", r"pipe:\x"],
        &["call", "pipe:"],
    ] {
        harbour.run(arguments).expect(2);
    }
}
