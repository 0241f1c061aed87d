// SPDX-License-Identifier: MIT OR Apache-2.0
//! A holder that gives its right back over a link that has nothing else.

use super::{Fate, Holder, Mutant, Net, Once};

impl Holder {
    /// Whether nothing but the right keeps its link.
    pub(super) fn is_link_done(&self) -> bool {
        let Some(right) = &self.right else { return false };
        let is_asked = self.fates.values().any(|fate| *fate == Fate::Open(right.end));
        let has_token = matches!(self.errand, Some(Once::Token(end, _)) if end == right.end);
        !has_token && (!is_asked || self.is(Mutant::ClosesWithRight))
    }

    /// The link ends with its right, and says so by its end. The owner may be about to move the port: then this is as if
    /// the holder had died.
    pub(super) fn leave(&mut self, net: &mut Net) {
        let Some(right) = self.right.take() else { return };
        net.close(self.me, right.end);
        if let Some(next) = right.next {
            net.close(self.me, next);
        }
    }
}
