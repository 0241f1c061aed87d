// SPDX-License-Identifier: MIT OR Apache-2.0
//! Who is at the other end, and acting as a client.

use cabotage_os::process::{self, Pid};

use crate::{SOON, joined_messages};

fn own_pid() -> i32 {
    std::process::id().cast_signed()
}

#[test]
fn process_and_session_are_readable_from_both_ends_and_survive_the_peers_close() {
    let (_harbour, mut server, mut client) = joined_messages();
    let session = process::session_of(Pid::from_raw(own_pid()).unwrap()).unwrap();
    assert_eq!(client.server().unwrap().session_id(), session);
    assert_eq!((server.client().unwrap().pid(), client.server().unwrap().pid()), (own_pid(), own_pid()));
    assert_eq!(
        (server.server_process_id(), client.client_process_id()),
        (std::process::id(), std::process::id())
    );
    drop(client);
    let known = server.client().unwrap();
    assert_eq!((known.pid(), known.session_id()), (own_pid(), session));
}

#[test]
fn after_disconnect_the_server_finds_no_client_and_the_client_is_not_connected() {
    let (_harbour, mut server, mut client) = joined_messages();
    server.disconnect().unwrap();
    assert_eq!(server.client().unwrap_err().code(), 1168);
    assert_eq!(client.server().unwrap_err().code(), 233);
}

#[test]
fn impersonating_before_any_read_is_refused_and_works_after_the_client_is_gone() {
    let (_harbour, mut server, mut client) = joined_messages();
    client.send(b"it is me", SOON).unwrap();
    assert_eq!(server.impersonate().unwrap_err().code(), 1368);
    server.receive(&mut Vec::new(), SOON).unwrap();
    drop(client);
    let token = server.impersonate().unwrap();
    assert_eq!(token.subject().uid, process::own_uid());
    assert_eq!(token.identity().pid(), own_pid());
    server.disconnect().unwrap();
    assert_eq!(server.impersonate().unwrap_err().code(), 1368);
}

#[test]
fn a_token_acts_as_the_client_where_the_server_may() {
    let (_harbour, mut server, mut client) = joined_messages();
    client.send(b"it is me", SOON).unwrap();
    server.receive(&mut Vec::new(), SOON).unwrap();
    // Our own user with our own groups: no privilege is needed to become what one is.
    let acting = server.impersonate().unwrap().run_as().unwrap();
    assert_eq!(process::own_uid(), server.client().unwrap().uid());
    drop(acting);
}
