// SPDX-License-Identifier: MIT OR Apache-2.0
//! A process that holds rights to the port: it sends, asks, passes its right on and gives it back.

mod leaving;

use std::collections::BTreeMap;

use super::Mutant;
use super::net::{End, Net, Once, Process, Record};
use super::right::{Act, Fate, Kept, Right};
use crate::carrier::moving::Lost;

/// See the [module](self).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Holder {
    pub(super) me: Process,
    pub(super) plan: Vec<Act>,
    right: Option<Right>,
    /// Links of rights that it does not have any more, for the sake of tokens.
    tails: Vec<End>,
    /// The link on which it gets rights, or the one on which it gives them.
    pub(super) friend: Option<End>,
    pub(super) fates: BTreeMap<u8, Fate>,
    pub(super) sent: u8,
    pub(super) is_told_dead: bool,
    /// A send-once right to the port, and what becomes of it: whether a message goes by it, once that is done.
    pub(super) errand: Option<Once>,
    pub(super) wants: Option<bool>,
    pub(super) did: Option<bool>,
    mutant: Option<Mutant>,
}

impl Holder {
    pub(super) fn new(me: Process, plan: &[Act], end: Option<End>, mutant: Option<Mutant>) -> Self {
        Self {
            me,
            plan: plan.to_vec(),
            right: end.map(Right::new),
            tails: Vec::new(),
            friend: None,
            fates: BTreeMap::new(),
            sent: 0,
            is_told_dead: false,
            errand: None,
            wants: None,
            did: None,
            mutant,
        }
    }

    fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    /// Whether it has a send right.
    pub(super) fn has_right(&self) -> bool {
        self.right.as_ref().is_some_and(|right| !right.is_released)
    }

    /// Whether it may still have to give one back once more.
    pub(super) fn may_have_right(&self) -> bool {
        self.right.is_some()
    }

    /// Whether a thread of it would have to wait now.
    pub(super) fn is_paused(&self) -> bool {
        self.right.as_ref().is_some_and(|right| !right.is_released && !right.follower.may_send())
    }

    /// Whether its user can go on.
    pub(super) fn can_act(&self) -> bool {
        let is_free = |right: &Right| {
            (right.follower.may_send() || self.is(Mutant::SwitchesAtPause)) && right.published.is_none()
        };
        !self.plan.is_empty() && self.right.as_ref().is_some_and(|right| !right.is_released && is_free(right))
    }

    /// Whether it is in the middle of a call that has published something.
    pub(super) fn is_to_look(&self) -> bool {
        self.right.as_ref().is_some_and(|right| right.published.is_some())
    }

    /// The ends that it listens to.
    pub(super) fn ears(&self, net: &Net) -> Vec<End> {
        let of_right = self.right.iter().flat_map(|right| [Some(right.end), right.next]).flatten();
        let once = self.fates.values().filter_map(|fate| match fate {
            Fate::Link(end) => Some(*end),
            _ => None,
        });
        let errand = self.errand.map(|(Once::Token(end, _) | Once::Link(end))| end);
        let ears = of_right.chain(once).chain(self.tails.iter().copied()).chain(self.friend).chain(errand);
        ears.filter(|end| net.holds(self.me, *end)).collect()
    }

    /// Whether its user can use its send-once right, or destroy it.
    pub(super) fn can_run(&self) -> bool {
        self.errand.is_some() && self.wants.is_some()
    }

    pub(super) fn run(&mut self, net: &mut Net) {
        let (Some(errand), Some(wants)) = (self.errand.take(), self.wants.take()) else { return };
        self.did = Some(wants);
        match (errand, wants) {
            (Once::Token(end, number), true) => net.say(end, Record::Answer(Some(number))),
            (Once::Token(end, number), false) => net.say(end, Record::Unused(number)),
            (Once::Link(end), wants) => {
                if wants {
                    net.say(end, Record::Answer(None));
                }
                net.close(self.me, end);
            }
        }
    }

    /// Its send-once right is to be another link, unless it was used.
    fn detach(&mut self, net: &mut Net, end: End, number: u8, ours: End) {
        if self.errand != Some(Once::Token(end, number)) {
            return net.close(self.me, ours);
        }
        net.say(end, Record::Detached(number));
        if self.is(Mutant::AnswersByToken) {
            return;
        }
        self.errand = Some(Once::Link(ours));
    }

