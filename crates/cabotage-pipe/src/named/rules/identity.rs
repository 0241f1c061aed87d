// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whom an end knows at the other end, and when a server may take its client's identity.

use super::state::{EndState, Side, State};
use crate::named::error::PipeError;

impl EndState {
    /// Something that the client wrote was read here.
    #[inline]
    pub fn has_read(&mut self) {
        self.was_read_from = true;
    }

    /// Asking who the other end is: fixed when the client came, and known until the server disconnects it.
    ///
    /// # Errors
    /// What the state says.
    pub fn identify(&self) -> Result<(), PipeError> {
        match (self.side, self.state) {
            (_, State::Connected | State::Closing) => Ok(()),
            (Side::Server, _) => Err(PipeError::NoClient),
            (Side::Client, _) => Err(PipeError::Disconnected),
        }
    }

    /// Taking the client's identity: once something that it wrote was read, also when it is gone.
    ///
    /// # Errors
    /// What the state says.
    pub fn impersonate(&self) -> Result<(), PipeError> {
        if self.side == Side::Client {
            return Err(PipeError::ServerOnly);
        }
        match (self.state, self.was_read_from) {
            (State::Connected | State::Closing, true) => Ok(()),
            _ => Err(PipeError::CannotImpersonate),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::named::rules::WaitMode::Wait;

    fn connected() -> [EndState; 2] {
        let mut server = EndState::SERVER;
        server.client_came();
        [server, EndState::CLIENT]
    }

    #[track_caller]
    fn refused(answer: Result<(), PipeError>, status: u32, code: u32) {
        let error = answer.unwrap_err();
        assert_eq!((error.status(), error.code()), (status, code), "{error}");
    }

    #[test]
    fn who_the_peer_is_is_known_while_connected_and_survives_its_close() {
        for mut end in connected() {
            assert_eq!(end.identify(), Ok(()));
            end.peer_closed();
            assert_eq!(end.identify(), Ok(()));
        }
    }

    #[test]
    fn after_disconnect_the_server_does_not_find_the_client() {
        let [mut server, _] = connected();
        server.disconnect().unwrap();
        refused(server.identify(), 0xC000_0225, 1168);
    }

    #[test]
    fn after_disconnect_the_client_is_not_connected() {
        let [_, mut client] = connected();
        client.was_disconnected();
        refused(client.identify(), 0xC000_00B0, 233);
    }

    #[test]
    fn before_any_read_a_client_cannot_be_impersonated() {
        let [mut server, client] = connected();
        refused(server.impersonate(), 0xC000_010D, 1368);
        refused(EndState::SERVER.impersonate(), 0xC000_010D, 1368);
        server.has_read();
        assert_eq!(server.impersonate(), Ok(()));
        refused(client.impersonate(), 0xC000_00AF, 1);
    }

    #[test]
    fn impersonation_works_after_the_client_exited_and_not_after_disconnect() {
        let [mut server, _] = connected();
        server.has_read();
        server.peer_closed();
        assert_eq!(server.impersonate(), Ok(()));
        server.disconnect().unwrap();
        refused(server.impersonate(), 0xC000_010D, 1368);
    }

    #[test]
    fn the_next_client_cannot_be_impersonated_for_what_the_last_one_wrote() {
        let [mut server, _] = connected();
        server.has_read();
        server.disconnect().unwrap();
        server.listen(Wait).unwrap();
        server.client_came();
        refused(server.impersonate(), 0xC000_010D, 1368);
    }
}
