// SPDX-License-Identifier: MIT OR Apache-2.0
//! Requests that nobody wants answered any more.

use cabotage_alpc::{CancelError, Incoming, Kind, ReceiveError, Received, ReplyError, RequestError, Status};

use crate::support::{Harbour, beside, next, request, shortly, soon};

#[test]
fn canceling_a_pending_request_releases_its_sender_at_once_and_tells_the_server() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut client, named) = harbour.client(&mut port, 3);
    let id = client.send_request(b"", soon()).unwrap();
    let came = request(&mut port);
    client.cancel(id).unwrap();
    assert_eq!(client.requests_waiting(), 0);
    let told = next(&mut port);
    assert!(matches!(told, Incoming::Canceled { client, context: 3, id: of } if client == named && of == id));
    assert_eq!(told.kind().map(Kind::number), Some(12));
    let unanswered = port.reply(came, b"late").unwrap_err();
    assert_eq!(
        (unanswered.error.status(), &unanswered.error),
        (Status::REQUEST_CANCELED, &ReplyError::Canceled)
    );
    drop(unanswered);
    assert_eq!(client.receive(shortly()).unwrap_err(), ReceiveError::Nothing);
    assert!(port.try_receive().unwrap().is_none());
    assert_eq!(port.requests_pending(named), 0);
}

#[test]
fn a_synchronous_sender_that_is_canceled_is_released_with_message_lost() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (client, _) = harbour.client(&mut port, 0);
    let asking = beside(client, |client| {
        let refused = client.request_with(b"", soon(), |client, callback| {
            client.cancel(callback.about()).unwrap();
            b"never mind"
        });
        refused.map(|reply| reply.to_vec())
    });
    let came = request(&mut port);
    port.callback(&came, b"still there?", soon()).unwrap();
    let refused = asking.join().unwrap().0.unwrap_err();
    assert_eq!((refused.status(), refused), (Status::MESSAGE_LOST, RequestError::Canceled));
    assert!(matches!(next(&mut port), Incoming::Canceled { id, .. } if id == came.id()));
}

#[test]
fn a_late_reply_to_a_canceled_request_is_dropped() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut client, _) = harbour.client(&mut port, 0);
    let id = client.send_request(b"", soon()).unwrap();
    let came = request(&mut port);
    port.reply(came, b"crossing").unwrap();
    client.cancel(id).unwrap();
    assert_eq!(client.receive(shortly()).unwrap_err(), ReceiveError::Nothing);
    let again = client.send_request(b"again", soon()).unwrap();
    // What was canceled too late the server is not told of.
    let came = request(&mut port);
    port.reply(came, b"second").unwrap();
    assert_eq!(client.receive(soon()).unwrap(), Received::Reply { id: again, body: b"second" });
}

#[test]
fn a_request_whose_reply_is_here_is_retrieved_and_not_canceled() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut client, named) = harbour.client(&mut port, 0);
    let first = client.send_request(b"", soon()).unwrap();
    let came = request(&mut port);
    port.reply(came, b"here").unwrap();
    port.send_datagram(named, b"", soon()).unwrap();
    // Whoever looks whether the next message fits has it.
    assert!(client.receive_at_most(0, soon()).is_err());
    let error = client.cancel(first).unwrap_err();
    assert_eq!((error.status(), error), (Status::MESSAGE_RETRIEVED, CancelError::Answered));
    assert_eq!(client.receive(soon()).unwrap().body(), b"here");
}

#[test]
fn canceling_what_is_gone_or_never_was_is_the_callers_mistake() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut client, _) = harbour.client(&mut port, 0);
    for id in [0, 1, u64::MAX] {
        assert_eq!(client.cancel(id), Err(CancelError::Gone { id }));
    }
    let id = client.send_request(b"", soon()).unwrap();
    let came = request(&mut port);
    port.reply(came, b"").unwrap();
    client.receive(soon()).unwrap();
    assert_eq!(client.cancel(id), Err(CancelError::Gone { id }));
    assert!(port.receive(shortly()).is_err());
}

#[test]
fn a_request_whose_time_is_up_is_canceled_and_its_late_reply_dropped() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut client, _) = harbour.client(&mut port, 0);
    let error = client.request_within(b"slow", shortly()).map(|_| ()).unwrap_err();
    assert_eq!((error.status(), error), (Status::TIMEOUT, RequestError::TimedOut));
    let slow = request(&mut port);
    assert!(matches!(next(&mut port), Incoming::Canceled { id, .. } if id == slow.id()));
    assert_eq!(port.reply(slow, b"late").unwrap_err().error, ReplyError::Canceled);
    let asking = beside(client, |client| client.request(b"quick").map(|reply| reply.to_vec()));
    let quick = request(&mut port);
    port.reply(quick, b"in time").unwrap();
    assert_eq!(asking.join().unwrap().0, Ok(b"in time".to_vec()));
}
