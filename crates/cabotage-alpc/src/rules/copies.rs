// SPDX-License-Identifier: MIT OR Apache-2.0
//! Copies that one side asks of the other in pieces: several are under way at once, so that both processors work, and
//! the answers come in the order in which they were asked.

/// The largest piece, in bytes: small enough to stay in a cache between the two processors.
pub(crate) const PIECE_BYTES_MAX: usize = 64 << 10;
/// How many pieces are under way at once.
const WINDOW: u64 = 8;

/// A piece of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Its number: one more than that of the piece that was asked before it.
    pub(crate) number: u64,
    /// Where it begins, counted from the start of the copy.
    pub(crate) at: usize,
    /// How many bytes it has.
    pub(crate) bytes: usize,
}

/// The numbers of all pieces asked of one other side.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    asked: u64,
    answered: u64,
}

impl Numbers {
    fn ask(&mut self) -> u64 {
        self.asked += 1;
        self.asked
    }

    /// An answer came; says whether it is the one whose turn it is.
    pub(crate) fn is_next(&mut self, number: u64) -> bool {
        let is_next = self.answered < self.asked && number == self.answered + 1;
        self.answered += u64::from(is_next);
        is_next
    }
}

/// One copy under way.
#[derive(Debug)]
pub(crate) struct Copying {
    bytes: usize,
    asked_bytes: usize,
    done_bytes: usize,
    /// The number of the first piece under way, and how many are.
    first: u64,
    under_way: u64,
}

impl Copying {
    /// A copy of so many bytes, of which nothing is asked yet.
    pub(crate) fn new(bytes: usize) -> Self {
        Self { bytes, asked_bytes: 0, done_bytes: 0, first: 0, under_way: 0 }
    }

    /// The next piece to ask for; `None` when enough are under way, or all were asked.
    pub(crate) fn ask(&mut self, numbers: &mut Numbers) -> Option<Piece> {
        let bytes = PIECE_BYTES_MAX.min(self.bytes - self.asked_bytes);
        if bytes == 0 || self.under_way == WINDOW {
            return None;
        }
        let piece = Piece { number: numbers.ask(), at: self.asked_bytes, bytes };
        if self.under_way == 0 {
            self.first = piece.number;
        }
        self.under_way += 1;
        self.asked_bytes += bytes;
        Some(piece)
    }

    /// Whether the next answer to this copy has this number.
    pub(crate) fn expects(&self, number: u64) -> bool {
        self.under_way != 0 && number == self.first
    }

    /// The piece of this number was answered; `None` if it is not of this copy.
    pub(crate) fn answered(&mut self, number: u64) -> Option<Piece> {
        if !self.expects(number) {
            return None;
        }
        let bytes = PIECE_BYTES_MAX.min(self.bytes - self.done_bytes);
        let piece = Piece { number, at: self.done_bytes, bytes };
        self.first += 1;
        self.under_way -= 1;
        self.done_bytes += bytes;
        Some(piece)
    }

    /// Whether every piece was answered.
    pub(crate) fn is_done(&self) -> bool {
        self.done_bytes == self.bytes
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn answers_come_in_the_order_of_asking_or_are_lies() {
        let mut numbers = Numbers::default();
        assert!(!numbers.is_next(1), "nobody asked");
        let mut copying = Copying::new(2 * PIECE_BYTES_MAX);
        let (first, second) = (copying.ask(&mut numbers).unwrap(), copying.ask(&mut numbers).unwrap());
        assert!(!numbers.is_next(second.number), "the first comes first");
        assert!(numbers.is_next(first.number) && !numbers.is_next(first.number), "each comes once");
        assert!(numbers.is_next(second.number));
        assert!(!numbers.is_next(second.number + 1), "nobody asked");
    }

    #[test]
    fn answers_to_a_copy_that_was_given_up_belong_to_no_other() {
        let mut numbers = Numbers::default();
        let stale = Copying::new(1).ask(&mut numbers).unwrap();
        let mut next = Copying::new(1);
        let fresh = next.ask(&mut numbers).unwrap();
        assert!(numbers.is_next(stale.number));
        assert_eq!(next.answered(stale.number), None);
        assert!(numbers.is_next(fresh.number));
        assert_eq!(next.answered(fresh.number), Some(fresh));
        assert!(next.is_done());
    }

    #[test]
    fn a_copy_of_nothing_is_done_at_once() {
        let mut copying = Copying::new(0);
        assert!(copying.is_done() && copying.ask(&mut Numbers::default()).is_none());
    }

    proptest! {
        #[test]
        fn the_pieces_are_the_whole_in_order_and_never_too_many_at_once(
            bytes in 0..PIECE_BYTES_MAX * 20,
            answers in proptest::collection::vec(any::<bool>(), 0..200),
        ) {
            let (mut numbers, mut copying) = (Numbers::default(), Copying::new(bytes));
            let mut asked = std::collections::VecDeque::new();
            let mut done = 0;
            let mut step = |answer: bool, copying: &mut Copying| -> Result<(), TestCaseError> {
                if answer {
                    if let Some(piece) = asked.pop_front() {
                        let piece: Piece = piece;
                        prop_assert!(numbers.is_next(piece.number));
                        prop_assert_eq!(copying.answered(piece.number), Some(piece));
                        prop_assert_eq!(piece.at, done);
                        done += piece.bytes;
                    }
                } else if let Some(piece) = copying.ask(&mut numbers) {
                    prop_assert!(piece.bytes <= PIECE_BYTES_MAX);
                    asked.push_back(piece);
                    prop_assert!(asked.len() as u64 <= WINDOW);
                }
                Ok(())
            };
            for answer in answers {
                step(answer, &mut copying)?;
            }
            while !copying.is_done() {
                step(false, &mut copying)?;
                step(true, &mut copying)?;
            }
            prop_assert_eq!(done, bytes);
        }
    }
}
