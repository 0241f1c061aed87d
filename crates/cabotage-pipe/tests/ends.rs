// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reading and writing by the traits: deadlines, ends that others share, broken pipes.

use std::io::{PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use cabotage_os::probe::{self, Feature};
use cabotage_os::seam;
use cabotage_pipe::fifo::{self, Peer};
use cabotage_pipe::{
    Atomic, Deadline, Fault, PipeEnd, ReadEnd, ReadError, ReadExactError, WriteEnd, WriteError,
};

const PATIENCE: Duration = Duration::from_secs(20);
const IMPATIENCE: Duration = Duration::from_millis(20);

/// Runs a test on an anonymous pipe and a FIFO, also on a kernel that lacks `RWF_NOWAIT`, also without /proc.
fn on_each_kind_of_pipe(test: impl Fn(&dyn Fn() -> Ends)) {
    test(&anonymous);
    test(&fifo_ends);
    let _missing = probe::without(Feature::PipeNowait);
    test(&anonymous);
    let _missing = probe::without(Feature::PipeReopen);
    test(&anonymous);
    test(&fifo_ends);
}

/// Both kinds of ends under one type, so that a test is written once.
enum ReadSide {
    Pipe(PipeReader),
    Fifo(fifo::Reader),
}

enum WriteSide {
    Pipe(PipeWriter),
    Fifo(fifo::Writer),
}

type Ends = (ReadSide, WriteSide);

fn anonymous() -> Ends {
    let (reader, writer) = cabotage_pipe::anonymous().unwrap();
    (ReadSide::Pipe(reader), WriteSide::Pipe(writer))
}

fn fifo_ends() -> Ends {
    let directory = tempfile::tempdir().unwrap();
    let fifo = fifo::create(directory.path().join("fifo")).unwrap();
    let reader = fifo.reader(Peer::Any).unwrap();
    (ReadSide::Fifo(reader), WriteSide::Fifo(fifo.writer(Peer::Required).unwrap()))
}

impl ReadSide {
    fn try_read(&self, target: &mut [u8]) -> Result<usize, ReadError> {
        match self {
            Self::Pipe(end) => end.try_read(target),
            Self::Fifo(end) => end.try_read(target),
        }
    }

    fn read_within(&self, target: &mut [u8], deadline: impl Into<Deadline>) -> Result<usize, ReadError> {
        match self {
            Self::Pipe(end) => end.read_within(target, deadline),
            Self::Fifo(end) => end.read_within(target, deadline),
        }
    }

    fn fd(&self) -> i32 {
        match self {
            Self::Pipe(end) => end.as_raw_fd(),
            Self::Fifo(end) => end.as_fd().as_raw_fd(),
        }
    }
}

impl WriteSide {
    fn try_write(&self, source: &[u8]) -> Result<usize, WriteError> {
        match self {
            Self::Pipe(end) => end.try_write(source),
            Self::Fifo(end) => end.try_write(source),
        }
    }

    fn write_within(&self, source: &[u8], deadline: impl Into<Deadline>) -> Result<usize, WriteError> {
        match self {
            Self::Pipe(end) => end.write_within(source, deadline),
            Self::Fifo(end) => end.write_within(source, deadline),
        }
    }

    fn fill(&self) {
        let page = [7; Atomic::BYTES_MAX];
        while self.try_write(&page).is_ok() {}
    }
}

fn is_nonblocking(fd: i32) -> bool {
    let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{fd}")).unwrap();
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).unwrap().trim();
    u32::from_str_radix(flags, 8).unwrap() & 0o4000 != 0
}

#[test]
fn an_empty_pipe_is_empty_then_has_bytes_then_ends() {
    on_each_kind_of_pipe(|make| {
        let (reader, writer) = make();
        let mut target = [0; 8];
        assert!(matches!(reader.try_read(&mut target), Err(ReadError::Empty)));
        assert!(matches!(reader.read_within(&mut target, IMPATIENCE), Err(ReadError::TimedOut)));
        assert_eq!(writer.try_write(b"hello").unwrap(), 5);
        assert_eq!(reader.try_read(&mut target[..3]).unwrap(), 3);
        assert_eq!(reader.read_within(&mut target[3..], PATIENCE).unwrap(), 2);
        assert_eq!(&target[..5], b"hello");
        drop(writer);
        assert_eq!(reader.try_read(&mut target).unwrap(), 0);
        assert_eq!(reader.read_within(&mut target, Deadline::Never).unwrap(), 0);
    });
}

