// SPDX-License-Identifier: MIT OR Apache-2.0
//! A record written in place, before anybody sees it.

use super::publisher::Tally;
use super::{Publisher, Words};
use crate::record::Header;
use crate::ring::{self, OwnRing, TheirRing};

/// Room for one record. Dropped without [`Loan::stage`], nothing has happened.
#[derive(Debug)]
pub struct Loan<'topic, R, W, P> {
    publisher: &'topic mut Publisher<R, W, P>,
    header: Header,
}

impl<'topic, R: OwnRing + TheirRing, W: Words, P: Words> Loan<'topic, R, W, P> {
    pub(super) fn new(publisher: &'topic mut Publisher<R, W, P>, header: Header) -> Self {
        Self { publisher, header }
    }

    /// How many bytes the body has.
    pub fn bytes(&self) -> usize {
        usize::try_from(self.header.bytes()).unwrap_or(0) // 32 bits
    }

    /// Stores bytes of the body from `offset` on; answers how many fitted. What is never stored holds old bytes of
    /// this topic.
    #[inline]
    pub fn write_at(&mut self, offset: usize, bytes: &[u8]) -> usize {
        self.room().write_at(offset, bytes)
    }

    /// Stages the record behind those already staged.
    #[inline]
    pub fn stage(mut self) {
        self.append();
    }

    /// Stages the record and publishes it with all staged before it. Answers whether the bell must be rung.
    #[inline]
    #[must_use = "readers that sleep must be woken"]
    pub fn publish(mut self) -> bool {
        self.append();
        self.publisher.publish()
    }

    fn append(&mut self) {
        let bytes = self.bytes();
        self.room().stage();
        self.publisher.note(bytes);
    }

    /// It was found when this loan was made, and nothing else is staged while the loan is out.
    fn room(&mut self) -> ring::Loan<'_, R, Tally> {
        ring::Loan::new(&mut self.publisher.sender, self.header)
    }
}
