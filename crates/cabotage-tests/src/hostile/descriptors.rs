// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every kind of descriptor, in every number, in every place where one may stand: as an outbox, as a segment, beside
//! a message.

use std::os::fd::BorrowedFd;

use super::frames::{self, Purpose, head};
use super::kinds::Kind;
use super::liar::Liar;
use super::link_fields::{frame, tag};

pub use super::kinds::Kinds;

/// Where descriptors are handed over.
pub const PLACES: [&str; 3] = ["outbox", "segment", "attachment"];

/// How many go with one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// So many.
    One(usize),
    /// Two, in two control messages of one each.
    InTwoParts,
}

/// Each count that is tried.
pub const COUNTS: [Count; 5] =
    [Count::One(0), Count::One(1), Count::One(2), Count::One(253), Count::InTwoParts];

/// One kind in one number.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// Which kind.
    pub kind: usize,
    /// How many.
    pub count: Count,
}

impl Case {
    /// Each of them, in an order that two processes agree on.
    pub fn all(kinds: &Kinds) -> impl Iterator<Item = Self> {
        Self::of(kinds.all().len())
    }

    /// The same for so many kinds.
    pub fn of(kinds: usize) -> impl Iterator<Item = Self> {
        (0..kinds).flat_map(|kind| COUNTS.map(|count| Self { kind, count }))
    }

    /// What the victim must say of it in this place; `None` where it must say nothing.
    pub fn words(self, kind: &Kind, place: &str) -> Option<&'static str> {
        match (place, self.count) {
            ("attachment", Count::One(0)) => Some("announced 0 descriptors"),
            ("attachment", Count::One(253)) => Some("announced 253 descriptors"),
            ("attachment", _) => None,
            (_, Count::One(1)) => Some(kind.words),
            _ => Some("descriptors in a message that has 1"),
        }
    }

    fn descriptors<'kinds>(&self, kinds: &'kinds Kinds) -> Vec<BorrowedFd<'kinds>> {
        let count = match self.count {
            Count::One(count) => count,
            Count::InTwoParts => 2,
        };
        vec![kinds.all()[self.kind].descriptor(); count]
    }
}

/// Goes as far as descriptors may come in this place.
pub fn prepare(liar: &mut Liar, place: &str) {
    liar.say(frames::hello(None), &[]);
    // Until it is accepted: a victim without descriptors accepts nobody.
    liar.wait_until(|liar| liar.heard().hellos > 0);
    if place != "outbox" {
        liar.hand_over();
        liar.send(tag::PLAIN, b"a message, so that both outboxes have gone");
        liar.settle();
    }
}

/// Hands descriptors over, and says goodbye.
pub fn strike(liar: &mut Liar, kinds: &Kinds, place: &str, case: Case) {
    let descriptors = case.descriptors(kinds);
    let count = u8::try_from(descriptors.len()).unwrap_or(u8::MAX);
    let message = match place {
        "outbox" => frames::outbox(8192),
        "segment" => frames::segment(1, Purpose::Block, 8192),
        _ => frames::descriptors(1, count),
    };
    match case.count {
        Count::InTwoParts => {
            let parts: Vec<_> = descriptors.chunks(1).collect();
            let _ = liar.socket().send_in_parts(&message, &parts);
        }
        Count::One(_) => drop(liar.say(message, &descriptors)),
    }
    if place == "attachment" && (1..=64).contains(&count) {
        liar.send(tag::ATTACHED, &head(1, 0));
    }
    liar.say(vec![frame::BYE], &[]);
}
