// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the receiving end finds when it looks, and the record that it takes.

use super::{Receiver, Shape, TheirRing};
use crate::control::Controls;
use crate::record::{Port, Tag};

/// What a look at the ring found. It borrows nothing, so a caller may look again and again, and take then.
#[derive(Debug, Clone, Copy)]
pub enum Sight {
    /// A record: see [`Receiver::take`].
    Record(Shape),
    /// The lane goes on in the sender's ring of this number: give it to [`Receiver::continue_in`].
    Continue {
        /// The sender's number for the ring.
        segment: u32,
    },
    /// The sender will not use this segment any more: forget it before the next call, which tells the sender.
    Retire {
        /// The sender's number for it.
        segment: u32,
    },
    /// Nothing yet.
    Empty,
}

/// What [`Receiver::glimpse`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glimpse {
    /// A record that looks like the one before.
    Usual,
    /// Something else.
    Other,
    /// Nothing yet.
    Nothing,
}

/// What [`Receiver::receive`] found.
#[derive(Debug)]
pub enum Event<'lane, R: TheirRing, C: Controls> {
    /// A record, consumed when it is dropped.
    Record(Record<'lane, R, C>),
    /// As [`Sight::Continue`].
    Continue {
        /// The sender's number for the ring.
        segment: u32,
    },
    /// As [`Sight::Retire`].
    Retire {
        /// The sender's number for it.
        segment: u32,
    },
    /// Nothing yet.
    Empty,
}

/// What [`Receiver::arm`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// There is something: do not sleep.
    Ready,
    /// Nothing; whoever publishes from now on rings.
    Armed,
}

/// A record where it lies in the peer's ring. Dropping it consumes it.
#[derive(Debug)]
pub struct Record<'lane, R: TheirRing, C: Controls> {
    lane: &'lane mut Receiver<R, C>,
}

impl<'lane, R: TheirRing, C: Controls> Record<'lane, R, C> {
    #[inline]
    pub(super) fn new(lane: &'lane mut Receiver<R, C>) -> Self {
        Self { lane }
    }

    /// What the sender says it is.
    #[inline]
    pub fn tag(&self) -> Tag {
        self.lane.shape().tag()
    }

    /// Which conversation the sender says it belongs to.
    #[inline]
    pub fn port(&self) -> Port {
        self.lane.shape().port()
    }

    /// How many bytes the body has.
    #[inline]
    pub fn bytes(&self) -> usize {
        self.lane.shape().bytes()
    }

    /// Copies the start of the body, each byte loaded once; answers how many bytes.
    #[inline]
    pub fn copy_to(&self, target: &mut [u8]) -> usize {
        self.copy_from(0, target)
    }

    /// Copies bytes of the body from `offset` on, each loaded once; answers how many bytes.
    #[inline]
    pub fn copy_from(&self, offset: usize, target: &mut [u8]) -> usize {
        self.lane.read(offset, target)
    }
}

impl<R: TheirRing, C: Controls> Drop for Record<'_, R, C> {
    #[inline]
    fn drop(&mut self) {
        self.lane.consume();
    }
}
