// SPDX-License-Identifier: MIT OR Apache-2.0
//! The old owner of a port that moves: in which order it pauses, hears out, hands over and decides.

use super::Broken;

/// How far a move has come at the old owner. `K` names a link by which others have rights to the port.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Departure<K> {
    stage: Stage,
    links: Vec<(K, Course)>,
    /// Holders of send-once rights that were given links and have not answered, by link and number.
    asked: Vec<(K, u64)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Stage {
    /// The new owner was asked.
    Offered,
    /// It has answered, and holders are paused.
    Pausing,
    /// Everything is on its way.
    Delivered,
    /// The new owner has it, and waits for the word.
    InCustody,
    /// The word was said.
    Decided,
}

/// What the owner knows of one link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Course {
    Open,
    /// PAUSE was published on it.
    Paused,
    /// It was looked at after that, and nothing more was there: so many records were heard on it.
    Heard(u64),
}

/// What to do with a record about the port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// Take it as always.
    Take,
    /// Leave it in the link: who it is for is not decided.
    Leave,
    /// Throw it away: its sender sends it to the new owner.
    Discard,
}

impl<K: Copy + Eq> Departure<K> {
    /// The new owner was asked whether it takes the port.
    pub(crate) fn offered() -> Self {
        Self { stage: Stage::Offered, links: Vec::new(), asked: Vec::new() }
    }

    /// The new owner has answered: now holders are paused.
    pub(crate) fn ready(&mut self) -> Result<(), Broken> {
        if self.stage != Stage::Offered {
            return Err(Broken::OutOfTurn);
        }
        self.stage = Stage::Pausing;
        Ok(())
    }

    /// Whether holders may be asked to part with tokens now: whoever does can't be heard before the move is over.
    pub(crate) fn may_detach(&self) -> bool {
        self.stage == Stage::Pausing
    }

    /// The holder of a send-once right was given a link for it.
    pub(crate) fn ask(&mut self, link: K, number: u64) {
        if !self.asked.contains(&(link, number)) {
            self.asked.push((link, number));
        }
    }

    /// The right is that link, or was used.
    pub(crate) fn answered(&mut self, link: K, number: u64) {
        self.asked.retain(|asked| *asked != (link, number));
    }

    /// Whether this holder was asked.
    pub(crate) fn is_asked(&self, link: K, number: u64) -> bool {
        self.asked.contains(&(link, number))
    }

    /// Whether all have answered who were asked.
    pub(crate) fn is_detached(&self) -> bool {
        self.asked.is_empty()
    }

    /// Whether PAUSE is to be published on this link now. Links may come while others are paused, by forks. Nobody is
    /// paused while somebody who may take its time is asked.
    pub(crate) fn is_to_pause(&self, link: K) -> bool {
        self.may_detach() && self.is_detached() && self.course(link) == Course::Open
    }

    /// PAUSE was published on this link.
    pub(crate) fn pause(&mut self, link: K) {
        self.set(link, Course::Paused);
    }

    /// Whether PAUSE was published on this link, so that its holder waits for a word.
    pub(crate) fn is_paused(&self, link: K) -> bool {
        self.course(link) != Course::Open
    }

    /// Whether the link is to be looked at for the last time.
    pub(crate) fn is_to_hear_out(&self, link: K) -> bool {
        self.course(link) == Course::Paused
    }

    /// After PAUSE was published, the link was looked at and nothing was there; so many records had been heard.
    pub(crate) fn heard(&mut self, link: K, records: u64) {
        if self.course(link) == Course::Paused {
            self.set(link, Course::Heard(records));
        }
    }

    /// The link is over: its holder is gone.
    pub(crate) fn forget(&mut self, link: K) {
        self.links.retain(|(known, _)| *known != link);
        self.asked.retain(|(known, _)| *known != link);
    }

    /// Whether all of these links were heard out, so that the port can be handed over.
    pub(crate) fn is_quiet(&self, mut links: impl Iterator<Item = K>) -> bool {
        self.may_detach() && self.is_detached() && links.all(|link| self.count(link).is_some())
    }

    /// How many records were heard on a link that was heard out.
    pub(crate) fn count(&self, link: K) -> Option<u64> {
        match self.course(link) {
            Course::Heard(records) => Some(records),
            _ => None,
        }
    }

    /// Everything was sent to the new owner.
    pub(crate) fn deliver(&mut self) {
        self.stage = Stage::Delivered;
    }

