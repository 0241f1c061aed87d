// SPDX-License-Identifier: MIT OR Apache-2.0
//! Bytes and messages, waiting and not.

use std::io::{Read, Write};

use cabotage_pipe::named::{HandleState, PipeError, PipeMode, WaitMode};

use crate::{Harbour, IMPATIENCE, SOON, joined, joined_bytes, joined_messages};

const MESSAGES: HandleState = HandleState { read_mode: PipeMode::Message, wait_mode: WaitMode::Wait };

#[test]
fn message_read_mode_on_a_pipe_of_bytes_is_an_invalid_parameter() {
    let (harbour, mut server, mut client) = joined_bytes();
    assert_eq!(server.set_handle_state(MESSAGES).unwrap_err().code(), 87);
    assert_eq!(client.set_handle_state(MESSAGES).unwrap_err().code(), 87);
    let _other = harbour.bytes().create("other").unwrap();
    assert_eq!(harbour.message_client().open("other").unwrap_err().code(), 87);
}

#[test]
fn byte_read_on_a_pipe_of_messages_crosses_message_borders() {
    let (_harbour, mut server, mut client) = joined_messages();
    for message in [b"one", b"two"] {
        server.write_within(message, SOON).unwrap();
    }
    client.set_handle_state(HandleState::CLIENT).unwrap();
    let mut data = [0; 16];
    let bytes = client.read_within(&mut data, SOON).unwrap();
    assert_eq!(&data[..bytes], b"onetwo");
}

#[test]
fn a_message_read_with_a_short_buffer_is_more_data_and_the_rest_stays_in_the_pipe() {
    let (_harbour, mut server, mut client) = joined_messages();
    server.write_within(b"long message", SOON).unwrap();
    server.write_within(b"next", SOON).unwrap();
    let mut data = [0; 5];
    let error = client.read_within(&mut data, SOON).unwrap_err();
    assert_eq!((error.clone(), error.code()), (PipeError::MoreData { got_bytes: 5 }, 234));
    assert_eq!(&data, b"long ");
    let mut rest = [0; 16];
    // For any thread.
    let (client, bytes) = std::thread::spawn(move || {
        let bytes = client.read_within(&mut rest, SOON);
        assert_eq!(&rest[..7], b"message");
        (client, bytes)
    })
    .join()
    .unwrap();
    assert_eq!(bytes, Ok(7));
    drop(client);
}

#[test]
fn the_read_mode_is_the_handles_own() {
    let (_harbour, mut server, mut client) = joined_messages();
    server.set_handle_state(HandleState::CLIENT).unwrap();
    assert_eq!(client.handle_state(), Ok(MESSAGES));
    client.write_within(b"ab", SOON).unwrap();
    client.write_within(b"cd", SOON).unwrap();
    assert_eq!(server.read_within(&mut [0; 8], SOON), Ok(4));
}

#[test]
fn messages_of_any_length_are_received_whole() {
    let harbour = Harbour::new();
    let pair = joined(&harbour.messages().out_buffer_size(100), &harbour.message_client());
    let (mut server, mut client) = (pair.0, pair.1);
    let lengths = [1, 4096, 4097, 300_000, 0, 7];
    let writer = std::thread::spawn(move || {
        for bytes in lengths {
            server.send(&vec![7; bytes], SOON).unwrap();
        }
        server.flush_within(SOON).unwrap();
        server
    });
    let mut message = vec![1, 2, 3];
    for bytes in lengths {
        client.receive(&mut message, SOON).unwrap();
        assert_eq!(message, vec![7; bytes]);
    }
    drop(writer.join().unwrap());
    assert_eq!(client.receive(&mut message, SOON), Err(PipeError::Broken));
}

#[test]
fn bytes_are_no_messages_to_receive() {
    let (_harbour, mut server, _client) = joined_bytes();
    assert_eq!(server.receive(&mut Vec::new(), SOON).unwrap_err().code(), 230);
}

#[test]
fn nowait_reading_an_empty_pipe_is_no_data() {
    let (_harbour, mut server, mut client) = joined_bytes();
    let nowait = HandleState { wait_mode: WaitMode::NoWait, ..HandleState::CLIENT };
    client.set_handle_state(nowait).unwrap();
    assert_eq!(client.read_within(&mut [0; 4], SOON).unwrap_err().code(), 232);
    server.write_within(b"x", SOON).unwrap();
    assert_eq!(client.read_within(&mut [0; 4], SOON), Ok(1));
}

#[test]
fn nowait_writing_more_than_fits_is_success_with_0_bytes() {
    let harbour = Harbour::new();
    let options = harbour.messages().in_buffer_size(512);
    let pair = joined(&options, &harbour.message_client().wait_mode(WaitMode::NoWait));
    let (mut server, mut client) = (pair.0, pair.1);
    assert_eq!(client.write_within(&[0; 513], SOON), Ok(0));
    assert_eq!(client.write_within(&[0; 512], SOON), Ok(512), "exactly the quota fits");
    assert_eq!(client.write_within(&[0; 1], SOON), Ok(0));
    assert_eq!(client.write(&[0; 1]).unwrap(), 0);
    assert_eq!(client.send(&[0; 1], SOON).unwrap_err().code(), 121);
    assert_eq!(server.read_within(&mut [0; 512], SOON), Ok(512));
    assert_eq!(client.write_within(&[0; 512], SOON), Ok(512));
}

#[test]
fn std_reads_until_the_other_end_is_closed_and_a_long_message_in_parts() {
    let (_harbour, mut server, mut client) = joined_messages();
    write!(server, "first").unwrap();
    server.write_all(b"second, longer").unwrap();
    server.flush().unwrap();
    drop(server);
    let mut start = [0; 2];
    client.read_exact(&mut start).unwrap();
    let mut text = String::new();
    client.read_to_string(&mut text).unwrap();
    assert_eq!((&start, text.as_str()), (b"fi", "rstsecond, longer"));
}

#[test]
fn a_quota_of_0_lets_each_write_wait_for_its_read() {
    let harbour = Harbour::new();
    let pair = joined(&harbour.bytes().in_buffer_size(0), &harbour.client());
    let (mut server, mut client) = (pair.0, pair.1);
    let error = client.write_within(b"abc", IMPATIENCE).unwrap_err();
    assert_eq!((error.taken_bytes, error.wanted_bytes, error.code()), (0, 3, 121));
    let writer = std::thread::spawn(move || client.write_within(b"def", SOON));
    let mut data = [0; 8];
    assert_eq!(server.read_within(&mut data, SOON), Ok(3));
    assert_eq!((writer.join().unwrap(), &data[..3]), (Ok(3), &b"def"[..]));
}
