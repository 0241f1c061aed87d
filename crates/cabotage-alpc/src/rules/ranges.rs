// SPDX-License-Identifier: MIT OR Apache-2.0
//! The ranges of its own memory that an asker lends with a request: how they are declared, and which copies lie
//! within them.

use cabotage_lane::{bytes_of, value_of};

/// How many ranges one request declares at most.
pub const RANGES_MAX: usize = 64;

/// What the other side may do with a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// Read it.
    Read,
    /// Write it.
    Write,
    /// Both.
    ReadWrite,
}

impl Access {
    /// Whether it lets one do what is `wanted`.
    fn covers(self, wanted: Self) -> bool {
        self == wanted || self == Self::ReadWrite
    }
}

cabotage_lane::plain! {
    /// A range as it is declared.
    #[derive(Debug, PartialEq, Eq)]
    pub(crate) struct Entry {
        /// Where it lies in its owner's memory, for one who reads there; 0 if that is not told.
        pub(crate) base: u64,
        /// How many bytes it has.
        pub(crate) bytes: u64,
        /// 0 to be read, 1 to be written, 2 for both.
        pub(crate) access: u64,
    }
}

const ENTRY_BYTES: usize = size_of::<Entry>();

impl Entry {
    pub(crate) fn new(access: Access, base: u64, bytes: usize) -> Self {
        Self { base, bytes: bytes as u64, access: access as u64 }
    }

    /// Its bytes as they go.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        bytes_of(self)
    }

    /// What may be done with it.
    pub(crate) fn access(&self) -> Access {
        match self.access {
            0 => Access::Read,
            1 => Access::Write,
            _ => Access::ReadWrite,
        }
    }
}

/// What is asked of a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) range: u64,
    pub(crate) offset: u64,
    pub(crate) bytes: u64,
    pub(crate) access: Access,
}

/// Why a copy is none that the request declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RangeError {
    /// There is no such range.
    #[error("the request declares {count} ranges, so none has the number {range}")]
    NoRange {
        /// The number, counted from 0.
        range: u64,
        /// How many there are.
        count: usize,
    },
    /// It reaches beyond the end.
    #[error("{bytes} bytes at {offset} reach beyond the end of a range of {range_bytes} bytes")]
    BeyondEnd {
        /// Where the copy begins in the range.
        offset: u64,
        /// How many bytes it has.
        bytes: u64,
        /// The size of the range.
        range_bytes: u64,
    },
    /// The range was declared for the other direction.
    #[error("the range {range} was declared to be {}", match access { Access::Read => "read", Access::Write => "written", Access::ReadWrite => "either" })]
    Access {
        /// Its number.
        range: u64,
        /// What it was declared for.
        access: Access,
    },
}

/// The ranges of one request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Ranges {
    entries: Vec<Entry>,
}

impl Ranges {
    /// Admits what an asker declares; `None` when that is no list of at most [`RANGES_MAX`] ranges, each of which lies
    /// in an address space.
    pub(crate) fn admit(list: &[u8]) -> Option<Self> {
        let count = list.len() / ENTRY_BYTES;
        if !list.len().is_multiple_of(ENTRY_BYTES) || count == 0 || count > RANGES_MAX {
            return None;
        }
        let entries = list.chunks_exact(ENTRY_BYTES).map(|bytes| {
            let entry: Entry = value_of(bytes)?;
            (entry.access <= Access::ReadWrite as u64 && entry.base.checked_add(entry.bytes).is_some())
                .then_some(entry)
        });
        Some(Self { entries: entries.collect::<Option<_>>()? })
    }

