// SPDX-License-Identifier: MIT OR Apache-2.0
//! The process to which the receive right moves.

use super::Mutant;
use super::net::{End, Message, Net, Once, Process, Record};
use super::port::{Link, Port, is_over};
use crate::carrier::moving::Arrival;

const ME: Process = super::NEW;

/// See the [module](self).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Heir {
    /// The link from the old owner.
    wire: End,
    /// What is on its way, by the end over which it comes.
    coming: Vec<(End, Arrival<End, Message>)>,
    /// Send-once rights to it.
    once: Vec<(u8, Once)>,
    pub(super) port: Option<Port>,
    mutant: Option<Mutant>,
}

impl Heir {
    pub(super) fn new(wire: End, mutant: Option<Mutant>) -> Self {
        Self { wire, coming: Vec::new(), once: Vec::new(), port: None, mutant }
    }

    pub(super) fn ears(&self) -> Vec<End> {
        let links = self.port.iter().flat_map(|port| port.links.iter().map(|link| link.end));
        let once = self.port.iter().flat_map(|port| &port.once);
        let once = once.map(|(_, Once::Token(end, _) | Once::Link(end))| *end);
        links.chain(once).chain([self.wire]).chain(self.coming.iter().map(|(end, _)| *end)).collect()
    }

    /// Whether no port is on its way here, or has come.
    pub(super) fn is_unasked(&self) -> bool {
        self.coming.is_empty() && self.port.is_none()
    }

    pub(super) fn is_over(&self, net: &Net, end: End) -> bool {
        is_over(net, end, self.mutant)
    }

    /// Reads one record, or all that has come of a port.
    pub(super) fn hear(&mut self, net: &mut Net, end: End) {
        self.hear_one(net, end);
        while self.coming.iter().any(|(known, _)| *known == end) && net.next(end).is_some() {
            self.hear_one(net, end);
        }
    }

    fn hear_one(&mut self, net: &mut Net, end: End) {
        let Some(record) = net.take(ME, end) else { return };
        if let Some((_, arrival)) = self.coming.iter_mut().find(|(known, _)| *known == end) {
            return match record {
                Record::Give(link, heard) => arrival.end(link, heard).unwrap(),
                Record::Carry(message) => arrival.message(message).unwrap(),
                Record::GiveOnce(number, end) => self.once.push((number, Once::Link(end))),
                Record::GiveOwn(end, numbers) => {
                    self.once.extend(numbers.iter().map(|number| (*number, Once::Token(end, *number))));
                }
                Record::Whole(ends, messages) => {
                    arrival.whole(ends, messages).unwrap();
                    net.say(end, Record::Custody);
                    if self.mutant == Some(Mutant::WelcomesAtCustody) {
                        self.decide(net);
                    }
                }
                other => panic!("the new owner hears {other:?}"),
            };
        }
        match (record, &mut self.port) {
            (Record::Offer(end), _) => {
                self.coming.push((end, Arrival::default()));
                net.say(end, Record::Ready);
            }
            (Record::Decide, _) => self.decide(net),
            (record, Some(port)) => port.hear(end, record),
            (other, None) => panic!("the new owner hears {other:?}"),
        }
    }

    fn decide(&mut self, net: &mut Net) {
        let Some((estate, arrival)) = self.coming.pop() else { return };
        net.close(ME, estate);
        let (ends, queue) = arrival.decide().unwrap();
        let mut port = Port { queue, once: std::mem::take(&mut self.once), ..Port::default() };
        if self.mutant == Some(Mutant::QueueStays) {
            port.queue.clear();
        }
        for (end, heard) in ends {
            net.say(end, Record::Welcome(heard));
            port.links.push(Link { end, has_right: true, heard: 0 });
        }
        self.port = Some(port);
    }

    pub(super) fn hang_up(&mut self, net: &mut Net, end: End) {
        let Some(at) = self.coming.iter().position(|(known, _)| *known == end) else {
            if let Some(port) = &mut self.port {
                port.hang_up(net, ME, end);
            }
            return net.close(ME, end);
        };
        // The deciding message may have come before.
        while self.mutant != Some(Mutant::DropsAtHangUp) && net.next(self.wire).is_some() {
            self.hear(net, self.wire);
        }
        if self.coming.get(at).is_some_and(|(known, _)| *known == end) {
            let (_, arrival) = self.coming.remove(at);
            net.close(ME, end);
            let (ends, messages) = arrival.into_parts();
            for (_, Once::Token(end, _) | Once::Link(end)) in std::mem::take(&mut self.once) {
                net.close(ME, end);
            }
            let replies = messages.iter().filter_map(|message| match message.reply? {
                Once::Link(end) => Some(end),
                Once::Token(..) => None,
            });
            for lost in ends.iter().map(|(end, _)| *end).chain(replies) {
                net.close(ME, lost);
            }
        }
    }
}
