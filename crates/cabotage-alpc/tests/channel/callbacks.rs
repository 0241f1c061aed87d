// SPDX-License-Identifier: MIT OR Apache-2.0
//! The server asks a client that is blocked in a request.

use cabotage_alpc::{CallbackError, Incoming, Kind, Loss, RequestError, Status};

use crate::support::{Harbour, beside, next, request, shortly, soon};

#[test]
fn a_blocked_client_answers_a_callback_and_goes_on_waiting_for_its_reply() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (client, id) = harbour.client(&mut port, 9);
    let asking = beside(client, |client| {
        let mut heard = Vec::new();
        let reply = client.request_with(b"question", soon(), |_, callback| {
            assert!(callback.id() != 0 && callback.about() != 0);
            heard.push(callback.body().to_vec());
            callback.body().to_ascii_uppercase()
        });
        (reply.map(|reply| reply.to_vec()), heard)
    });
    let came = request(&mut port);
    let first = port.callback(&came, b"one", soon()).unwrap();
    match next(&mut port) {
        Incoming::CallbackReply { id, reply } => {
            assert_eq!((id, reply.body(), reply.context()), (first, &b"ONE"[..], 9));
        }
        other => panic!("{other:?}"),
    }
    let second = port.call_back(&came, b"two", soon()).unwrap();
    assert_eq!((second.body(), second.client()), (&b"TWO"[..], id));
    port.reply(came, b"done").unwrap();
    let (reply, heard) = asking.join().unwrap().0;
    assert_eq!((reply, heard), (Ok(b"done".to_vec()), vec![b"one".to_vec(), b"two".to_vec()]));
}

#[test]
fn callbacks_and_requests_nest() {
    const DEPTH: u8 = 5;
    fn ask(client: &mut cabotage_alpc::Client, depth: u8) -> Vec<u8> {
        let reply = client.request_with(&[depth], soon(), |client, callback| {
            assert_eq!(callback.body(), [depth, depth]);
            if depth < DEPTH { ask(client, depth + 1) } else { vec![depth] }
        });
        reply.unwrap().to_vec()
    }
    fn serve(port: &mut cabotage_alpc::ConnectionPort, request: cabotage_alpc::Request) {
        let depth = request.body()[0];
        assert_eq!(request.within().is_some(), depth > 0);
        let answer = port.call_back_with(&request, &[depth, depth], soon(), serve).unwrap();
        let body = [answer.body(), &[depth]].concat();
        port.reply(request, &body).unwrap();
    }
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (client, _) = harbour.client(&mut port, 0);
    let asking = beside(client, |client| ask(client, 0));
    let first = request(&mut port);
    serve(&mut port, first);
    assert_eq!(asking.join().unwrap().0, [5, 5, 4, 3, 2, 1, 0]);
}

#[test]
fn only_a_client_that_is_blocked_in_the_request_can_be_called_back() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut client, id) = harbour.client(&mut port, 0);
    client.send_request(b"", soon()).unwrap();
    let came = request(&mut port);
    let error = port.callback(&came, b"", soon()).unwrap_err();
    assert_eq!((error.status(), error), (Status::LPC_REQUESTS_NOT_ALLOWED, CallbackError::NotBlocked));
    let number = came.id();
    port.reply(came, b"").unwrap();
    assert_eq!(client.receive(soon()).unwrap().kind(), Kind::Reply);
    let asking = beside(client, |client| client.request(b"").map(|_| ()));
    let blocked = request(&mut port);
    // Of one that has its reply nobody is blocked in it.
    port.reply_to(id, blocked.id(), b"", soon()).unwrap();
    asking.join().unwrap().0.unwrap();
    assert_eq!(port.callback(&blocked, b"", soon()).unwrap_err(), CallbackError::NotBlocked);
    assert!(blocked.id() > number);
}

#[test]
fn a_client_that_takes_no_callbacks_says_so_and_still_gets_its_reply() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (client, _) = harbour.client(&mut port, 0);
    let asking = beside(client, |client| client.request(b"").map(|reply| reply.to_vec()));
    let came = request(&mut port);
    let number = port.callback(&came, b"hello?", soon()).unwrap();
    match next(&mut port) {
        Incoming::LostReply { id, loss, .. } => assert_eq!((id, loss), (number, Loss::NotAwaited)),
        other => panic!("{other:?}"),
    }
    let error = port.call_back(&came, b"hello?", soon()).unwrap_err();
    assert_eq!(error, CallbackError::Request(RequestError::Lost(Loss::NotAwaited)));
    assert_eq!(error.status(), Status::LPC_REPLY_LOST);
    port.reply(came, b"reply").unwrap();
    assert_eq!(asking.join().unwrap().0, Ok(b"reply".to_vec()));
}

#[test]
fn a_callback_that_is_not_answered_costs_the_server_its_deadline() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (client, _) = harbour.client(&mut port, 0);
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let asking = beside(client, move |client| {
        let reply = client.request_with(b"", soon(), |_, _| {
            let _ = wait.recv();
            b"late"
        });
        reply.map(|reply| reply.to_vec())
    });
    let came = request(&mut port);
    let error = port.call_back(&came, b"", shortly()).unwrap_err();
    assert_eq!(error, CallbackError::Request(RequestError::TimedOut));
    go.send(()).unwrap();
    port.reply(came, b"reply").unwrap();
    assert_eq!(asking.join().unwrap().0, Ok(b"reply".to_vec()));
    // The late answer is dropped, and nothing else is.
    assert!(matches!(next(&mut port), Incoming::PortClosed { .. }));
}

#[test]
fn what_comes_while_the_server_waits_for_a_callback_is_received_afterwards_in_order() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (client, _) = harbour.client(&mut port, 0);
    let asking = beside(client, |client| {
        let reply = client.request_with(b"", soon(), |client, _| {
            for word in [b"one", b"two"] {
                client.send_datagram(word, soon()).unwrap();
            }
            client.send_request(b"asked", soon()).unwrap();
            b"answer"
        });
        reply.map(|reply| reply.to_vec())
    });
    let came = request(&mut port);
    assert_eq!(port.call_back(&came, b"", soon()).unwrap().body(), b"answer");
    assert_eq!(next(&mut port).body(), b"one");
    assert_eq!(next(&mut port).body(), b"two");
    port.reply(came, b"").unwrap();
    asking.join().unwrap().0.unwrap();
}

#[test]
fn a_reply_that_overtakes_a_callback_ends_the_wait() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (client, _) = harbour.client(&mut port, 0);
    let asking = beside(client, |client| {
        let reply = client.request_with(b"", soon(), |client, _| {
            // A request in the callback brings the reply of the one around it along.
            client.request(b"inner").unwrap();
            b"too late"
        });
        reply.map(|reply| reply.to_vec())
    });
    let outer = request(&mut port);
    port.callback(&outer, b"", soon()).unwrap();
    let inner = request(&mut port);
    port.reply(outer, b"outer").unwrap();
    port.reply(inner, b"inner").unwrap();
    assert_eq!(asking.join().unwrap().0, Ok(b"outer".to_vec()));
}