    /// All of them.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The range in which this lies.
    ///
    /// # Errors
    /// [`RangeError`].
    pub(crate) fn check(&self, wanted: Wanted) -> Result<&Entry, RangeError> {
        let Wanted { range, offset, bytes, access } = wanted;
        let found = usize::try_from(range).ok().and_then(|range| self.entries.get(range));
        let entry = found.ok_or(RangeError::NoRange { range, count: self.entries.len() })?;
        if !entry.access().covers(access) {
            return Err(RangeError::Access { range, access: entry.access() });
        }
        match offset.checked_add(bytes).is_some_and(|end| end <= entry.bytes) {
            true => Ok(entry),
            false => Err(RangeError::BeyondEnd { offset, bytes, range_bytes: entry.bytes }),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn list(entries: &[Entry]) -> Vec<u8> {
        entries.iter().flat_map(|entry| entry.as_bytes().to_vec()).collect()
    }

    fn two() -> Ranges {
        let entries = [Entry::new(Access::Read, 0x1000, 100), Entry::new(Access::Write, 0, 8)];
        Ranges::admit(&list(&entries)).unwrap()
    }

    fn wanted(range: u64, offset: u64, bytes: u64, access: Access) -> Wanted {
        Wanted { range, offset, bytes, access }
    }

    #[test]
    fn a_copy_lies_within_one_declared_range() {
        let ranges = two();
        assert_eq!(ranges.check(wanted(0, 0, 100, Access::Read)).unwrap().base, 0x1000);
        assert!(ranges.check(wanted(0, 100, 0, Access::Read)).is_ok());
        assert!(ranges.check(wanted(1, 7, 1, Access::Write)).is_ok());
    }

    #[test]
    fn an_index_from_the_count_on_is_invalid() {
        for range in [2, 3, u64::MAX] {
            let refused = two().check(wanted(range, 0, 1, Access::Read)).unwrap_err();
            assert_eq!(refused, RangeError::NoRange { range, count: 2 });
        }
    }

    #[test]
    fn a_length_above_the_entry_is_invalid() {
        for (offset, bytes) in [(0, 101), (100, 1), (101, 0), (u64::MAX, 1), (1, u64::MAX)] {
            let refused = two().check(wanted(0, offset, bytes, Access::Read)).unwrap_err();
            assert_eq!(refused, RangeError::BeyondEnd { offset, bytes, range_bytes: 100 });
        }
    }

    #[test]
    fn a_range_is_used_only_in_the_direction_it_was_declared_for() {
        let refused = two().check(wanted(0, 0, 1, Access::Write)).unwrap_err();
        assert_eq!(refused, RangeError::Access { range: 0, access: Access::Read });
        assert!(two().check(wanted(1, 0, 1, Access::Read)).is_err());
    }

    #[test]
    fn a_range_for_both_is_read_and_written() {
        let entries = [Entry::new(Access::ReadWrite, 0, 8)];
        let ranges = Ranges::admit(&list(&entries)).unwrap();
        assert!(ranges.check(wanted(0, 0, 8, Access::Read)).is_ok());
        assert!(ranges.check(wanted(0, 0, 8, Access::Write)).is_ok());
        assert!(ranges.check(wanted(0, 0, 9, Access::Write)).is_err());
    }

    #[test]
    fn lists_that_overflow_are_too_long_or_no_lists_are_refused() {
        let entry = Entry::new(Access::Read, 8, 8);
        let strange = [
            vec![Entry { base: u64::MAX, ..entry }],
            vec![Entry { bytes: u64::MAX, ..entry }],
            vec![Entry { access: 3, ..entry }],
            vec![entry; RANGES_MAX + 1],
            vec![],
        ];
        for entries in strange {
            assert_eq!(Ranges::admit(&list(&entries)), None);
        }
        assert_eq!(Ranges::admit(&list(&[entry])[1..]), None);
        assert!(Ranges::admit(&list(&vec![entry; RANGES_MAX])).is_some());
    }

    #[test]
    fn empty_and_overlapping_ranges_are_ranges() {
        let entries =
            [Entry::new(Access::Read, 8, 0), Entry::new(Access::Read, 8, 9), Entry::new(Access::Read, 9, 9)];
        let ranges = Ranges::admit(&list(&entries)).unwrap();
        assert_eq!(ranges.entries().len(), 3);
        assert!(ranges.check(wanted(0, 0, 0, Access::Read)).is_ok());
        assert!(ranges.check(wanted(0, 0, 1, Access::Read)).is_err());
    }

    proptest! {
        #[test]
        fn whatever_is_admitted_and_checked_lies_in_an_address_space(
            bytes in proptest::collection::vec(any::<u8>(), 0..120),
            range in 0..6_u64,
            offset: u64,
            length: u64,
        ) {
            if let Some(ranges) = Ranges::admit(&bytes) {
                for access in [Access::Read, Access::Write] {
                    if let Ok(entry) = ranges.check(wanted(range, offset, length, access)) {
                        prop_assert!(entry.base.checked_add(offset).unwrap().checked_add(length).is_some());
                    }
                }
            }
        }
    }
}
