// SPDX-License-Identifier: MIT OR Apache-2.0
//! Processes killed at some instructions of every operation; at each of them by
//! `cargo run --release -p cabotage-tests -- crash-points`.

use std::process::{Command, Output};
use std::time::Duration;

use cabotage_tests::role::program;
use cabotage_tests::watchdog::Watchdog;

/// How many points of each operation.
const POINTS: &str = "12";

/// The operations whose name begins with this, in a process that has nothing else to do.
fn crash_points(prefix: &str, points: &str) -> Output {
    let _watchdog = Watchdog::over(format!("crash points of {prefix}"), Duration::from_secs(300));
    let mut command = Command::new(program());
    let output =
        command.args(["crash-points", prefix, "--points", points, "--steps", "12000"]).output().unwrap();
    println!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    output
}

#[track_caller]
fn keeps_every_promise(prefix: &str) {
    assert!(crash_points(prefix, POINTS).status.success(), "a promise of {prefix} is broken: see above");
}

#[test]
fn a_link_whose_end_is_killed_keeps_every_promise() {
    keeps_every_promise("link.");
}

#[test]
fn a_name_whose_owner_or_client_is_killed_keeps_every_promise() {
    keeps_every_promise("names.");
}

#[test]
fn an_object_whose_process_is_killed_keeps_every_promise() {
    keeps_every_promise("object.");
}

#[test]
fn a_pipe_whose_end_is_killed_keeps_every_promise() {
    keeps_every_promise("pipe.");
}

#[test]
fn a_fifo_whose_process_is_killed_keeps_every_promise() {
    keeps_every_promise("fifo.");
}

#[test]
fn a_trusting_channel_whose_producer_or_consumer_is_killed_keeps_every_promise() {
    keeps_every_promise("shm-trusting.");
}

#[test]
fn a_guarded_channel_whose_producer_or_consumer_is_killed_keeps_every_promise() {
    keeps_every_promise("shm-guarded.");
}

#[test]
fn a_topic_whose_publisher_or_subscriber_is_killed_keeps_every_promise() {
    keeps_every_promise("topic.");
}

#[test]
fn a_port_whose_server_or_client_is_killed_keeps_every_promise() {
    keeps_every_promise("alpc.");
}

#[test]
fn a_named_pipe_whose_server_or_client_is_killed_keeps_every_promise() {
    keeps_every_promise("named-pipe.");
}

#[test]
fn a_port_of_mach_whose_sender_or_owner_is_killed_keeps_every_promise() {
    keeps_every_promise("mach.");
}

#[test]
fn every_operation_that_is_wrong_on_purpose_is_found_out() {
    for (operation, words) in [
        ("wrong.count-before-record", "torn"),
        ("wrong.count-twice", "doubled"),
        ("wrong.told-before-sent", "lost"),
        ("wrong.file-left", "left behind: 1 more: file left"),
    ] {
        let output = crash_points(operation, "500");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(!output.status.success() && said.contains(words), "{operation}: {said}");
    }
}
