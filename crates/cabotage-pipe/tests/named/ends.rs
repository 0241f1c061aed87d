// SPDX-License-Identifier: MIT OR Apache-2.0
//! What becomes of data and of pending writes when an end goes.

use cabotage_pipe::named::{PipeError, State};

use crate::{Harbour, SOON, joined, joined_bytes, joined_messages};

#[test]
fn what_a_closed_end_wrote_is_still_readable_then_the_pipe_is_broken() {
    let (_harbour, mut server, mut client) = joined_messages();
    for message in [&b"one"[..], b"two"] {
        client.send(message, SOON).unwrap();
    }
    client.close();
    assert_eq!(server.state(), Ok(State::Closing));
    let mut message = Vec::new();
    for expected in [&b"one"[..], b"two"] {
        server.receive(&mut message, SOON).unwrap();
        assert_eq!(message, expected);
    }
    assert_eq!(server.receive(&mut message, SOON).unwrap_err().code(), 109);
    assert_eq!(server.send(b"x", SOON).unwrap_err().code(), 232);
}

#[test]
fn a_disconnect_destroys_all_unread_data_both_ways() {
    let (_harbour, mut server, mut client) = joined_messages();
    client.send(b"to the server", SOON).unwrap();
    server.send(b"to the client", SOON).unwrap();
    server.disconnect().unwrap();
    assert_eq!(server.try_read(&mut [0; 8]).unwrap_err().code(), 233);
    assert_eq!(client.try_read(&mut [0; 8]).unwrap_err().code(), 233);
    assert_eq!(client.try_write(b"x").unwrap_err().code(), 233);
    assert_eq!(server.state(), Ok(State::Disconnected));
    assert_eq!(client.state(), Ok(State::Disconnected));
}

#[test]
fn the_next_client_sees_nothing_of_the_last_one() {
    let (harbour, mut server, mut client) = joined_messages();
    client.send(b"old", SOON).unwrap();
    server.send(b"old", SOON).unwrap();
    server.disconnect().unwrap();
    let next = harbour.message_client();
    let opener = std::thread::spawn(move || next.open_within("pipe", SOON));
    server.connect(SOON).unwrap();
    let mut next = opener.join().unwrap().unwrap();
    assert_eq!(next.try_read(&mut [0; 8]), Err(PipeError::Empty));
    next.send(b"new", SOON).unwrap();
    let mut message = Vec::new();
    server.receive(&mut message, SOON).unwrap();
    assert_eq!(message, b"new");
}

#[test]
fn a_peer_that_closes_with_my_write_pending_breaks_it_and_my_flush() {
    for is_flush in [false, true] {
        let harbour = Harbour::new();
        let pair = joined(&harbour.bytes().in_buffer_size(4), &harbour.client());
        let (server, mut client) = (pair.0, pair.1);
        let closer = std::thread::spawn(move || {
            let mut server = server;
            // Until something is written.
            while server.peek(&mut []).unwrap().available_bytes == 0 {
                std::thread::yield_now();
            }
            drop(server);
        });
        let code = if is_flush {
            client.write_within(b"ab", SOON).unwrap();
            client.flush_within(SOON).unwrap_err().code()
        } else {
            client.write_within(b"abcdef", SOON).unwrap_err().code()
        };
        closer.join().unwrap();
        assert_eq!(code, 109, "flush: {is_flush}");
    }
}

#[test]
fn a_disconnect_with_my_write_pending_ends_it_and_my_flush_as_not_connected() {
    for is_flush in [false, true] {
        let harbour = Harbour::new();
        let pair = joined(&harbour.bytes().in_buffer_size(4), &harbour.client());
        let (mut server, mut client) = (pair.0, pair.1);
        let closer = std::thread::spawn(move || {
            while server.peek(&mut []).unwrap().available_bytes == 0 {
                std::thread::yield_now();
            }
            server.disconnect().unwrap();
            server
        });
        let code = if is_flush {
            client.write_within(b"ab", SOON).unwrap();
            client.flush_within(SOON).unwrap_err().code()
        } else {
            client.write_within(b"abcdef", SOON).unwrap_err().code()
        };
        drop(closer.join().unwrap());
        assert_eq!(code, 233, "flush: {is_flush}");
    }
}

#[test]
fn first_data_is_there_before_the_server_accepts() {
    let harbour = Harbour::new();
    let mut server = harbour.bytes().create("pipe").unwrap();
    let mut client = harbour.client().open("pipe").unwrap();
    client.write_within(b"early", SOON).unwrap();
    drop(client);
    // Without a connect: whoever opens an instance has it.
    let mut data = [0; 8];
    assert_eq!(server.read_within(&mut data, SOON), Ok(5));
    assert_eq!(server.connect(SOON).unwrap_err().code(), 232);
}

#[test]
fn a_server_may_write_before_it_accepts() {
    let harbour = Harbour::new();
    let mut server = harbour.bytes().create("pipe").unwrap();
    assert_eq!(server.try_write(b"x").unwrap_err().code(), 536);
    let mut client = harbour.client().open("pipe").unwrap();
    server.write_within(b"hello", SOON).unwrap();
    assert_eq!(client.read_within(&mut [0; 8], SOON), Ok(5));
}

#[test]
fn a_closed_server_takes_its_unaccepted_client_with_it() {
    let harbour = Harbour::new();
    let server = harbour.bytes().create("pipe").unwrap();
    let mut client = harbour.client().open("pipe").unwrap();
    server.close().unwrap();
    assert_eq!(client.read_within(&mut [0; 8], SOON).unwrap_err().code(), 109);
    assert_eq!(harbour.client().open("pipe").unwrap_err().code(), 2);
}

#[test]
fn both_ways_at_once_and_a_lot_of_it() {
    const BYTES: usize = 1 << 20;
    let (_harbour, mut server, mut client) = joined_bytes();
    let data: Vec<u8> = (0..BYTES).map(|at| u8::try_from(at % 251).unwrap()).collect();
    let sent = data.clone();
    let echo = std::thread::spawn(move || {
        let (mut buffer, mut done) = (vec![0; 10_000], 0);
        while done < BYTES {
            let bytes = server.read_within(&mut buffer, SOON).unwrap();
            server.write_within(&buffer[..bytes], SOON).unwrap();
            done += bytes;
        }
        server.flush_within(SOON).unwrap();
    });
    let (mut back, mut buffer, mut at) = (Vec::new(), vec![0; 30_000], 0);
    while back.len() < BYTES {
        if at < BYTES {
            let end = (at + 7_000).min(BYTES);
            at += client.try_write(&sent[at..end]).unwrap();
        }
        match client.try_read(&mut buffer) {
            Ok(bytes) => back.extend_from_slice(&buffer[..bytes]),
            Err(PipeError::Empty) => std::thread::yield_now(),
            Err(error) => panic!("{error}"),
        }
    }
    assert!(back == data);
    echo.join().unwrap();
}
