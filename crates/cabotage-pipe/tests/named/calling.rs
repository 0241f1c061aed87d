// SPDX-License-Identifier: MIT OR Apache-2.0
//! Transactions, calls and flushes.

use cabotage_pipe::Deadline;
use cabotage_pipe::named::{HandleState, PipeError};

use crate::{Harbour, IMPATIENCE, SOON, joined, joined_messages};

#[test]
fn a_transaction_writes_and_reads_in_one_operation() {
    let (_harbour, mut server, mut client) = joined_messages();
    let peer = std::thread::spawn(move || {
        let mut question = Vec::new();
        server.receive(&mut question, SOON).unwrap();
        question.reverse();
        server.send(&question, SOON).unwrap();
        server.flush_within(SOON).unwrap();
    });
    let mut answer = [0; 16];
    assert_eq!(client.transact(b"abc", &mut answer, SOON), Ok(3));
    assert_eq!(&answer[..3], b"cba");
    peer.join().unwrap();
}

#[test]
fn a_transaction_in_byte_read_mode_is_a_bad_pipe() {
    let (_harbour, _server, mut client) = joined_messages();
    client.set_handle_state(HandleState::CLIENT).unwrap();
    assert_eq!(client.transact(b"?", &mut [0; 4], SOON).unwrap_err().code(), 230);
}

#[test]
fn a_transaction_with_data_already_queued_is_pipe_busy() {
    let (_harbour, mut server, mut client) = joined_messages();
    server.send(b"news", SOON).unwrap();
    assert_eq!(client.transact(b"?", &mut [0; 4], SOON).unwrap_err().code(), 231);
    client.receive(&mut Vec::new(), SOON).unwrap();
    assert_eq!(client.transact(b"?", &mut [0; 4], Deadline::Now).unwrap_err(), PipeError::Empty);
}

#[test]
fn the_write_of_a_transaction_never_blocks_on_the_quota() {
    let harbour = Harbour::new();
    let pair = joined(&harbour.messages().in_buffer_size(10), &harbour.message_client());
    let (mut server, mut client) = (pair.0, pair.1);
    let peer = std::thread::spawn(move || {
        // The answer is written before the question is read.
        server.send(b"done", SOON).unwrap();
        let mut question = Vec::new();
        server.receive(&mut question, SOON).unwrap();
        (server, question.len())
    });
    // Unless the answer has come first, which is busy.
    match client.transact(&[1; 1000], &mut [0; 16], SOON) {
        Ok(4) => {}
        Err(PipeError::UnreadData) => {
            client.receive(&mut Vec::new(), SOON).unwrap();
            client.write_within(&[1; 1000], SOON).unwrap();
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(peer.join().unwrap().1, 1000);
}

#[test]
fn an_answer_longer_than_the_buffer_is_more_data() {
    let (_harbour, mut server, mut client) = joined_messages();
    let peer = std::thread::spawn(move || {
        server.receive(&mut Vec::new(), SOON).unwrap();
        server.send(b"long answer", SOON).unwrap();
        server
    });
    let mut answer = [0; 4];
    assert_eq!(client.transact(b"?", &mut answer, SOON), Err(PipeError::MoreData { got_bytes: 4 }));
    let mut rest = Vec::new();
    client.receive(&mut rest, SOON).unwrap();
    assert_eq!((&answer, &rest[..]), (b"long", &b" answer"[..]));
    drop(peer.join().unwrap());
}

#[test]
fn giving_a_transaction_up_keeps_the_written_request() {
    let (_harbour, mut server, mut client) = joined_messages();
    assert_eq!(client.transact(b"question", &mut [0; 4], IMPATIENCE), Err(PipeError::TimedOut));
    let mut question = Vec::new();
    server.receive(&mut question, SOON).unwrap();
    assert_eq!(question, b"question");
}

#[test]
fn both_ends_may_transact_at_each_other() {
    let (_harbour, mut server, mut client) = joined_messages();
    // Who is second finds the other's question, which is busy, and answers it.
    let ask = |answer: Result<usize, PipeError>| match answer {
        Ok(1) => true,
        Err(PipeError::UnreadData) => false,
        other => panic!("{other:?}"),
    };
    let peer = std::thread::spawn(move || {
        let asked = ask(server.transact(b"s", &mut [0; 4], SOON));
        if !asked {
            server.send(b"s", SOON).unwrap();
        }
        (server, asked)
    });
    let asked = ask(client.transact(b"c", &mut [0; 4], SOON));
    if !asked {
        client.send(b"c", SOON).unwrap();
    }
    let (_server, peer_asked) = peer.join().unwrap();
    assert!(asked || peer_asked);
}

#[test]
fn a_call_opens_transacts_and_closes_and_waits_for_an_instance() {
    let harbour = Harbour::new();
    let mut server = harbour.messages().create("pipe").unwrap();
    let busy = harbour.client().open("pipe").unwrap();
    let options = harbour.message_client();
    let caller = std::thread::spawn(move || {
        let mut answer = [0; 8];
        let bytes = options.call("pipe", b"ab", &mut answer, SOON)?;
        Ok::<_, PipeError>(answer[..bytes].to_vec())
    });
    server.connect(SOON).unwrap();
    drop(busy);
    server.disconnect().unwrap();
    server.connect(SOON).unwrap();
    let mut question = Vec::new();
    server.receive(&mut question, SOON).unwrap();
    server.send(&question.repeat(2), SOON).unwrap();
    assert_eq!(caller.join().unwrap().unwrap(), b"abab");
    assert_eq!(server.receive(&mut question, SOON), Err(PipeError::Broken), "it closes");
}

#[test]
fn a_call_of_no_pipe_is_file_not_found() {
    let harbour = Harbour::new();
    assert_eq!(harbour.message_client().call("pipe", b"?", &mut [], SOON).unwrap_err().code(), 2);
}

#[test]
fn a_flush_waits_until_the_other_end_has_read_all() {
    let (_harbour, mut server, mut client) = joined_messages();
    client.flush_within(SOON).unwrap();
    client.send(b"one", SOON).unwrap();
    assert_eq!(client.flush_within(IMPATIENCE).unwrap_err().code(), 121);
    let reader = std::thread::spawn(move || {
        server.receive(&mut Vec::new(), SOON).unwrap();
        server
    });
    client.flush_within(SOON).unwrap();
    drop(reader.join().unwrap());
}