    /// The next thing that its user wants, up to the moment at which it is published.
    pub(super) fn act(&mut self, net: &mut Net) {
        let act = self.plan.remove(0);
        let kept = match act {
            Act::Send | Act::Ask => {
                self.sent += 1;
                Kept::Message { number: self.sent, asks: act == Act::Ask }
            }
            Act::Pass => {
                let (theirs, owners) = net.pair(self.me, self.me);
                if self.is(Mutant::PassesBeforeFork) {
                    self.plan.insert(0, Act::Pass);
                    return self.pass_early(net, theirs, owners);
                }
                self.publish_fork(net, theirs, owners);
                return;
            }
            Act::Release if self.is_link_done() => return self.leave(net),
            Act::Release => Kept::Release,
        };
        self.publish(net, kept);
    }

    /// The mutant's way: first the right, at another step the fork.
    fn pass_early(&mut self, net: &mut Net, theirs: End, owners: End) {
        self.plan.remove(0);
        let Some(friend) = self.friend else { return };
        net.say(friend, Record::Right(theirs));
        net.close(self.me, theirs);
        let Some(right) = &mut self.right else { return };
        right.published = Some(Kept::Fork(owners));
    }

    fn publish_fork(&mut self, net: &mut Net, theirs: End, owners: End) {
        let Some(right) = &mut self.right else { return };
        right.follower.say();
        net.say(right.end, Record::Fork(owners));
        net.close(self.me, owners);
        right.published = Some(Kept::Fork(theirs));
    }

    fn publish(&mut self, net: &mut Net, kept: Kept) {
        let Some(right) = &mut self.right else { return };
        let end = match right.next {
            Some(next) if self.mutant == Some(Mutant::SwitchesAtPause) => next,
            _ => right.end,
        };
        right.follower.say();
        let record = match kept {
            Kept::Message { number, asks } => {
                if asks {
                    self.fates.insert(number, Fate::Open(end));
                }
                Record::Message { from: self.me, number, asks }
            }
            Kept::Release => {
                right.is_released = true;
                Record::Release
            }
            Kept::Fork(_) => return,
        };
        net.say(end, record);
        right.published = Some(kept);
    }

    /// The look after something was published, which ends the call.
    pub(super) fn look(&mut self, net: &mut Net) {
        if self.is(Mutant::PassesBeforeFork)
            && let Some(right) = &mut self.right
            && let Some(Kept::Fork(owners)) = right.published
        {
            right.published = None;
            right.follower.say();
            net.say(right.end, Record::Fork(owners));
            net.close(self.me, owners);
            return;
        }
        let end = self.right.as_ref().map(|right| right.end);
        while !self.is(Mutant::NeverLooks)
            && self.is_to_look()
            && let Some(end) = end
            && net.next(end).is_some()
        {
            self.hear(net, end);
        }
        let certain = self.right.as_mut().and_then(|right| right.published.take());
        self.arrived(net, certain);
        self.close_tails(net);
    }

    /// What was published is the owner's: what was kept is let go.
    fn arrived(&mut self, net: &mut Net, kept: Option<Kept>) {
        match (kept, self.friend) {
            (Some(Kept::Fork(theirs)), Some(friend)) => {
                net.say(friend, Record::Right(theirs));
                net.close(self.me, theirs);
            }
            (Some(Kept::Release), _) => {
                if let Some(right) = self.right.take_if(|right| right.follower.may_send()) {
                    self.tails.push(right.end);
                }
            }
            _ => {}
        }
    }

    /// It was not heard: it goes to the new owner.
    fn again(&mut self, net: &mut Net, kept: Option<Kept>) {
        match kept {
            Some(Kept::Fork(theirs)) => {
                net.close(self.me, theirs);
                let (theirs, owners) = net.pair(self.me, self.me);
                self.publish_fork(net, theirs, owners);
            }
            Some(kept) => self.publish(net, kept),
            None => {}
        }
    }

    /// Reads one record.
    pub(super) fn hear(&mut self, net: &mut Net, end: End) {
        match net.take(self.me, end) {
            Some(Record::Reply(number)) => self.replied(net, end, number),
            Some(Record::Materialise(number, link)) => {
                assert_eq!(self.fates.get(&number), Some(&Fate::Open(end)), "materialised what is not open");
                self.fates.insert(number, Fate::Link(link));
            }
            Some(Record::Detach(number, ours)) => self.detach(net, end, number, ours),
            Some(Record::Right(end)) => {
                self.right = Some(Right::new(end));
            }
            Some(Record::Pause(next)) => self.pause(net, end, next),
            Some(Record::Resume) => self.resume(net, end),
            Some(Record::Moved(heard)) => self.moved(net, end, heard),
            Some(Record::Welcome(heard)) => self.welcome(net, end, heard),
            other => panic!("a holder hears {other:?}"),
        }
        self.close_tails(net);
    }

