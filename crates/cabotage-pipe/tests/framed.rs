// SPDX-License-Identifier: MIT OR Apache-2.0
//! Framed messages among processes: order, wholeness, and what a death in the middle costs.
//!
//! The writers are this test binary again: with `ROLE` set, [`be_a_writer`] sends on the pipe it was passed.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::process::{Child, Stdio};
use std::time::Duration;

use cabotage_pipe::fifo::{self, Peer};
use cabotage_pipe::framed::{Limits, Loss, Malformed, Reader, ReceiveError, Received, Writer};
use cabotage_pipe::{Fault, PipeEnd, Spawn, WriteError};

const PATIENCE: Duration = Duration::from_secs(20);
const ROLE: &str = "CABOTAGE_TEST_FRAMED_ROLE";

/// Not a test of its own: what the children run.
#[test]
fn be_a_writer() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let end = cabotage_os::inherited::take(9).unwrap();
    let mut writer = Writer::new(std::io::PipeWriter::from(end)).unwrap();
    match role.as_str() {
        "sends" => {
            for turn in 0..MESSAGES {
                writer.send(&body(turn), PATIENCE).unwrap();
            }
        }
        // Longer than the pipe holds, so it is in the middle of it for as long as the reader lets it.
        "is killed" => writer.send(&vec![0; 10_000_000], Duration::from_secs(600)).unwrap(),
        other => panic!("{other}"),
    }
}

const MESSAGES: usize = 60;

/// Messages of one frame, of several, and of none at all.
fn body(turn: usize) -> Vec<u8> {
    let bytes = [0, 1, 17, 4080, 4081, 30_000][turn % 6];
    (0..bytes).map(|at| u8::try_from((at * 7 + turn) % 251).unwrap()).collect()
}

fn start(role: &str, writer: impl Into<std::os::fd::OwnedFd>) -> Child {
    let arguments = ["--exact", "be_a_writer", "--test-threads=1"];
    Spawn::new(std::env::current_exe().unwrap())
        .args(arguments)
        .env(ROLE, role)
        .stdout(Stdio::null())
        .pass_as(writer, 9)
        .spawn()
        .unwrap()
}

#[test]
fn every_message_of_four_processes_is_whole_and_in_its_senders_order() {
    const WRITERS: usize = 4;
    let (reader, writer) = cabotage_pipe::anonymous().unwrap();
    let mut children: Vec<_> = (0..WRITERS).map(|_| start("sends", writer.try_clone().unwrap())).collect();
    drop(writer);
    let mut reader = Reader::new(reader);
    let mut turns = HashMap::new();
    loop {
        match reader.receive(PATIENCE).unwrap() {
            Received::Message(message) => {
                let turn = turns.entry(message.writer).or_insert(0);
                assert!(message.body == body(*turn), "message {turn}");
                *turn += 1;
            }
            Received::End => break,
            Received::Lost(lost) => panic!("{lost:?}"),
        }
    }
    assert_eq!(turns.len(), WRITERS);
    assert!(turns.values().all(|turns| *turns == MESSAGES));
    assert!(children.iter_mut().all(|child| child.wait().unwrap().success()));
}

#[test]
fn a_writer_killed_in_the_middle_loses_that_message_only_and_it_is_reported() {
    let (end, writer) = cabotage_pipe::anonymous().unwrap();
    let mut victim = start("is killed", writer.try_clone().unwrap());
    let mut other = Writer::new(writer).unwrap();
    let limits = Limits { message_bytes_max: 20_000_000, writers_max: 4 };
    let mut reader = Reader::with_limits(&end, limits);
    // In the middle: more of it has been written than the first frame, and much more is to come.
    while end.unread_bytes().unwrap() < 10_000 {
        std::thread::yield_now();
    }
    victim.kill().unwrap();
    victim.wait().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for turn in 0..10 {
                other.send(&body(turn), PATIENCE).unwrap();
            }
        });
        for turn in 0..10 {
            let received = reader.receive(PATIENCE).unwrap();
            let Received::Message(message) = received else { panic!("{received:?}") };
            assert!(message.body == body(turn));
        }
        let received = reader.receive(PATIENCE).unwrap();
        let Received::Lost(lost) = received else { panic!("{received:?}") };
        assert_eq!(lost.cause, Loss::WritersGone);
        assert!(lost.got_bytes >= 4080 && lost.got_bytes < 10_000_000);
        assert_eq!(reader.receive(PATIENCE).unwrap(), Received::End);
    });
}

