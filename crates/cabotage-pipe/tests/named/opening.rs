// SPDX-License-Identifier: MIT OR Apache-2.0
//! Creating, opening, waiting: what is there, what is free, and who may.

use cabotage_pipe::Deadline;
use cabotage_pipe::named::{NamedPipeServer, PipeError, PipeMode, State, WaitMode};

use crate::{Harbour, IMPATIENCE, SOON};

fn code<T: std::fmt::Debug>(answer: Result<T, PipeError>) -> u32 {
    answer.unwrap_err().code()
}

#[test]
fn opening_a_pipe_that_does_not_exist_is_file_not_found() {
    let harbour = Harbour::new();
    assert_eq!(code(harbour.client().open("pipe")), 2);
    // Nor is one waited for, unless it is asked for.
    assert_eq!(code(harbour.client().open_within("pipe", SOON)), 2);
    assert_eq!(code(harbour.client().wait_for_server(true).open_within("pipe", IMPATIENCE)), 2);
}

#[test]
fn opening_without_a_listening_instance_is_pipe_busy() {
    let harbour = Harbour::new();
    let mut server = harbour.bytes().create("pipe").unwrap();
    let client = harbour.client().open("pipe").unwrap();
    assert_eq!(code(harbour.client().open("pipe")), 231);
    server.connect(SOON).unwrap();
    assert_eq!(code(harbour.client().open("pipe")), 231);
    drop(client);
    assert_eq!(code(harbour.client().open("pipe")), 231, "a client that is gone leaves no free instance");
    server.disconnect().unwrap();
    assert_eq!(code(harbour.client().open("pipe")), 231, "nor does a disconnect alone");
    assert_eq!(server.connect(Deadline::Now), Err(PipeError::Listening));
    harbour.client().open("pipe").unwrap();
}

#[test]
fn one_call_waits_for_an_instance_and_takes_it() {
    let harbour = Harbour::new();
    let mut server = harbour.bytes().create("pipe").unwrap();
    let first = harbour.client().open("pipe").unwrap();
    assert_eq!(code(harbour.client().open_within("pipe", IMPATIENCE)), 121);
    let options = harbour.client();
    let second = std::thread::spawn(move || options.open_within("pipe", SOON).map(|client| (first, client)));
    server.connect(SOON).unwrap();
    server.disconnect().unwrap();
    server.connect(SOON).unwrap();
    let (mut first, mut second) = second.join().unwrap().unwrap();
    assert_eq!(first.try_write(b"x").unwrap_err().code(), 233);
    second.write_within(b"x", SOON).unwrap();
}

#[test]
fn opening_for_more_than_the_direction_gives_is_denied() {
    let harbour = Harbour::new();
    let inbound = harbour.bytes().access_outbound(false);
    let _server = inbound.create("in").unwrap();
    assert_eq!(code(harbour.client().open("in")), 5);
    assert_eq!(code(harbour.client().write(false).open("in")), 5);
    harbour.client().read(false).open("in").unwrap();

    let _server = harbour.bytes().access_inbound(false).create("out").unwrap();
    assert_eq!(code(harbour.client().open("out")), 5);
    harbour.client().write(false).open("out").unwrap();
}

#[test]
fn an_end_does_what_it_was_opened_for_and_nothing_else() {
    let harbour = Harbour::new();
    let mut server = harbour.bytes().access_outbound(false).create("in").unwrap();
    let mut client = harbour.client().read(false).open("in").unwrap();
    client.write_within(b"in", SOON).unwrap();
    assert_eq!(client.try_read(&mut [0; 2]).unwrap_err().code(), 5);
    assert_eq!(client.peek(&mut []).unwrap_err().code(), 5);
    assert_eq!(server.try_write(b"x").unwrap_err().code(), 5);
    let mut data = [0; 2];
    assert_eq!(server.read_within(&mut data, SOON), Ok(2));
}

#[test]
fn opening_with_no_access_at_all_does_connect() {
    let harbour = Harbour::new();
    let mut server = harbour.bytes().create("pipe").unwrap();
    let mut client = harbour.client().read(false).write(false).open("pipe").unwrap();
    server.connect(SOON).unwrap();
    assert_eq!(server.state(), Ok(State::Connected));
    assert_eq!(client.try_read(&mut [0; 2]).unwrap_err().code(), 5);
    assert_eq!(client.try_write(b"x").unwrap_err().code(), 5);
}

#[test]
fn a_client_starts_in_byte_read_mode_whatever_the_type() {
    let harbour = Harbour::new();
    let _server = harbour.messages().create("pipe").unwrap();
    let mut client = harbour.client().open("pipe").unwrap();
    assert_eq!(client.handle_state().unwrap().read_mode, PipeMode::Byte);
}

#[test]
fn which_instance_a_client_gets_goes_by_the_time_of_entering_listening() {
    let harbour = Harbour::new();
    let mut servers: Vec<NamedPipeServer> = (0..3).map(|_| harbour.bytes().create("pipe").unwrap()).collect();
    // A pending connect gives no priority.
    assert_eq!(servers[1].connect(Deadline::Now), Err(PipeError::Listening));
    let taken = |servers: &mut [NamedPipeServer]| -> Vec<bool> {
        servers.iter_mut().map(|server| server.state() == Ok(State::Connected)).collect()
    };
    let _first = harbour.client().open("pipe").unwrap();
    assert_eq!(taken(&mut servers), [true, false, false]);
    // The first listens again, behind the others.
    servers[0].disconnect().unwrap();
    assert_eq!(servers[0].connect(Deadline::Now), Err(PipeError::Listening));
    let _second = harbour.client().open("pipe").unwrap();
    assert_eq!(taken(&mut servers), [false, true, false]);
    let _third = harbour.client().open("pipe").unwrap();
    assert_eq!(taken(&mut servers), [false, true, true]);
}

