// SPDX-License-Identifier: MIT OR Apache-2.0
//! A message that did not fit into C's buffer: it stays, and is the next to be received.

use crate::failure::{Code, Failure, Outcome};

/// An end, and what waits in front of everything that comes over it.
#[derive(Debug)]
pub(crate) struct Kept<T, M> {
    pub(crate) end: T,
    waiting: Option<(Vec<u8>, M)>,
}

impl<T, M> Kept<T, M> {
    pub(crate) fn new(end: T) -> Self {
        Self { end, waiting: None }
    }

    /// Whether a message waits.
    pub(crate) fn has_one(&self) -> bool {
        self.waiting.is_some()
    }

    /// Copies the next message into `buffer`; answers how many bytes it has, and what goes with it.
    ///
    /// # Errors
    /// [`Code::TooSmall`], and `bytes` says how many are needed; what `receive` answers.
    pub(crate) fn receive(
        &mut self,
        buffer: &mut [u8],
        bytes: &mut usize,
        receive: impl FnOnce(&mut T) -> Outcome<(Vec<u8>, M)>,
    ) -> Outcome<M> {
        let (body, rest) = match self.waiting.take() {
            Some(kept) => kept,
            None => receive(&mut self.end)?,
        };
        *bytes = body.len();
        match buffer.get_mut(..body.len()) {
            Some(room) => {
                room.copy_from_slice(&body);
                Ok(rest)
            }
            None => {
                let words =
                    format!("the message has {} bytes and the buffer {}: it stays", body.len(), buffer.len());
                self.waiting = Some((body, rest));
                Err(Failure::new(Code::TooSmall, words))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_stays_and_comes_again() {
        let mut kept: Kept<_, u8> = Kept::new(vec![b"second".to_vec(), b"first".to_vec()]);
        let mut next = |buffer: &mut [u8], bytes: &mut usize| {
            kept.receive(buffer, bytes, |end| Ok((end.pop().unwrap(), 7)))
        };
        let (mut buffer, mut bytes) = ([0; 6], 0);
        assert_eq!(next(&mut buffer[..4], &mut bytes).unwrap_err().code, Code::TooSmall);
        assert_eq!(bytes, 5);
        assert_eq!(next(&mut buffer, &mut bytes).unwrap(), 7);
        assert_eq!((&buffer[..5], bytes), (&b"first"[..], 5));
        next(&mut buffer, &mut bytes).unwrap();
        assert_eq!(&buffer, b"second");
    }
}
