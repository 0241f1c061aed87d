// SPDX-License-Identifier: MIT OR Apache-2.0
//! The segments in which the last blocks came: most come in the same one or two by turns, which then costs no lock.

use std::sync::Arc;

use cabotage_os::map::Map;

/// See the [module](self).
#[derive(Debug, Default)]
pub(crate) struct Recent {
    segments: [Option<(u32, Arc<Map>)>; 2],
}

impl Recent {
    /// The peer's segment of this number, if it is one of the last.
    #[inline]
    pub(crate) fn get(&self, number: u32) -> Option<&Arc<Map>> {
        self.segments.iter().flatten().find(|(known, _)| *known == number).map(|(_, map)| map)
    }

    /// A block came in another segment.
    pub(super) fn add(&mut self, number: u32, map: Arc<Map>) {
        self.segments.rotate_right(1);
        self.segments[0] = Some((number, map));
    }

    /// The peer gives segments up.
    pub(super) fn clear(&mut self) {
        self.segments = [None, None];
    }
}
