// SPDX-License-Identifier: MIT OR Apache-2.0
//! How many views of one other side are held here: a cap that is told beforehand, and kept.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Sections come in multiples of this, in bytes.
pub const VIEW_GRANULE_BYTES: usize = 64 << 10;

/// How many bytes the view of a section for so many bytes has; `None` beyond all address spaces.
pub(crate) fn view_bytes(bytes: usize) -> Option<usize> {
    bytes.max(1).checked_next_multiple_of(VIEW_GRANULE_BYTES)
}

/// The views of one other side that are held here.
#[derive(Debug)]
pub(crate) struct Ledger {
    held: AtomicUsize,
    views_max: usize,
    section_bytes_max: u64,
}

/// What the ledger says to a view that came.
#[derive(Debug)]
pub(crate) enum ViewEntry {
    /// It is taken, and counts until this is dropped.
    Taken(Ticket),
    /// There are as many as are taken.
    Full,
    /// Such a view was never taken: the other side was told, and sent it nevertheless.
    Unsolicited,
}

/// A view that is held. Dropping it makes room for another.
#[derive(Debug)]
pub(crate) struct Ticket(Arc<Ledger>);

impl Ledger {
    /// For at most so many views, each of a section of at most so many bytes.
    pub(crate) fn new(views_max: usize, section_bytes_max: u64) -> Arc<Self> {
        Arc::new(Self { held: AtomicUsize::new(0), views_max, section_bytes_max })
    }

    /// A view of so many bytes came.
    pub(crate) fn enter(self: &Arc<Self>, bytes: usize) -> ViewEntry {
        if self.views_max == 0 || bytes as u64 > self.section_bytes_max {
            return ViewEntry::Unsolicited;
        }
        let take = |held: usize| (held < self.views_max).then_some(held + 1);
        match self.held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take) {
            Ok(_) => ViewEntry::Taken(Ticket(Arc::clone(self))),
            Err(_) => ViewEntry::Full,
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.0.held.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_rounded_to_64_kib() {
        for bytes in [0, 1, 0x1000, 0x1001, 0x1234, 0x10000] {
            assert_eq!(view_bytes(bytes), Some(0x10000));
        }
        assert_eq!(view_bytes(0x10001), Some(0x20000));
        assert_eq!(view_bytes(usize::MAX), None);
    }

    #[test]
    fn views_are_capped_by_number_and_released_on_drop() {
        let ledger = Ledger::new(2, 1 << 20);
        let held: Vec<_> = (0..2)
            .map(|_| match ledger.enter(5) {
                ViewEntry::Taken(ticket) => ticket,
                other => panic!("{other:?}"),
            })
            .collect();
        assert!(matches!(ledger.enter(5), ViewEntry::Full));
        drop(held);
        assert!(matches!(ledger.enter(5), ViewEntry::Taken(_)));
    }

    #[test]
    fn a_view_that_was_never_taken_is_unsolicited() {
        assert!(matches!(Ledger::new(0, 1 << 20).enter(5), ViewEntry::Unsolicited));
        assert!(matches!(Ledger::new(2, 0).enter(5), ViewEntry::Unsolicited));
        assert!(matches!(Ledger::new(2, 10).enter(11), ViewEntry::Unsolicited));
    }
}
