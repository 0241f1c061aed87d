// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reserves: a message goes by one however full the channel is; each carries one at a time.

use cabotage_alpc::{Client, Deadline, Incoming, ReserveError, SendError, Status};

use crate::support::{Harbour, next, soon};

/// Sends until there is no room; answers how many messages went.
fn fill(client: &mut Client) -> usize {
    let mut sent = 0;
    loop {
        match client.send_datagram(&[1; 200], Deadline::Now) {
            Ok(()) => sent += 1,
            Err(SendError::Full) => return sent,
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn a_message_goes_by_its_reserve_although_the_channel_is_full() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut client, _) = harbour.client(&mut port, 0);
    let reserve = with_reserve(&mut port, &mut client);
    for _ in 0..3 {
        let before = fill(&mut client);
        let id = client.send_request_by(reserve, &[2; 256]).unwrap();
        for _ in 0..before {
            assert!(matches!(next(&mut port), Incoming::Datagram(_)));
        }
        match next(&mut port) {
            Incoming::Request(request) => {
                assert_eq!((request.id(), request.body()), (id, &[2; 256][..]));
                // The server finds nothing more, and by that it tells what it took.
                assert!(port.try_receive().unwrap().is_none());
                port.reply(request, b"done").unwrap();
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(client.receive(soon()).unwrap().body(), b"done");
    }
}

/// A reserve, which takes a server that has answered once.
fn with_reserve(port: &mut cabotage_alpc::ConnectionPort, client: &mut Client) -> cabotage_alpc::ReserveId {
    for _ in 0..50 {
        client.send_request(b"", soon()).unwrap();
        let request = crate::support::request(port);
        port.reply(request, b"").unwrap();
        client.receive(soon()).unwrap();
    }
    client.create_reserve(256, soon()).unwrap()
}

#[test]
fn a_second_message_by_a_reserve_in_flight_is_refused_as_resource_in_use() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut client, _) = harbour.client(&mut port, 0);
    let reserve = with_reserve(&mut port, &mut client);
    client.send_request_by(reserve, b"first").unwrap();
    let refused = client.send_request_by(reserve, b"second").unwrap_err();
    assert_eq!((refused.status(), refused), (Status::RESOURCE_IN_USE, ReserveError::InUse(reserve)));
    assert_eq!(client.requests_waiting(), 1);
    let request = crate::support::request(&mut port);
    assert!(port.try_receive().unwrap().is_none());
    // Taken, and not answered.
    assert_eq!(client.send_datagram_by(reserve, b"third"), Err(ReserveError::InUse(reserve)));
    port.reply(request, b"").unwrap();
    client.receive(soon()).unwrap();
    client.send_datagram_by(reserve, b"third").unwrap();
    match next(&mut port) {
        Incoming::Datagram(datagram) => assert_eq!(datagram.body(), b"third"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_unknown_reserve_is_not_found() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut client, _) = harbour.client(&mut port, 0);
    let reserve = with_reserve(&mut port, &mut client);
    client.delete_reserve(reserve).unwrap();
    let refused = client.send_request_by(reserve, b"").unwrap_err();
    assert_eq!((refused.status(), refused), (Status::OBJECTID_NOT_FOUND, ReserveError::Unknown(reserve)));
    assert_eq!(client.delete_reserve(reserve), Err(ReserveError::Unknown(reserve)));
}

#[test]
fn a_message_longer_than_its_reserve_is_refused() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut client, _) = harbour.client(&mut port, 0);
    let reserve = with_reserve(&mut port, &mut client);
    let refused = client.send_datagram_by(reserve, &[0; 257]).unwrap_err();
    assert_eq!(refused, ReserveError::NotSent(SendError::TooLong { bytes: 257, bytes_max: 256 }));
}
