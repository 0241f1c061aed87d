// SPDX-License-Identifier: MIT OR Apache-2.0
//! The process that has the receive right at first, and moves it.

mod detaching;

use super::Mutant;
use super::net::{End, Message, Net, Once, Process, Record};
use super::port::{Port, is_over};
use crate::carrier::moving::{Departure, Reading};

const ME: Process = super::OLD;

/// See the [module](self).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Old {
    pub(super) port: Port,
    /// The link to the new owner's other port.
    wire: End,
    pub(super) going: Option<Going>,
    moves_left: u8,
    /// Numbers of send-once rights that its own user has, and the end on which they are tokens after the move.
    pub(super) kept: Vec<u8>,
    /// Whether it had any, and whether somebody else had one.
    pub(super) keeps: bool,
    pub(super) had_errand: bool,
    own: Option<End>,
    /// Messages by them that came while the port was on its way.
    late: Vec<u8>,
    /// Ends of links for send-once rights that a move has left, which was taken back.
    parted: Vec<(u8, End)>,
    mutant: Option<Mutant>,
}

/// The send-once rights that the old owner's user may have.
pub(super) const KEPT: &[u8] = &[2];

/// A move.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Going {
    pub(super) departure: Departure<End>,
    estate: End,
    /// The other ends of what holders were given, by their links.
    fresh: Vec<(End, End)>,
    told: Vec<End>,
    /// Our ends of links that send-once rights are to be.
    detaching: Vec<(u8, End)>,
}

/// A step of the move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Move {
    Offer,
    Pause(End),
    HearOut(End),
    Materialise(u8),
    /// Gives the holder of a send-once right a link for it.
    Detach(u8, End),
    /// Everything goes to the new owner, or one piece of it.
    HandOver,
    Decide,
    Moved(End),
    TakeBack,
}

impl Old {
    pub(super) fn new(wire: End, moves_left: u8, mutant: Option<Mutant>) -> Self {
        Self {
            port: Port::default(),
            wire,
            going: None,
            moves_left,
            kept: vec![],
            keeps: false,
            had_errand: false,
            own: None,
            late: vec![],
            parted: vec![],
            mutant,
        }
    }

    fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    /// Whether the port is the other's.
    pub(super) fn has_moved(&self) -> bool {
        self.going.as_ref().is_some_and(|going| going.departure.is_decided())
    }

    /// Whether a record on this link is to be read now.
    pub(super) fn reads(&self, net: &Net, end: End) -> bool {
        let about_port =
            matches!(net.next(end), Some(Record::Message { .. } | Record::Fork(_) | Record::Release));
        let leaves = |going: &Going| going.departure.reading(end) == Reading::Leave;
        !about_port || self.is(Mutant::TakesAfterLast) || !self.going.as_ref().is_some_and(leaves)
    }

    /// The ends that it listens to.
    pub(super) fn ears(&self) -> Vec<End> {
        let links = self.port.links.iter().map(|link| link.end);
        let once = self.port.once.iter().map(|(_, Once::Token(end, _) | Once::Link(end))| *end);
        // A link that is to go along is not opened.
        let going = |end: &End| {
            self.going.as_ref().is_some_and(|going| going.detaching.iter().any(|(_, known)| known == end))
        };
        links.chain(once.filter(move |end| !going(end))).chain([self.wire]).chain(self.estate()).collect()
    }

    fn estate(&self) -> Option<End> {
        self.going.as_ref().filter(|going| !going.departure.is_decided()).map(|going| going.estate)
    }

    pub(super) fn hear(&mut self, net: &mut Net, end: End) {
        let Some(record) = net.take(ME, end) else { return };
        if Some(end) == self.estate() {
            let Some(going) = &mut self.going else { return };
            return match record {
                Record::Ready => going.departure.ready().unwrap(),
                Record::Custody => going.departure.custody().unwrap(),
                other => panic!("the old owner hears {other:?}"),
            };
        }
        if let Record::Detached(number) = record {
            return self.detached(number);
        }
        if let Record::Answer(Some(number)) | Record::Unused(number) = record
            && let Some(going) = &mut self.going
        {
            going.departure.answered(end, number.into());
        }
        let discards = self.has_moved() && !self.is(Mutant::TakesAfterLast);
        match record {
            // Its sender sends it again.
            Record::Fork(fork) if discards => net.close(ME, fork),
            _ if discards => {}
            record => self.port.hear(end, record),
        }
    }

    pub(super) fn hang_up(&mut self, net: &mut Net, end: End) {
        if Some(end) == self.estate() {
            return self.take_back(net);
        }
        if end == self.wire {
            return net.close(ME, end);
        }
        self.port.hang_up(net, ME, end);
        if let Some(going) = &mut self.going {
            going.departure.forget(end);
        }
    }

