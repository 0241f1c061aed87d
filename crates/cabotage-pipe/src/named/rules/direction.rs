// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which way data flows, and which ways a client may ask for.

use crate::named::error::{Denial, PipeError};

/// Which way data flows through a pipe, as its server sees it. All instances of a name have one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the client to the server only (`PIPE_ACCESS_INBOUND`).
    Inbound,
    /// From the server to the client only (`PIPE_ACCESS_OUTBOUND`).
    Outbound,
    /// Both ways (`PIPE_ACCESS_DUPLEX`).
    Duplex,
}

/// What the holder of an end may do with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Access {
    /// Read from the pipe.
    pub read: bool,
    /// Write into the pipe.
    pub write: bool,
}

impl Direction {
    /// The direction in which a server reads, writes, or both; `None` for neither, which no pipe has.
    pub fn of(access: Access) -> Option<Self> {
        match (access.read, access.write) {
            (true, true) => Some(Self::Duplex),
            (true, false) => Some(Self::Inbound),
            (false, true) => Some(Self::Outbound),
            (false, false) => None,
        }
    }

    /// What the server's end of a pipe with this direction may do.
    pub fn server(self) -> Access {
        Access { read: self != Self::Outbound, write: self != Self::Inbound }
    }

    /// The most that a client's end may do.
    pub fn client(self) -> Access {
        Access { read: self != Self::Inbound, write: self != Self::Outbound }
    }

    /// Whether a client may open a pipe of this direction with this access. No access at all may be asked for too:
    /// such a client connects like any other.
    ///
    /// # Errors
    /// [`PipeError::AccessDenied`] when it asks for more than the direction has.
    pub fn admits(self, asked: Access) -> Result<(), PipeError> {
        let offered = self.client();
        if (asked.read && !offered.read) || (asked.write && !offered.write) {
            return Err(PipeError::AccessDenied(Denial::Direction { direction: self }));
        }
        Ok(())
    }
}

impl Access {
    /// Neither reads nor writes.
    pub const NONE: Self = Self { read: false, write: false };
    /// Reads only.
    pub const READ: Self = Self { read: true, write: false };
    /// Writes only.
    pub const WRITE: Self = Self { read: false, write: true };
    /// Reads and writes.
    pub const BOTH: Self = Self { read: true, write: true };
}

impl std::fmt::Display for Direction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Inbound => "inbound (client to server)",
            Self::Outbound => "outbound (server to client)",
            Self::Duplex => "duplex",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Access; 4] = [Access::NONE, Access::READ, Access::WRITE, Access::BOTH];

    /// Which of [`ALL`] a client gets.
    fn admitted(direction: Direction) -> [bool; 4] {
        ALL.map(|asked| direction.admits(asked).is_ok())
    }

    #[test]
    fn access_outside_the_direction_is_denied() {
        assert_eq!(admitted(Direction::Duplex), [true, true, true, true]);
        assert_eq!(admitted(Direction::Outbound), [true, true, false, false]);
        assert_eq!(admitted(Direction::Inbound), [true, false, true, false]);
        let denied = Direction::Inbound.admits(Access::READ).unwrap_err();
        assert_eq!(denied.code(), 5);
    }

    #[test]
    fn access_to_nothing_is_allowed_in_each_direction() {
        for direction in [Direction::Inbound, Direction::Outbound, Direction::Duplex] {
            assert!(direction.admits(Access::NONE).is_ok());
        }
    }

    #[test]
    fn rights_are_recorded_exactly_for_duplex_inbound_and_outbound() {
        assert_eq!((Direction::Duplex.server(), Direction::Duplex.client()), (Access::BOTH, Access::BOTH));
        assert_eq!((Direction::Inbound.server(), Direction::Inbound.client()), (Access::READ, Access::WRITE));
        assert_eq!(
            (Direction::Outbound.server(), Direction::Outbound.client()),
            (Access::WRITE, Access::READ)
        );
        for direction in [Direction::Inbound, Direction::Outbound, Direction::Duplex] {
            assert_eq!(Direction::of(direction.server()), Some(direction));
        }
        assert_eq!(Direction::of(Access::NONE), None);
    }
}
