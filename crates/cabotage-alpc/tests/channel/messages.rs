// SPDX-License-Identifier: MIT OR Apache-2.0
//! Requests, replies and datagrams.

use cabotage_alpc::{
    Incoming, Kind, PortOptions, ReceiveError, Received, ReplyError, RequestError, SendError, Status,
};

use crate::support::{Harbour, beside, next, request, shortly, soon};

#[test]
fn a_synchronous_request_blocks_until_its_reply() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (client, _) = harbour.client(&mut port, 0);
    let asking = beside(client, |client| client.request(b"question").map(|reply| reply.to_vec()));
    let came = request(&mut port);
    assert!(came.is_synchronous() && !asking.is_finished());
    assert_eq!(came.body(), b"question");
    port.reply(came, b"answer").unwrap();
    assert_eq!(asking.join().unwrap().0, Ok(b"answer".to_vec()));
}

#[test]
fn an_asynchronous_request_does_not_wait() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut client, _) = harbour.client(&mut port, 0);
    let id = client.send_request(b"later", soon()).unwrap();
    assert_eq!(client.try_receive().unwrap(), None);
    assert_eq!(client.requests_waiting(), 1);
    let came = request(&mut port);
    assert!(!came.is_synchronous());
    assert_eq!(came.id(), id);
    port.reply(came, b"now").unwrap();
    assert_eq!(client.receive(soon()).unwrap(), Received::Reply { id, body: b"now" });
    assert_eq!(client.requests_waiting(), 0);
}

#[test]
fn a_datagram_is_not_answered() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut client, id) = harbour.client(&mut port, 5);
    client.send_datagram(b"to the server", soon()).unwrap();
    let incoming = next(&mut port);
    assert_eq!((incoming.kind(), incoming.body()), (Some(Kind::Datagram), &b"to the server"[..]));
    assert_eq!(port.requests_pending(id), 0);
    port.send_datagram(id, b"to the client", soon()).unwrap();
    assert_eq!(client.receive(soon()).unwrap(), Received::Datagram(b"to the client"));
    assert_eq!(port.reply_to(id, 0, b"", soon()).unwrap_err().status(), Status::INVALID_PARAMETER);
}

#[test]
fn messages_of_one_sender_are_delivered_first_in_first_out() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (client, id) = harbour.client(&mut port, 0);
    // Of every length and kind, so that some go over the socket, some by rings that grow, and some as views.
    let lengths = [0, 3, 300, 5000, 60_000, 1, 256, 257];
    let sending = beside(client, move |client| {
        for number in 0..400_u32 {
            let mut body = number.to_le_bytes().to_vec();
            body.resize(4 + lengths[number as usize % lengths.len()], 7);
            match number % 2 {
                0 => drop(client.send_request(&body, soon()).unwrap()),
                _ => client.send_datagram(&body, soon()).unwrap(),
            }
        }
        (0..200).map(|_| client.receive(soon()).unwrap().body().to_vec()).collect::<Vec<_>>()
    });
    for number in 0..400_u32 {
        let incoming = next(&mut port);
        assert_eq!(incoming.body()[..4], number.to_le_bytes());
        assert_eq!(incoming.body().len(), 4 + lengths[number as usize % lengths.len()]);
        if let Incoming::Request(request) = incoming {
            port.reply_within(request, &number.to_le_bytes(), soon()).unwrap();
        }
    }
    let (replies, client) = sending.join().unwrap();
    assert!((0..400_u32).step_by(2).map(|number| number.to_le_bytes().to_vec()).eq(replies));
    drop(client);
    assert!(matches!(next(&mut port), Incoming::PortClosed { client, .. } if client == id));
}

