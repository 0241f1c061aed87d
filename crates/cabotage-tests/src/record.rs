// SPDX-License-Identifier: MIT OR Apache-2.0
//! Records that tell what happened to them: each carries its stream, its number and a checksum over all of it.
//!
//! So whoever receives can say of any byte string whether it is whole, which record it is, and whether one is
//! missing, doubled or out of place. A stream is what one sender sends; one that takes over begins the next.

/// The shortest record: stream, number, checksum.
pub const RECORD_BYTES_MIN: usize = 24;

/// Which record it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark {
    /// Whose: one number for each sender.
    pub stream: u64,
    /// Its place in the stream, from 0.
    pub number: u64,
}

/// What is wrong with a record, or with where it came.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Damage {
    /// It is not what was sent.
    #[error("a record is torn: {bytes} bytes, said to be number {} of stream {}", mark.number, mark.stream)]
    Torn {
        /// How long it is.
        bytes: usize,
        /// What it says it is.
        mark: Mark,
    },
    /// It is shorter than any record.
    #[error("a record of {bytes} bytes is shorter than any that was sent")]
    Short {
        /// How long it is.
        bytes: usize,
    },
    /// Records before it are missing.
    #[error("records are lost: number {found} of stream {stream} came where {expected} was due")]
    Lost {
        /// The stream.
        stream: u64,
        /// What was due.
        expected: u64,
        /// What came.
        found: u64,
    },
    /// It came before.
    #[error("a record is doubled: number {found} of stream {stream} came where {expected} was due")]
    Doubled {
        /// The stream.
        stream: u64,
        /// What was due.
        expected: u64,
        /// What came.
        found: u64,
    },
    /// It belongs to another sender.
    #[error("a record of stream {found} came where stream {expected} was due")]
    Stranger {
        /// The stream that was due.
        expected: u64,
        /// The stream it names.
        found: u64,
    },
}

impl Mark {
    /// The record with this mark, `bytes` bytes long (at least [`RECORD_BYTES_MIN`]).
    pub fn record(self, bytes: usize) -> Vec<u8> {
        let mut record = vec![0; bytes.max(RECORD_BYTES_MIN)];
        self.fill(&mut record);
        record
    }

    /// Makes the record with this mark of `record`, which has [`RECORD_BYTES_MIN`] bytes at least.
    pub fn fill(self, record: &mut [u8]) {
        let (head, filler) = record.split_at_mut(RECORD_BYTES_MIN);
        let seed = self.stream.rotate_left(32) ^ self.number;
        for (at, byte) in filler.iter_mut().enumerate() {
            *byte = seed.to_le_bytes()[at % 8] ^ at.to_le_bytes()[0];
        }
        head[..8].copy_from_slice(&self.stream.to_le_bytes());
        head[8..16].copy_from_slice(&self.number.to_le_bytes());
        let sum = checksum(self, filler);
        head[16..].copy_from_slice(&sum.to_le_bytes());
    }

    /// The mark of a whole record.
    ///
    /// # Errors
    /// [`Damage::Torn`], [`Damage::Short`].
    pub fn of(record: &[u8]) -> Result<Self, Damage> {
        let bytes = record.len();
        let Some((head, filler)) = record.split_at_checked(RECORD_BYTES_MIN) else {
            return Err(Damage::Short { bytes });
        };
        let word = |at: usize| u64::from_le_bytes(head[at..at + 8].try_into().expect("eight bytes"));
        let mark = Self { stream: word(0), number: word(8) };
        if word(16) == checksum(mark, filler) { Ok(mark) } else { Err(Damage::Torn { bytes, mark }) }
    }
}

/// FNV-1a (Fowler, Noll, Vo, 1991) in words of eight bytes, the length included.
fn checksum(mark: Mark, filler: &[u8]) -> u64 {
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let mut sum = 0xcbf2_9ce4_8422_2325;
    let mut take = |word: u64| sum = (sum ^ word).wrapping_mul(PRIME).rotate_left(23);
    [mark.stream, mark.number, filler.len() as u64].into_iter().for_each(&mut take);
    for chunk in filler.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        take(u64::from_le_bytes(word));
    }
    sum
}

/// What a receiver holds against one stream: in order, each once, whole.
#[derive(Debug, Clone)]
pub struct InOrder {
    next: Mark,
}

impl InOrder {
    /// Waits for record `number` of `stream` first.
    pub fn from(stream: u64, number: u64) -> Self {
        Self { next: Mark { stream, number } }
    }

    /// Takes the next record.
    ///
    /// # Errors
    /// [`Damage`].
    pub fn take(&mut self, record: &[u8]) -> Result<Mark, Damage> {
        let mark = Mark::of(record)?;
        let Mark { stream, number: expected } = self.next;
        let found = mark.number;
        if mark.stream != stream {
            return Err(Damage::Stranger { expected: stream, found: mark.stream });
        }
        match found.cmp(&expected) {
            std::cmp::Ordering::Less => Err(Damage::Doubled { stream, expected, found }),
            std::cmp::Ordering::Greater => Err(Damage::Lost { stream, expected, found }),
            std::cmp::Ordering::Equal => {
                self.next.number += 1;
                Ok(mark)
            }
        }
    }

    /// So many records were told to be lost.
    pub fn skip(&mut self, lost: u64) {
        self.next.number += lost;
    }

    /// How many were due before the next: its number.
    pub fn next(&self) -> u64 {
        self.next.number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARK: Mark = Mark { stream: 3, number: 77 };

    #[test]
    fn a_record_of_any_length_tells_its_mark() {
        for bytes in [0, 24, 25, 31, 32, 33, 1_000] {
            assert_eq!(Mark::of(&MARK.record(bytes)), Ok(MARK), "{bytes} bytes");
        }
    }

    #[test]
    fn any_changed_byte_and_any_other_length_is_noticed() {
        let whole = MARK.record(61);
        for at in 0..whole.len() {
            let mut torn = whole.clone();
            torn[at] ^= 0x40;
            assert!(Mark::of(&torn).is_err(), "byte {at}");
        }
        assert!(matches!(Mark::of(&whole[..60]), Err(Damage::Torn { bytes: 60, .. })));
        assert_eq!(Mark::of(&whole[..10]), Err(Damage::Short { bytes: 10 }));
    }

    #[test]
    fn lost_doubled_and_strange_records_are_told_apart() {
        let mut order = InOrder::from(3, 77);
        assert_eq!(order.take(&MARK.record(40)), Ok(MARK));
        assert!(matches!(order.take(&MARK.record(40)), Err(Damage::Doubled { found: 77, .. })));
        let later = Mark { number: 79, ..MARK };
        assert!(matches!(order.take(&later.record(40)), Err(Damage::Lost { expected: 78, found: 79, .. })));
        let strange = Mark { stream: 4, number: 78 };
        assert!(matches!(order.take(&strange.record(40)), Err(Damage::Stranger { found: 4, .. })));
        assert_eq!(order.next(), 78);
    }
}