#[test]
fn a_full_pipe_is_full_until_somebody_reads() {
    on_each_kind_of_pipe(|make| {
        let (reader, writer) = make();
        writer.fill();
        assert!(matches!(writer.try_write(b"x"), Err(WriteError::Full)));
        assert!(matches!(writer.write_within(b"x", IMPATIENCE), Err(WriteError::TimedOut)));
        assert_eq!(reader.try_read(&mut [0; Atomic::BYTES_MAX]).unwrap(), Atomic::BYTES_MAX);
        assert_eq!(writer.write_within(b"x", PATIENCE).unwrap(), 1);
    });
}

#[test]
fn a_pipe_that_nobody_reads_is_broken_in_every_way_of_writing() {
    on_each_kind_of_pipe(|make| {
        let (reader, writer) = make();
        drop(reader);
        for answer in [
            writer.try_write(b"x"),
            writer.try_write(&[0; 100_000]),
            writer.write_within(b"x", PATIENCE),
            writer.write_within(b"x", Deadline::Never),
        ] {
            let error = answer.unwrap_err();
            assert!(matches!(error, WriteError::Broken), "{error}");
            assert_eq!(error.fault(), Fault::Peer);
        }
    });
}

#[test]
fn a_writer_that_waits_learns_that_its_reader_has_gone() {
    on_each_kind_of_pipe(|make| {
        let (reader, writer) = make();
        writer.fill();
        thread::scope(|scope| {
            let waits = scope.spawn(|| writer.write_within(b"x", PATIENCE));
            drop(reader);
            assert!(matches!(waits.join().unwrap(), Err(WriteError::Broken)));
        });
    });
}

#[test]
fn of_two_readers_of_one_end_each_byte_goes_to_one_and_neither_gets_stuck() {
    const BYTES: usize = 2000;
    on_each_kind_of_pipe(|make| {
        let (reader, writer) = make();
        let got = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while reader.read_within(&mut [0], PATIENCE).unwrap() == 1 {
                        got.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
            for _ in 0..BYTES {
                writer.write_within(b"x", PATIENCE).unwrap();
            }
            drop(writer);
        });
        assert_eq!(got.load(Ordering::Relaxed), BYTES);
        assert!(!is_nonblocking(reader.fd()), "the shared description was left as it was");
    });
}

