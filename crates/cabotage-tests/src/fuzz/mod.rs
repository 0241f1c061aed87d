// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every decoder of what a peer, a file or a person wrote, as a function of any bytes at all: it may refuse them, and
//! must neither panic nor run without end.
//!
//! The same functions are the targets of cargo-fuzz (`fuzz/`), and run on their committed corpus in `cargo test`. A
//! target for a new decoder is a function here, a line in [`TARGETS`], a file in `fuzz/fuzz_targets`, and some bytes
//! in `fuzz/corpus/TARGET/` (at most 40 files of 512 bytes: a corpus that has grown is not committed).

mod channel;
mod framed;
mod image;
mod input;
mod memory;
mod metered;
mod revoke;
mod ring;
mod text;
mod topic;

/// A decoder that takes any bytes.
pub type Target = fn(&[u8]);

/// Every target, by the name of its corpus.
pub const TARGETS: &[(&str, Target)] = &[
    ("wire_frames", wire_frames),
    ("wire_hello", wire_hello),
    ("ring_receiver", ring::receiver),
    ("ring_counts", ring::counts),
    ("blocks", memory::blocks),
    ("claims", memory::claims),
    ("revocable_reader", revoke::reader),
    ("revocable_writer", revoke::writer),
    ("metered_link", metered::link),
    ("alpc_messages", alpc_messages),
    ("mach_records", mach_records),
    ("names", text::names),
    ("framed_pipe", framed::pipe),
    ("pipe_folder", pipe_folder),
    ("shm_channel", channel::opened),
    ("shm_topic", topic::records),
];

/// Runs the target of this name.
///
/// # Panics
/// If there is none, or it has found something.
pub fn run(target: &str, data: &[u8]) {
    let found = TARGETS.iter().find(|(name, _)| *name == target);
    found.unwrap_or_else(|| panic!("no target {target}")).1(data);
}

/// A message on a link's socket.
fn wire_frames(data: &[u8]) {
    cabotage_link::fuzzing::frame(data);
}

/// The same, behind what every HELLO begins with, so that its fields are reached.
fn wire_hello(data: &[u8]) {
    cabotage_link::fuzzing::frame(&[b"\x01cabotag", data].concat());
}

/// A message between a port of ALPC and its client.
fn alpc_messages(data: &[u8]) {
    cabotage_alpc::fuzzing::message(data);
}

/// What stands in the folder of a named pipe: the record of its creator, and the name of a socket.
fn pipe_folder(data: &[u8]) {
    cabotage_pipe::fuzzing::pipe_folder(data);
}

/// A record on the link of a Mach port.
fn mach_records(data: &[u8]) {
    cabotage_mach::fuzzing::record(data);
}
