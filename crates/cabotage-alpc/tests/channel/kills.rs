// SPDX-License-Identifier: MIT OR Apache-2.0
//! Processes that are killed at each step: whoever is left is told, and nothing is left of them.

use cabotage_alpc::{
    ChannelError, ConnectError, Deadline, Incoming, Kind, Loss, ReplyError, RequestError, Status,
};

use crate::support::{
    Harbour, NAME, hear, let_in, next, request, role, say, soon, their_client, their_registry,
};

#[test]
fn a_client_that_is_killed_has_died_after_the_messages_before_it() {
    const TEST: &str = "kills::a_client_that_is_killed_has_died_after_the_messages_before_it";
    if role().is_some() {
        let mut client = their_client();
        for number in 0..30_u8 {
            client.send_datagram(&[number], soon()).unwrap();
        }
        say("sent");
        hear();
        unreachable!("it is killed while it listens");
    }
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let mut other = harbour.start(TEST, "client");
    let named = let_in(&mut port, 8);
    assert_eq!(other.hear().as_deref(), Some("sent"));
    other.kill();
    for number in 0..30_u8 {
        assert_eq!(next(&mut port).body(), [number]);
    }
    let told = next(&mut port);
    assert!(matches!(told, Incoming::ClientDied { client, context: 8 } if client == named), "{told:?}");
    assert_eq!(told.kind().map(Kind::number), Some(6));
}

#[test]
fn a_client_that_is_killed_before_it_is_accepted_is_answered_in_vain() {
    const TEST: &str = "kills::a_client_that_is_killed_before_it_is_accepted_is_answered_in_vain";
    if role().is_some() {
        let _ =
            cabotage_alpc::ConnectOptions::new().registry(&their_registry()).deadline(soon()).connect(NAME);
        return;
    }
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let mut other = harbour.start(TEST, "client");
    let Incoming::ConnectionRequest(asking) = next(&mut port) else { panic!("nobody asks") };
    other.kill();
    if let Ok(client) = port.accept(asking, b"", 0) {
        assert!(matches!(next(&mut port), Incoming::ClientDied { client: gone, .. } if gone == client));
    }
    assert_eq!(port.clients(), 0);
    harbour.client(&mut port, 0);
}

#[test]
fn a_client_that_is_killed_while_it_waits_takes_no_reply_and_no_callback() {
    const TEST: &str = "kills::a_client_that_is_killed_while_it_waits_takes_no_reply_and_no_callback";
    if role().is_some() {
        let _ = their_client().request_with(b"", soon(), |_, _| {
            say("called");
            hear()
        });
        return;
    }
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let mut other = harbour.start(TEST, "client");
    let_in(&mut port, 0);
    let came = request(&mut port);
    let callback = port.callback(&came, b"", soon()).unwrap();
    assert_eq!(other.hear().as_deref(), Some("called"));
    other.kill();
    match next(&mut port) {
        Incoming::LostReply { id, loss, .. } => {
            assert_eq!((id, loss), (callback, Loss::Gone(ChannelError::Died)));
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(next(&mut port), Incoming::ClientDied { .. }));
    let unanswered = port.reply(came, b"").unwrap_err();
    assert!(matches!(unanswered.error, ReplyError::NotSent(_)));
}

#[test]
fn a_server_that_waits_for_a_killed_clients_callback_is_told() {
    const TEST: &str = "kills::a_server_that_waits_for_a_killed_clients_callback_is_told";
    if role().is_some() {
        let _ = their_client().request_with(b"", soon(), |_, _| {
            std::process::abort();
            #[expect(unreachable_code, reason = "the type of an answer")]
            b""
        });
        return;
    }
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let _other = harbour.start(TEST, "client");
    let_in(&mut port, 0);
    let came = request(&mut port);
    let error = port.call_back(&came, b"", soon()).unwrap_err();
    assert_eq!(error.status(), Status::LPC_REPLY_LOST, "{error}");
    assert!(matches!(next(&mut port), Incoming::ClientDied { .. }));
}

#[test]
fn a_client_whose_server_is_killed_is_told_where_it_waits() {
    const TEST: &str = "kills::a_client_whose_server_is_killed_is_told_where_it_waits";
    if let Some(role) = role() {
        let mut port = cabotage_alpc::PortOptions::new().registry(&their_registry()).create(NAME).unwrap();
        let asking = next(&mut port);
        if role == "asked to connect" {
            std::process::abort();
        }
        let Incoming::ConnectionRequest(asking) = asking else { panic!("{asking:?}") };
        port.accept(asking, b"", 0).unwrap();
        let came = request(&mut port);
        if role == "in a callback" {
            port.callback(&came, b"", soon()).unwrap();
            assert!(matches!(next(&mut port), Incoming::CallbackReply { .. }));
        }
        std::process::abort();
    }
    let harbour = Harbour::new();
    for step in ["asked to connect", "asked", "in a callback"] {
        let _other = harbour.start(TEST, step);
        let options = harbour.options().wait_for_name();
        // Its name stays behind until somebody takes it over, and then nobody answers there.
        let mut client = match options.connect(NAME) {
            Ok(client) => client,
            Err(error) => {
                assert!(matches!(error, ConnectError::Channel(ChannelError::Died)), "{step}: {error}");
                assert_eq!(step, "asked to connect");
                continue;
            }
        };
        let lost = client.request_with(b"", soon(), |_, _| b"answer").map(|_| ()).unwrap_err();
        assert_eq!(lost, RequestError::Lost(Loss::Gone(ChannelError::Died)), "{step}");
        assert_eq!(lost.status(), Status::LPC_REPLY_LOST);
        assert_eq!(client.send_datagram(b"", Deadline::Now).unwrap_err().status(), Status::PORT_DISCONNECTED);
    }
    let mut port = harbour.port();
    harbour.client(&mut port, 0);
}
