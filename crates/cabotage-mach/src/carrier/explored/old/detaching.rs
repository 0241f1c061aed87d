// SPDX-License-Identifier: MIT OR Apache-2.0
//! Send-once rights to the port that moves: those of others become links, its own user keeps some.

use super::Old;
use crate::carrier::explored::Mutant;
use crate::carrier::explored::net::{End, Net, Once, Record};

impl Old {
    /// A send-once right is the link that its holder was given.
    pub(super) fn detached(&mut self, number: u8) {
        let Some((known, way)) = self.port.once.iter_mut().find(|(known, _)| *known == number) else {
            panic!("detached what is not open");
        };
        let asked = match *way {
            Once::Token(end, _) => end,
            Once::Link(_) => panic!("detached twice"),
        };
        let ends = self.going.iter().flat_map(|going| &going.detaching).chain(&self.parted);
        let ours = ends.filter(|(of, _)| of == known).map(|(_, end)| *end).next();
        *way = Once::Link(ours.expect("an end that was given"));
        if let Some(going) = &mut self.going {
            going.departure.answered(asked, number.into());
        }
    }

    /// Those who have send-once rights by tokens, and were not asked.
    pub(super) fn undetached(&self) -> impl Iterator<Item = (u8, End)> {
        let is_asked = |number: u8| {
            self.going.as_ref().is_some_and(|going| going.detaching.iter().any(|(known, _)| *known == number))
        };
        self.port.once.iter().filter_map(move |(number, way)| match way {
            Once::Token(end, _) if !is_asked(*number) && self.mutant != Some(Mutant::LeavesTokens) => {
                Some((*number, *end))
            }
            _ => None,
        })
    }

    /// The mutant's way: everything is handed over though somebody has not answered.
    pub(super) fn leaves_early(&self, mut links: impl Iterator<Item = End>) -> bool {
        let Some(going) = self.going.as_ref().filter(|_| self.is(Mutant::LeavesAsked)) else { return false };
        !going.departure.is_delivered() && links.all(|link| going.departure.count(link).is_some())
    }

    /// Its own user sends by a send-once right that it kept.
    pub(in super::super) fn use_kept(&mut self, net: &mut Net) {
        let number = self.kept.remove(0);
        match (self.own, &self.going) {
            (Some(own), Some(going)) if going.departure.is_decided() => {
                net.say(own, Record::Answer(Some(number)));
            }
            (Some(_), Some(_)) => self.late.push(number),
            _ => self.port.came.push((number, true)),
        }
    }
}
