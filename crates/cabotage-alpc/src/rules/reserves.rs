// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reserves: room that was claimed beforehand, each for one message in flight.

/// Names a reserve of one client. Its number has bit 31 set, as those of Windows have, and is never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReserveId(u32);

impl ReserveId {
    /// What tells a reserve's number from a message's.
    pub const MARK: u32 = 1 << 31;

    /// The number.
    pub fn number(self) -> u32 {
        self.0
    }
}

/// The reserves of one client; each holds what `R` stands for.
#[derive(Debug)]
pub(crate) struct Reserves<R> {
    last: u32,
    all: Vec<(ReserveId, Reserve<R>)>,
}

/// One reserve.
#[derive(Debug)]
pub(crate) struct Reserve<R> {
    /// The room.
    pub(crate) room: R,
    /// The request that went by it last; 0 for none.
    pub(crate) request: u64,
}

impl<R> Default for Reserves<R> {
    fn default() -> Self {
        Self { last: ReserveId::MARK, all: Vec::new() }
    }
}

impl<R> Reserves<R> {
    /// A new one, with this room.
    pub(crate) fn add(&mut self, room: R) -> ReserveId {
        self.last = self.last.wrapping_add(1) | ReserveId::MARK;
        let id = ReserveId(self.last);
        self.all.push((id, Reserve { room, request: 0 }));
        id
    }

    /// The reserve of this name.
    pub(crate) fn get_mut(&mut self, id: ReserveId) -> Option<&mut Reserve<R>> {
        self.all.iter_mut().find(|(named, _)| *named == id).map(|(_, reserve)| reserve)
    }

    /// Takes a reserve away.
    pub(crate) fn remove(&mut self, id: ReserveId) -> Option<R> {
        let place = self.all.iter().position(|(named, _)| *named == id)?;
        Some(self.all.swap_remove(place).1.room)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_reserve_has_bit_31_and_is_never_used_again() {
        let mut reserves = Reserves::default();
        let first = reserves.add('a');
        assert_eq!((first.number(), first.number() & ReserveId::MARK), (0x8000_0001, ReserveId::MARK));
        assert_eq!(reserves.remove(first), Some('a'));
        let second = reserves.add('b');
        assert_ne!(first, second);
        assert!(reserves.get_mut(first).is_none() && reserves.remove(first).is_none());
        assert_eq!(reserves.get_mut(second).map(|reserve| reserve.room), Some('b'));
    }
}
