// SPDX-License-Identifier: MIT OR Apache-2.0
//! An end whose process is killed: the other gets the state that the table says, and the name is usable at once.

use cabotage_pipe::named::{PipeError, State};

use crate::{Harbour, SOON};

#[test]
fn a_killed_client_leaves_what_it_wrote_and_its_server_can_serve_the_next() {
    let harbour = Harbour::new();
    let mut server = harbour.server().max_instances(1).create("pipe").unwrap();
    for round in 0..5 {
        let mut client = harbour.worker();
        client.tell("open pipe");
        server.connect(SOON).unwrap();
        assert_eq!(client.answer(), "ok");
        assert_eq!(client.ask(&format!("write round {round}")), "ok");
        client.kill();
        let mut message = Vec::new();
        server.receive(&mut message, SOON).unwrap();
        assert_eq!(message, format!("round {round}").as_bytes());
        assert_eq!(server.receive(&mut message, SOON), Err(PipeError::Broken));
        assert_eq!(server.state(), Ok(State::Closing));
        server.disconnect().unwrap();
        assert_eq!(server.connect(cabotage_pipe::Deadline::Now), Err(PipeError::Listening));
    }
}

#[test]
fn a_killed_writer_takes_the_unread_part_of_its_blocked_write_with_it() {
    let harbour = Harbour::new();
    let mut server = harbour.server().in_buffer_size(16).create("pipe").unwrap();
    let mut client = harbour.worker();
    assert_eq!(client.ask("open pipe"), "ok");
    assert_eq!(client.ask("write complete"), "ok");
    client.tell("write not complete before it is read");
    while server.peek(&mut []).unwrap().available_bytes < 37 {
        std::thread::yield_now();
    }
    client.kill();
    // A reader that is never idle may take the rest before it looks whether its writer lives.
    assert_eq!(server.state(), Ok(State::Closing));
    let mut message = Vec::new();
    server.receive(&mut message, SOON).unwrap();
    assert_eq!(message, b"complete");
    assert_eq!(server.receive(&mut message, SOON), Err(PipeError::Broken));
}

#[test]
fn a_killed_server_leaves_what_it_wrote_and_its_name_is_usable_at_once() {
    let harbour = Harbour::new();
    for round in 0..5 {
        let mut server = harbour.worker();
        assert_eq!(server.ask("create pipe"), "ok");
        let mut client = harbour.client().open("pipe").unwrap();
        assert_eq!(server.ask(&format!("write round {round}")), "ok");
        server.kill();
        let mut message = Vec::new();
        client.receive(&mut message, SOON).unwrap();
        assert_eq!(message, format!("round {round}").as_bytes());
        assert_eq!(client.receive(&mut message, SOON), Err(PipeError::Broken));
        assert_eq!(client.send(b"x", SOON).unwrap_err().source, PipeError::Closing);
        assert_eq!(harbour.client().open("pipe").map(drop), Err(PipeError::NotFound));
    }
    let _server = harbour.server().first_pipe_instance(true).create("pipe").unwrap();
}

#[test]
fn a_server_that_is_killed_while_its_client_waits_ends_the_wait() {
    let harbour = Harbour::new();
    let mut server = harbour.worker();
    assert_eq!(server.ask("create pipe"), "ok");
    let mut client = harbour.client().open("pipe").unwrap();
    let other = harbour.client().server_uid(cabotage_os::process::own_uid()).wait_for_server(true);
    let waiter = std::thread::spawn(move || other.open_within("pipe", SOON).map(drop));
    let killer = std::thread::spawn(move || {
        assert_eq!(server.ask("read"), "question");
        server.kill();
    });
    assert_eq!(client.transact(b"question", &mut [0; 8], SOON), Err(PipeError::Broken));
    killer.join().unwrap();
    // Who waits for an instance gets the next server's.
    let _server = harbour.server().create("pipe").unwrap();
    waiter.join().unwrap().unwrap();
}
