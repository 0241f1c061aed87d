// SPDX-License-Identifier: MIT OR Apache-2.0
//! The verbs on Mach ports: a command that answers messages, names that are listed, shown, taken over and removed, and
//! services that are gone. Each test has a directory of its own for its names.

mod support;

use std::process::Child;

use cabotage::os::process::{Pidfd, Signal};

use support::{Harbour, tool};

fn kill(mut child: Child) {
    Pidfd::of_child(&child).unwrap().send_signal(Signal::KILL).unwrap();
    child.wait().unwrap();
}

#[test]
fn a_command_answers_messages_of_every_size() {
    let Some(cat) = tool("cat") else { return };
    let harbour = Harbour::new();
    let server = harbour.service(&["serve", "mach:echo", "--", cat.to_str().unwrap()], "echo");
    for bytes in [0, 1, 64, 5_000, 200_000] {
        let question: Vec<u8> = (0..=250).cycle().take(bytes).collect();
        let answer = harbour.run_with_input(&["call", "mach:echo"], &question).expect(0);
        assert!(answer.stdout == question, "{bytes} bytes");
    }
    let row = harbour.run_with_input(
        &["call", "--json", "mach:echo", "--output", harbour.0.path().join("answer").to_str().unwrap()],
        b"ahoy",
    );
    let row = row.expect(0).json().remove(0);
    assert_eq!((&row["address"], &row["answer_bytes"]), (&"mach:echo".into(), &4.into()));
    kill(server);
    harbour.run_with_input(&["call", "mach:echo"], b"ahoy").expect(3);
}

#[test]
fn a_name_is_listed_shown_taken_over_and_removed() {
    let Some(cat) = tool("cat") else { return };
    let harbour = Harbour::new();
    let serve = ["serve", "mach:named", "--", cat.to_str().unwrap()];
    let server = harbour.service(&serve, "named");
    let row = harbour.run(&["ls", "mach", "--json"]).expect(0).json().remove(0);
    assert_eq!(
        (&row["kind"], &row["address"], &row["alive"]),
        (&"mach".into(), &"mach:named".into(), &true.into())
    );
    assert!(harbour.run(&["show", "mach:named"]).expect(0).text().contains("which lives"));
    assert_ne!(harbour.run(&["rm", "mach:named"]).status, Some(0), "a living service keeps its name");
    kill(server);
    assert!(harbour.run(&["ls", "mach"]).expect(0).text().contains("left behind"));
    let server = harbour.service(&serve, "named");
    // The name is there before its new owner is.
    harbour.run_with_input(&["call", "mach:named", "--timeout", "20"], b"ahoy").expect(0);
    kill(server);
    harbour.run(&["rm", "mach:named"]).expect(0);
    assert_eq!(harbour.run(&["ls", "mach"]).expect(0).text(), "");
}

#[test]
fn a_service_that_nobody_offers_is_missing_or_awaited_until_the_time_is_up() {
    let harbour = Harbour::new();
    harbour.run_with_input(&["call", "mach:nobody"], b"ahoy").expect(3);
    harbour.run_with_input(&["call", "mach:nobody", "--timeout", "0.1"], b"ahoy").expect(6);
}

#[test]
fn a_caller_whose_service_cannot_run_its_command_is_told_that_there_is_no_answer() {
    let harbour = Harbour::new();
    let server = harbour.service(&["serve", "mach:broken", "--", "/nowhere/nothing"], "broken");
    harbour.run_with_input(&["call", "mach:broken"], b"ahoy").expect(5);
    kill(server);
}
