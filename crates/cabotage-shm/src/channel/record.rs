// SPDX-License-Identifier: MIT OR Apache-2.0
//! A record that has come, read where it lies, in either form.

use cabotage_lane::{Plain, value_of};

use super::{guarded, trusting};

/// A record where it lies. Dropping it consumes it.
#[derive(Debug)]
pub struct Record<'consumer> {
    form: Form<'consumer>,
}

#[derive(Debug)]
enum Form<'consumer> {
    Trusting(&'consumer mut trusting::Consumer),
    Guarded(&'consumer mut guarded::Consumer),
}

impl<'consumer> Record<'consumer> {
    #[inline(always)]
    pub(super) fn trusting(end: &'consumer mut trusting::Consumer) -> Self {
        Self { form: Form::Trusting(end) }
    }

    #[inline(always)]
    pub(super) fn guarded(end: &'consumer mut guarded::Consumer) -> Self {
        Self { form: Form::Guarded(end) }
    }

    /// How many bytes it has.
    #[inline]
    pub fn bytes(&self) -> usize {
        match &self.form {
            Form::Trusting(end) => end.record_bytes(),
            Form::Guarded(end) => end.record_bytes(),
        }
    }

    /// A number of its own that grows along the channel, the same for every consumer that sees the record: to tell one
    /// record from another, and which came first. How far two are apart depends on the form: the guarded one counts
    /// records, and its producer hands the count on; the trusting one counts words of the ring, since a successor finds
    /// no other count there that is exact whenever its predecessor was killed.
    #[inline]
    pub fn position(&self) -> u64 {
        match &self.form {
            Form::Trusting(end) => end.position(),
            Form::Guarded(end) => end.position(),
        }
    }

    /// Copies its start, each byte loaded once; answers how many bytes.
    #[inline(always)]
    pub fn copy_to(&self, target: &mut [u8]) -> usize {
        self.copy_from(0, target)
    }

    /// Copies bytes of it from `offset` on, each loaded once; answers how many.
    #[inline(always)]
    pub fn copy_from(&self, offset: usize, target: &mut [u8]) -> usize {
        match &self.form {
            Form::Trusting(end) => end.read(offset, target),
            Form::Guarded(end) => end.read(offset, target),
        }
    }

    /// A copy of its bytes.
    pub fn to_vec(&self) -> Vec<u8> {
        let mut copy = vec![0; self.bytes()];
        let bytes = self.copy_to(&mut copy);
        copy.truncate(bytes);
        copy
    }

    /// The plain value that its bytes are; `None` if it has another number of bytes.
    #[inline]
    pub fn value<T: Plain>(&self) -> Option<T> {
        if self.bytes() != size_of::<T>() {
            return None;
        }
        const SMALL_BYTES: usize = 64;
        if size_of::<T>() <= SMALL_BYTES {
            let mut copy = [0; SMALL_BYTES];
            let copy = &mut copy[..size_of::<T>()];
            self.copy_to(copy);
            return value_of(copy);
        }
        value_of(&self.to_vec())
    }

    /// Leaves it where it is: it is the next one again.
    pub(super) fn leave(self) {
        std::mem::forget(self);
    }
}

impl Drop for Record<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        match &mut self.form {
            Form::Trusting(end) => end.consume(),
            Form::Guarded(end) => end.consume(),
        }
    }
}