    fn replied(&mut self, net: &mut Net, end: End, number: Option<u8>) {
        let is_it = |(known, fate): &(&u8, &mut Fate)| match fate {
            Fate::Link(link) => *link == end && number.is_none(),
            Fate::Open(link) => *link == end && number == Some(**known),
            _ => false,
        };
        let asked = self.fates.iter_mut().find(is_it);
        *asked.expect("an answer to an open question").1 = Fate::Replied;
        if number.is_none() {
            net.close(self.me, end);
        }
    }

    fn pause(&mut self, net: &mut Net, end: End, next: End) {
        match &mut self.right {
            Some(right) if right.end == end => {
                right.next = Some(next);
                let published = right.published.take();
                right.follower.pause(published).unwrap();
            }
            // It gave the right back before.
            _ => net.close(self.me, next),
        }
    }

    fn resume(&mut self, net: &mut Net, end: End) {
        let Some(right) = self.right.as_mut().filter(|right| right.end == end) else { return };
        let arrived = right.follower.resume().unwrap();
        if let Some(next) = right.next.take() {
            net.close(self.me, next);
        }
        self.arrived(net, arrived);
    }

    fn welcome(&mut self, net: &mut Net, end: End, heard: u64) {
        let Some(right) = self.right.as_mut().filter(|right| right.next == Some(end)) else { return };
        let (mut missing, mut arrived) = right.follower.welcome(heard).unwrap();
        match self.mutant {
            Some(Mutant::AlwaysAgain) => missing = missing.or(arrived.take()),
            Some(Mutant::NeverAgain) => missing = None,
            _ => {}
        }
        self.tails.push(right.end);
        (right.end, right.next) = (end, None);
        self.arrived(net, arrived);
        self.again(net, missing);
    }

    /// The old owner can't take it back any more.
    fn moved(&mut self, net: &mut Net, end: End, heard: u64) {
        let Some(right) = self.right.as_mut().filter(|right| right.end == end) else { return };
        let (lost, arrived) = right.follower.moved(heard).unwrap();
        self.arrived(net, arrived);
        if lost == Lost::Dead {
            self.die(net);
        }
    }

    /// The port is dead.
    fn die(&mut self, net: &mut Net) {
        // It was not heard, or the old owner has died with it.
        let lost = self.unsure_question().filter(|number| self.is_token(*number));
        self.fates.extend(lost.map(|number| (number, Fate::Notified)));
        let Some(right) = self.right.take() else { return };
        self.is_told_dead |= !right.is_released;
        self.tails.push(right.end);
        if let Some(next) = right.next {
            net.close(self.me, next);
        }
    }

    /// Nothing more comes by this end.
    pub(super) fn hang_up(&mut self, net: &mut Net, end: End) {
        let unsure = self.unsure_question();
        for (number, fate) in &mut self.fates {
            // What has become a link of its own was heard.
            let is_here = *fate == Fate::Open(end) && unsure != Some(*number);
            if is_here || *fate == Fate::Link(end) {
                *fate = Fate::Notified;
            }
        }
        net.close(self.me, end);
        self.tails.retain(|tail| *tail != end);
        let is_lost =
            |errand: &mut Once| matches!(errand, Once::Token(link, _) | Once::Link(link) if *link == end);
        let _ = self.errand.take_if(is_lost);
        let Some(right) = &mut self.right else { return };
        if right.end == end {
            let lost = right.follower.left().unwrap();
            if lost == Lost::Dead || self.mutant == Some(Mutant::DiesWithOldLink) {
                self.die(net);
            }
        } else if right.next == Some(end) {
            right.next = None;
            let lost = right.follower.barred();
            if lost == Lost::Dead || self.mutant == Some(Mutant::DiesWithNewLink) {
                self.die(net);
            }
        }
        self.close_tails(net);
    }

    fn is_token(&self, number: u8) -> bool {
        matches!(self.fates.get(&number), Some(Fate::Open(_)))
    }

    /// The question of which is not known where it went.
    fn unsure_question(&self) -> Option<u8> {
        match self.right.as_ref()?.follower.unsure()? {
            Kept::Message { number, .. } => Some(*number),
            _ => None,
        }
    }

    /// Closes links over which nothing can be said any more.
    fn close_tails(&mut self, net: &mut Net) {
        let unsure = self.unsure_question();
        for tail in std::mem::take(&mut self.tails) {
            let mut open = self.fates.iter().filter(|(_, fate)| **fate == Fate::Open(tail));
            let keeps = open.next().is_some() && !self.is(Mutant::ClosesWithRight);
            if keeps && net.holds(self.me, tail) {
                self.tails.push(tail);
                continue;
            }
            net.close(self.me, tail);
            // A question on a link that is over was lost with it.
            for (number, fate) in &mut self.fates {
                if *fate == Fate::Open(tail) && unsure != Some(*number) {
                    *fate = Fate::Notified;
                }
            }
        }
    }
}
