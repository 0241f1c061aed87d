// SPDX-License-Identifier: MIT OR Apache-2.0
//! Overlapped operations.

use cabotage_os::poll::{self, Readiness};
use cabotage_pipe::Deadline;
use cabotage_pipe::named::{Completed, PipeError, Ready, State};

use crate::{Harbour, IMPATIENCE, SOON, joined, joined_messages};

fn read(data: &[u8]) -> Completed {
    Completed::Read { data: data.to_vec(), is_more: false }
}

#[test]
fn pending_reads_are_first_in_first_out() {
    let (_harbour, server, mut client) = joined_messages();
    let mut server = server.overlapped();
    let reads: Vec<_> = (0..3).map(|_| server.begin_read(16).unwrap()).collect();
    assert_eq!(server.result(reads[0]), Err(PipeError::Incomplete));
    for message in [b"1", b"2", b"3"] {
        client.send(message, SOON).unwrap();
    }
    // Asked for in another order.
    assert_eq!(server.wait(reads[2], SOON), Ok(read(b"3")));
    assert_eq!(server.wait(reads[0], SOON), Ok(read(b"1")));
    assert_eq!(server.wait(reads[1], SOON), Ok(read(b"2")));
    assert_eq!(server.result(reads[1]), Err(PipeError::NothingToCancel), "told once");
}

#[test]
fn an_operation_that_is_pending_is_incomplete_and_has_that_code() {
    let (_harbour, server, _client) = joined_messages();
    let mut server = server.overlapped();
    let operation = server.begin_read(16).unwrap();
    assert_eq!(server.result(operation).unwrap_err().code(), 996);
    assert_eq!(server.wait(operation, IMPATIENCE), Err(PipeError::TimedOut));
    assert_eq!(server.result(operation), Err(PipeError::Incomplete), "it stays pending");
}

#[test]
fn an_immediate_error_leaves_no_operation() {
    let harbour = Harbour::new();
    let mut server = harbour.messages().create("pipe").unwrap().overlapped();
    assert_eq!(server.begin_read(16).unwrap_err().code(), 536);
    assert_eq!(server.begin_write(b"x").unwrap_err().code(), 536);
    assert_eq!(server.next(Deadline::Now).unwrap_err(), PipeError::NothingToCancel);
}

#[test]
fn an_immediate_success_is_told_as_every_other() {
    let (_harbour, mut server, client) = joined_messages();
    server.send(b"there", SOON).unwrap();
    let mut client = client.overlapped();
    let operation = client.begin_read(16).unwrap();
    assert_eq!(client.next(SOON).unwrap(), (operation, Ok(read(b"there"))));
    let operation = client.begin_write(b"x").unwrap();
    assert_eq!(client.next(SOON).unwrap(), (operation, Ok(Completed::Written { bytes: 1 })));
}

#[test]
fn a_short_overlapped_read_says_that_more_is_left() {
    let (_harbour, mut server, client) = joined_messages();
    let mut client = client.overlapped();
    let operation = client.begin_read(4).unwrap();
    server.send(b"long message", SOON).unwrap();
    let expected = Completed::Read { data: b"long".to_vec(), is_more: true };
    assert_eq!(client.wait(operation, SOON), Ok(expected));
}

#[test]
fn a_cancelled_operation_is_aborted_and_cancelling_twice_finds_nothing() {
    let (_harbour, server, mut client) = joined_messages();
    let mut server = server.overlapped();
    let operation = server.begin_read(16).unwrap();
    assert_eq!(server.cancel(operation), Ok(0));
    assert_eq!(server.cancel(operation).unwrap_err().code(), 1168);
    assert_eq!(server.result(operation).unwrap_err().code(), 995);
    // What comes later is for the next read.
    client.send(b"later", SOON).unwrap();
    let operation = server.begin_read(16).unwrap();
    assert_eq!(server.wait(operation, SOON), Ok(read(b"later")));
    assert_eq!(server.cancel(operation).unwrap_err().code(), 1168);
}

#[test]
fn cancelling_a_blocked_write_takes_its_unread_bytes_back_and_the_next_follows() {
    let harbour = Harbour::new();
    let pair = joined(&harbour.bytes().in_buffer_size(4), &harbour.client());
    let (mut server, mut client) = (pair.0, pair.1.overlapped());
    let blocked = client.begin_write(b"abcdef").unwrap();
    let mut data = [0; 8];
    assert_eq!(server.read_within(&mut data[..1], SOON), Ok(1));
    assert_eq!(client.result(blocked), Err(PipeError::Incomplete));
    assert_eq!(client.cancel(blocked), Ok(1), "one byte stays with the other end");
    assert_eq!(client.result(blocked), Err(PipeError::Cancelled));
    let next = client.begin_write(b"next").unwrap();
    assert_eq!(client.wait(next, SOON), Ok(Completed::Written { bytes: 4 }));
    let bytes = server.read_within(&mut data, SOON).unwrap();
    assert_eq!(&data[..bytes], b"next");
}

