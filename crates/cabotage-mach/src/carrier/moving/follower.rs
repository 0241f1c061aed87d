// SPDX-License-Identifier: MIT OR Apache-2.0
//! A holder whose port moves: when it may send, what it keeps meanwhile, and which word decides.

use super::Broken;

/// What a holder knows of its port's whereabouts. `R` is what it keeps of a record, to send it again.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Follower<R> {
    /// How many records about the port were published on the link.
    said: u64,
    course: Course<R>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Course<R> {
    /// The port is where the link leads.
    Steady,
    /// It is about to move, or has moved.
    Paused {
        /// The record that was published when PAUSE was there, but was not seen before.
        unsure: Option<R>,
        /// The old owner can't take it back any more: it said so, or is gone.
        has_left: bool,
        /// The new owner is gone, or never was.
        is_barred: bool,
    },
}

/// What follows from an end of one of the two links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lost {
    /// The other owner is still to be heard.
    Waits,
    /// The port has died.
    Dead,
}

impl<R> Default for Follower<R> {
    fn default() -> Self {
        Self { said: 0, course: Course::Steady }
    }
}

impl<R> Follower<R> {
    /// Whether something about the port may be published. If not, the port is to be taken for full.
    pub(crate) fn may_send(&self) -> bool {
        matches!(self.course, Course::Steady)
    }

    /// What is kept until it is known which owner has it: the model looks at that.
    #[cfg(test)]
    pub(crate) fn unsure(&self) -> Option<&R> {
        match &self.course {
            Course::Paused { unsure, .. } => unsure.as_ref(),
            Course::Steady => None,
        }
    }

    /// A record about the port was published. The link is to be looked at next, and then nothing is kept of the
    /// record, or [`Follower::pause`] is called with it.
    pub(crate) fn say(&mut self) {
        self.said += 1;
    }

    /// PAUSE was heard. `unsure` is what was published just before and not looked after.
    pub(crate) fn pause(&mut self, unsure: Option<R>) -> Result<(), Broken> {
        if !self.may_send() {
            return Err(Broken::OutOfTurn);
        }
        self.course = Course::Paused { unsure, has_left: false, is_barred: false };
        Ok(())
    }

    /// RESUME was heard: the old owner keeps the right, and reads what was published.
    pub(crate) fn resume(&mut self) -> Result<Option<R>, Broken> {
        match &mut self.course {
            Course::Paused { has_left: false, unsure, .. } => {
                let unsure = unsure.take();
                self.course = Course::Steady;
                Ok(unsure)
            }
            _ => Err(Broken::OutOfTurn),
        }
    }

    /// MOVED was heard: the old owner has heard so many records, and can't take the move back. Answers what of them was
    /// kept.
    pub(crate) fn moved(&mut self, heard: u64) -> Result<(Lost, Option<R>), Broken> {
        let Course::Paused { unsure, .. } = &mut self.course else { return Err(Broken::OutOfTurn) };
        let arrived = match (self.said.checked_sub(heard), unsure.is_some()) {
            (Some(0), _) => unsure.take(),
            (Some(1), true) => None,
            _ => return Err(Broken::Count),
        };
        Ok((self.left()?, arrived))
    }

    /// The old link is over.
    pub(crate) fn left(&mut self) -> Result<Lost, Broken> {
        match &mut self.course {
            Course::Steady => Ok(Lost::Dead),
            Course::Paused { has_left, is_barred, .. } => {
                *has_left = true;
                Ok(if *is_barred { Lost::Dead } else { Lost::Waits })
            }
        }
    }

    /// The link to the new owner is over before it said anything.
    pub(crate) fn barred(&mut self) -> Lost {
        match &mut self.course {
            Course::Paused { has_left, is_barred, .. } => {
                *is_barred = true;
                if *has_left { Lost::Dead } else { Lost::Waits }
            }
            Course::Steady => Lost::Waits,
        }
    }

    /// WELCOME was heard on the new link: the port is there, and its owner has heard so many records. Answers the record
    /// to be sent again, and the one that arrived; one of them at most.
    pub(crate) fn welcome(&mut self, heard: u64) -> Result<(Option<R>, Option<R>), Broken> {
        let Course::Paused { unsure, .. } = &mut self.course else { return Err(Broken::OutOfTurn) };
        let missing = self.said.checked_sub(heard).ok_or(Broken::Count)?;
        let unsure = unsure.take();
        let found = match (missing, unsure) {
            (0, unsure) => (None, unsure),
            (1, Some(unsure)) => (Some(unsure), None),
            _ => return Err(Broken::Count),
        };
        *self = Self::default();
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paused(said: u64, unsure: Option<u8>) -> Follower<u8> {
        let mut follower = Follower::default();
        for _ in 0..said {
            follower.say();
        }
        follower.pause(unsure).unwrap();
        follower
    }

    #[test]
    fn what_was_not_heard_is_sent_again_and_nothing_else() {
        assert_eq!(paused(3, Some(7)).welcome(2), Ok((Some(7), None)));
        assert_eq!(paused(3, Some(7)).welcome(3), Ok((None, Some(7))));
        assert_eq!(paused(3, None).welcome(3), Ok((None, None)));
    }

    #[test]
    fn a_count_that_cannot_be_is_the_new_owners_fault() {
        assert_eq!(paused(3, Some(7)).welcome(1), Err(Broken::Count));
        assert_eq!(paused(3, None).welcome(2), Err(Broken::Count));
        assert_eq!(paused(3, None).welcome(4), Err(Broken::Count));
    }

    #[test]
    fn a_paused_holder_finds_the_port_full_until_an_owner_speaks() {
        let mut follower = paused(1, None);
        assert!(!follower.may_send());
        follower.resume().unwrap();
        assert!(follower.may_send());
    }

    #[test]
    fn a_port_is_dead_when_the_old_owner_left_and_the_new_one_never_came() {
        let mut follower = paused(1, None);
        assert_eq!(follower.barred(), Lost::Waits);
        assert_eq!(follower.left(), Ok(Lost::Dead));
        let mut follower = paused(1, None);
        assert_eq!(follower.left(), Ok(Lost::Waits));
        assert_eq!(follower.barred(), Lost::Dead);
        assert_eq!(Follower::<u8>::default().left(), Ok(Lost::Dead));
    }

    #[test]
    fn the_old_owner_says_what_it_has_heard_whatever_becomes_of_the_new_one() {
        assert_eq!(paused(3, Some(7)).moved(3), Ok((Lost::Waits, Some(7))));
        let mut follower = paused(3, Some(7));
        assert_eq!(follower.moved(2), Ok((Lost::Waits, None)));
        assert_eq!(follower.unsure(), Some(&7));
        assert_eq!(paused(3, None).moved(2), Err(Broken::Count));
    }

    #[test]
    fn nobody_resumes_or_welcomes_who_is_not_paused() {
        assert_eq!(Follower::<u8>::default().resume(), Err(Broken::OutOfTurn));
        assert_eq!(Follower::<u8>::default().welcome(0), Err(Broken::OutOfTurn));
        assert_eq!(paused(1, None).pause(None), Err(Broken::OutOfTurn));
    }
}
