// SPDX-License-Identifier: MIT OR Apache-2.0
//! An orderly end: nobody new, what was asked is answered, and the clients are told.

use std::sync::mpsc;

use cabotage_alpc::{
    ChannelError, ConnectError, Deadline, Incoming, Loss, ReceiveError, Received, RequestError,
};

use crate::Serving;
use crate::support::{Harbour, NAME, let_in, soon};

#[test]
fn a_server_that_stops_answers_what_was_asked_before_and_then_closes_every_channel() {
    let harbour = Harbour::new();
    let (begin, begun) = mpsc::channel();
    let (go_on, wait) = mpsc::channel::<()>();
    let server = Serving::start(harbour.port(), move |port| {
        port.serve(move |request| {
            if request.body() == b"first" {
                begin.send(()).unwrap();
                wait.recv().unwrap();
            }
            request.body().to_vec()
        })
    });
    let mut client = harbour.options().connect(NAME).unwrap();
    let ids: Vec<u64> = [&b"first"[..], b"second", b"third"]
        .into_iter()
        .map(|question| client.send_request(question, soon()).unwrap())
        .collect();
    begun.recv().unwrap();
    server.stopper().stop(soon());
    go_on.send(()).unwrap();
    for expected in ids {
        match client.receive(soon()).unwrap() {
            Received::Reply { id, .. } => assert_eq!(id, expected),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(client.receive(soon()), Err(ReceiveError::Channel(ChannelError::Closed)));
    server.end();
    assert!(matches!(harbour.options().connect(NAME), Err(ConnectError::Reach(_))));
}

#[test]
fn a_server_that_is_to_stop_at_once_leaves_what_it_has_not_begun() {
    let harbour = Harbour::new();
    let (begin, begun) = mpsc::channel();
    let (go_on, wait) = mpsc::channel::<()>();
    let server = Serving::start(harbour.port(), move |port| {
        port.serve(move |request| {
            begin.send(()).unwrap();
            wait.recv().unwrap();
            request.body().to_vec()
        })
    });
    let mut client = harbour.options().connect(NAME).unwrap();
    let first = client.send_request(b"first", soon()).unwrap();
    let second = client.send_request(b"second", soon()).unwrap();
    begun.recv().unwrap();
    server.stopper().stop(Deadline::Now);
    go_on.send(()).unwrap();
    match client.receive(soon()).unwrap() {
        Received::Reply { id, body } => assert_eq!((id, body), (first, &b"first"[..])),
        other => panic!("{other:?}"),
    }
    match client.receive(soon()).unwrap() {
        Received::LostReply { id, loss } => {
            assert_eq!((id, loss), (second, Loss::Gone(ChannelError::Closed)));
        }
        other => panic!("{other:?}"),
    }
    server.end();
}

#[test]
fn a_client_that_waits_for_a_server_that_stops_is_released() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut client, _) = harbour.client(&mut port, 0);
    let stopper = port.stopper();
    let asker = std::thread::spawn(move || client.request_within(b"?", soon()).map(|_| ()).unwrap_err());
    let request = crate::support::request(&mut port);
    stopper.stop(Deadline::Now);
    drop(port);
    drop(request);
    assert_eq!(asker.join().unwrap(), RequestError::Lost(Loss::Gone(ChannelError::Closed)));
}

#[test]
fn a_loop_of_ones_own_hears_that_it_is_to_stop() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let stopper = port.stopper();
    let other = std::thread::spawn(move || stopper.stop(Deadline::Now));
    assert!(matches!(port.receive(soon()), Ok(Incoming::Stop { by: Deadline::Now })));
    other.join().unwrap();
    assert!(matches!(port.receive(Deadline::Now), Err(ReceiveError::Nothing)), "and once");
    let connecting = harbour.options().begin(NAME).unwrap();
    let_in(&mut port, 0);
    connecting.finish(soon()).unwrap();
}
