// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whose turn it is: the active members in a ring, each with so many messages a turn.
//!
//! Members are named by the numbers of their places. Taking a seat, leaving it and passing the turn on cost the same
//! however many there are.

/// How many messages a member may deliver before the next one's turn.
pub(super) const MESSAGES_A_TURN: u32 = 64;

/// No place has this number.
const NOBODY: u32 = u32::MAX;

/// See the [module](self).
#[derive(Debug)]
pub(super) struct Turns {
    /// The seats before and after each seat; [`NOBODY`] for members without one.
    seats: Vec<(u32, u32)>,
    current: u32,
    seated: usize,
    messages_left: u32,
}

impl Turns {
    pub(super) fn new() -> Self {
        Self { seats: Vec::new(), current: NOBODY, seated: 0, messages_left: MESSAGES_A_TURN }
    }

    /// How many members are active.
    #[inline]
    pub(super) fn seated(&self) -> usize {
        self.seated
    }

    /// Whose turn it is.
    #[inline]
    pub(super) fn current(&self) -> Option<u32> {
        (self.current != NOBODY).then_some(self.current)
    }

    /// Gives a member a seat at the end of the round, if it has none.
    #[inline]
    pub(super) fn join(&mut self, member: u32) {
        match self.seats.get(member as usize) {
            Some(seat) if *seat != (NOBODY, NOBODY) => {}
            _ => self.sit_down(member),
        }
    }

    #[cold]
    fn sit_down(&mut self, member: u32) {
        let at = member as usize;
        if self.seats.len() <= at {
            self.seats.resize(at + 1, (NOBODY, NOBODY));
        }
        self.seated += 1;
        if self.current == NOBODY {
            self.seats[at] = (member, member);
            self.current = member;
            self.messages_left = MESSAGES_A_TURN;
            return;
        }
        let (last, next) = (self.seats[self.current as usize].0, self.current);
        self.seats[at] = (last, next);
        self.seats[last as usize].1 = member;
        self.seats[next as usize].0 = member;
    }

    /// Takes a member's seat away, if it has one.
    pub(super) fn leave(&mut self, member: u32) {
        let Some(seat) = self.seats.get_mut(member as usize) else { return };
        let (before, after) = std::mem::replace(seat, (NOBODY, NOBODY));
        if before == NOBODY {
            return;
        }
        self.seated -= 1;
        if self.seated == 0 {
            self.current = NOBODY;
            return;
        }
        self.seats[before as usize].1 = after;
        self.seats[after as usize].0 = before;
        if self.current == member {
            self.current = after;
            self.messages_left = MESSAGES_A_TURN;
        }
    }

    /// The next one's turn.
    #[inline]
    pub(super) fn pass(&mut self) {
        if let Some(current) = self.current() {
            self.current = self.seats[current as usize].1;
            self.messages_left = MESSAGES_A_TURN;
        }
    }

    /// The current one has delivered a message.
    #[inline]
    pub(super) fn spend(&mut self) {
        self.messages_left -= 1;
        if self.messages_left == 0 {
            self.pass();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(turns: &mut Turns) -> Vec<u32> {
        (0..turns.seated())
            .filter_map(|_| {
                let current = turns.current();
                turns.pass();
                current
            })
            .collect()
    }

    #[test]
    fn whoever_joins_comes_last_and_once() {
        let mut turns = Turns::new();
        for member in [5, 0, 3, 0] {
            turns.join(member);
        }
        assert_eq!(round(&mut turns), [5, 0, 3]);
        turns.pass();
        turns.join(9);
        assert_eq!(round(&mut turns), [0, 3, 5, 9]);
    }

    #[test]
    fn whoever_leaves_hands_the_turn_on() {
        let mut turns = Turns::new();
        for member in 0..4 {
            turns.join(member);
        }
        turns.leave(0);
        turns.leave(2);
        turns.leave(7);
        assert_eq!(round(&mut turns), [1, 3]);
        turns.leave(1);
        turns.leave(3);
        turns.leave(3);
        assert_eq!((turns.seated(), turns.current()), (0, None));
        turns.join(2);
        assert_eq!(round(&mut turns), [2]);
    }

    #[test]
    fn a_turn_ends_when_its_messages_are_spent() {
        let mut turns = Turns::new();
        turns.join(0);
        turns.join(1);
        for _ in 0..MESSAGES_A_TURN {
            assert_eq!(turns.current(), Some(0));
            turns.spend();
        }
        assert_eq!(turns.current(), Some(1));
    }
}