    /// Whether everything was sent.
    pub(crate) fn is_delivered(&self) -> bool {
        matches!(self.stage, Stage::Delivered | Stage::InCustody)
    }

    /// The new owner says that it has everything.
    pub(crate) fn custody(&mut self) -> Result<(), Broken> {
        if self.stage != Stage::Delivered {
            return Err(Broken::OutOfTurn);
        }
        self.stage = Stage::InCustody;
        Ok(())
    }

    /// Whether the message with the right may be sent now.
    pub(crate) fn may_decide(&self) -> bool {
        self.stage == Stage::InCustody
    }

    /// The message with the right was published: the port is the new owner's.
    pub(crate) fn decide(&mut self) {
        self.stage = Stage::Decided;
    }

    /// Whether the port is the new owner's.
    pub(crate) fn is_decided(&self) -> bool {
        self.stage == Stage::Decided
    }

    /// The move is taken back: answers the links on which RESUME is to be said; `None` if it is too late.
    pub(crate) fn take_back(self) -> Option<Vec<K>> {
        let is_paused = |(link, course): (K, Course)| (course != Course::Open).then_some(link);
        (!self.is_decided()).then(|| self.links.into_iter().filter_map(is_paused).collect())
    }

    /// What to do with a record about the port that is next on this link.
    pub(crate) fn reading(&self, link: K) -> Reading {
        match (self.stage, self.course(link)) {
            (Stage::Decided, _) => Reading::Discard,
            (_, Course::Heard(_)) => Reading::Leave,
            _ => Reading::Take,
        }
    }

    fn course(&self, link: K) -> Course {
        self.links.iter().find(|(known, _)| *known == link).map_or(Course::Open, |(_, course)| *course)
    }

    fn set(&mut self, link: K, course: Course) {
        self.links.retain(|(known, _)| *known != link);
        self.links.push((link, course));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard_out() -> Departure<u8> {
        let mut departure = Departure::offered();
        departure.ready().unwrap();
        departure.pause(1);
        departure.heard(1, 3);
        departure
    }

    #[test]
    fn nobody_is_paused_before_the_new_owner_answers() {
        let mut departure = Departure::offered();
        assert!(!departure.is_to_pause(1));
        departure.ready().unwrap();
        assert!(departure.is_to_pause(1));
        assert_eq!(departure.ready(), Err(Broken::OutOfTurn));
    }

    #[test]
    fn a_link_that_comes_late_is_heard_out_too() {
        let mut departure = heard_out();
        assert!(departure.is_quiet([1].into_iter()));
        assert!(!departure.is_quiet([1, 2].into_iter()));
        departure.pause(2);
        assert!(!departure.is_quiet([1, 2].into_iter()));
        departure.heard(2, 0);
        assert!(departure.is_quiet([1, 2].into_iter()));
    }

    #[test]
    fn nobody_is_paused_while_the_holder_of_a_send_once_right_is_asked() {
        let mut departure = Departure::offered();
        assert!(!departure.may_detach());
        departure.ready().unwrap();
        departure.ask(2, 5);
        departure.ask(2, 6);
        assert!(departure.is_asked(2, 5) && !departure.is_to_pause(1));
        departure.answered(2, 5);
        assert!(!departure.is_to_pause(1) && !departure.is_quiet([].into_iter()));
        departure.forget(2);
        assert!(departure.is_to_pause(1));
    }

    #[test]
    fn records_are_left_alone_between_the_last_look_and_the_word() {
        let mut departure = heard_out();
        assert_eq!(departure.reading(1), Reading::Leave);
        assert_eq!(departure.reading(2), Reading::Take);
        departure.deliver();
        departure.custody().unwrap();
        assert_eq!(departure.reading(1), Reading::Leave);
        departure.decide();
        assert_eq!(departure.reading(1), Reading::Discard);
    }

    #[test]
    fn the_word_waits_for_custody_and_cannot_be_taken_back() {
        let mut departure = heard_out();
        assert_eq!(departure.custody(), Err(Broken::OutOfTurn));
        departure.deliver();
        assert!(!departure.may_decide());
        departure.custody().unwrap();
        assert!(departure.may_decide());
        assert_eq!(departure.clone().take_back(), Some(vec![1]));
        departure.decide();
        assert_eq!(departure.take_back(), None);
    }
}
