// SPDX-License-Identifier: MIT OR Apache-2.0
//! Connect, accept, refuse.

use std::os::fd::AsFd;

use cabotage_alpc::{
    AdmitError, CONNECT_BYTES_MAX, ConnectError, CreateError, Deadline, Incoming, Kind, MESSAGE_BYTES_MAX,
    PortOptions, Ready, Status,
};
use cabotage_link::quota::{Amounts, Limits, Quota};
use cabotage_os::poll::{self, Readiness};

use crate::support::{Harbour, NAME, let_in, next, role, say, shortly, soon, their_client};

/// The request to connect that comes next.
macro_rules! asks {
    ($port:expr) => {
        match next(&mut $port) {
            Incoming::ConnectionRequest(request) => request,
            other => panic!("{other:?}"),
        }
    };
}

#[test]
fn an_absent_name_is_not_found() {
    let harbour = Harbour::new();
    let error = harbour.options().connect(NAME).unwrap_err();
    assert_eq!(error.status(), Status::OBJECT_NAME_NOT_FOUND, "{error}");
    let error = harbour.options().connect("a/b").unwrap_err();
    assert_eq!(error.status(), Status::OBJECT_NAME_INVALID, "{error}");
}

#[test]
fn a_name_that_a_living_port_has_is_a_collision() {
    let harbour = Harbour::new();
    let port = harbour.port();
    let error = PortOptions::new().registry(&harbour.registry()).create(NAME).unwrap_err();
    assert_eq!(error.status(), Status::OBJECT_NAME_COLLISION, "{error}");
    assert_eq!(port.name().unwrap().to_string(), NAME);
    drop(port);
    harbour.port();
}

#[test]
fn a_refused_client_is_told_so_with_the_servers_data_and_gets_no_handle() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let connecting = harbour.options().begin(NAME).unwrap();
    let request = asks!(port);
    port.refuse(request, b"not you").unwrap();
    let error = connecting.finish(soon()).unwrap_err();
    assert_eq!(error.status(), Status::PORT_CONNECTION_REFUSED);
    assert!(matches!(error, ConnectError::Refused { data } if data == b"not you"));
    assert_eq!(port.clients(), 0);
}

#[test]
fn a_request_to_connect_that_is_let_go_of_is_refused() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let connecting = harbour.options().begin(NAME).unwrap();
    drop(asks!(port));
    assert!(port.try_receive().unwrap().is_none());
    let error = connecting.finish(soon()).unwrap_err();
    assert!(matches!(error, ConnectError::Refused { data } if data.is_empty()));
}

#[test]
fn an_accepted_client_gets_the_servers_data_and_knows_the_servers_process() {
    const TEST: &str = "connecting::an_accepted_client_gets_the_servers_data_and_knows_the_servers_process";
    if role().is_some() {
        let client = their_client();
        let data = String::from_utf8(client.accept_data().to_vec()).unwrap();
        return say(&format!("{data} {}", client.server().pid));
    }
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let mut other = harbour.start(TEST, "client");
    let request = asks!(port);
    port.accept(request, b"welcome", 0).unwrap();
    assert_eq!(other.hear(), Some(format!("welcome {}", std::process::id())));
    other.finish();
}

#[test]
fn the_server_sees_a_connection_request_with_the_clients_process_and_data() {
    const TEST: &str = "connecting::the_server_sees_a_connection_request_with_the_clients_process_and_data";
    if role().is_some() {
        drop(their_client());
        return;
    }
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let other = harbour.start(TEST, "client");
    let request = asks!(port);
    assert_eq!(request.identity().pid, other.pid().cast_signed());
    assert_eq!(request.data(), b"");
    port.accept(request, b"", 0).unwrap();
    other.finish();
    let _connecting = harbour.options().data(b"let me in").begin(NAME).unwrap();
    let incoming = loop {
        match next(&mut port) {
            Incoming::PortClosed { .. } => {}
            incoming => break incoming,
        }
    };
    assert_eq!((incoming.kind(), incoming.body()), (Some(Kind::ConnectionRequest), &b"let me in"[..]));
    assert_eq!(Kind::ConnectionRequest.number(), 10);
}

