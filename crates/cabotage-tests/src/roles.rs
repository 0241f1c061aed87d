// SPDX-License-Identifier: MIT OR Apache-2.0
//! The roles that a process of this crate can play, by name.

use cabotage_os::Deadline;

use crate::role::Part;
use crate::{hostile, inject, kill, suite};

/// What is played.
pub(crate) type Play = fn(&Part);

/// Every role. Whoever adds one adds a line.
const ROLES: &[(&str, Play)] = &[
    ("echo", echo),
    ("hostile-alpc-liar", hostile::alpc::liar::play),
    ("hostile-alpc-victim", hostile::alpc::victim::play),
    ("hostile-alpc-victim-client", hostile::alpc::victim_client::play),
    ("hostile-attacker", hostile::attacker::play),
    ("hostile-channel-consumer", hostile::channel::victim_consumer::play),
    ("hostile-channel-liar", hostile::channel::liar::play),
    ("hostile-channel-producer", hostile::channel::victim_producer::play),
    ("hostile-mach-holder", hostile::mach::victim_holder::play),
    ("hostile-mach-liar", hostile::mach::liar::play),
    ("hostile-mach-victim", hostile::mach::victim::play),
    ("hostile-pipe-client", hostile::pipe::client::play),
    ("hostile-pipe-liar", hostile::pipe::lair::play),
    ("hostile-victim", hostile::victim::play),
    ("idler", idler),
    ("faults", inject::play),
    ("suite-far", suite::play_far),
    ("suite-near", suite::play_near),
    ("victim", kill::play),
];

/// What is played under this name.
pub(crate) fn find(name: &str) -> Option<Play> {
    ROLES.iter().find(|(known, _)| *known == name).map(|(_, play)| *play)
}

/// Answers each order by itself.
fn echo(part: &Part) {
    part.orders().for_each(|order| part.say(order));
}

/// Does nothing until it is killed: its own watchdog, and the end of whoever started it, must end it.
fn idler(part: &Part) {
    part.say("idle");
    let (reader, _writer) = std::io::pipe().expect("a pipe");
    let never = [(std::os::fd::AsFd::as_fd(&reader), cabotage_os::poll::Readiness::IN)];
    let _ = cabotage_os::poll::wait(never, Deadline::Never);
}
