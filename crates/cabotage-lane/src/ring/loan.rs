// SPDX-License-Identifier: MIT OR Apache-2.0
//! A record written in place: room in the ring that nobody else sees yet.

use super::{OwnRing, Sender};
use crate::control::Controls;
use crate::record::{Header, WORD_BYTES};
use crate::sync::Ordering;

/// Room for one record. Dropped without [`Loan::stage`], nothing has happened.
#[derive(Debug)]
pub struct Loan<'lane, R, C> {
    lane: &'lane mut Sender<R, C>,
    header: Header,
}

impl<'lane, R: OwnRing, C: Controls> Loan<'lane, R, C> {
    /// For a record whose room was found, with nothing staged since.
    pub(crate) fn new(lane: &'lane mut Sender<R, C>, header: Header) -> Self {
        Self { lane, header }
    }

    /// What the record's header will be.
    pub(crate) fn header(&self) -> Header {
        self.header
    }

    /// How many bytes the body has.
    pub fn bytes(&self) -> usize {
        usize::try_from(self.header.bytes()).unwrap_or(0) // 32 bits
    }

    /// The position at which the record will end.
    pub fn end(&self) -> u64 {
        self.lane.staged() + self.header.words()
    }

    /// Stores bytes of the body from `offset` on; answers how many fitted. What is never stored holds old bytes
    /// of this lane, which the receiver has seen before.
    #[inline]
    pub fn write_at(&mut self, offset: usize, bytes: &[u8]) -> usize {
        let offset = offset.min(self.bytes());
        let bytes = &bytes[..bytes.len().min(self.bytes() - offset)];
        self.lane.ring.write(self.lane.byte_at(offset as u64), bytes);
        bytes.len()
    }

    /// Stores words of the body from byte `offset` on, a multiple of 8; answers how many bytes fitted. Word by word: a wider
    /// copy would wait until the words have left the processor's store buffer.
    #[inline]
    pub fn write_words<const N: usize>(&mut self, offset: usize, words: [u64; N]) -> usize {
        let offset = offset.min(self.bytes());
        let fit = ((self.bytes() - offset) / WORD_BYTES).min(N);
        let start = self.lane.byte_at(offset as u64) / WORD_BYTES as u64;
        for (at, word) in (start..).zip(words).take(fit) {
            self.lane.ring.store(at, word, Ordering::Relaxed);
        }
        fit * WORD_BYTES
    }

    /// Stages the record behind those already staged.
    #[inline]
    pub fn stage(self) {
        self.append();
    }

    /// Stages the record and publishes it with all staged before it. Answers whether the peer must be rung.
    #[inline]
    #[must_use = "a receiver that sleeps must be rung"]
    pub fn publish(self) -> bool {
        self.append().publish()
    }

    #[inline]
    fn append(self) -> &'lane mut Sender<R, C> {
        let words = self.header.words();
        self.lane.clear_after(words);
        self.lane.append(self.header, words);
        self.lane
    }
}