#[test]
fn a_message_given_up_at_a_deadline_is_reported_and_the_next_one_is_whole() {
    let (end, writer) = cabotage_pipe::anonymous().unwrap();
    let mut writer = Writer::new(writer).unwrap();
    let error = writer.send(&[1; 200_000], Duration::from_millis(20)).unwrap_err();
    assert!(matches!(error.source, WriteError::TimedOut));
    assert_eq!((error.sent_bytes, error.wanted_bytes), (16 * 4080, 200_000));
    let mut reader = Reader::new(end);
    assert!(matches!(reader.receive(Duration::ZERO), Err(ReceiveError::TimedOut)));
    writer.send(b"next", PATIENCE).unwrap();
    let Received::Lost(lost) = reader.receive(PATIENCE).unwrap() else { panic!() };
    assert_eq!((lost.writer, lost.got_bytes, lost.cause), (writer.id(), 16 * 4080, Loss::Abandoned));
    let Received::Message(message) = reader.receive(PATIENCE).unwrap() else { panic!() };
    assert_eq!((message.writer, &message.body[..]), (writer.id(), &b"next"[..]));
}

#[test]
fn something_that_is_no_frame_ends_the_reader_for_ever_after_what_came_before() {
    let (end, writer) = cabotage_pipe::anonymous().unwrap();
    let mut framed = Writer::new(writer.try_clone().unwrap()).unwrap();
    framed.send(b"good", PATIENCE).unwrap();
    (&writer).write_all(b"Hello, this is no frame").unwrap();
    framed.send(b"too late", PATIENCE).unwrap();
    let mut reader = Reader::new(end);
    assert!(
        matches!(reader.receive(PATIENCE).unwrap(), Received::Message(message) if message.body == b"good")
    );
    for _ in 0..2 {
        let error = reader.receive(PATIENCE).unwrap_err();
        assert!(matches!(error, ReceiveError::Malformed(Malformed::Magic)), "{error}");
        assert_eq!(error.fault(), Fault::Peer);
    }
}

#[test]
fn a_pipe_that_ends_inside_a_frame_is_malformed() {
    let (end, writer) = cabotage_pipe::anonymous().unwrap();
    (&writer).write_all(&[0xCA, 0xB0, 1, 3, 4, 0]).unwrap();
    drop(writer);
    let error = Reader::new(end).receive(PATIENCE).unwrap_err();
    assert!(matches!(error, ReceiveError::Malformed(Malformed::Cut)), "{error}");
}

#[test]
fn a_fifos_reader_goes_on_after_the_end_when_a_new_writer_comes() {
    let directory = tempfile::tempdir().unwrap();
    let fifo = fifo::create(directory.path().join("fifo")).unwrap();
    let mut reader = Reader::new(fifo.reader(Peer::Any).unwrap());
    for text in [b"one", b"two"] {
        assert_eq!(reader.receive(PATIENCE).unwrap(), Received::End);
        Writer::new(fifo.writer(Peer::Required).unwrap()).unwrap().send(text, PATIENCE).unwrap();
        let Received::Message(message) = reader.receive(PATIENCE).unwrap() else { panic!() };
        assert_eq!(message.body, text);
    }
}

#[test]
fn a_broken_pipe_is_told_with_nothing_sent() {
    let (end, writer) = cabotage_pipe::anonymous().unwrap();
    drop(end);
    let error = Writer::new(writer).unwrap().send(b"x", PATIENCE).unwrap_err();
    assert!(matches!((error.sent_bytes, error.source), (0, WriteError::Broken)));
}

#[test]
fn plain_bytes_of_another_program_are_the_peers_fault() {
    let (end, writer) = cabotage_pipe::anonymous().unwrap();
    // One digit: dash knows no others.
    let script = "echo no frame at all >&9";
    let mut child = Spawn::new("/bin/sh").args(["-c", script]).pass_as(writer, 9).spawn().unwrap();
    let error = Reader::new(&end).receive(PATIENCE).unwrap_err();
    assert_eq!(error.fault(), Fault::Peer);
    assert!(child.wait().unwrap().success());
    assert_eq!((&end).read(&mut [0; 8]).unwrap(), 0);
}