#[test]
fn refused_creations_have_the_codes_of_windows() {
    let harbour = Harbour::new();
    let options = harbour.bytes();
    assert_eq!(code(options.clone().max_instances(0).create("pipe")), 87);
    assert_eq!(code(options.clone().max_instances(256).create("pipe")), 87);
    assert_eq!(code(options.clone().read_mode(PipeMode::Message).create("pipe")), 87);
    assert_eq!(code(options.clone().access_inbound(false).access_outbound(false).create("pipe")), 87);
    assert_eq!(code(options.clone().mode(0o1000).create("pipe")), 87);
    assert_eq!(code(options.create(r"\chat")), 123);
    assert_eq!(code(options.create("")), 3);
    assert_eq!(code(options.create("x".repeat(248))), 123);

    let first = options.clone().max_instances(1).first_pipe_instance(true);
    let _server = first.create("pipe").unwrap();
    assert_eq!(code(first.create("pipe")), 5);
    assert_eq!(code(options.create("pipe")), 231);
    assert_eq!(code(options.clone().access_inbound(false).create("pipe")), 5);
}

#[test]
fn remote_clients_can_be_rejected_which_changes_nothing() {
    let harbour = Harbour::new();
    for reject in [false, true] {
        let _server = harbour.bytes().reject_remote_clients(reject).create("pipe").unwrap();
        harbour.client().open("pipe").unwrap();
    }
}

#[test]
fn information_tells_what_the_pipe_was_created_with() {
    let harbour = Harbour::new();
    let options = harbour.messages().max_instances(7).in_buffer_size(100).out_buffer_size(200);
    let mut server = options.create("pipe").unwrap();
    let mut client = harbour.client().open("pipe").unwrap();
    for info in [server.info().unwrap(), client.info().unwrap()] {
        assert_eq!(
            (info.mode, info.max_instances.number(), info.current_instances),
            (PipeMode::Message, 7, 1)
        );
        assert_eq!((info.in_buffer_size, info.out_buffer_size), (100, 200));
    }
}

#[test]
fn information_is_denied_to_the_server_of_an_outbound_pipe() {
    let harbour = Harbour::new();
    let mut server = harbour.bytes().access_inbound(false).create("pipe").unwrap();
    assert_eq!(code(server.info()), 5);
    let mut server = harbour.bytes().access_outbound(false).create("other").unwrap();
    server.info().unwrap();
}

#[test]
fn current_instances_are_0_for_a_client_whose_server_closed_and_the_name_can_be_created_anew() {
    let harbour = Harbour::new();
    let server = harbour.bytes().create("pipe").unwrap();
    let mut client = harbour.client().open("pipe").unwrap();
    drop(server);
    assert_eq!(client.info().unwrap().current_instances, 0);
    let mut server = harbour.bytes().first_pipe_instance(true).create("pipe").unwrap();
    let mut other = harbour.client().open("pipe").unwrap();
    other.write_within(b"new", SOON).unwrap();
    assert_eq!(server.read_within(&mut [0; 8], SOON), Ok(3));
    assert_eq!(client.try_read(&mut [0; 8]).unwrap_err().code(), 109, "the old client lives on");
}

#[test]
fn nowait_connecting_answers_listening_then_success_or_no_data_until_disconnect() {
    let harbour = Harbour::new();
    let mut server = harbour.bytes().wait_mode(WaitMode::NoWait).create("pipe").unwrap();
    assert_eq!(code(server.connect(SOON)), 536);
    let client = harbour.client().open("pipe").unwrap();
    server.connect(SOON).unwrap();
    assert_eq!(code(server.connect(SOON)), 535);
    drop(client);
    for _ in 0..2 {
        assert_eq!(code(server.connect(SOON)), 232);
    }
    server.disconnect().unwrap();
    server.connect(SOON).unwrap();
    assert_eq!(code(server.connect(SOON)), 536, "the first call begins to listen, the next ones ask");
}

#[test]
fn a_server_goes_on_listening_when_a_client_is_accepted() {
    let harbour = Harbour::new();
    let mut pipe = harbour.messages().create("pipe").unwrap();
    let mut clients: Vec<_> = (0..3_u8)
        .map(|number| {
            let mut client = harbour.message_client().open("pipe").unwrap();
            client.send(&[number], SOON).unwrap();
            (client, pipe.accept(SOON).unwrap())
        })
        .collect();
    for (number, (_, server)) in clients.iter_mut().enumerate() {
        let mut message = Vec::new();
        server.receive(&mut message, SOON).unwrap();
        assert_eq!(usize::from(message[0]), number);
    }
    assert_eq!(pipe.accept(IMPATIENCE).map(drop), Err(PipeError::TimedOut));
    let _last = harbour.client().open("pipe").unwrap();
    assert!(pipe.incoming().next().unwrap().is_ok());
}