#[test]
fn a_reply_is_matched_by_its_message_id_whatever_the_order() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut client, id) = harbour.client(&mut port, 0);
    let asked: Vec<_> = (0..3).map(|_| client.send_request(b"", soon()).unwrap()).collect();
    let mut came: Vec<_> = (0..3).map(|_| request(&mut port)).collect();
    assert_eq!(port.requests_pending(id), 3);
    for request in came.drain(..).rev() {
        let number = request.id().to_le_bytes();
        port.reply(request, &number).unwrap();
    }
    for id in asked.iter().rev() {
        assert_eq!(client.receive(soon()).unwrap(), Received::Reply { id: *id, body: &id.to_le_bytes() });
    }
}

#[test]
fn each_request_gets_exactly_one_reply_and_a_second_is_a_mismatch() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut client, _) = harbour.client(&mut port, 0);
    let id = client.send_request(b"", soon()).unwrap();
    let (named, number) = request(&mut port).into_id();
    assert_eq!(number, id);
    port.reply_to(named, number, b"one", soon()).unwrap();
    let again = port.reply_to(named, number, b"two", soon()).unwrap_err();
    assert_eq!((again.status(), again), (Status::REPLY_MESSAGE_MISMATCH, ReplyError::Mismatch { id }));
    assert_eq!(client.receive(soon()).unwrap().body(), b"one");
    assert_eq!(client.receive(shortly()).unwrap_err(), ReceiveError::Nothing);
}

#[test]
fn a_reply_to_a_wrong_id_is_a_mismatch_and_to_0_an_invalid_parameter() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut client, id) = harbour.client(&mut port, 0);
    let (_other, stranger) = harbour.client(&mut port, 0);
    let number = client.send_request(b"", soon()).unwrap();
    let pending = request(&mut port);
    for wrong in [number + 1, u64::MAX] {
        let error = port.reply_to(id, wrong, b"", soon()).unwrap_err();
        assert_eq!(error.status(), Status::REPLY_MESSAGE_MISMATCH);
    }
    assert_eq!(
        port.reply_to(stranger, number, b"", soon()).unwrap_err().status(),
        Status::REPLY_MESSAGE_MISMATCH
    );
    assert_eq!(port.reply_to(id, 0, b"", soon()).unwrap_err().status(), Status::INVALID_PARAMETER);
    port.reply(pending, b"right").unwrap();
    assert_eq!(client.receive(soon()).unwrap().body(), b"right");
}

#[test]
fn a_request_is_answered_at_the_port_to_which_it_came() {
    let (harbour, elsewhere) = (Harbour::new(), Harbour::new());
    let (mut port, mut other) = (harbour.port(), elsewhere.port());
    let (mut client, _) = harbour.client(&mut port, 0);
    let (_stranger, _) = elsewhere.client(&mut other, 0);
    client.send_request(b"", soon()).unwrap();
    let unanswered = other.reply(request(&mut port), b"").unwrap_err();
    assert_eq!(unanswered.error.status(), Status::REPLY_MESSAGE_MISMATCH);
    port.reply(unanswered.request, b"here").unwrap();
    assert_eq!(client.receive(soon()).unwrap().body(), b"here");
}

#[test]
fn an_undersized_receive_says_the_length_and_leaves_the_message_for_a_retry() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut client, _) = harbour.client(&mut port, 0);
    client.send_datagram(b"ten bytes!", soon()).unwrap();
    client.send_datagram(b"next", soon()).unwrap();
    let mut buffer = [0; 10];
    for _ in 0..2 {
        let error = port.receive_into(&mut buffer[..9], soon()).unwrap_err();
        assert_eq!(
            (error.status(), error),
            (Status::BUFFER_TOO_SMALL, ReceiveError::BufferTooSmall { bytes: 10 })
        );
        assert_eq!(buffer, [0; 10]);
    }
    let (incoming, bytes) = port.receive_into(&mut buffer, soon()).unwrap();
    assert_eq!((incoming.kind(), bytes, &buffer), (Some(Kind::Datagram), 10, b"ten bytes!"));
    assert_eq!(port.receive_into(&mut buffer, soon()).unwrap().1, 4);
}

