// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sizes, reading and writing, and what each end sees when the other closes or dies.

use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::thread;

use cabotage_os::Fault;
use cabotage_pipe::windows::{self, PipeOptions, ReadError, ReadHandle, WriteHandle};
use cabotage_pipe::{Deadline, Spawn};

use crate::child::turn;
use crate::{IMPATIENCE, PATIENCE};

fn pipe() -> (ReadHandle, WriteHandle) {
    windows::create_pipe(0).unwrap()
}

#[test]
fn size_0_is_4096() {
    for (reader, writer) in [pipe(), PipeOptions::new().create().unwrap()] {
        assert_eq!((reader.size_bytes(), writer.size_bytes()), (4096, 4096));
        assert_eq!((reader.capacity_bytes().unwrap(), writer.capacity_bytes().unwrap()), (4096, 4096));
    }
}

#[test]
fn size_1_is_honoured_as_reported() {
    let (reader, writer) = windows::create_pipe(1).unwrap();
    assert_eq!((reader.size_bytes(), writer.size_bytes()), (1, 1));
    assert_eq!(writer.capacity_bytes().unwrap(), 4096, "what the kernel grants is told apart");
}

#[test]
fn a_size_beyond_what_the_kernel_grants_still_makes_a_pipe() {
    let (reader, writer) = windows::create_pipe(usize::MAX).unwrap();
    assert_eq!(reader.size_bytes(), usize::MAX);
    writer.write(b"x", PATIENCE).unwrap();
    assert_eq!(reader.read(&mut [0; 2], PATIENCE).unwrap(), 1);
}

#[test]
fn pending_data_survives_the_writers_close_then_reading_fails_with_broken_pipe() {
    let (reader, writer) = pipe();
    writer.write(b"hello", PATIENCE).unwrap();
    drop(writer);
    let mut target = [0; 8];
    assert_eq!(reader.read(&mut target[..2], PATIENCE).unwrap(), 2);
    assert_eq!(reader.available_bytes().unwrap(), 3);
    assert_eq!(reader.read(&mut target[2..], PATIENCE).unwrap(), 3);
    assert_eq!(&target[..5], b"hello");
    for error in [
        reader.read(&mut target, PATIENCE).unwrap_err(),
        reader.read(&mut [], PATIENCE).unwrap_err(),
        reader.try_read(&mut target).unwrap_err(),
        reader.available_bytes().unwrap_err(),
    ] {
        assert!(matches!(error, ReadError::Broken), "{error}");
        assert_eq!((error.windows_code(), error.fault()), (Some(109), Fault::Peer));
    }
}

#[test]
fn pending_data_survives_the_writers_death() {
    let _turn = turn();
    let (reader, writer) = pipe();
    let mut child = Spawn::new("sh").args(["-c", "printf hello; kill -9 $$"]).stdout(writer).spawn().unwrap();
    child.wait().unwrap();
    let mut target = [0; 8];
    assert_eq!(reader.read(&mut target, PATIENCE).unwrap(), 5);
    assert!(matches!(reader.read(&mut target, PATIENCE), Err(ReadError::Broken)));
}

#[test]
fn writing_when_nobody_reads_fails_with_no_data() {
    // A child that another test starts would hold our ends until its exec.
    let _turn = turn();
    let (reader, writer) = pipe();
    writer.write(b"unread", PATIENCE).unwrap();
    drop(reader);
    let error = writer.write(b"hello", PATIENCE).unwrap_err();
    assert_eq!((error.written_bytes, error.wanted_bytes), (0, 5));
    assert_eq!((error.windows_code(), error.fault()), (Some(232), Fault::Peer));
    assert_eq!(writer.try_write(b"hello").unwrap_err().windows_code(), Some(232));
}

#[test]
fn a_write_that_waits_learns_that_its_reader_is_gone() {
    let (reader, writer) = pipe();
    thread::scope(|scope| {
        let waits = scope.spawn(|| writer.write(&[7; 10_000], PATIENCE).unwrap_err());
        assert_eq!(reader.read(&mut [0; 100], PATIENCE).unwrap(), 100);
        drop(reader);
        let error = waits.join().unwrap();
        assert_eq!(error.windows_code(), Some(232));
        assert!(error.written_bytes < 10_000, "{error}");
    });
}

#[test]
fn a_read_waits_for_data_and_gives_up_at_its_deadline() {
    let (reader, writer) = pipe();
    let mut target = [0; 8];
    assert!(matches!(reader.try_read(&mut target), Err(ReadError::Empty)));
    assert!(matches!(reader.read(&mut target, IMPATIENCE), Err(ReadError::TimedOut)));
    thread::scope(|scope| {
        let waits = scope.spawn(|| reader.read(&mut [0; 8], Deadline::Never).unwrap());
        writer.write(b"hello", PATIENCE).unwrap();
        assert_eq!(waits.join().unwrap(), 5);
    });
}

#[test]
fn a_zero_length_read_waits_for_data_and_consumes_nothing() {
    let (reader, writer) = pipe();
    assert!(matches!(reader.read(&mut [], IMPATIENCE), Err(ReadError::TimedOut)));
    thread::scope(|scope| {
        let waits = scope.spawn(|| reader.read(&mut [], PATIENCE).unwrap());
        writer.write(b"hello", PATIENCE).unwrap();
        assert_eq!(waits.join().unwrap(), 0);
    });
    assert_eq!(reader.available_bytes().unwrap(), 5);
}

#[test]
fn a_zero_length_write_succeeds_and_nothing_happens() {
    let (reader, writer) = pipe();
    writer.write(&[], PATIENCE).unwrap();
    assert_eq!(reader.available_bytes().unwrap(), 0);
}

#[test]
fn a_full_pipe_takes_nothing_and_tells_how_much_went_in() {
    let (reader, writer) = pipe();
    let error = writer.write(&[7; 5000], IMPATIENCE).unwrap_err();
    assert_eq!((error.written_bytes, error.wanted_bytes), (4096, 5000));
    assert_eq!(error.windows_code(), Some(121));
    assert_eq!(writer.try_write(b"x").unwrap(), 0);
    assert_eq!(reader.available_bytes().unwrap(), 4096);
    assert_eq!(reader.read(&mut [0; 8192], PATIENCE).unwrap(), 4096);
    assert_eq!(writer.try_write(b"x").unwrap(), 1);
}

#[test]
fn the_standard_traits_take_a_broken_pipe_for_the_end() {
    let (mut reader, mut writer) = pipe();
    writeln!(writer, "line {}", 1).unwrap();
    writer.flush().unwrap();
    drop(writer);
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    assert_eq!(text, "line 1\n");
}

#[test]
fn an_end_that_was_made_elsewhere_and_the_unix_face_are_one_step_away() {
    let (reader, writer) = cabotage_pipe::anonymous().unwrap();
    let (reader, writer) = (ReadHandle::from(reader), WriteHandle::from(writer));
    writer.write(b"hello", PATIENCE).unwrap();
    assert!(reader.as_fd().try_clone_to_owned().is_ok());
    let mut unix = std::io::PipeReader::from(reader);
    let mut target = [0; 5];
    unix.read_exact(&mut target).unwrap();
    assert_eq!(&target, b"hello");
}
