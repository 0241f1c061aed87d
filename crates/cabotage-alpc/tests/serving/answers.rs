// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a handler returns is the reply; who is let in is the server's choice, and all other news are told.

use std::sync::mpsc;

use cabotage_alpc::{Admission, Answer, ConnectError, Incoming, Loss, RequestError};

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
