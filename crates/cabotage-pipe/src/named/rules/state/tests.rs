// SPDX-License-Identifier: MIT OR Apache-2.0
//! The state table, cell by cell: one test for each, named after its row and its column.

use super::*;

const WAIT: WaitMode = WaitMode::Wait;
const NOWAIT: WaitMode = WaitMode::NoWait;

fn listening() -> EndState {
    EndState::SERVER
}

fn connected() -> [EndState; 2] {
    let mut server = EndState::SERVER;
    server.client_came();
    [server, EndState::CLIENT]
}

fn closing() -> [EndState; 2] {
    connected().map(|mut end| {
        end.peer_closed();
        end
    })
}

fn disconnected_server() -> EndState {
    let [mut server, _] = connected();
    server.disconnect().unwrap();
    server
}

fn disconnected_client() -> EndState {
    let mut client = EndState::CLIENT;
    client.was_disconnected();
    client
}

#[track_caller]
fn refused<T: std::fmt::Debug>(answer: Result<T, PipeError>, status: u32, code: u32) {
    let error = answer.unwrap_err();
    assert_eq!((error.status(), error.code()), (status, code), "{error}");
}

mod read {
    use super::*;

    #[test]
    fn reading_while_listening_is_refused_as_listening() {
        refused(listening().read(false, WAIT), 0xC000_00B3, 536);
        refused(listening().read(false, NOWAIT), 0xC000_00B3, 536);
    }

    #[test]
    fn reading_an_empty_connected_pipe_waits_and_with_nowait_is_empty() {
        for end in connected() {
            assert_eq!(end.read(false, WAIT), Ok(Reading::Wait));
            refused(end.read(false, NOWAIT), 0xC000_00D9, 232);
        }
    }

    #[test]
    fn reading_queued_data_while_connected_takes_it() {
        for end in connected() {
            assert_eq!(end.read(true, WAIT), Ok(Reading::Take));
            assert_eq!(end.read(true, NOWAIT), Ok(Reading::Take));
        }
    }

    #[test]
    fn data_of_a_closed_peer_is_still_readable_then_the_pipe_is_broken() {
        for end in closing() {
            assert_eq!(end.read(true, WAIT), Ok(Reading::Take));
            refused(end.read(false, WAIT), 0xC000_014B, 109);
            refused(end.read(false, NOWAIT), 0xC000_014B, 109);
        }
    }

    #[test]
    fn reading_at_a_disconnected_server_end_is_refused_as_disconnected() {
        refused(disconnected_server().read(false, WAIT), 0xC000_00B0, 233);
    }

    #[test]
    fn reading_at_a_disconnected_client_end_is_refused_as_disconnected() {
        refused(disconnected_client().read(false, WAIT), 0xC000_00B0, 233);
    }

    #[test]
    fn queued_data_is_gone_after_disconnect_at_both_ends() {
        refused(disconnected_server().read(true, WAIT), 0xC000_00B0, 233);
        refused(disconnected_client().read(true, WAIT), 0xC000_00B0, 233);
    }
}

mod write {
    use super::*;

    #[test]
    fn writing_while_listening_is_refused_as_listening() {
        refused(listening().write(), 0xC000_00B3, 536);
    }

    #[test]
    fn writing_while_connected_goes_to_the_data_path() {
        for end in connected() {
            assert_eq!(end.write(), Ok(()));
        }
    }

    #[test]
    fn writing_to_a_closed_peer_is_refused_as_closing() {
        for end in closing() {
            refused(end.write(), 0xC000_00B1, 232);
        }
    }

    #[test]
    fn writing_at_a_disconnected_end_is_refused_as_disconnected() {
        refused(disconnected_server().write(), 0xC000_00B0, 233);
        refused(disconnected_client().write(), 0xC000_00B0, 233);
    }
}

mod peek {
    use super::*;

    #[test]
    fn peeking_while_listening_is_an_invalid_state() {
        refused(listening().peek(false), 0xC000_00AD, 230);
    }

    #[test]
    fn peeking_an_empty_connected_pipe_finds_nothing_and_is_no_error() {
        for end in connected() {
            assert_eq!(end.peek(false), Ok(()));
            assert_eq!(end.peek(true), Ok(()));
        }
    }

    #[test]
    fn peeking_after_the_peer_closed_sees_the_rest_then_the_pipe_is_broken() {
        for end in closing() {
            assert_eq!(end.peek(true), Ok(()));
            refused(end.peek(false), 0xC000_014B, 109);
        }
    }

    #[test]
    fn peeking_at_a_disconnected_server_end_is_an_invalid_state() {
        refused(disconnected_server().peek(false), 0xC000_00AD, 230);
    }

    #[test]
    fn peeking_at_a_disconnected_client_end_is_refused_as_disconnected() {
        refused(disconnected_client().peek(false), 0xC000_00B0, 233);
    }
}

mod transact {
    use super::*;

    #[test]
    fn transacting_while_listening_is_an_invalid_state() {
        refused(listening().transact(), 0xC000_00AD, 230);
    }

    #[test]
    fn transacting_while_connected_is_for_the_modes_to_decide() {
        for end in connected() {
            assert_eq!(end.transact(), Ok(()));
        }
    }

    #[test]
    fn transacting_with_a_closed_peer_is_an_invalid_state() {
        for end in closing() {
            refused(end.transact(), 0xC000_00AD, 230);
        }
    }

