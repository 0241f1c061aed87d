// SPDX-License-Identifier: MIT OR Apache-2.0
//! Messages that are longer than the quota and the ring: they come in parts, and no reader sees that.

use cabotage_pipe::Deadline;
use cabotage_pipe::named::{NamedPipeClient, NamedPipeServer, PipeError};

use crate::{Harbour, joined};

/// Much longer than the ring of a pipe with the least quota.
const LONG: usize = 100_000;

fn long_message() -> Vec<u8> {
    (0..251).cycle().take(LONG).collect()
}

fn narrow() -> (Harbour, NamedPipeServer, NamedPipeClient) {
    let harbour = Harbour::new();
    joined(&harbour.messages().in_buffer_size(16), &harbour.message_client()).with(harbour)
}

/// The next message, for a writer that goes on by `pump`.
fn received(server: &mut NamedPipeServer, mut pump: impl FnMut()) -> Vec<u8> {
    let mut message = Vec::new();
    loop {
        match server.receive(&mut message, Deadline::Now) {
            Err(PipeError::Empty) => pump(),
            answer => {
                answer.unwrap();
                return message;
            }
        }
    }
}

#[test]
fn a_read_that_gives_up_in_the_middle_of_a_message_loses_nothing_of_it() {
    let (_harbour, mut server, client) = narrow();
    let mut client = client.overlapped();
    let writing = client.begin_write(&long_message()).unwrap();
    let mut message = Vec::new();
    assert_eq!(server.receive(&mut message, Deadline::Now), Err(PipeError::Empty));
    assert!(message.is_empty(), "no part is handed out");
    assert_eq!(server.try_read(&mut vec![0; LONG]), Err(PipeError::Empty));

    let mut start = [0; 10];
    assert_eq!(
        server.try_read(&mut start),
        Err(PipeError::MoreData { got_bytes: 10 }),
        "what fits is handed out"
    );
    assert_eq!(start, long_message()[..10]);
    assert_eq!(received(&mut server, || drop(client.result(writing))), long_message()[10..]);
}

#[test]
fn a_peek_sees_what_a_reader_that_gave_up_has_left() {
    let (_harbour, mut server, client) = narrow();
    let mut client = client.overlapped();
    client.begin_write(&long_message()).unwrap();
    assert_eq!(server.receive(&mut Vec::new(), Deadline::Now), Err(PipeError::Empty));
    let mut start = [0; 100];
    let peeked = server.peek(&mut start).unwrap();
    assert_eq!((peeked.bytes, peeked.available_bytes), (100, LONG as u64));
    assert_eq!(peeked.message_bytes_left, LONG as u64 - 100);
    assert_eq!(start, long_message()[..100]);
}

#[test]
fn a_message_that_is_taken_back_in_the_middle_never_was_and_the_next_is_whole() {
    let (_harbour, mut server, client) = narrow();
    let mut client = client.overlapped();
    let writing = client.begin_write(&long_message()).unwrap();
    let mut message = Vec::new();
    assert_eq!(server.receive(&mut message, Deadline::Now), Err(PipeError::Empty));
    client.cancel(writing).unwrap();
    let next = client.begin_write(b"next").unwrap();
    assert_eq!(received(&mut server, || drop(client.result(next))), b"next");
}

#[test]
fn a_message_that_is_taken_back_after_a_short_read_of_it_is_not_joined_to_the_next() {
    let (_harbour, mut server, client) = narrow();
    let mut client = client.overlapped();
    let writing = client.begin_write(&long_message()).unwrap();
    assert_eq!(server.try_read(&mut [0; 10]), Err(PipeError::MoreData { got_bytes: 10 }));
    client.cancel(writing).unwrap();
    let next = client.begin_write(b"next").unwrap();
    assert_eq!(received(&mut server, || drop(client.result(next))), b"next");
}
