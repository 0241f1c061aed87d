// SPDX-License-Identifier: MIT OR Apache-2.0
//! How channels end: each end is told, of the right kind, after everything that came before it.

use cabotage_alpc::{
    CallbackError, ChannelError, Incoming, Kind, Loss, ReceiveError, Received, ReplyError, RequestError,
    SendError, Status,
};

use crate::support::{Harbour, beside, next, request, soon};

#[test]
fn the_server_is_told_that_a_port_closed_after_the_messages_before_it() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut client, named) = harbour.client(&mut port, 6);
    for number in 0..50_u8 {
        client.send_datagram(&[number], soon()).unwrap();
    }
    client.close();
    for number in 0..50_u8 {
        assert_eq!(next(&mut port).body(), [number]);
    }
    let told = next(&mut port);
    assert!(matches!(told, Incoming::PortClosed { client, context: 6 } if client == named));
    assert_eq!(told.kind().map(Kind::number), Some(5));
    assert_eq!(port.clients(), 0);
}

#[test]
fn a_waiting_client_is_woken_with_reply_lost_when_the_port_is_destroyed() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (client, _) = harbour.client(&mut port, 0);
    let asking = beside(client, |client| client.request(b"").map(|_| ()));
    let came = request(&mut port);
    drop(port);
    let (lost, mut client) = asking.join().unwrap();
    let error = lost.unwrap_err();
    assert_eq!(
        (error.status(), error),
        (Status::LPC_REPLY_LOST, RequestError::Lost(Loss::Gone(ChannelError::Closed)))
    );
    // What it still has of the port is of no use, and no harm.
    drop(came);
    let error = client.request(b"").map(|_| ()).unwrap_err();
    assert_eq!(
        (error.status(), error),
        (Status::PORT_DISCONNECTED, RequestError::NotSent(ChannelError::Closed.into()))
    );
    assert_eq!(client.receive(soon()).unwrap_err().status(), Status::PORT_DISCONNECTED);
}

#[test]
fn a_request_that_the_server_lets_go_of_loses_its_reply_at_once() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (client, named) = harbour.client(&mut port, 0);
    let asking = beside(client, |client| client.request(b"").map(|_| ()));
    drop(request(&mut port));
    assert!(port.try_receive().unwrap().is_none());
    let error = asking.join().unwrap().0.unwrap_err();
    assert_eq!((error.status(), error), (Status::LPC_REPLY_LOST, RequestError::Lost(Loss::Dropped)));
    assert_eq!(port.requests_pending(named), 0);
}

#[test]
fn a_request_that_another_thread_lets_go_of_wakes_the_port_and_the_client() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut client, _) = harbour.client(&mut port, 0);
    // The client closes when it is told.
    let asking = std::thread::spawn(move || client.request(b"").map(|_| ()));
    let came = request(&mut port);
    let letting_go = std::thread::spawn(move || drop(came));
    // The port sleeps as long as nothing happens to it.
    assert!(matches!(next(&mut port), Incoming::PortClosed { .. }));
    letting_go.join().unwrap();
    assert_eq!(asking.join().unwrap(), Err(RequestError::Lost(Loss::Dropped)));
}

#[test]
fn each_asynchronous_request_is_told_as_lost_before_the_end_of_the_channel() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut client, named) = harbour.client(&mut port, 0);
    let asked: Vec<_> = (0..3).map(|_| client.send_request(b"", soon()).unwrap()).collect();
    let first = request(&mut port);
    port.reply(first, b"one").unwrap();
    port.send_datagram(named, b"two", soon()).unwrap();
    drop(port);
    assert_eq!(client.receive(soon()).unwrap(), Received::Reply { id: asked[0], body: b"one" });
    assert_eq!(client.receive(soon()).unwrap(), Received::Datagram(b"two"));
    for id in &asked[1..] {
        let loss = Loss::Gone(ChannelError::Closed);
        assert_eq!(client.receive(soon()).unwrap(), Received::LostReply { id: *id, loss });
    }
    assert_eq!(client.receive(soon()).unwrap_err(), ReceiveError::Channel(ChannelError::Closed));
}

#[test]
fn a_reply_to_a_client_that_is_gone_is_disconnected() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut client, named) = harbour.client(&mut port, 0);
    client.send_request(b"", soon()).unwrap();
    let came = request(&mut port);
    drop(client);
    assert!(matches!(next(&mut port), Incoming::PortClosed { .. }));
    let unanswered = port.reply(came, b"").unwrap_err();
    assert_eq!(unanswered.error, ReplyError::NotSent(SendError::NoClient));
    assert_eq!(unanswered.error.status(), Status::PORT_DISCONNECTED);
    let error = port.callback(&unanswered.request, b"", soon()).unwrap_err();
    assert_eq!(error.status(), Status::PORT_DISCONNECTED);
    assert_eq!(port.with_peer(named, |peer| peer.pid()), None);
}

#[test]
fn a_disconnected_client_reads_what_was_sent_and_sends_in_vain() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut client, named) = harbour.client(&mut port, 0);
    let id = client.send_request(b"", soon()).unwrap();
    let came = request(&mut port);
    port.reply(came, b"last word").unwrap();
    port.disconnect(named).unwrap();
    assert_eq!(client.receive(soon()).unwrap(), Received::Reply { id, body: b"last word" });
    let error = client.request(b"").map(|_| ()).unwrap_err();
    assert!([Status::PORT_DISCONNECTED, Status::LPC_REPLY_LOST].contains(&error.status()), "{error}");
    assert_eq!(client.send_datagram(b"", soon()).unwrap_err().status(), Status::PORT_DISCONNECTED);
    assert_eq!((port.clients(), port.disconnect(named)), (0, Err(SendError::NoClient)));
}

#[test]
fn a_callback_whose_client_goes_is_lost_before_its_end_is_told() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (client, named) = harbour.client(&mut port, 4);
    let asking = beside(client, |client| {
        // The process that answers no callback and waits no more.
        client.request_within(b"", crate::support::shortly()).map(|_| ())
    });
    let came = request(&mut port);
    let sent = port.callback(&came, b"", soon());
    let (timed_out, client) = asking.join().unwrap();
    assert!(timed_out.is_err());
    drop(client);
    let mut seen = Vec::new();
    loop {
        match next(&mut port) {
            Incoming::LostReply { client, id, .. } => {
                assert_eq!((client, Ok(id)), (named, sent.clone()));
                seen.push("lost");
            }
            Incoming::Canceled { .. } => {}
            Incoming::PortClosed { client, context: 4 } => {
                assert_eq!(client, named);
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    let expected: &[&str] = if sent.is_ok() { &["lost"] } else { &[] };
    assert_eq!(seen, expected);
    assert!(matches!(sent, Ok(_) | Err(CallbackError::NotBlocked)));
}
