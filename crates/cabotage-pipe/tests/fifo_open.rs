// SPDX-License-Identifier: MIT OR Apache-2.0
//! The open matrix, cell by cell: which end, what it wants of its peer, and where that peer is.

use std::io::Read;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use cabotage_pipe::fifo::{self, Fifo, OpenError, Peer, Reader, Writer};
use cabotage_pipe::{Deadline, Fault, ReadEnd, ReadError, WriteEnd, WriteError};

/// Long enough for anything that is going to happen.
const PATIENCE: Duration = Duration::from_secs(20);
/// Long enough to be a wait, short enough for a test of what never comes.
const IMPATIENCE: Duration = Duration::from_millis(30);
const FOREVER: Peer = Peer::Wait(Deadline::Never);

struct Place {
    _directory: tempfile::TempDir,
    path: PathBuf,
    fifo: Fifo,
}

fn place() -> Place {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("fifo");
    let fifo = fifo::create(&path).unwrap();
    Place { _directory: directory, path, fifo }
}

fn patiently() -> Peer {
    Peer::within(PATIENCE)
}

// A reader, and nobody writes.

#[test]
fn a_reader_that_requires_a_writer_is_told_at_once() {
    let error = place().fifo.reader(Peer::Required).unwrap_err();
    assert!(matches!(error, OpenError::NoWriter { .. }), "{error}");
    assert_eq!(error.fault(), Fault::Peer);
}

#[test]
fn a_reader_gives_up_waiting_at_its_deadline() {
    let error = place().fifo.reader(Peer::within(IMPATIENCE)).unwrap_err();
    assert!(matches!(error, OpenError::TimedOut { .. }), "{error}");
}

#[test]
fn a_reader_that_does_not_care_is_at_the_end_of_file_until_a_writer_comes() {
    let place = place();
    let reader = place.fifo.reader(Peer::Any).unwrap();
    assert_eq!(reader.read_within(&mut [0; 4], PATIENCE).unwrap(), 0);
    let writer = place.fifo.writer(Peer::Required).unwrap();
    assert!(matches!(reader.try_read(&mut [0; 4]), Err(ReadError::Empty)));
    writer.try_write(b"x").unwrap();
    assert_eq!(reader.try_read(&mut [0; 4]).unwrap(), 1);
}

// A reader, and a writer that is there but silent.

#[test]
fn a_reader_that_requires_a_writer_finds_a_silent_one() {
    let place = place();
    let first = place.fifo.reader(Peer::Any).unwrap();
    let _writer = place.fifo.writer(Peer::Required).unwrap();
    drop(first);
    for peer in [Peer::Required, patiently(), Peer::Any, FOREVER] {
        let reader = place.fifo.reader(peer).unwrap();
        assert!(matches!(reader.try_read(&mut [0; 4]), Err(ReadError::Empty)), "{peer:?}");
    }
}

// A reader that waits, and a writer that comes later.

#[test]
fn a_waiting_reader_meets_a_writer_that_comes_later_whatever_either_wants() {
    for reader_wants in [FOREVER, patiently()] {
        for writer_wants in [FOREVER, patiently()] {
            let place = place();
            let (reader, writer) = thread::scope(|scope| {
                let reader = scope.spawn(|| place.fifo.reader(reader_wants).unwrap());
                let writer = scope.spawn(|| place.fifo.writer(writer_wants).unwrap());
                (reader.join().unwrap(), writer.join().unwrap())
            });
            writer.write_all_within(b"met", PATIENCE).unwrap();
            drop(writer);
            let mut text = String::new();
            (&reader).read_to_string(&mut text).unwrap();
            assert_eq!(text, "met");
        }
    }
}

#[test]
fn a_waiting_reader_sees_a_writer_that_comes_and_never_writes() {
    let place = place();
    thread::scope(|scope| {
        let reader = scope.spawn(|| place.fifo.reader(patiently()));
        let writer = place.fifo.writer(FOREVER).unwrap();
        // Only now, with the writer still here, may the reader return: nothing was ever written.
        let reader = reader.join().unwrap().unwrap();
        assert!(matches!(reader.try_read(&mut [0; 4]), Err(ReadError::Empty)));
        drop(writer);
    });
}

#[test]
fn a_waiting_reader_sees_a_writer_that_came_and_left() {
    let place = place();
    thread::scope(|scope| {
        let reader = scope.spawn(|| place.fifo.reader(patiently()));
        drop(place.fifo.writer(FOREVER).unwrap());
        assert_eq!(reader.join().unwrap().unwrap().try_read(&mut [0; 4]).unwrap(), 0);
    });
}

// A writer, and nobody reads.

#[test]
fn a_writer_that_requires_a_reader_is_told_at_once() {
    let error = place().fifo.writer(Peer::Required).unwrap_err();
    assert!(matches!(error, OpenError::NoReader { .. }), "{error}");
}

