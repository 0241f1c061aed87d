// SPDX-License-Identifier: MIT OR Apache-2.0
//! The memory of a body that was sent or let go of, kept by its thread for the next one: so a question and its answer
//! need none from the heap.

use std::cell::Cell;
use std::ops::Deref;

/// Longer bodies are rare, and their memory is given back.
const BYTES_MAX: usize = 4096;

thread_local! {
    /// Two, since who answers has the question still.
    static SPARE: [Cell<Vec<u8>>; 2] = const { [Cell::new(Vec::new()), Cell::new(Vec::new())] };
}

/// Memory, empty.
#[inline]
pub(crate) fn take() -> Vec<u8> {
    let last = |[last, other]: &[Cell<Vec<u8>>; 2]| last.replace(other.take());
    SPARE.try_with(last).unwrap_or_default()
}

/// Memory that is needed no more.
#[inline]
pub(crate) fn give(mut memory: Vec<u8>) {
    if (1..=BYTES_MAX).contains(&memory.capacity()) {
        memory.clear();
        // A thread that ends keeps nothing.
        let _ = SPARE.try_with(|[last, other]| other.set(last.replace(memory)));
    }
}

/// A copy in such memory.
#[inline]
pub(crate) fn copy_of(bytes: &[u8]) -> Vec<u8> {
    let mut copy = take();
    copy.extend_from_slice(bytes);
    copy
}

/// A body that was received. Its memory is kept when it is let go of.
#[derive(Debug)]
pub(crate) struct Body(Vec<u8>);

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl Body {
    pub(crate) fn into_vec(mut self) -> Vec<u8> {
        std::mem::take(&mut self.0)
    }
}

impl Deref for Body {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Body {
    #[inline]
    fn drop(&mut self) {
        give(std::mem::take(&mut self.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_given_is_taken_next_and_empty() {
        let memory = Vec::with_capacity(100);
        let at = memory.as_ptr();
        give(memory);
        let copy = copy_of(b"body");
        assert_eq!((copy.as_slice(), copy.as_ptr()), (&b"body"[..], at));
        give(copy);
        give(Vec::with_capacity(BYTES_MAX + 1));
        let kept = take();
        assert_eq!((kept.as_ptr(), take().capacity()), (at, 0));
    }

    #[test]
    fn a_question_and_its_answer_have_memory_of_their_own() {
        let (question, answer) = (copy_of(b"question"), copy_of(b"answer"));
        let both = [question.as_ptr(), answer.as_ptr()];
        give(answer);
        drop(Body::from(question));
        for _ in 0..3 {
            let (question, answer) = (take(), take());
            assert!(both.contains(&question.as_ptr()) && both.contains(&answer.as_ptr()));
            give(answer);
            give(question);
        }
    }
}