    #[test]
    fn transacting_at_a_disconnected_server_end_is_an_invalid_state() {
        refused(disconnected_server().transact(), 0xC000_00AD, 230);
    }

    #[test]
    fn transacting_at_a_disconnected_client_end_is_refused_as_disconnected() {
        refused(disconnected_client().transact(), 0xC000_00B0, 233);
    }
}

mod flush {
    use super::*;

    #[test]
    fn flushing_while_listening_is_done_at_once() {
        assert_eq!(listening().flush(), Ok(Flushing::Done));
    }

    #[test]
    fn flushing_while_connected_waits_until_the_peer_has_read_all() {
        for end in connected() {
            assert_eq!(end.flush(), Ok(Flushing::WaitUntilRead));
        }
    }

    #[test]
    fn flushing_after_the_peer_closed_is_done_at_once() {
        for end in closing() {
            assert_eq!(end.flush(), Ok(Flushing::Done));
        }
    }

    #[test]
    fn flushing_at_a_disconnected_server_end_is_done_at_once() {
        assert_eq!(disconnected_server().flush(), Ok(Flushing::Done));
    }

    #[test]
    fn flushing_at_a_disconnected_client_end_is_refused_as_disconnected() {
        refused(disconnected_client().flush(), 0xC000_00B0, 233);
    }
}

mod listen {
    use super::*;

    #[test]
    fn an_instance_listens_from_its_creation() {
        assert_eq!(EndState::SERVER.state(), State::Listening);
    }

    #[test]
    fn listening_while_listening_is_pending_and_with_nowait_refused_as_listening() {
        assert_eq!(listening().listen(WAIT), Ok(Listening::Goes));
        refused(listening().listen(NOWAIT), 0xC000_00B3, 536);
    }

    #[test]
    fn listening_while_connected_is_refused_as_connected() {
        let [mut server, _] = connected();
        refused(server.listen(WAIT), 0xC000_00B2, 535);
        assert_eq!(server.state(), State::Connected);
    }

    #[test]
    fn listening_after_the_client_closed_is_no_data_until_disconnect() {
        let [mut server, _] = closing();
        refused(server.listen(WAIT), 0xC000_00B1, 232);
        refused(server.listen(NOWAIT), 0xC000_00B1, 232);
        server.disconnect().unwrap();
        assert_eq!(server.listen(NOWAIT), Ok(Listening::Begins));
    }

    #[test]
    fn listening_after_disconnect_begins_to_listen_again() {
        let mut server = disconnected_server();
        assert_eq!(server.listen(WAIT), Ok(Listening::Begins));
        assert_eq!(server, EndState::SERVER);
    }

    #[test]
    fn a_client_that_is_gone_leaves_no_reusable_instance_before_disconnect_and_connect() {
        let [mut server, _] = closing();
        server.client_came();
        assert_eq!(server.state(), State::Closing);
        server.disconnect().unwrap();
        server.client_came();
        assert_eq!(server.state(), State::Disconnected);
        server.listen(WAIT).unwrap();
        server.client_came();
        assert_eq!(server.state(), State::Connected);
    }

    #[test]
    fn listening_is_an_illegal_function_on_any_client_end() {
        for mut client in [connected()[1], closing()[1], disconnected_client()] {
            refused(client.listen(WAIT), 0xC000_00AF, 1);
        }
    }
}

mod disconnect {
    use super::*;

    #[test]
    fn disconnecting_while_listening_is_refused_as_listening() {
        refused(listening().disconnect(), 0xC000_00B3, 536);
    }

    #[test]
    fn disconnecting_while_connected_is_done() {
        let [mut server, _] = connected();
        assert_eq!(server.disconnect(), Ok(()));
        assert_eq!(server.state(), State::Disconnected);
    }

    #[test]
    fn disconnecting_after_the_client_closed_is_done() {
        let [mut server, _] = closing();
        assert_eq!(server.disconnect(), Ok(()));
        assert_eq!(server.state(), State::Disconnected);
    }

    #[test]
    fn disconnecting_twice_is_refused_as_disconnected() {
        refused(disconnected_server().disconnect(), 0xC000_00B0, 233);
    }

    #[test]
    fn disconnecting_is_an_illegal_function_on_a_client_end() {
        for mut client in [connected()[1], closing()[1], disconnected_client()] {
            refused(client.disconnect(), 0xC000_00AF, 1);
        }
    }
}

mod inform {
    use super::*;

    #[test]
    fn information_and_security_are_there_while_listening() {
        assert_eq!(listening().inform(), Ok(()));
    }

    #[test]
    fn information_and_security_are_there_while_connected() {
        for end in connected() {
            assert_eq!(end.inform(), Ok(()));
        }
    }

    #[test]
    fn information_and_security_are_there_after_the_peer_closed() {
        for end in closing() {
            assert_eq!(end.inform(), Ok(()));
        }
    }

    #[test]
    fn information_and_security_are_there_at_a_disconnected_server_end() {
        assert_eq!(disconnected_server().inform(), Ok(()));
    }

    #[test]
    fn information_and_security_are_refused_at_a_disconnected_client_end() {
        refused(disconnected_client().inform(), 0xC000_00B0, 233);
    }
}

#[test]
fn states_have_the_numbers_of_windows() {
    let numbers =
        [State::Disconnected, State::Listening, State::Connected, State::Closing].map(|state| state as u32);
    assert_eq!(numbers, [1, 2, 3, 4]);
}
