// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a message is, with the numbers by which Windows programmers know it.
//!
//! A kind is made by the receiving library from what it knows; the peer's word alone makes none. So that a port was
//! closed, a client died, a reply is lost or a request was canceled can't be forged.

/// What a received message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// Its sender wants an answer.
    Request,
    /// The answer to a request of ours.
    Reply,
    /// Nobody waits for an answer.
    Datagram,
    /// No answer will come to a request of ours.
    LostReply,
    /// A client has closed its port.
    PortClosed,
    /// A client has died.
    ClientDied,
    /// Somebody wants to connect.
    ConnectionRequest,
    /// The asker of a request does not want the answer any more.
    Canceled,
}

impl Kind {
    /// Set in [`Kind::type_number`] when the receiver still owes its sender something.
    pub const CONTINUATION_REQUIRED: u16 = 0x2000;

    /// The number of the kind, as in the low byte of a message's type.
    pub fn number(self) -> u16 {
        match self {
            Self::Request => 1,
            Self::Reply => 2,
            Self::Datagram => 3,
            Self::LostReply => 4,
            Self::PortClosed => 5,
            Self::ClientDied => 6,
            Self::ConnectionRequest => 10,
            Self::Canceled => 12,
        }
    }

    /// Whether the receiver owes its sender something: an answer, or to accept or refuse. Whoever lets go of such a
    /// message without, has the library say so to the sender.
    pub fn is_continuation_required(self) -> bool {
        matches!(self, Self::Request | Self::ConnectionRequest)
    }

    /// The number with its flags, as it stands in a message's type.
    pub fn type_number(self) -> u16 {
        let flag = if self.is_continuation_required() { Self::CONTINUATION_REQUIRED } else { 0 };
        self.number() | flag
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_types_have_the_numbers_of_windows() {
        let numbers = [
            (Kind::Request, 1, 0x2001),
            (Kind::Reply, 2, 2),
            (Kind::Datagram, 3, 3),
            (Kind::LostReply, 4, 4),
            (Kind::PortClosed, 5, 5),
            (Kind::ClientDied, 6, 6),
            (Kind::ConnectionRequest, 10, 0x200A),
            (Kind::Canceled, 12, 12),
        ];
        for (kind, number, with_flags) in numbers {
            assert_eq!((kind.number(), kind.type_number()), (number, with_flags), "{kind:?}");
        }
    }
}
