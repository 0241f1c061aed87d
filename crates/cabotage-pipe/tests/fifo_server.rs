// SPDX-License-Identifier: MIT OR Apache-2.0
//! A FIFO's server sees writers come and go, loses no byte, and sleeps while nobody is there.

use std::os::fd::AsFd;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use cabotage_os::poll::{self, Readiness};
use cabotage_os::seam;
use cabotage_pipe::fifo::{self, Event, Fifo, Peer, Server, ServerError, Writer};
use cabotage_pipe::{Deadline, Fault, WriteEnd};

const PATIENCE: Duration = Duration::from_secs(20);
const IMPATIENCE: Duration = Duration::from_millis(30);

struct Place {
    _directory: tempfile::TempDir,
    path: PathBuf,
    fifo: Fifo,
}

fn place() -> Place {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("inbox");
    let fifo = fifo::create(&path).unwrap();
    Place { _directory: directory, path, fifo }
}

fn next(server: &mut Server) -> Event {
    server.next_event(&mut [0; 4096], PATIENCE).unwrap()
}

fn nothing_happens(server: &mut Server) -> bool {
    matches!(server.next_event(&mut [0; 64], Deadline::Now), Err(ServerError::TimedOut))
}

fn is_readable(server: &Server) -> bool {
    !poll::wait([(server.as_fd(), Readiness::IN)], Deadline::Now).unwrap()[0].is_empty()
}

#[test]
fn one_visit_is_told_from_its_beginning_to_its_end() {
    let place = place();
    let mut server = place.fifo.server().unwrap();
    assert!(nothing_happens(&mut server));
    let writer = place.fifo.writer(Peer::Required).unwrap();
    assert_eq!(next(&mut server), Event::Joined);
    assert!(nothing_happens(&mut server));
    writer.try_write(b"hello").unwrap();
    let mut text = [0; 16];
    assert_eq!(server.next_event(&mut text, PATIENCE).unwrap(), Event::Data(5));
    assert_eq!(&text[..5], b"hello");
    assert!(nothing_happens(&mut server));
    drop(writer);
    assert_eq!(next(&mut server), Event::Left);
    assert!(nothing_happens(&mut server));
}

#[test]
fn a_visit_that_is_over_before_the_server_looks_is_told_whole() {
    let place = place();
    let mut server = place.fifo.server().unwrap();
    for text in ["a", "hello"] {
        place.fifo.writer(Peer::Required).unwrap().try_write(text.as_bytes()).unwrap();
        assert_eq!(next(&mut server), Event::Joined);
        let mut target = [0; 16];
        assert_eq!(server.next_event(&mut target, PATIENCE).unwrap(), Event::Data(text.len()));
        assert_eq!(&target[..text.len()], text.as_bytes());
        assert_eq!(next(&mut server), Event::Left);
        assert!(nothing_happens(&mut server));
    }
}

#[test]
fn a_silent_visit_is_told_too_once() {
    let place = place();
    let mut server = place.fifo.server().unwrap();
    for _ in 0..2 {
        drop(place.fifo.writer(Peer::Required).unwrap());
        assert_eq!(next(&mut server), Event::Joined);
        assert_eq!(next(&mut server), Event::Left);
        assert!(nothing_happens(&mut server));
    }
}

#[test]
fn the_first_joins_and_the_last_leaves() {
    let place = place();
    let mut server = place.fifo.server().unwrap();
    let one = place.fifo.writer(Peer::Required).unwrap();
    assert_eq!(next(&mut server), Event::Joined);
    let two = place.fifo.writer(Peer::Required).unwrap();
    assert!(nothing_happens(&mut server));
    drop(one);
    assert!(nothing_happens(&mut server));
    two.try_write(b"x").unwrap();
    drop(two);
    assert_eq!(next(&mut server), Event::Data(1));
    assert_eq!(next(&mut server), Event::Left);
}

#[test]
fn a_writer_that_was_there_first_is_seen() {
    let place = place();
    let reader = place.fifo.reader(Peer::Any).unwrap();
    let _writer = place.fifo.writer(Peer::Required).unwrap();
    let mut server = place.fifo.server().unwrap();
    drop(reader);
    assert_eq!(next(&mut server), Event::Joined);
}

#[test]
fn a_small_buffer_gets_everything_in_pieces() {
    let place = place();
    let mut server = place.fifo.server().unwrap();
    place.fifo.writer(Peer::Required).unwrap().try_write(b"abcde").unwrap();
    assert_eq!(server.next_event(&mut [0], PATIENCE).unwrap(), Event::Joined);
    let mut text = Vec::new();
    loop {
        let mut target = [0; 2];
        let room = 1 + text.len() % 2;
        match server.next_event(&mut target[..room], PATIENCE).unwrap() {
            Event::Data(bytes) => text.extend_from_slice(&target[..bytes]),
            Event::Left => break,
            Event::Joined => panic!("joined twice"),
        }
    }
    assert_eq!(text, b"abcde");
}