    /// Whether the hang-up of this end may be acted upon: while the move is under way and the holder's last words are
    /// not read, nobody forgets it.
    pub(super) fn is_over(&self, net: &Net, end: End) -> bool {
        is_over(net, end, self.mutant)
    }

    /// What it may do next for the move.
    pub(super) fn moves(&self, net: &Net) -> Vec<Move> {
        let Some(going) = &self.going else {
            let can_offer = self.moves_left > 0 && !net.is_deserted(self.wire) && net.holds(ME, self.wire);
            return if can_offer { vec![Move::Offer] } else { Vec::new() };
        };
        let departure = &going.departure;
        if departure.is_decided() {
            let links = self.port.links.iter().map(|link| link.end);
            let waits = |end: &End| departure.is_paused(*end) && !going.told.contains(end);
            return links.filter(waits).map(Move::Moved).collect();
        }
        let mut moves = vec![Move::TakeBack];
        if departure.may_detach() || self.is(Mutant::DetachesBeforeReady) {
            moves.extend(self.undetached().map(|(number, end)| Move::Detach(number, end)));
        }
        let with_right = || self.port.links.iter().filter(|link| link.has_right).map(|link| link.end);
        let pauses = |end: &End| departure.is_to_pause(*end) || self.pauses_early(*end);
        let looked = |end: &End| !self.is(Mutant::LooksBeforePause) || net.unread(*end).is_empty();
        let may_pause = self.undetached().next().is_none() || self.is(Mutant::LeavesTokens);
        moves.extend(with_right().filter(|_| may_pause).filter(pauses).filter(looked).map(Move::Pause));
        moves.extend(with_right().filter(|end| self.can_hear_out(net, *end)).map(Move::HearOut));
        let is_all_asked = self.undetached().next().is_none() || self.is(Mutant::LeavesTokens);
        if is_all_asked && (departure.is_quiet(with_right()) || self.leaves_early(with_right())) {
            moves.push(self.token().map_or(Move::HandOver, Move::Materialise));
        }
        if departure.may_decide() || (self.is(Mutant::DecidesBeforeCustody) && departure.is_delivered()) {
            moves.push(Move::Decide);
        }
        moves
    }

    fn pauses_early(&self, end: End) -> bool {
        let is_new = |going: &Going| going.fresh.iter().all(|(link, _)| *link != end);
        let while_asked = self.is(Mutant::PausesWhileAsked)
            && self.going.as_ref().is_some_and(|going| going.departure.may_detach());
        (while_asked || self.is(Mutant::PausesBeforeReady)) && self.going.as_ref().is_some_and(is_new)
    }

    fn can_hear_out(&self, net: &Net, end: End) -> bool {
        let Some(going) = &self.going else { return false };
        let is_looked_at = self.is(Mutant::SkipsLastLook) || self.is(Mutant::LooksBeforePause);
        let is_read = net.unread(end).is_empty() || is_looked_at;
        is_read && going.departure.is_to_hear_out(end)
    }

    /// The next message of the queue that is to be answered by a token.
    fn token(&self) -> Option<u8> {
        let is_token = |message: &Message| matches!(message.reply, Some(Once::Token(..)));
        let at = self.port.queue.iter().position(is_token).filter(|_| !self.is(Mutant::TokensStay))?;
        u8::try_from(at).ok()
    }

    pub(super) fn step(&mut self, net: &mut Net, step: Move) {
        match step {
            Move::Offer => self.offer(net),
            Move::TakeBack => self.take_back(net),
            Move::Materialise(at) => self.materialise(net, usize::from(at)),
            Move::Decide => self.decide(net),
            Move::HandOver => self.hand_over(net),
            step => self.go_on(net, step),
        }
    }

    fn offer(&mut self, net: &mut Net) {
        let (estate, theirs) = net.pair(ME, ME);
        net.say(self.wire, Record::Offer(theirs));
        net.close(ME, theirs);
        let departure = Departure::offered();
        self.moves_left -= 1;
        self.going = Some(Going { departure, estate, fresh: vec![], told: vec![], detaching: vec![] });
    }

