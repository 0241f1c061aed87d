// SPDX-License-Identifier: MIT OR Apache-2.0
//! The sending end: records are staged where nobody looks yet, and published by one store.

use super::{OwnRing, record_bytes_max};
use crate::control::{Answered, Controls, Sleeps};
use crate::record::{CONTINUE, Header, TAGS, Tag};
use crate::sync::Ordering;
use crate::violation::Violation;

/// The ring has no room: the receiver has to consume first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the peer has not yet consumed enough to make room")]
pub struct Full;

/// The body is longer than the ring carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a record of {bytes} bytes is above this lane's limit of {bytes_max}")]
pub struct TooLong {
    /// What was asked for.
    pub bytes: usize,
    /// What the lane carries.
    pub bytes_max: u32,
}

/// Why a record was not staged; nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StageError {
    /// Wait for room, or drop the record.
    #[error(transparent)]
    Full(#[from] Full),
    /// Send it another way.
    #[error(transparent)]
    TooLong(#[from] TooLong),
    /// The lane is over.
    #[error(transparent)]
    Violation(#[from] Violation),
}

/// The sending end of a lane: owns the ring and our control words, reads the peer's.
#[derive(Debug)]
pub struct Sender<R, C> {
    ring: R,
    controls: C,
    /// The position at which this ring began; earlier rings of the lane lie before it.
    base: u64,
    /// Everything before is visible to the receiver.
    published: u64,
    /// Everything before is written.
    staged: u64,
    /// The header at `published`, held back until all that follows it is written.
    held: Option<u64>,
    /// The receiver's count when it was last looked at.
    consumed: u64,
    bytes_max: u32,
    receiver_sleeps: Answered,
    own_sleeps: Sleeps,
    broken: Option<Violation>,
}

impl<R: OwnRing, C: Controls> Sender<R, C> {
    /// A sender over a ring that is all zeroes.
    pub fn new(ring: R, controls: C) -> Self {
        let bytes_max = record_bytes_max(ring.words());
        Self {
            ring,
            controls,
            base: 0,
            published: 0,
            staged: 0,
            held: None,
            consumed: 0,
            bytes_max,
            receiver_sleeps: Answered::default(),
            own_sleeps: Sleeps::default(),
            broken: None,
        }
    }

    /// The longest body of a record, in bytes.
    pub fn bytes_max(&self) -> u32 {
        self.bytes_max
    }

    /// Writes a record behind those already staged; nobody sees it before [`Sender::publish`].
    ///
    /// # Errors
    /// [`StageError`]; nothing has changed then, and what was staged before still is.
    ///
    /// # Panics
    /// If `tag` is not one of [`TAGS`].
    #[inline]
    pub fn stage(&mut self, tag: Tag, body: &[u8]) -> Result<(), StageError> {
        assert!(TAGS.contains(&tag), "tags below {} are the lane's own", TAGS.start());
        let header = match u32::try_from(body.len()) {
            Ok(bytes) if bytes <= self.bytes_max => Header { tag, bytes },
            _ => return Err(TooLong { bytes: body.len(), bytes_max: self.bytes_max }.into()),
        };
        self.reserve(header.words())?;
        self.ring.write(self.index(self.staged) + 1, body);
        self.append(header);
        Ok(())
    }

    /// Makes all staged records visible, in order, at once. Answers whether the peer must be rung.
    #[inline]
    #[must_use = "a receiver that sleeps must be rung"]
    pub fn publish(&mut self) -> bool {
        let Some(header) = self.held.take() else { return false };
        self.ring.store(self.index(self.staged), 0, Ordering::Relaxed);
        self.ring.store(self.index(self.published), header, Ordering::Release);
        self.published = self.staged;
        self.receiver_sleeps.must_ring(&self.controls.peer().armed)
    }

    /// Announces that we are about to sleep until a record of `bytes` bytes has room. Sleep only if this answers
    /// true; [`Sender::awake`] afterwards.
    ///
    /// # Errors
    /// The peer's count is impossible.
    pub fn arm_for_room(&mut self, bytes: u32) -> Result<bool, Violation> {
        self.own_sleeps.announce(&self.controls.own().wants_room);
        match self.reserve_or_pad(Header { tag: *TAGS.start(), bytes }.words()) {
            Err(StageError::Full(Full)) => Ok(true),
            Err(StageError::Violation(violation)) => {
                self.awake();
                Err(violation)
            }
            Ok(()) | Err(StageError::TooLong(_)) => {
                self.awake();
                Ok(false)
            }
        }
    }

    /// Takes the announcement of [`Sender::arm_for_room`] back.
    pub fn awake(&mut self) {
        Sleeps::cancel(&self.controls.own().wants_room);
    }

    /// Goes on in another ring, all zeroes, which the receiver learns of in order, as number `segment`. Answers
    /// the old ring, to be kept until [`Sender::has_left`] its end, and that end. Staged records are published.
    ///
    /// # Errors
    /// The new ring back with [`StageError::Full`] when the old one has no room for the last record.
    pub fn continue_in(&mut self, ring: R, segment: u32) -> Result<(R, u64, bool), (R, StageError)> {
        let header = Header { tag: CONTINUE, bytes: 4 };
        if let Err(error) = self.reserve(header.words()) {
            return Err((ring, error));
        }
        self.ring.write(self.index(self.staged) + 1, &segment.to_le_bytes());
        self.append(header);
        let ring_bell = self.publish();
        self.base = self.staged;
        self.bytes_max = record_bytes_max(ring.words());
        Ok((std::mem::replace(&mut self.ring, ring), self.base, ring_bell))
    }

    /// Whether the receiver has consumed everything before `position`.
    ///
    /// # Errors
    /// The peer's count is impossible.
    pub fn has_left(&mut self, position: u64) -> Result<bool, Violation> {
        self.look_at_consumed()?;
        Ok(self.consumed >= position)
    }

    fn append(&mut self, header: Header) {
        match self.held {
            None => self.held = Some(header.word()),
            Some(_) => self.ring.store(self.index(self.staged), header.word(), Ordering::Relaxed),
        }
        self.staged += header.words();
    }

    #[inline]
    fn index(&self, position: u64) -> u64 {
        (position - self.base) & (self.ring.words() - 1)
    }

    /// Makes sure that `words` words and one more lie free, in one piece, at `staged`.
    #[inline]
    fn reserve(&mut self, words: u64) -> Result<(), StageError> {
        if let Some(violation) = self.broken {
            return Err(violation.into());
        }
        self.reserve_or_pad(words)
    }

    #[inline]
    fn reserve_or_pad(&mut self, words: u64) -> Result<(), StageError> {
        let until_end = self.ring.words() - self.index(self.staged);
        let pad = if words > until_end { until_end } else { 0 };
        let needed = pad + words + 1;
        if self.free() < needed {
            self.look_at_consumed()?;
            if self.free() < needed {
                return Err(Full.into());
            }
        }
        if pad > 0 {
            self.append(Header::pad(pad));
        }
        Ok(())
    }

    fn free(&self) -> u64 {
        self.ring.words() - (self.staged - self.consumed.max(self.base))
    }

    fn look_at_consumed(&mut self) -> Result<(), Violation> {
        match self.controls.peer().admit_consumed(self.consumed, self.published) {
            Ok(count) => {
                self.consumed = count;
                Ok(())
            }
            Err(violation) => {
                self.broken = Some(violation);
                Err(violation)
            }
        }
    }
}
