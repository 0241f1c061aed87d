// SPDX-License-Identifier: MIT OR Apache-2.0
//! An end in two halves, each in a thread.

use std::io::{Read, Write};

use cabotage_pipe::Deadline;
use cabotage_pipe::named::{HandleState, PipeError, PipeMode, State};

use crate::{Harbour, IMPATIENCE, SOON, joined, joined_bytes, joined_messages};

/// Much more than the quota and the ring.
const LONG: usize = 1 << 20;

#[test]
fn one_half_reads_while_the_other_writes_more_than_the_quota_at_both_ends() {
    let (_harbour, server, client) = joined_bytes();
    let sent: Vec<u8> = (0..=250).cycle().take(LONG).collect();
    let (server, client) = (server.split().unwrap(), client.split());
    let got = std::thread::scope(|scope| {
        let (mut ends, mut others) = (server, client);
        let readers =
            [scope.spawn(move || read_all(&mut ends.0)), scope.spawn(move || read_all(&mut others.0))];
        let (first, second) = (&sent, &sent);
        let writers =
            [scope.spawn(move || ends.1.write_all(first)), scope.spawn(move || others.1.write_all(second))];
        writers.into_iter().for_each(|writer| writer.join().unwrap().unwrap());
        readers.map(|reader| reader.join().unwrap())
    });
    assert!(got.iter().all(|got| *got == sent));
}

fn read_all(reader: &mut impl Read) -> Vec<u8> {
    let mut got = vec![0; LONG];
    reader.read_exact(&mut got).unwrap();
    got
}

#[test]
fn a_half_that_sleeps_is_told_when_the_other_end_goes() {
    let (_harbour, server, client) = joined_messages();
    let (mut reader, mut writer) = client.split();
    let sleeps = std::thread::spawn(move || reader.receive(&mut Vec::new(), SOON));
    drop(server);
    assert_eq!(sleeps.join().unwrap(), Err(PipeError::Broken));
    assert_eq!(writer.send(b"x", SOON).unwrap_err().source, PipeError::Closing);
    assert_eq!(writer.state(), Ok(State::Closing));
}

#[test]
fn both_halves_are_told_of_a_disconnect() {
    let (_harbour, mut server, client) = joined_messages();
    let (mut reader, mut writer) = client.split();
    server.disconnect().unwrap();
    assert_eq!(reader.receive(&mut Vec::new(), SOON), Err(PipeError::Disconnected));
    assert_eq!(writer.send(b"x", SOON).unwrap_err().source, PipeError::Disconnected);
    assert_eq!((reader.state(), writer.state()), (Ok(State::Disconnected), Ok(State::Disconnected)));
}

#[test]
fn the_end_is_there_until_both_halves_are_gone() {
    let (_harbour, mut server, client) = joined_messages();
    let (reader, mut writer) = client.split();
    drop(reader);
    assert_eq!(server.state(), Ok(State::Connected));
    writer.send(b"last words", SOON).unwrap();
    drop(writer);
    let mut message = Vec::new();
    server.receive(&mut message, SOON).unwrap();
    assert_eq!(message, b"last words");
    assert_eq!(server.receive(&mut message, SOON), Err(PipeError::Broken));
}

#[test]
fn the_instance_of_a_server_is_there_until_both_halves_are_gone() {
    let harbour = Harbour::new();
    let pair = joined(&harbour.messages().max_instances(1), &harbour.message_client());
    let (reader, writer) = pair.0.split().unwrap();
    drop(writer);
    assert_eq!(harbour.client().open("pipe").map(drop), Err(PipeError::AllBusy));
    drop(reader);
    assert_eq!(harbour.client().open("pipe").map(drop), Err(PipeError::NotFound));
}

#[test]
fn united_halves_are_the_end_again_with_what_was_not_read() {
    let (_harbour, server, mut client) = joined_messages();
    client.send(b"first and second", SOON).unwrap();
    let (mut reader, mut writer) = server.split().unwrap();
    assert_eq!(reader.read_within(&mut [0; 5], SOON), Err(PipeError::MoreData { got_bytes: 5 }));
    writer.send(b"answer", SOON).unwrap();
    let mut server = reader.unite(writer).unwrap();
    let mut rest = [0; 16];
    assert_eq!(server.read_within(&mut rest, SOON), Ok(11));
    assert!(server.impersonate().is_ok(), "something was read, by a half");
    client.receive(&mut Vec::new(), SOON).unwrap();
    server.disconnect().unwrap();
    assert_eq!(server.connect(Deadline::Now), Err(PipeError::Listening));
}

#[test]
fn halves_of_different_ends_are_not_united() {
    let (_harbour, server, client) = joined_messages();
    let (_other_harbour, other, _other_client) = joined_messages();
    drop(client);
    let (reader, writer) = server.split().unwrap();
    let (other_reader, other_writer) = other.split().unwrap();
    let (reader, other_writer) = *reader.unite(other_writer).unwrap_err();
    assert!(reader.unite(writer).is_ok());
    assert!(other_reader.unite(other_writer).is_ok());
}

#[test]
fn a_server_without_a_client_is_not_split_and_comes_back() {
    let harbour = Harbour::new();
    let server = harbour.messages().create("pipe").unwrap();
    let unsplit = server.split().unwrap_err();
    assert_eq!(unsplit.error, PipeError::Listening);
    let _client = harbour.client().open("pipe").unwrap();
    assert!(unsplit.end.split().is_ok(), "a client has come");
}

#[test]
fn each_half_reads_and_waits_as_it_is_told() {
    let (_harbour, mut server, client) = joined_messages();
    let (mut reader, mut writer) = client.split();
    let as_bytes = HandleState { read_mode: PipeMode::Byte, ..reader.handle_state().unwrap() };
    reader.set_handle_state(as_bytes).unwrap();
    assert_eq!(writer.handle_state().unwrap().read_mode, PipeMode::Message);
    server.send(b"one", SOON).unwrap();
    server.send(b"two", SOON).unwrap();
    assert_eq!(reader.read_within(&mut [0; 8], SOON), Ok(6), "across the border");
    assert_eq!(reader.read_within(&mut [0; 8], IMPATIENCE), Err(PipeError::TimedOut));
    writer.write_all(b"x").unwrap();
    writer.flush().unwrap();
    assert_eq!(writer.flush_within(IMPATIENCE), Err(PipeError::TimedOut), "nobody has read");
}