#[test]
fn connecting_without_waiting_gives_a_pending_port_that_waits_for_the_answer() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let connecting = harbour.options().begin(NAME).unwrap();
    let mut connecting = connecting.try_finish().unwrap().unwrap_err();
    assert_eq!(connecting.ready().unwrap(), Ready::Armed);
    let_in(&mut port, 0);
    poll::wait([(connecting.as_fd(), Readiness::IN)], soon()).unwrap();
    assert_eq!(connecting.ready().unwrap(), Ready::Ready);
    assert!(connecting.try_finish().unwrap().is_ok());
}

#[test]
fn a_pending_port_may_be_dropped_and_the_server_answers_in_vain() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    drop(harbour.options().begin(NAME).unwrap());
    let request = asks!(port);
    // That the client is gone may be found by the port, or by the answer.
    match port.accept(request, b"", 0) {
        Ok(client) => {
            assert!(matches!(next(&mut port), Incoming::PortClosed { client: gone, .. } if gone == client))
        }
        Err(refused) => assert!(matches!(refused.error, AdmitError::Gone(_)), "{refused}"),
    }
    assert_eq!(port.clients(), 0);
}

#[test]
fn a_server_that_does_not_answer_costs_the_client_its_deadline() {
    let harbour = Harbour::new();
    let _port = harbour.port();
    let error = harbour.options().deadline(shortly()).connect(NAME).unwrap_err();
    assert!(matches!(error, ConnectError::TimedOut));
    assert_eq!(error.status(), Status::TIMEOUT);
}

#[test]
fn accept_data_larger_than_the_clients_buffer_tell_the_length_and_connect_nothing() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let connecting = harbour.options().accept_bytes_max(3).begin(NAME).unwrap();
    let request = asks!(port);
    let client = port.accept(request, b"four", 0).unwrap();
    let error = connecting.finish(soon()).unwrap_err();
    assert_eq!(error.status(), Status::BUFFER_TOO_SMALL);
    assert!(matches!(error, ConnectError::BufferTooSmall { bytes: 4, bytes_max: 3 }));
    assert!(matches!(next(&mut port), Incoming::PortClosed { client: gone, .. } if gone == client));
}

#[test]
fn a_server_of_another_user_than_required_is_a_mismatch_and_hears_nothing() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let own = cabotage_os::fifo::own_user();
    let error = harbour.options().required_uid(own + 1).connect(NAME).unwrap_err();
    assert_eq!(error.status(), Status::SERVER_SID_MISMATCH, "{error}");
    assert!(port.receive(shortly()).is_err());
    let _connecting = harbour.options().required_uid(own).begin(NAME).unwrap();
    let_in(&mut port, 0);
}

#[test]
fn data_with_a_request_to_connect_are_bounded_on_both_sides() {
    let harbour = Harbour::new();
    let mut port = harbour.port_with(PortOptions::new().connect_bytes_max(10));
    let error = harbour.options().data(&[0; CONNECT_BYTES_MAX + 1]).begin(NAME).unwrap_err();
    assert!(matches!(error, ConnectError::DataTooLong { bytes_max: CONNECT_BYTES_MAX, .. }));
    let connecting = harbour.options().data(&[0; 11]).begin(NAME).unwrap();
    assert!(port.receive(shortly()).is_err());
    let error = connecting.finish(soon()).unwrap_err();
    assert!(matches!(error, ConnectError::DataTooLong { bytes_max: 10, .. }), "{error}");
    let connecting = harbour.options().data(&[7; 10]).begin(NAME).unwrap();
    let request = asks!(port);
    assert_eq!(request.data(), [7; 10]);
    let refused = port.accept(request, &[0; CONNECT_BYTES_MAX + 1], 0).unwrap_err();
    assert_eq!(refused.error.status(), Status::PORT_MESSAGE_TOO_LONG);
    port.accept(refused.request, &[1; CONNECT_BYTES_MAX], 0).unwrap();
    assert_eq!(connecting.finish(soon()).unwrap().accept_data(), [1; CONNECT_BYTES_MAX]);
}