    fn go_on(&mut self, net: &mut Net, step: Move) {
        let Some(going) = &mut self.going else { return };
        match step {
            Move::Pause(end) => {
                let (theirs, fresh) = net.pair(ME, ME);
                going.fresh.push((end, fresh));
                going.departure.pause(end);
                if self.mutant != Some(Mutant::LooksBeforePause) {
                    net.say(end, Record::Pause(theirs));
                    net.close(ME, theirs);
                }
            }
            Move::HearOut(end) => {
                if self.mutant == Some(Mutant::LooksBeforePause) {
                    let theirs = net.pair(ME, ME).0;
                    net.say(end, Record::Pause(theirs));
                }
                let heard = self.port.link(end).map_or(0, |link| link.heard);
                going.departure.heard(end, heard);
            }
            Move::Detach(number, end) => {
                let (theirs, ours) = net.pair(ME, ME);
                net.say(end, Record::Detach(number, theirs));
                net.close(ME, theirs);
                going.detaching.push((number, ours));
                going.departure.ask(end, number.into());
            }
            Move::Moved(end) => {
                let heard = self.port.link(end).map_or(0, |link| link.heard);
                if self.mutant != Some(Mutant::SaysNotMoved) {
                    net.say(end, Record::Moved(heard));
                }
                going.told.push(end);
            }
            _ => {}
        }
    }

    /// The reply right of a queued message becomes a link of its own, which is kept until the move is decided.
    fn materialise(&mut self, net: &mut Net, at: usize) {
        let Some(Once::Token(end, number)) = self.port.queue[at].reply else { return };
        let (ours, theirs) = net.pair(ME, ME);
        net.say(end, Record::Materialise(number, theirs));
        net.close(ME, theirs);
        self.port.queue[at].reply = Some(Once::Link(ours));
    }

    /// Nobody reads what is handed over but the new owner, and it does nothing before it has read all: so the order
    /// between this and the steps of others does not matter.
    fn hand_over(&mut self, net: &mut Net) {
        let Some(going) = &mut self.going else { return };
        let (mut ends, mut messages) = (0, 0);
        for link in self.port.links.iter().filter(|link| link.has_right) {
            let fresh = going.fresh.iter().find(|(known, _)| *known == link.end).unwrap().1;
            net.say(going.estate, Record::Give(fresh, going.departure.count(link.end).unwrap()));
            ends += 1;
        }
        for mut message in self.port.queue.iter().copied() {
            message.reply = message.reply.filter(|reply| matches!(reply, Once::Link(_)));
            net.say(going.estate, Record::Carry(message));
            if let (Some(Once::Link(end)), Some(Mutant::KeepsNothing)) = (message.reply, self.mutant) {
                net.close(ME, end);
            }
            messages += 1;
        }
        for (number, _) in self.port.once.iter().filter(|(_, way)| matches!(way, Once::Link(_))) {
            let Some((_, end)) = going.detaching.iter().find(|(known, _)| known == number) else { continue };
            if self.mutant != Some(Mutant::OnceEndsStay) {
                net.say(going.estate, Record::GiveOnce(*number, *end));
            }
        }
        if !self.kept.is_empty() {
            let (own, theirs) = net.pair(ME, ME);
            let numbers = if self.mutant == Some(Mutant::KeptAreForgotten) { &[] } else { KEPT };
            net.say(going.estate, Record::GiveOwn(theirs, numbers));
            net.close(ME, theirs);
            self.own = Some(own);
        }
        net.say(going.estate, Record::Whole(ends, messages));
        going.departure.deliver();
    }

    /// From here on the port is the new owner's.
    fn decide(&mut self, net: &mut Net) {
        let Some(going) = &mut self.going else { return };
        net.say(self.wire, Record::Decide);
        going.departure.decide();
        net.close(ME, going.estate);
        for (_, fresh) in &going.fresh {
            net.close(ME, *fresh);
        }
        for (_, end) in std::mem::take(&mut going.detaching) {
            net.close(ME, end);
        }
        self.port.once.retain(|(_, way)| matches!(way, Once::Token(..)));
        if let Some(own) = self.own {
            for number in std::mem::take(&mut self.late) {
                net.say(own, Record::Answer(Some(number)));
            }
        }
        for message in std::mem::take(&mut self.port.queue) {
            if let Some(Once::Link(end)) = message.reply {
                net.close(ME, end);
            }
        }
    }

    fn take_back(&mut self, net: &mut Net) {
        let Some(mut going) = self.going.take() else { return };
        // What was given stays a link, or becomes one.
        for (number, end) in std::mem::take(&mut going.detaching) {
            let is_open = self.port.once.iter().any(|(known, _)| *known == number);
            if !is_open || self.mutant == Some(Mutant::TakesLinksBack) {
                net.close(ME, end);
            } else {
                self.parted.push((number, end));
            }
        }
        if let Some(own) = self.own.take() {
            net.close(ME, own);
        }
        self.port.came.extend(std::mem::take(&mut self.late).into_iter().map(|number| (number, true)));
        net.close(ME, going.estate);
        for (_, fresh) in &going.fresh {
            net.close(ME, *fresh);
        }
        let paused = going.departure.take_back().unwrap();
        for end in paused.into_iter().filter(|_| self.mutant != Some(Mutant::NeverResumes)) {
            net.say(end, Record::Resume);
        }
    }
}
