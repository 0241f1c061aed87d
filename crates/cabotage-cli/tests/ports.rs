// SPDX-License-Identifier: MIT OR Apache-2.0
//! The verbs on connection ports: a command that answers requests, calls by size, names that are listed, shown and
//! removed, and servers that are gone. Each test has a directory of its own for its names.

mod support;

use std::process::Child;

use cabotage::os::process::{Pidfd, Signal};

use support::{Harbour, tool};

fn pattern(bytes: usize) -> Vec<u8> {
    (0..=250).cycle().take(bytes).collect()
}

fn kill(mut child: Child) {
    Pidfd::of_child(&child).unwrap().send_signal(Signal::KILL).unwrap();
    child.wait().unwrap();
}

#[test]
fn a_command_answers_requests_of_every_size() {
    let Some(cat) = tool("cat") else { return };
    let harbour = Harbour::new();
    let server = harbour.server(&["serve", "alpc:echo", "--", cat.to_str().unwrap()], "echo");
    // Nothing, what the queue copies, what goes as a view, and more than a message of the queue.
    for bytes in [0, 1, 256, 257, 65_519, 200_000] {
        let answer = harbour.run_with_input(&["call", "alpc:echo"], &pattern(bytes)).expect(0);
        assert!(answer.stdout == pattern(bytes), "{bytes} bytes");
    }
    let file = harbour.0.path().join("answer").to_str().unwrap().to_owned();
    let call = ["call", "--json", "alpc:echo", "--output", &file];
    let row = harbour.run_with_input(&call, b"ahoy").expect(0).json().remove(0);
    assert_eq!((&row["address"], &row["answer_bytes"]), (&"alpc:echo".into(), &4.into()));
    kill(server);
    let refused = harbour.run_with_input(&["call", "alpc:echo"], b"ahoy").expect(3);
    assert!(refused.errors().contains("start it again"), "{}", refused.errors());
}

#[test]
fn a_port_is_listed_shown_taken_over_and_removed() {
    let Some(cat) = tool("cat") else { return };
    let harbour = Harbour::new();
    let serve = ["serve", "alpc:named", "--", cat.to_str().unwrap()];
    let server = harbour.server(&serve, "named");
    let row = harbour.run(&["ls", "alpc", "--json"]).expect(0).json().remove(0);
    assert_eq!(
        (&row["kind"], &row["address"], &row["alive"]),
        (&"alpc".into(), &"alpc:named".into(), &true.into())
    );
    assert!(harbour.run(&["show", "alpc:named"]).expect(0).text().contains("which lives"));
    let refused = harbour.run(&["rm", "alpc:named"]);
    assert_ne!(refused.status, Some(0), "a living server keeps its name");
    kill(server);
    assert!(harbour.run(&["ls", "alpc"]).expect(0).text().contains("left behind"));
    let server = harbour.server(&serve, "named");
    // The name is there before its new owner is.
    harbour.run_with_input(&["call", "alpc:named", "--timeout", "20"], b"ahoy").expect(0);
    kill(server);
    harbour.run(&["rm", "alpc:named"]).expect(0);
    harbour.run(&["show", "alpc:named"]).expect(3);
}

#[test]
fn a_port_that_nobody_has_is_missing_or_awaited_until_the_time_is_up() {
    let harbour = Harbour::new();
    let outcome = harbour.run(&["call", "alpc:nobody"]).expect(3);
    assert!(outcome.errors().contains("start its server first"), "{}", outcome.errors());
    harbour.run(&["call", "alpc:nobody", "--timeout", "0.05"]).expect(6);
    for verb in ["send", "receive"] {
        let outcome = harbour.run(&[verb, "alpc:nobody"]).expect(2);
        assert!(outcome.errors().contains("cabotage call"), "{}", outcome.errors());
    }
}

#[test]
fn a_caller_whose_server_cannot_run_its_command_is_told_that_there_is_no_reply() {
    let harbour = Harbour::new();
    let server = harbour.server(&["serve", "alpc:broken", "--", "/no/such/command"], "broken");
    let outcome = harbour.run_with_input(&["call", "alpc:broken"], b"ahoy");
    assert_ne!(outcome.status, Some(0));
    assert!(outcome.errors().contains("reply is lost"), "{}", outcome.errors());
    kill(server);
}
