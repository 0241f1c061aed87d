// SPDX-License-Identifier: MIT OR Apache-2.0
//! The first words of both ends: what the consumer says when it has connected, and what the producer answers.
//!
//! Both are claims of the other side, checked here; what they say forms no address.

use cabotage_lane::{bytes_of, value_of};

use crate::meeting::Presence;

/// By this a consumer of a channel is told from whoever else connects. The last byte counts versions.
const KNOCK: u64 = u64::from_le_bytes(*b"cbknock\x01");
/// The answer's.
const ANSWER: u64 = u64::from_le_bytes(*b"cbdoor \x01");

cabotage_lane::plain! {
    /// What a consumer says.
    #[derive(Debug, PartialEq)]
    pub(super) struct Knock {
        magic: u64,
    }
}

cabotage_lane::plain! {
    /// What the producer answers.
    #[derive(Debug, PartialEq)]
    pub(super) struct Answer {
        magic: u64,
        /// Which producer of the name it is.
        pub(super) generation: u64,
        /// The number of the record that comes first.
        pub(super) first: u64,
        /// How many bytes the ring has.
        pub(super) ring_bytes: u64,
        /// Not zero if the place is taken.
        is_taken: u32,
        /// By which process, of which user.
        pid: u32,
        uid: u32,
        reserved: u32,
    }
}

impl Knock {
    pub(super) fn new() -> Self {
        Self { magic: KNOCK }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        bytes_of(self)
    }

    pub(super) fn is_one(bytes: &[u8]) -> bool {
        value_of::<Self>(bytes) == Some(Self::new())
    }
}

impl Answer {
    /// Come in.
    pub(super) fn welcome(generation: u64, first: u64, ring_bytes: usize) -> Self {
        let ring_bytes = ring_bytes as u64;
        Self { magic: ANSWER, generation, first, ring_bytes, is_taken: 0, pid: 0, uid: 0, reserved: 0 }
    }

    /// Somebody else is in.
    pub(super) fn taken(generation: u64, holder: Presence) -> Self {
        let (pid, uid) = match holder {
            Presence::Here { pid, uid } => (pid.unwrap_or(0).unsigned_abs(), uid),
            _ => (0, 0),
        };
        Self { is_taken: 1, pid, uid, ..Self::welcome(generation, 0, 0) }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        bytes_of(self)
    }

    /// `None` for what is no answer.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        value_of::<Self>(bytes).filter(|answer| answer.magic == ANSWER)
    }

    /// Who has the place, if it is taken; by the producer's word.
    pub(super) fn holder(&self) -> Option<Presence> {
        let pid = i32::try_from(self.pid).ok().filter(|pid| *pid > 0);
        (self.is_taken != 0).then_some(Presence::Here { pid, uid: self.uid })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_understood_and_nothing_else_is() {
        assert!(Knock::is_one(Knock::new().bytes()));
        let holder = Presence::Here { pid: Some(7), uid: 1000 };
        for answer in [Answer::welcome(3, 1 << 40, 65_536), Answer::taken(3, holder)] {
            assert_eq!(Answer::of(answer.bytes()), Some(answer));
        }
        assert_eq!(Answer::taken(3, holder).holder(), Some(holder));
        assert_eq!(Answer::welcome(3, 0, 4096).holder(), None);
        for strange in [&b""[..], b"cbknock\x02", &[0; 48], Knock::new().bytes()] {
            assert!(Answer::of(strange).is_none());
        }
        assert!(!Knock::is_one(b"cbknock\x02") && !Knock::is_one(b"cbknock\x01+"));
    }
}