#[test]
fn a_large_write_that_may_not_wait_puts_in_what_fits() {
    on_each_kind_of_pipe(|make| {
        let (reader, writer) = make();
        let source: Vec<u8> = (0..100_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        let written = writer.try_write(&source).unwrap();
        assert_eq!(written, 65_536);
        let mut target = vec![0; written];
        let mut got = 0;
        while got < written {
            got += reader.try_read(&mut target[got..]).unwrap();
        }
        assert_eq!(target, source[..written]);
        assert!(matches!(reader.try_read(&mut [0]), Err(ReadError::Empty)));
    });
}

#[test]
fn atomic_writes_of_eight_threads_are_never_mixed() {
    const WRITERS: u8 = 8;
    const EACH: usize = 200;
    on_each_kind_of_pipe(|make| {
        let (reader, writer) = make();
        thread::scope(|scope| {
            for id in 0..WRITERS {
                let writer = &writer;
                scope.spawn(move || {
                    let block = [id; Atomic::BYTES_MAX];
                    for turn in 0..EACH {
                        let deadline =
                            if turn % 2 == 0 { Deadline::within(PATIENCE) } else { Deadline::Never };
                        let bytes = writer.write_within(&block, deadline).unwrap();
                        assert_eq!(bytes, block.len());
                    }
                });
            }
            let mut counts = [0; WRITERS as usize];
            for _ in 0..EACH * usize::from(WRITERS) {
                let mut block = [0; Atomic::BYTES_MAX];
                let mut got = 0;
                while got < block.len() {
                    got += reader.read_within(&mut block[got..], PATIENCE).unwrap();
                }
                assert!(block.iter().all(|byte| *byte == block[0]), "two writers in one block");
                counts[usize::from(block[0])] += 1;
            }
            assert!(counts.iter().all(|count| *count == EACH), "{counts:?}");
        });
    });
}

#[test]
fn an_end_that_somebody_made_non_blocking_still_waits_until_its_deadline() {
    let (reader, writer) = cabotage_pipe::anonymous().unwrap();
    let nonblocking = cabotage_os::pipe::reopen_nonblocking(&reader).unwrap();
    let reader = PipeReader::from(nonblocking);
    assert!(matches!(reader.read_within(&mut [0], IMPATIENCE), Err(ReadError::TimedOut)));
    thread::scope(|scope| {
        let waits = scope.spawn(|| reader.read_within(&mut [0], Deadline::Never).unwrap());
        writer.write_all_within(b"x", PATIENCE).unwrap();
        assert_eq!(waits.join().unwrap(), 1);
    });
}

#[test]
fn a_buffer_is_filled_exactly_or_the_error_tells_how_far_it_got() {
    let (reader, writer) = cabotage_pipe::anonymous().unwrap();
    let mut target = [0; 4];
    writer.try_write(b"abcdef").unwrap();
    reader.read_exact_within(&mut target, PATIENCE).unwrap();
    assert_eq!(&target, b"abcd");
    let error = reader.read_exact_within(&mut target, IMPATIENCE).unwrap_err();
    assert!(matches!(
        error,
        ReadExactError::Interrupted { got_bytes: 2, wanted_bytes: 4, source: ReadError::TimedOut }
    ));
    assert_eq!(&target[..2], b"ef");
    writer.try_write(b"g").unwrap();
    drop(writer);
    let error = reader.read_exact_within(&mut target, PATIENCE).unwrap_err();
    assert!(matches!(error, ReadExactError::End { got_bytes: 1, wanted_bytes: 4 }), "{error}");
}

#[test]
fn everything_is_written_or_the_error_tells_how_far_it_got() {
    let (mut reader, writer) = cabotage_pipe::anonymous().unwrap();
    let source = vec![9; 70_000];
    let error = writer.write_all_within(&source, IMPATIENCE).unwrap_err();
    assert_eq!((error.written_bytes, error.wanted_bytes), (65_536, 70_000));
    assert!(matches!(error.source, WriteError::TimedOut));
    assert_eq!(reader.unread_bytes().unwrap(), 65_536);
    assert_eq!(writer.unread_bytes().unwrap(), 65_536);
    thread::scope(|scope| {
        let all = scope.spawn(|| writer.write_all_within(&source[65_536..], PATIENCE));
        let mut target = vec![0; source.len()];
        reader.read_exact(&mut target).unwrap();
        all.join().unwrap().unwrap();
        assert_eq!(target, source);
    });
}

#[test]
fn a_plain_read_and_a_plain_write_are_one_call_each() {
    for (reader, writer) in [anonymous(), fifo_ends()] {
        writer.write_within(b"warm", Deadline::Never).unwrap();
        let before = seam::calls();
        writer.write_within(b"x", Deadline::Never).unwrap();
        reader.read_within(&mut [0; 8], Deadline::Never).unwrap();
        assert_eq!(seam::calls() - before, 2);
    }
}

#[test]
fn packets_keep_their_borders_also_without_waiting() {
    for is_missing in [false, true] {
        let _missing = is_missing.then(|| probe::without(Feature::PipeNowait));
        let (reader, writer) = cabotage_pipe::packets().unwrap();
        writer.try_write(b"one").unwrap();
        writer.try_write(b"second").unwrap();
        let mut target = [0; 16];
        assert_eq!(reader.try_read(&mut target).unwrap(), 3);
        assert_eq!(reader.try_read(&mut target[..2]).unwrap(), 2);
        assert!(
            matches!(reader.try_read(&mut target), Err(ReadError::Empty)),
            "the rest of a packet is gone"
        );
        for _ in 0..16 {
            writer.try_write(b"x").unwrap();
        }
        assert!(matches!(writer.try_write(b"x"), Err(WriteError::Full)), "sixteen packets, however small");
        drop(reader);
        assert!(matches!(writer.try_write(b"x"), Err(WriteError::Broken)));
    }
}

#[test]
fn the_standard_traits_work_on_the_ends_of_a_fifo() {
    let directory = tempfile::tempdir().unwrap();
    let fifo = fifo::create(directory.path().join("fifo")).unwrap();
    let mut reader = fifo.reader(Peer::Any).unwrap();
    let mut writer = fifo.writer(Peer::Required).unwrap();
    writeln!(writer, "line {}", 1).unwrap();
    writer.flush().unwrap();
    drop(writer);
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    assert_eq!(text, "line 1\n");
}