#[test]
fn one_client_more_than_the_port_takes_is_turned_away() {
    let harbour = Harbour::new();
    let mut port = harbour.port_with(PortOptions::new().clients_max(1));
    let (first, _) = harbour.client(&mut port, 0);
    let connecting = harbour.options().begin(NAME).unwrap();
    assert!(port.receive(shortly()).is_err());
    let error = connecting.finish(soon()).unwrap_err();
    assert!(matches!(error, ConnectError::Crowded));
    assert_eq!(error.status(), Status::INSUFFICIENT_RESOURCES);
    drop(first);
    assert!(matches!(next(&mut port), Incoming::PortClosed { .. }));
    harbour.client(&mut port, 0);
}

#[test]
fn a_request_to_connect_is_answered_at_the_port_to_which_it_came() {
    let (harbour, elsewhere) = (Harbour::new(), Harbour::new());
    let (mut port, mut other) = (harbour.port(), elsewhere.port());
    let connecting = harbour.options().begin(NAME).unwrap();
    let request = asks!(port);
    let refused = other.accept(request, b"", 0).unwrap_err();
    assert_eq!(refused.error, AdmitError::Stranger);
    port.accept(refused.request, b"", 0).unwrap();
    connecting.finish(soon()).unwrap();
}

#[test]
fn a_maximum_message_length_of_0x10000_is_an_invalid_parameter() {
    let harbour = Harbour::new();
    for bytes in [MESSAGE_BYTES_MAX + 1, 0x1_0000] {
        let options = PortOptions::new().registry(&harbour.registry()).message_bytes_max(bytes);
        let error = options.create(NAME).unwrap_err();
        assert_eq!(error.status(), Status::INVALID_PARAMETER);
        assert!(matches!(error, CreateError::Limit { value, max: MESSAGE_BYTES_MAX, .. } if value == bytes));
    }
    harbour.port_with(PortOptions::new().message_bytes_max(0xFFEF));
}

#[test]
fn nobody_connects_once_the_name_is_taken_back_and_those_who_have_go_on() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut client, _) = harbour.client(&mut port, 0);
    port.unpublish();
    assert_eq!(
        harbour.options().deadline(Deadline::Now).connect(NAME).unwrap_err().status(),
        Status::OBJECT_NAME_NOT_FOUND
    );
    client.send_datagram(b"still here", soon()).unwrap();
    assert_eq!(next(&mut port).body(), b"still here");
}

#[test]
fn a_process_beyond_its_quota_is_refused_and_the_others_stay() {
    let harbour = Harbour::new();
    let pool = Amounts { links: 4, bytes: 1 << 30, descriptors: 64 };
    let quota = Quota::new(Limits { foreign: pool, ours: pool }).unwrap();
    let mut port = harbour.port_with(PortOptions::new().quota(&quota));
    let (mut first, _) = harbour.client(&mut port, 0);
    let mut others = Vec::new();
    let error = loop {
        assert!(others.len() < 4, "the quota refuses nobody");
        let connecting = harbour.options().begin(NAME).unwrap();
        match port.receive(shortly()) {
            Ok(Incoming::ConnectionRequest(request)) => {
                port.accept(request, b"", 0).unwrap();
                others.push(connecting.finish(soon()).unwrap());
            }
            Ok(other) => panic!("{other:?}"),
            Err(_) => break connecting.finish(soon()).unwrap_err(),
        }
    };
    assert_eq!(error.status(), Status::INSUFFICIENT_RESOURCES, "{error}");
    first.send_datagram(b"still here", soon()).unwrap();
    assert_eq!(next(&mut port).body(), b"still here");
}