#[test]
fn a_flush_waits_on_an_overlapped_end_and_cancelling_the_blocked_write_releases_it() {
    let harbour = Harbour::new();
    let pair = joined(&harbour.bytes().in_buffer_size(4), &harbour.client());
    let (_server, mut client) = (pair.0, pair.1.overlapped());
    let blocked = client.begin_write(b"abcdef").unwrap();
    assert_eq!(client.get_mut().flush_within(IMPATIENCE), Err(PipeError::TimedOut));
    client.cancel(blocked).unwrap();
    assert_eq!(client.get_mut().flush_within(SOON), Ok(()));
}

#[test]
fn a_write_and_a_read_may_be_pending_together() {
    let harbour = Harbour::new();
    let pair = joined(&harbour.messages().in_buffer_size(4), &harbour.message_client());
    let (mut server, mut client) = (pair.0, pair.1.overlapped());
    let reading = client.begin_read(16).unwrap();
    let writing = client.begin_write(b"a long question").unwrap();
    let peer = std::thread::spawn(move || {
        let mut question = Vec::new();
        server.receive(&mut question, SOON).unwrap();
        server.send(b"answer", SOON).unwrap();
        server
    });
    let mut finished = [client.next(SOON).unwrap(), client.next(SOON).unwrap()];
    finished.sort_by_key(|(operation, _)| *operation);
    assert_eq!(finished[0], (reading, Ok(read(b"answer"))));
    assert_eq!(finished[1], (writing, Ok(Completed::Written { bytes: 15 })));
    drop(peer.join().unwrap());
}

#[test]
fn a_pending_connect_is_told_when_a_client_opens_the_pipe() {
    let harbour = Harbour::new();
    let mut server = harbour.messages().create("pipe").unwrap().overlapped();
    let connecting = server.begin_connect().unwrap();
    assert_eq!(server.ready(), Ok(Ready::Armed));
    let _client = harbour.client().open("pipe").unwrap();
    let [found] = poll::wait([(server.fd().unwrap(), Readiness::IN)], Deadline::within(SOON)).unwrap();
    assert!(!found.is_empty());
    assert_eq!(server.result(connecting), Ok(Completed::Connected));
    assert_eq!(server.begin_connect().unwrap_err().code(), 535);
}

#[test]
fn the_descriptor_tells_that_an_operation_is_finished() {
    let (_harbour, mut server, client) = joined_messages();
    let mut client = client.overlapped();
    let operation = client.begin_read(16).unwrap();
    let sender = std::thread::spawn(move || {
        server.send(b"x", SOON).unwrap();
        server
    });
    while client.ready() == Ok(Ready::Armed) {
        poll::wait([(client.fd().unwrap(), Readiness::IN)], Deadline::within(SOON)).unwrap();
    }
    assert_eq!(client.result(operation), Ok(read(b"x")));
    drop(sender.join().unwrap());
}

#[test]
fn operations_are_cancelled_when_their_end_goes() {
    let harbour = Harbour::new();
    let pair = joined(&harbour.bytes().in_buffer_size(4), &harbour.client());
    let (mut server, mut client) = (pair.0, pair.1.overlapped());
    client.begin_read(16).unwrap();
    client.begin_write(b"done").unwrap();
    client.begin_write(b"never").unwrap();
    drop(client);
    let mut data = [0; 16];
    let bytes = server.read_within(&mut data, SOON).unwrap();
    assert_eq!(&data[..bytes], b"done");
    assert_eq!(server.read_within(&mut data, SOON), Err(PipeError::Broken));
}

#[test]
fn pending_operations_end_as_the_state_says_when_the_other_end_goes() {
    let harbour = Harbour::new();
    let pair = joined(&harbour.bytes().in_buffer_size(4), &harbour.client());
    let (mut server, mut client) = (pair.0, pair.1.overlapped());
    let reading = client.begin_read(16).unwrap();
    let writing = client.begin_write(b"too long").unwrap();
    server.disconnect().unwrap();
    assert_eq!(client.wait(reading, SOON).unwrap_err().code(), 233);
    assert_eq!(client.wait(writing, SOON).unwrap_err().code(), 233);

    let pair = joined(&harbour.bytes().in_buffer_size(4), &harbour.client());
    let (server, mut client) = (pair.0, pair.1.overlapped());
    let reading = client.begin_read(16).unwrap();
    let writing = client.begin_write(b"too long").unwrap();
    drop(server);
    assert_eq!(client.wait(reading, SOON).unwrap_err().code(), 109);
    assert_eq!(client.wait(writing, SOON).unwrap_err().code(), 109);
    assert_eq!(client.get_mut().state(), Ok(State::Closing));
}

