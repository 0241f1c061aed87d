// SPDX-License-Identifier: MIT OR Apache-2.0
//! How a client comes to a port and goes: it asks once, is accepted or refused once, and its end is told once.

use crate::wire::Word;

/// Where a client stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It has not asked yet.
    Silent,
    /// It has asked, and nobody has answered.
    Asking,
    /// It is in.
    In,
}

/// What a message of a client means, by where the client stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// It asks to be let in.
    Asks,
    /// A message of one who is in.
    Speaks,
    /// It may not say this now.
    OutOfTurn,
}

/// What the end of a client means, by where it stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The server knows it, and is told.
    Told,
    /// The server was asked by it and may still answer, in vain.
    Withdrawn,
    /// The server never heard of it.
    Unknown,
}

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Connection {
    stage: Stage,
}

impl Connection {
    /// Of a client that has just come.
    pub(crate) fn new() -> Self {
        Self { stage: Stage::Silent }
    }

    /// The client said this.
    #[inline]
    pub(crate) fn hear(&mut self, word: Word) -> Arrival {
        match (self.stage, word) {
            (
                Stage::In,
                Word::Request
                | Word::Reply
                | Word::Datagram
                | Word::Cancel
                | Word::Lost
                | Word::Copied
                | Word::Handles,
            ) => Arrival::Speaks,
            (Stage::Silent, Word::Connect) => {
                self.stage = Stage::Asking;
                Arrival::Asks
            }
            _ => Arrival::OutOfTurn,
        }
    }

    /// The server lets it in; answers whether it had asked and had no answer.
    pub(crate) fn accept(&mut self) -> bool {
        let was_asking = self.stage == Stage::Asking;
        if was_asking {
            self.stage = Stage::In;
        }
        was_asking
    }

    /// Whether the client was let in.
    #[inline]
    pub(crate) fn is_in(&self) -> bool {
        self.stage == Stage::In
    }

    /// Whether it has asked and has no answer.
    pub(crate) fn is_asking(&self) -> bool {
        self.stage == Stage::Asking
    }

    /// Whether it has never said anything.
    pub(crate) fn is_silent(&self) -> bool {
        self.stage == Stage::Silent
    }

    /// The client is gone.
    pub(crate) fn end(self) -> Ending {
        match self.stage {
            Stage::In => Ending::Told,
            Stage::Asking => Ending::Withdrawn,
            Stage::Silent => Ending::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AFTERWARDS: [Word; 5] = [Word::Request, Word::Reply, Word::Datagram, Word::Cancel, Word::Lost];

    #[test]
    fn a_client_asks_first_and_once() {
        let mut client = Connection::new();
        for word in AFTERWARDS.into_iter().chain([Word::Accept, Word::Refuse]) {
            assert_eq!(client.hear(word), Arrival::OutOfTurn, "{word:?}");
        }
        assert_eq!(client.hear(Word::Connect), Arrival::Asks);
        assert_eq!(client.hear(Word::Connect), Arrival::OutOfTurn);
    }

    #[test]
    fn nobody_speaks_before_being_accepted() {
        let mut client = Connection::new();
        assert!(!client.accept());
        client.hear(Word::Connect);
        assert_eq!(client.hear(Word::Request), Arrival::OutOfTurn);
        assert!(client.is_asking() && client.accept() && !client.accept());
        for word in AFTERWARDS {
            assert_eq!(client.hear(word), Arrival::Speaks, "{word:?}");
        }
        assert_eq!(client.hear(Word::Connect), Arrival::OutOfTurn);
    }

    #[test]
    fn the_end_of_a_client_is_told_if_it_was_in() {
        let mut client = Connection::new();
        assert!(client.is_silent());
        assert_eq!(Connection::new().end(), Ending::Unknown);
        client.hear(Word::Connect);
        client.accept();
        assert_eq!(client.end(), Ending::Told);
        let mut asking = Connection::new();
        asking.hear(Word::Connect);
        assert_eq!(asking.end(), Ending::Withdrawn);
    }
}