#[test]
fn an_undersized_reply_says_the_length_and_stays_to_be_received() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (client, _) = harbour.client(&mut port, 0);
    let asking = beside(client, |client| client.request_into(b"", &mut [0; 5], soon()));
    let came = request(&mut port);
    let id = came.id();
    port.reply(came, b"sixsix").unwrap();
    let (refused, mut client) = asking.join().unwrap();
    assert_eq!(refused, Err(RequestError::BufferTooSmall { bytes: 6 }));
    assert_eq!(refused.unwrap_err().status(), Status::BUFFER_TOO_SMALL);
    let error = client.receive_at_most(5, soon()).unwrap_err();
    assert_eq!(error, ReceiveError::BufferTooSmall { bytes: 6 });
    assert_eq!(client.receive_at_most(6, soon()).unwrap(), Received::Reply { id, body: b"sixsix" });
}

#[test]
fn an_undersized_receive_of_a_client_leaves_the_order_as_it_was() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut client, id) = harbour.client(&mut port, 0);
    port.send_datagram(id, b"long", soon()).unwrap();
    port.send_datagram(id, b"s", soon()).unwrap();
    assert_eq!(client.receive_at_most(1, soon()).unwrap_err(), ReceiveError::BufferTooSmall { bytes: 4 });
    assert_eq!(client.receive_at_most(4, soon()).unwrap().body(), b"long");
    assert_eq!(client.receive_at_most(1, soon()).unwrap().body(), b"s");
}

#[test]
fn zero_length_bodies_are_messages() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut client, _) = harbour.client(&mut port, 0);
    for _ in 0..30 {
        let id = client.send_request(b"", soon()).unwrap();
        let came = request(&mut port);
        assert_eq!(came.body(), b"");
        port.reply(came, b"").unwrap();
        assert_eq!(client.receive(soon()).unwrap(), Received::Reply { id, body: b"" });
    }
}

#[test]
fn an_oversize_message_is_too_long_for_its_sender_and_never_leaves() {
    let harbour = Harbour::new();
    let mut options = PortOptions::new().message_bytes_max(1000);
    (options.section_bytes_max, options.views_max) = (0, 0);
    let mut port = harbour.port_with(options);
    let (mut client, _) = harbour.client(&mut port, 0);
    assert_eq!(client.message_bytes_max(), 1000);
    let error = client.send_datagram(&[0; 1001], soon()).unwrap_err();
    assert_eq!(error.status(), Status::PORT_MESSAGE_TOO_LONG, "{error}");
    client.send_datagram(&[1; 1000], soon()).unwrap();
    assert_eq!(next(&mut port).body(), [1; 1000]);
    let error = client.request(&[0; 1001]).map(|reply| reply.to_vec()).unwrap_err();
    assert_eq!(error.status(), Status::PORT_MESSAGE_TOO_LONG, "{error}");
    assert_eq!(client.requests_waiting(), 0);
}

#[test]
fn requests_beyond_the_cap_of_a_client_lose_their_reply_and_nothing_else() {
    let harbour = Harbour::new();
    let mut port = harbour.port_with(PortOptions::new().requests_max(2));
    let (mut client, id) = harbour.client(&mut port, 0);
    for _ in 0..3 {
        client.send_request(b"", soon()).unwrap();
    }
    let kept = [request(&mut port), request(&mut port)];
    assert!(port.receive(shortly()).is_err());
    assert_eq!(port.requests_pending(id), 2);
    let lost = client.receive(soon()).unwrap();
    assert!(matches!(lost, Received::LostReply { id: 3, .. }), "{lost:?}");
    for request in kept {
        port.reply(request, b"").unwrap();
    }
    client.send_request(b"again", soon()).unwrap();
    assert_eq!(request(&mut port).body(), b"again");
}

#[test]
fn what_is_sent_to_nobody_comes_back_as_the_callers_mistake() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (client, id) = harbour.client(&mut port, 0);
    drop(client);
    assert!(matches!(next(&mut port), Incoming::PortClosed { .. }));
    assert_eq!(port.send_datagram(id, b"", soon()), Err(SendError::NoClient));
    assert_eq!(port.disconnect(id), Err(SendError::NoClient));
}
