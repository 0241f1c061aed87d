// SPDX-License-Identifier: MIT OR Apache-2.0
//! Many tasks on one end: each is served in its turn, and none sleeps on what another has read from the descriptor.

use std::cell::RefCell;
use std::future::poll_fn;

use cabotage_pipe::named::{AsyncPipe, NamedPipeClient, NamedPipeServer, PipeError};

use crate::executor::Task;
use crate::{Harbour, SOON};

#[test]
fn reads_are_served_in_the_order_in_which_they_began() {
    let harbour = Harbour::new();
    let (mut server, client) = harbour.joined();
    let order = RefCell::new(Vec::new());
    let mut tasks: Vec<_> = (0..4)
        .map(|number| {
            let (client, order) = (&client, &order);
            Task::new(async move {
                let mut data = [0; 1];
                client.read(&mut data).await.unwrap();
                order.borrow_mut().push((number, data[0]));
            })
        })
        .collect();
    tasks.iter_mut().for_each(|task| assert!(!task.step()));
    for message in 0..4 {
        server.send(&[message], SOON).unwrap();
    }
    tasks.reverse();
    harbour.executor.run(tasks, || false);
    assert_eq!(order.into_inner(), [(0, 0), (1, 1), (2, 2), (3, 3)]);
}

#[test]
fn writes_are_read_in_the_order_in_which_they_began() {
    let harbour = Harbour::new();
    let (mut server, client) = harbour.joined();
    let mut tasks: Vec<_> = (0..4)
        .map(|number| {
            let client = &client;
            Task::new(async move { assert_eq!(client.write(&[number; 64]).await, Ok(64)) })
        })
        .collect();
    tasks.iter_mut().for_each(|task| assert!(!task.step()));
    let mut got = Vec::new();
    harbour.executor.run(tasks, || {
        let mut message = Vec::new();
        server.receive(&mut message, SOON).unwrap();
        got.push(message[0]);
        true
    });
    assert_eq!(got, [0, 1, 2, 3]);
}

#[test]
fn a_reader_is_told_although_others_look_at_the_end_meanwhile() {
    let harbour = Harbour::new();
    let (mut server, client) = harbour.joined();
    let mut data = [0; 16];
    let mut read = Task::new(async { assert_eq!(client.read(&mut data).await, Ok(4)) });
    assert!(!read.step());
    // Each of these may read the bell, or take back that one is wanted.
    assert_eq!(client.with(|end| end.try_read(&mut [0; 1])), Err(PipeError::Empty));
    client.with(NamedPipeClient::state).unwrap();
    client.with(|end| end.peek(&mut [])).unwrap();
    server.send(b"ahoy", SOON).unwrap();
    client.with(NamedPipeClient::state).unwrap();
    harbour.executor.run(vec![read], || false);
}

#[test]
fn a_reader_and_a_writer_do_not_take_each_others_bells() {
    let harbour = Harbour::new();
    let (mut server, client) = harbour.joined();
    let mut data = [0; 16];
    for _ in 0..50 {
        let read = Task::new(async {
            client.read(&mut data).await.unwrap();
        });
        let write = Task::new(async {
            client.write(&[7; 64]).await.unwrap();
        });
        let mut step = 0;
        harbour.executor.run(vec![read, write], || {
            step += 1;
            match step {
                1 => server.receive(&mut Vec::new(), SOON).unwrap(),
                _ => server.send(b"ahoy", SOON).unwrap(),
            }
            true
        });
    }
}

#[test]
fn one_descriptor_serves_each_client_of_a_server() {
    let harbour = Harbour::new();
    let server = harbour.server(harbour.create());
    for round in 0..5_u8 {
        let mut client = None;
        let serve = Task::new(async {
            server.connect().await.unwrap();
            let mut message = Vec::new();
            server.receive(&mut message).await.unwrap();
            assert_eq!(message, [round]);
            assert_eq!(server.receive(&mut message).await, Err(PipeError::Broken));
            server.with(NamedPipeServer::disconnect).unwrap();
        });
        let mut step = 0;
        harbour.executor.run(vec![serve], || {
            step += 1;
            match step {
                1 => client = Some(harbour.open()),
                2 => client.as_mut().unwrap().send(&[round], SOON).unwrap(),
                _ => drop(client.take()),
            }
            true
        });
    }
}

#[test]
fn a_stream_says_that_bytes_are_written_which_it_has_taken_over() {
    let harbour = Harbour::new();
    let (mut server, client) = harbour.joined();
    let mut got = Vec::new();
    let write = Task::new(async {
        for number in 0..3 {
            assert_eq!(poll_fn(|context| client.poll_write(context, &[number; 64])).await, Ok(64));
        }
        poll_fn(|context| client.poll_written(context)).await.unwrap();
    });
    harbour.executor.run(vec![write], || {
        let mut message = Vec::new();
        server.receive(&mut message, SOON).unwrap();
        got.push(message[0]);
        true
    });
    assert_eq!(got, [0, 1, 2]);
}

#[test]
fn a_stream_reads_and_its_reader_is_told() {
    let harbour = Harbour::new();
    let (mut server, client) = harbour.joined();
    let mut data = [0; 16];
    let read = Task::new(async {
        poll_fn(|context| client.poll_readable(context)).await.unwrap();
        assert_eq!(poll_fn(|context| client.poll_read(context, &mut data)).await, Ok(4));
    });
    harbour.executor.run(vec![read], || {
        server.send(b"ahoy", SOON).unwrap();
        true
    });
}

#[test]
fn an_end_and_its_futures_go_to_other_threads_if_the_watch_does() {
    struct Nowhere;
    impl cabotage_pipe::named::Watch for Nowhere {
        fn poll_readable(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<std::io::Result<()>> {
            std::task::Poll::Pending
        }
    }
    fn is_sent<T: Send>(_: &T) {}
    fn is_shared<T: Sync>(_: &T) {}
    let harbour = Harbour::new();
    let server = AsyncPipe::new(harbour.create(), |_| Ok(Nowhere)).unwrap();
    let client = AsyncPipe::new(harbour.open(), |_| Ok(Nowhere)).unwrap();
    is_sent(&server);
    is_shared(&client);
    is_sent(&server.connect());
    is_sent(&server.accept());
    is_sent(&client.write(b"x"));
    is_sent(&client.flush());
    is_sent(&client.transact(b"x", &mut []));
    is_sent(&client.receive(&mut Vec::new()));
}

#[test]
fn what_the_reactor_refuses_is_told_to_whoever_waits() {
    struct Refuses;
    impl cabotage_pipe::named::Watch for Refuses {
        fn poll_readable(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<std::io::Result<()>> {
            std::task::Poll::Ready(Err(std::io::Error::other("it is shut down")))
        }
    }
    let harbour = Harbour::new();
    let _server = harbour.create();
    let client = AsyncPipe::new(harbour.open(), |_| Ok(Refuses)).unwrap();
    let refusal = PipeError::Reactor("it is shut down".into());
    assert_eq!(harbour.executor.block_on(client.read(&mut [0; 4])), Err(refusal.clone()));
    assert_eq!(refusal.code(), 31);
}
