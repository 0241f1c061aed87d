// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a handler returns is the reply; who is let in is the server's choice, and all other news are told.

use std::sync::mpsc;

use cabotage_alpc::{
    Admission, Answer, ConnectError, ConnectionPort, HandleKind, Incoming, Loss, Request, RequestError,
    SecureViewMut, ServeError, Technique,
};

use crate::Serving;
use crate::support::{Harbour, role, say, soon, their_client};

#[test]
fn what_a_handler_returns_is_the_reply() {
    let harbour = Harbour::new();
    let _server = Serving::start(harbour.port(), |port| {
        port.serve(|request| match request.body() {
            b"bytes" => Answer::new(vec![1, 2, 3]),
            b"nothing" => Answer::none(),
            other => Answer::new(other.to_ascii_uppercase()),
        })
    });
    let mut client = harbour.options().connect(crate::support::NAME).unwrap();
    assert_eq!(client.request_within(b"bytes", soon()).unwrap().body(), [1, 2, 3]);
    assert_eq!(client.request_within(b"text", soon()).unwrap().body(), b"TEXT");
    let lost = client.request_within(b"nothing", soon()).unwrap_err();
    assert_eq!(lost, RequestError::Lost(Loss::Dropped));
}

#[test]
fn a_handler_that_fails_leaves_its_asker_without_a_reply_and_serves_on() {
    let harbour = Harbour::new();
    let _server = Serving::start(harbour.port(), |port| {
        port.serve(|request| String::from_utf8(request.body().to_vec()))
    });
    let mut client = harbour.options().connect(crate::support::NAME).unwrap();
    let lost = client.request_within(&[0xFF], soon()).unwrap_err();
    assert_eq!(lost, RequestError::Lost(Loss::Dropped));
    assert_eq!(client.request_within(b"text", soon()).unwrap().body(), b"text");
}

#[test]
fn a_server_chooses_whom_it_lets_in_and_hears_of_all_that_is_no_request() {
    let harbour = Harbour::new();
    let (news, heard) = mpsc::channel();
    let _server = Serving::start(harbour.port(), |port| {
        let server = port.server().admit(|request| match request.data() {
            b"friend" => Admission::Accept { data: b"welcome".to_vec(), context: 7 },
            _ => Admission::Refuse { data: b"friends only".to_vec() },
        });
        let server = server.notice(move |incoming| match incoming {
            Incoming::Datagram(datagram) => {
                news.send((datagram.context(), datagram.body().to_vec())).unwrap();
            }
            Incoming::PortClosed { context, .. } => news.send((context, b"closed".to_vec())).unwrap(),
            other => panic!("{other:?}"),
        });
        server.run(|request| request.context().to_string())
    });
    match harbour.options().connect(crate::support::NAME) {
        Err(ConnectError::Refused { data }) => assert_eq!(data, b"friends only"),
        other => panic!("{other:?}"),
    }
    let mut client = harbour.options().data(b"friend").connect(crate::support::NAME).unwrap();
    assert_eq!(client.accept_data(), b"welcome");
    client.send_datagram(b"by the way", soon()).unwrap();
    assert_eq!(client.request_within(b"?", soon()).unwrap().body(), b"7");
    client.close();
    assert_eq!(heard.recv().unwrap(), (7, b"by the way".to_vec()));
    assert_eq!(heard.recv().unwrap(), (7, b"closed".to_vec()));
}

#[test]
fn clients_in_other_processes_are_served_together_and_each_gets_its_own_replies() {
    const TEST: &str =
        "answers::clients_in_other_processes_are_served_together_and_each_gets_its_own_replies";
    if role().is_some() {
        let mut client = their_client();
        let own = std::process::id().to_string();
        for number in 0..500 {
            let question = format!("{own} {number}");
            assert_eq!(
                client.request_within(question.as_bytes(), soon()).unwrap().body(),
                question.as_bytes()
            );
        }
        return say("done");
    }
    let harbour = Harbour::new();
    let _server = Serving::start(harbour.port(), |port| port.serve(|request| request.body().to_vec()));
    let mut others: Vec<_> = (0..3).map(|_| harbour.start(TEST, "client")).collect();
    for other in &mut others {
        assert_eq!(other.hear().as_deref(), Some("done"));
    }
    others.into_iter().for_each(crate::support::Other::finish);
}