#[test]
fn a_writer_gives_up_waiting_at_its_deadline() {
    let error = place().fifo.writer(Peer::within(IMPATIENCE)).unwrap_err();
    assert!(matches!(error, OpenError::TimedOut { .. }), "{error}");
}

#[test]
fn a_writer_that_does_not_care_is_broken_until_a_reader_comes() {
    let place = place();
    let writer = place.fifo.writer(Peer::Any).unwrap();
    assert!(matches!(writer.try_write(b"lost"), Err(WriteError::Broken)));
    assert!(matches!(writer.write_within(b"lost", PATIENCE), Err(WriteError::Broken)));
    let reader = place.fifo.reader(Peer::Required).unwrap();
    writer.write_all_within(b"kept", PATIENCE).unwrap();
    let mut text = [0; 8];
    assert_eq!(reader.read_within(&mut text, PATIENCE).unwrap(), 4);
    assert_eq!(&text[..4], b"kept");
}

// A writer, and a reader that is there.

#[test]
fn every_writer_finds_a_reader_that_is_there() {
    let place = place();
    let _reader = place.fifo.reader(Peer::Any).unwrap();
    for peer in [Peer::Required, patiently(), Peer::Any, FOREVER] {
        place.fifo.writer(peer).unwrap().write_all_within(b"x", PATIENCE).unwrap();
    }
}

#[test]
fn an_end_opened_by_any_choice_blocks_like_any_other() {
    let place = place();
    let reader = place.fifo.reader(Peer::Any).unwrap();
    let writer = place.fifo.writer(Peer::within(PATIENCE)).unwrap();
    thread::scope(|scope| {
        let read = scope.spawn(|| {
            let mut byte = [0];
            (&reader).read_exact(&mut byte).unwrap();
            byte[0]
        });
        writer.write_all_within(b"!", Deadline::Never).unwrap();
        assert_eq!(read.join().unwrap(), b'!');
    });
    for fd in [OwnedFd::from(reader), OwnedFd::from(writer)] {
        use std::os::fd::AsRawFd;
        let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", fd.as_raw_fd())).unwrap();
        let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).unwrap().trim();
        let flags = u32::from_str_radix(flags, 8).unwrap();
        assert_eq!(flags & 0o4000, 0, "O_NONBLOCK is off");
        assert_ne!(flags & 0o2_000_000, 0, "O_CLOEXEC is on");
    }
}

// What is not there, or not what it should be.

#[test]
fn what_is_no_fifo_is_named_and_never_opened() {
    let place = place();
    let at = |name: &str| place.path.with_file_name(name);
    std::fs::write(at("file"), "content").unwrap();
    std::fs::create_dir(at("directory")).unwrap();
    std::os::unix::fs::symlink(&place.path, at("link")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
    for (name, kind) in [
        ("file", "regular file"),
        ("directory", "directory"),
        ("link", "symbolic link"),
        ("socket", "socket"),
    ] {
        let error = Reader::open(at(name), Peer::Any).unwrap_err();
        assert!(matches!(error, OpenError::NotAFifo { .. }), "{error}");
        assert!(error.to_string().contains(kind), "{error}");
        assert_eq!(error.fault(), Fault::Caller);
        let error = fifo::remove(at(name)).unwrap_err();
        assert!(error.to_string().contains(kind), "{error}");
    }
    assert_eq!(std::fs::read(at("file")).unwrap(), b"content");
    let error = Writer::open(at("missing"), Peer::Any).unwrap_err();
    assert!(matches!(error, OpenError::Missing { .. }), "{error}");
    let error = Writer::open(at("file").join("below"), Peer::Any).unwrap_err();
    assert!(matches!(error, OpenError::Place(_)), "{error}");
}

#[test]
fn names_that_are_none_are_refused_with_the_reason() {
    let place = place();
    let long = "n".repeat(256);
    for name in ["", ".", "..", long.as_str(), "fifo/"] {
        let path = if name.is_empty() { PathBuf::new() } else { place.path.with_file_name("").join(name) };
        let error = Reader::open(&path, Peer::Any).unwrap_err();
        assert!(matches!(error, OpenError::Place(fifo::PlaceError::Name { .. })), "{name}: {error}");
        assert_eq!(error.fault(), Fault::Caller);
    }
}

#[test]
fn a_replaced_fifo_is_noticed() {
    let place = place();
    std::fs::remove_file(&place.path).unwrap();
    let error = place.fifo.reader(Peer::Any).unwrap_err();
    assert!(matches!(error, OpenError::Missing { .. }), "{error}");
    let _other = fifo::create(&place.path).unwrap();
    for error in [place.fifo.reader(Peer::Any).unwrap_err(), place.fifo.writer(Peer::Any).unwrap_err()] {
        assert!(matches!(error, OpenError::Replaced { .. }), "{error}");
    }
}
