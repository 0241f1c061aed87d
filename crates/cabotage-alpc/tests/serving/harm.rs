// SPDX-License-Identifier: MIT OR Apache-2.0
//! Slow, silent and flooding clients, and those that die: the others are served.

use std::sync::mpsc;

use cabotage_alpc::{ChannelError, Client, Deadline, Incoming, PortOptions, SendError};

use crate::Serving;
use crate::support::{Harbour, NAME, role, say, soon, their_client};

/// As many requests as the server takes without their replies being read; answers how many went.
fn ask_without_reading(client: &mut Client, bytes: usize) -> usize {
    let question = vec![7; bytes];
    let mut sent = 0;
    while client.send_request(&question, Deadline::Now).is_ok() {
        sent += 1;
        if sent == 100_000 {
            break;
        }
    }
    sent
}

#[test]
fn a_client_that_does_not_read_is_disconnected_in_the_end_and_keeps_nobody_waiting() {
    let harbour = Harbour::new();
    let (news, heard) = mpsc::channel();
    let port = harbour.port_with(PortOptions::new().unread_bytes_max(20_000).requests_max(100_000));
    let _server = Serving::start(port, |port| {
        let server = port.server().notice(move |incoming| {
            if let Incoming::Disconnected { error, .. } = incoming {
                news.send(*error).unwrap();
            }
        });
        server.run(|request| request.body().to_vec())
    });
    let mut deaf = harbour.options().connect(NAME).unwrap();
    let mut other = harbour.options().connect(NAME).unwrap();
    let end = loop {
        match deaf.send_request(&[7; 200], soon()) {
            Ok(_) => {}
            Err(SendError::Channel(error)) => break error,
            Err(error) => panic!("{error}"),
        }
        assert_eq!(other.request_within(b"meanwhile", soon()).unwrap().body(), b"meanwhile");
    };
    assert_eq!(end, ChannelError::Closed);
    match heard.recv().unwrap() {
        ChannelError::Unread { bytes } => assert!((20_000..20_400).contains(&bytes), "{bytes}"),
        error => panic!("{error}"),
    }
    assert_eq!(other.request_within(b"afterwards", soon()).unwrap().body(), b"afterwards");
}

#[test]
fn a_client_that_reads_late_gets_every_reply() {
    let harbour = Harbour::new();
    let port = harbour.port_with(PortOptions::new().requests_max(100_000));
    let _server = Serving::start(port, |port| port.serve(|request| request.body().to_vec()));
    let mut client = harbour.options().connect(NAME).unwrap();
    let sent = ask_without_reading(&mut client, 1000).min(900);
    for _ in 0..sent {
        assert_eq!(client.receive(soon()).unwrap().body(), [7; 1000]);
    }
    client.send_request(b"last", soon()).unwrap();
}

#[test]
fn a_client_that_floods_with_datagrams_keeps_nobody_waiting() {
    let harbour = Harbour::new();
    let _server = Serving::start(harbour.port(), |port| port.serve(|request| request.body().to_vec()));
    let mut other = harbour.options().connect(NAME).unwrap();
    let mut flooding = harbour.options().connect(NAME).unwrap();
    let (stop, stopped) = mpsc::channel::<()>();
    let flood = std::thread::spawn(move || {
        while stopped.try_recv() == Err(mpsc::TryRecvError::Empty) {
            let _ = flooding.send_datagram(&[0; 100], Deadline::Now);
        }
    });
    for _ in 0..500 {
        other.request_within(b"meanwhile", soon()).unwrap();
    }
    drop(stop);
    flood.join().unwrap();
}

#[test]
fn one_who_connects_and_says_nothing_keeps_nobody_waiting() {
    let harbour = Harbour::new();
    let port = harbour.port();
    let path = port.path().unwrap();
    let _server = Serving::start(port, |port| port.serve(|request| request.body().to_vec()));
    let silent: Vec<_> =
        (0..20).map(|_| cabotage_os::socket::Socket::connect(&path, soon()).unwrap()).collect();
    let mut client = harbour.options().connect(NAME).unwrap();
    for _ in 0..100 {
        client.request_within(b"meanwhile", soon()).unwrap();
    }
    drop(silent);
    client.request_within(b"afterwards", soon()).unwrap();
}

#[test]
fn clients_that_are_killed_in_the_middle_keep_nobody_waiting() {
    const TEST: &str = "harm::clients_that_are_killed_in_the_middle_keep_nobody_waiting";
    if role().is_some() {
        let mut client = their_client();
        client.request_within(b"here", soon()).unwrap();
        say("here");
        loop {
            client.send_request(&[1; 300], soon()).unwrap();
            let _ = client.try_receive();
        }
    }
    let harbour = Harbour::new();
    let (news, heard) = mpsc::channel();
    let port = harbour.port_with(PortOptions::new().unread_bytes_max(usize::MAX).requests_max(usize::MAX));
    let _server = Serving::start(port, |port| {
        let server = port.server().notice(move |incoming| {
            if let Incoming::ClientDied { .. } = incoming {
                news.send(()).unwrap();
            }
        });
        server.run(|request| request.body().to_vec())
    });
    let mut client = harbour.options().connect(NAME).unwrap();
    for _ in 0..3 {
        let mut victim = harbour.start(TEST, "victim");
        assert_eq!(victim.hear().as_deref(), Some("here"));
        client.request_within(b"meanwhile", soon()).unwrap();
        victim.kill();
        heard.recv().unwrap();
        client.request_within(b"afterwards", soon()).unwrap();
    }
}

#[test]
fn many_messages_are_received_in_one_call() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut client, _) = harbour.client(&mut port, 0);
    for number in 0..10_u8 {
        client.send_datagram(&[number], soon()).unwrap();
    }
    let mut batch = Vec::new();
    assert_eq!(port.receive_batch(&mut batch, 0, soon()).unwrap(), 0);
    while batch.len() < 7 {
        let room = 7 - batch.len();
        assert!((1..=room).contains(&port.receive_batch(&mut batch, room, soon()).unwrap()));
    }
    while batch.len() < 10 {
        port.receive_batch(&mut batch, 100, soon()).unwrap();
    }
    let bodies: Vec<_> = batch.iter().map(|incoming| incoming.body()[0]).collect();
    assert_eq!(bodies, (0..10).collect::<Vec<u8>>());
    assert!(port.receive_batch(&mut batch, 1, Deadline::Now).is_err());
}
