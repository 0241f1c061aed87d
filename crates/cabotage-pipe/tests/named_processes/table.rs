// SPDX-License-Identifier: MIT OR Apache-2.0
//! The state table between two processes: both sides' answers, in the codes of Windows.

use crate::Harbour;

#[test]
fn a_client_and_a_server_in_two_processes_go_through_all_states() {
    let harbour = Harbour::new();
    let (mut server, mut client) = (harbour.worker(), harbour.worker());
    assert_eq!(server.ask("create pipe"), "ok");
    assert_eq!(server.ask("state"), "Listening");
    assert_eq!(server.ask("write too early"), "536");

    assert_eq!(client.ask("open pipe"), "ok");
    assert_eq!(server.ask("connect"), "ok");
    assert_eq!(server.ask("connect"), "535");
    assert_eq!(
        (server.ask("peer"), client.ask("peer")),
        (client.pid().to_string(), server.pid().to_string())
    );

    client.tell("transact how are you?");
    assert_eq!(server.ask("read"), "how are you?");
    assert_eq!(server.ask("write fine"), "ok");
    assert_eq!(client.answer(), "fine");

    assert_eq!(client.ask("write last words"), "ok");
    assert_eq!(client.ask("close"), "ok");
    assert_eq!(server.ask("state"), "Closing");
    assert_eq!(server.ask("connect"), "232");
    assert_eq!(server.ask("write nobody reads"), "232");
    assert_eq!(server.ask("read"), "last words");
    assert_eq!(server.ask("read"), "109");
    assert_eq!(server.ask("peer"), client.pid().to_string());

    assert_eq!(server.ask("disconnect"), "ok");
    assert_eq!(server.ask("peer"), "1168");
    assert_eq!(server.ask("read"), "233");
    assert_eq!(server.ask("disconnect"), "233");
}

#[test]
fn an_instance_serves_one_process_after_the_other() {
    let harbour = Harbour::new();
    let mut server = harbour.worker();
    assert_eq!(server.ask("create pipe"), "ok");
    let mut clients = [harbour.worker(), harbour.worker(), harbour.worker()];
    for client in &mut clients {
        client.tell("open pipe"); // All at once: two of them wait.
    }
    for _ in 0..3 {
        assert_eq!(server.ask("connect"), "ok");
        assert_eq!(server.ask("write for you"), "ok");
        let pid = server.ask("peer");
        let client = clients.iter_mut().find(|client| client.pid().to_string() == pid).unwrap();
        assert_eq!(client.answer(), "ok");
        assert_eq!(client.ask("peek"), "7");
        assert_eq!(server.ask("disconnect"), "ok");
        assert_eq!(client.ask("read"), "233", "what was unread is destroyed");
    }
}

#[test]
fn a_blocked_write_is_broken_when_the_reader_goes_and_not_connected_when_it_disconnects() {
    let harbour = Harbour::new();
    for (order, code) in [("close", "109"), ("disconnect", "233")] {
        let (mut server, mut client) = (harbour.worker(), harbour.worker());
        assert_eq!(server.ask("create pipe"), "ok");
        assert_eq!(client.ask("open pipe"), "ok");
        assert_eq!(client.ask("write a quarter"), "ok");
        client.tell("write more than all of the quota");
        assert_eq!(server.ask("connect"), "ok");
        assert_eq!(server.ask("read"), "a quarter");
        while server.ask("peek") != "26" {} // Until it waits.
        assert_eq!(server.ask(order), "ok");
        assert_eq!(client.answer(), code, "{order}");
    }
}

#[test]
fn first_data_of_a_process_that_has_ended_is_there_for_a_server_that_had_not_looked() {
    let harbour = Harbour::new();
    let (mut server, mut client) = (harbour.worker(), harbour.worker());
    assert_eq!(server.ask("create pipe"), "ok");
    assert_eq!(client.ask("open pipe"), "ok");
    assert_eq!(client.ask("write I was here"), "ok");
    client.kill();
    assert_eq!(server.ask("read"), "I was here");
    assert_eq!(server.ask("read"), "109");
}

#[test]
fn a_pipe_lives_until_its_last_instance_is_closed_in_whatever_process() {
    let harbour = Harbour::new();
    let (mut one, mut two) = (harbour.worker(), harbour.worker());
    assert_eq!(one.ask("create pipe"), "ok");
    assert_eq!(two.ask("create pipe"), "ok");
    let mut first = harbour.client().open("pipe").unwrap();
    assert_eq!(first.info().unwrap().current_instances, 2);
    assert_eq!(first.server().unwrap().pid(), one.pid());
    assert_eq!(one.ask("close"), "ok");
    let mut second = harbour.client().open("pipe").unwrap();
    assert_eq!(second.server().unwrap().pid(), two.pid());
    assert_eq!(two.ask("close"), "ok");
    assert_eq!(harbour.client().open("pipe").unwrap_err().code(), 2);
}