#[test]
fn all_that_is_pending_is_cancelled_at_once_and_the_end_goes_on() {
    let (_harbour, server, mut client) = joined_messages();
    let mut server = server.overlapped();
    for _ in 0..3 {
        server.begin_read(16).unwrap();
    }
    assert_eq!(server.cancel_all(), Ok(3));
    let mut server = server.into_inner().unwrap();
    client.send(b"on", SOON).unwrap();
    assert_eq!(server.read_within(&mut [0; 4], SOON), Ok(2));
}

#[test]
fn a_transaction_and_a_flush_may_be_pending_beside_other_operations() {
    let (_harbour, server, mut client) = joined_messages();
    let mut server = server.overlapped();
    let asked = server.begin_transact(b"what is it?", 16).unwrap();
    let flushed = server.begin_flush().unwrap();
    assert_eq!(server.begin_transact(b"and?", 16), Err(PipeError::UnreadData), "one answer at a time");
    assert_eq!(server.ready(), Ok(Ready::Armed));
    let mut question = Vec::new();
    client.receive(&mut question, SOON).unwrap();
    assert_eq!(question, b"what is it?");
    assert_eq!(server.wait(flushed, SOON), Ok(Completed::Flushed));
    client.send(b"ahoy", SOON).unwrap();
    assert_eq!(server.wait(asked, SOON), Ok(read(b"ahoy")));
    let flushed = server.begin_flush().unwrap();
    assert_eq!(server.result(flushed), Ok(Completed::Flushed), "all is read already");
}

#[test]
fn a_transaction_that_is_cancelled_leaves_its_question_and_a_flush_ends_with_the_other_end() {
    let (_harbour, server, mut client) = joined_messages();
    let mut server = server.overlapped();
    let asked = server.begin_transact(b"what is it?", 16).unwrap();
    server.cancel(asked).unwrap();
    assert_eq!(server.result(asked), Err(PipeError::Cancelled));
    let flushed = server.begin_flush().unwrap();
    assert!(client.peek(&mut []).unwrap().available_bytes > 0);
    drop(client);
    assert_eq!(server.wait(flushed, SOON), Err(PipeError::Broken));
}

#[test]
fn a_question_that_is_longer_than_the_pipe_is_wide_goes_on_although_its_transaction_was_cancelled() {
    let (_harbour, server, mut client) = joined_messages();
    let mut server = server.overlapped();
    let question = vec![7; 1 << 20];
    let asked = server.begin_transact(&question, 16).unwrap();
    server.cancel(asked).unwrap();
    assert_eq!(server.result(asked), Err(PipeError::Cancelled));
    assert!(server.is_busy());
    assert_eq!(server.next(Deadline::Now).unwrap_err(), PipeError::NothingToCancel, "nobody is told of it");
    let reader = std::thread::spawn(move || {
        let mut message = Vec::new();
        client.receive(&mut message, SOON).unwrap();
        message
    });
    while server.is_busy() {
        if server.ready().unwrap() == Ready::Armed {
            poll::wait([(server.fd().unwrap(), Readiness::IN)], Deadline::within(SOON)).unwrap();
        }
    }
    assert_eq!(reader.join().unwrap(), question);
}

#[test]
fn a_question_that_is_longer_than_the_pipe_is_wide_is_written_while_its_answer_is_awaited() {
    let harbour = Harbour::new();
    let server = harbour.messages().in_buffer_size(16).out_buffer_size(16);
    let (_harbour, server, mut client) = joined(&server, &harbour.message_client()).with(harbour);
    let mut server = server.overlapped();
    let question = vec![7; 1 << 20];
    let asked = server.begin_transact(&question, 16).unwrap();
    let answers = std::thread::spawn(move || {
        let mut message = Vec::new();
        client.receive(&mut message, SOON).unwrap();
        client.send(b"yes", SOON).unwrap();
        message
    });
    assert_eq!(server.wait(asked, SOON), Ok(read(b"yes")));
    assert_eq!(answers.join().unwrap(), question);
}
