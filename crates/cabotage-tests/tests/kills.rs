// SPDX-License-Identifier: MIT OR Apache-2.0
//! Processes killed at random moments, some hundreds over all transports; thousands by
//! `cargo run --release -p cabotage-tests -- kills`.

use std::process::{Command, Output};
use std::time::Duration;

use cabotage_tests::role::program;
use cabotage_tests::watchdog::Watchdog;

/// Kills so many processes of the transports whose name begins with this, from a process that does nothing else.
fn kills(transport: &str, count: u64) -> Output {
    let _watchdog = Watchdog::over(format!("kills of {transport}"), Duration::from_secs(400));
    let mut command = Command::new(program());
    let output = command.args(["kills", transport, "--count", &count.to_string()]).output().unwrap();
    println!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    output
}

#[track_caller]
fn keeps_every_promise(transport: &str, count: u64) {
    assert!(kills(transport, count).status.success(), "a promise of {transport} is broken: see above");
}

#[test]
fn a_pair_whose_end_is_killed_keeps_every_promise() {
    keeps_every_promise("link-pair", 70);
}

#[test]
fn a_server_whose_clients_are_killed_keeps_every_promise() {
    keeps_every_promise("link-client", 70);
}

#[test]
fn a_client_whose_servers_are_killed_keeps_every_promise() {
    keeps_every_promise("link-server", 70);
}

#[test]
fn a_pipe_whose_end_is_killed_keeps_every_promise() {
    keeps_every_promise("pipe", 50);
}

#[test]
fn a_fifo_whose_process_is_killed_keeps_every_promise() {
    keeps_every_promise("fifo", 50);
}

#[test]
fn a_trusting_channel_whose_producers_or_consumers_are_killed_keeps_every_promise() {
    keeps_every_promise("shm-trusting", 70);
}

#[test]
fn a_guarded_channel_whose_producers_or_consumers_are_killed_keeps_every_promise() {
    keeps_every_promise("shm-guarded", 70);
}

#[test]
fn a_topic_that_waits_whose_publishers_or_subscribers_are_killed_keeps_every_promise() {
    keeps_every_promise("topic-waits", 50);
}

#[test]
fn a_topic_that_drops_whose_publishers_or_subscribers_are_killed_keeps_every_promise() {
    keeps_every_promise("topic-drops", 50);
}

#[test]
fn a_port_whose_clients_are_killed_keeps_every_promise() {
    keeps_every_promise("alpc-client", 60);
}

#[test]
fn a_client_whose_ports_are_killed_keeps_every_promise() {
    keeps_every_promise("alpc-server", 60);
}

#[test]
fn a_named_pipe_whose_client_is_killed_keeps_every_promise() {
    keeps_every_promise("named-pipe-client", 70);
}

#[test]
fn a_named_pipe_whose_server_is_killed_keeps_every_promise() {
    keeps_every_promise("named-pipe-server", 70);
}

#[test]
fn a_port_of_mach_whose_senders_or_receivers_are_killed_keeps_every_promise() {
    keeps_every_promise("mach-plain", 100);
}

#[test]
fn rights_that_are_passed_to_or_by_the_killed_come_to_the_end_that_mach_says() {
    keeps_every_promise("mach-rights", 100);
}

#[test]
fn a_receive_right_that_comes_from_or_goes_to_the_killed_is_at_one_place_or_dead() {
    keeps_every_promise("mach-moved", 100);
}

#[test]
fn a_transport_that_is_wrong_on_purpose_is_found_out() {
    for (transport, words) in
        [("wrong-promise", "committed records are lost"), ("wrong-litter", "left behind: ")]
    {
        let output = kills(transport, 10);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(!output.status.success() && said.contains(words), "{transport}: {said}");
    }
}