/// Replies with views and handles, by what is asked.
fn give(request: &mut Request) -> Answer {
    match request.body() {
        b"view" => Answer::in_view(100_000, |view| view.write_at(99_999, b"!")),
        b"secure" => {
            let mut view = SecureViewMut::create(70_000).unwrap();
            view.write_at(0, b"sealed").unwrap();
            Answer::in_secure_view(view)
        }
        b"handle" => Answer::new(&b"here"[..]).with_handle(std::fs::File::open("/dev/null").unwrap()),
        b"bad" => Answer::in_view(10, |view| view.write_at(10, b"beyond")),
        other => Answer::new(other.to_vec()),
    }
}

fn gives_views_and_handles(serve: fn(ConnectionPort) -> Result<(), ServeError>) {
    let harbour = Harbour::new();
    let _server = Serving::start(harbour.port(), serve);
    let options = harbour.options().take_handles(1, &[HandleKind::Device]);
    let mut client = options.connect(crate::support::NAME).unwrap();
    let mut refusing = harbour.options().connect(crate::support::NAME).unwrap();
    for _ in 0..20 {
        let reply = client.request_within(b"view", soon()).unwrap();
        assert_eq!((reply.technique(), reply.len(), reply[99_999]), (Technique::Section, 100_000, b'!'));
        let reply = client.request_within(b"secure", soon()).unwrap();
        assert_eq!((reply.technique(), &reply[..6]), (Technique::SecureSection, &b"sealed"[..]));
        assert_eq!(client.request_within(b"handle", soon()).unwrap().body(), b"here");
        assert!(client.handles_received().unwrap().take(HandleKind::Device).is_some());
        // A view that can't be filled, and a client that takes no handles.
        let lost = client.request_within(b"bad", soon()).unwrap_err();
        assert_eq!(lost, RequestError::Lost(Loss::Dropped));
        let lost = refusing.request_within(b"handle", soon()).unwrap_err();
        assert_eq!(lost, RequestError::Lost(Loss::Dropped));
        assert_eq!(client.request_within(b"plain", soon()).unwrap().body(), b"plain");
    }
}

#[test]
fn a_handler_may_reply_with_views_and_handles() {
    gives_views_and_handles(|port| port.serve(give));
}

#[test]
fn a_handler_of_several_workers_may_reply_with_views_and_handles() {
    gives_views_and_handles(|port| port.serve_with(3, give));
}

#[test]
fn a_reply_in_a_view_waits_until_its_asker_lets_go_of_another_and_those_behind_it_wait_in_order() {
    let harbour = Harbour::new();
    let _server = Serving::start(harbour.port(), |port| port.serve(give));
    let mut client = harbour.options().views_max(1).connect(crate::support::NAME).unwrap();
    client.request_within(b"view", soon()).unwrap();
    let held = client.take_view().unwrap();
    let asked = [&b"view"[..], b"plain", b"view"].map(|body| client.send_request(body, soon()).unwrap());
    assert_eq!(client.receive(crate::support::shortly()), Err(cabotage_alpc::ReceiveError::Nothing));
    drop(held);
    for (id, bytes) in asked.into_iter().zip([100_000, 5, 100_000]) {
        match client.receive(soon()).unwrap() {
            cabotage_alpc::Received::Reply { id: answered, body } => {
                assert_eq!((answered, body.len()), (id, bytes));
            }
            other => panic!("{other:?}"),
        }
        drop(client.take_view());
    }
}
