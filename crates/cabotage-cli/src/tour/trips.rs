// SPDX-License-Identifier: MIT OR Apache-2.0
//! Round trips: small messages to and fro, each timed by the parent, each answer checked.

use std::time::{Duration, Instant};

use super::mechanism::{Message, NearEnd};
use crate::exit::{Exit, Failure};

/// The bytes of a message: its number, whether it is the last, whether it is an answer, and padding.
const LAST: usize = 8;
const ANSWERED: usize = 9;

/// So many samples tell the median well enough.
const SAMPLES_MAX: usize = 1 << 20;

/// An empty message.
pub(crate) fn blank() -> Message {
    [0; size_of::<Message>()]
}

/// Makes a message its own answer.
pub(crate) fn answer(message: &mut Message) {
    message[ANSWERED] = 1;
}

/// Whether no message follows.
pub(crate) fn is_last(message: &Message) -> bool {
    message[LAST] == 1
}

/// Exchanges messages for about `patience`; answers how long each took, in nanoseconds.
pub(crate) fn measure(end: &mut dyn NearEnd, patience: Duration) -> Result<Vec<u64>, Failure> {
    let began = Instant::now();
    let mut samples = Vec::new();
    let mut before = began;
    loop {
        let is_over = before.duration_since(began) >= patience || samples.len() + 1 == SAMPLES_MAX;
        let number = (samples.len() as u64).to_le_bytes();
        let mut message = blank();
        message[..LAST].copy_from_slice(&number);
        message[LAST] = u8::from(is_over);
        end.exchange(&mut message)?;
        let after = Instant::now();
        samples.push(u64::try_from(after.duration_since(before).as_nanos()).unwrap_or(u64::MAX));
        before = after;
        if message[..LAST] != number || message[ANSWERED] != 1 {
            return Err(Failure::new(Exit::Failed, "a message came back that is not the answer"));
        }
        if is_over {
            return Ok(samples);
        }
    }
}

/// The middle one; 0 of none.
pub(crate) fn median<T: Ord + Copy + Default>(samples: &mut [T]) -> T {
    let middle = samples.len() / 2;
    if samples.is_empty() { T::default() } else { *samples.select_nth_unstable(middle).1 }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use sha2::Sha256;

    use super::*;
    use crate::tour::journal::Journal;

    /// An end whose other end is a function.
    struct Echo(fn(&mut Message));

    impl NearEnd for Echo {
        fn fill(&mut self, _: &File, bytes: usize, _: &mut Journal) -> Result<usize, Failure> {
            Ok(bytes)
        }

        fn digest(&self, _: &mut Sha256) -> Result<(), Failure> {
            Ok(())
        }

        fn hand_over(&mut self, _: &mut Journal) -> Result<(), Failure> {
            Ok(())
        }

        fn exchange(&mut self, message: &mut Message) -> Result<(), Failure> {
            (self.0)(message);
            Ok(())
        }
    }

    #[test]
    fn without_patience_one_message_is_exchanged_and_it_is_the_last() {
        let mut end = Echo(|message| {
            assert!(is_last(message));
            answer(message);
        });
        assert_eq!(measure(&mut end, Duration::ZERO).unwrap().len(), 1);
    }

    #[test]
    fn an_answer_that_is_none_is_a_failure() {
        assert!(measure(&mut Echo(|_| ()), Duration::ZERO).is_err());
    }

    #[test]
    fn the_median_is_the_middle_one() {
        assert_eq!(median(&mut [9, 1, 5]), 5);
        assert_eq!(median::<u64>(&mut []), 0);
    }
}