#[test]
fn a_buffer_without_room_is_the_callers_mistake() {
    let mut server = place().fifo.server().unwrap();
    let error = server.next_event(&mut [], PATIENCE).unwrap_err();
    assert!(matches!(error, ServerError::EmptyBuffer));
    assert_eq!(error.fault(), Fault::Caller);
}

#[test]
fn while_nobody_is_there_the_server_makes_no_calls() {
    let place = place();
    let mut server = place.fifo.server().unwrap();
    place.fifo.writer(Peer::Required).unwrap().try_write(b"x").unwrap();
    assert_eq!(
        [next(&mut server), next(&mut server), next(&mut server)],
        [Event::Joined, Event::Data(1), Event::Left]
    );
    let before = seam::calls();
    assert!(matches!(server.next_event(&mut [0; 8], IMPATIENCE), Err(ServerError::TimedOut)));
    // A look, a wait, and both once more at the deadline; what the last visit left in the queues, once.
    assert!(seam::calls() - before <= 10, "{} calls", seam::calls() - before);

    let _silent = place.fifo.writer(Peer::Required).unwrap();
    assert_eq!(next(&mut server), Event::Joined);
    let before = seam::calls();
    assert!(matches!(server.next_event(&mut [0; 8], IMPATIENCE), Err(ServerError::TimedOut)));
    assert!(seam::calls() - before <= 10, "{} calls", seam::calls() - before);
}

#[test]
fn the_descriptor_is_readable_exactly_when_there_is_something_to_tell() {
    let place = place();
    let mut server = place.fifo.server().unwrap();
    assert!(nothing_happens(&mut server));
    assert!(!is_readable(&server));
    let writer = place.fifo.writer(Peer::Required).unwrap();
    assert!(is_readable(&server));
    assert_eq!(next(&mut server), Event::Joined);
    assert!(nothing_happens(&mut server));
    assert!(!is_readable(&server));
    writer.try_write(b"x").unwrap();
    assert!(is_readable(&server));
    assert_eq!(next(&mut server), Event::Data(1));
    assert!(nothing_happens(&mut server));
    assert!(!is_readable(&server));
    drop(writer);
    assert!(is_readable(&server));
    assert_eq!(next(&mut server), Event::Left);
    assert!(nothing_happens(&mut server));
    assert!(!is_readable(&server), "a hung-up FIFO does not keep the descriptor readable");
}

#[test]
fn among_writers_that_come_and_go_no_byte_is_lost_and_joining_alternates_with_leaving() {
    const WRITERS: usize = 4;
    const VISITS: usize = 200;
    let place = place();
    let mut server = place.fifo.server().unwrap();
    let total = thread::scope(|scope| {
        for _ in 0..WRITERS {
            scope.spawn(|| {
                for visit in 0..VISITS {
                    let writer = Writer::open(&place.path, Peer::within(PATIENCE)).unwrap();
                    if visit % 3 != 0 {
                        writer.write_all_within(b"four", PATIENCE).unwrap();
                    }
                }
            });
        }
        let expected = WRITERS * (0..VISITS).filter(|visit| visit % 3 != 0).count() * 4;
        let (mut total, mut is_here) = (0, false);
        while total < expected || is_here {
            match next(&mut server) {
                Event::Data(bytes) => {
                    assert!(is_here, "data before anybody joined");
                    total += bytes;
                }
                Event::Joined => assert!(!std::mem::replace(&mut is_here, true), "joined twice"),
                Event::Left => assert!(std::mem::replace(&mut is_here, false), "left twice"),
            }
        }
        total - expected
    });
    assert_eq!(total, 0);
}

#[test]
fn the_shells_own_redirections_are_visits() {
    let place = place();
    let mut server = place.fifo.server().unwrap();
    let script = format!("echo one > '{0}'; echo two > '{0}'", place.path.display());
    let mut child = std::process::Command::new("/bin/sh").args(["-c", &script]).spawn().unwrap();
    let mut text = Vec::new();
    while text.len() < 8 {
        let mut target = [0; 64];
        if let Event::Data(bytes) = server.next_event(&mut target, PATIENCE).unwrap() {
            text.extend_from_slice(&target[..bytes]);
        }
    }
    assert_eq!(text, b"one\ntwo\n");
    assert!(child.wait().unwrap().success());
    assert_eq!(next(&mut server), Event::Left);
}
