// SPDX-License-Identifier: MIT OR Apache-2.0
//! The port at the process that has its receive right: the queue, the links of its holders, and who is still to be
//! answered.

use super::Mutant;
use super::net::{End, Message, Net, Once, Process, Record};

/// A link to a holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Link {
    pub(super) end: End,
    pub(super) has_right: bool,
    /// How many records about the port were heard on it.
    pub(super) heard: u64,
}

/// See the [module](self).
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Port {
    pub(super) links: Vec<Link>,
    pub(super) queue: Vec<Message>,
    /// What its user has received, in order: sender and number.
    pub(super) taken: Vec<(Process, u8)>,
    pub(super) owed: Vec<Once>,
    pub(super) is_told_no_senders: bool,
    /// Send-once rights of others to the port.
    pub(super) once: Vec<(u8, Once)>,
    /// What has come of each: whether it was a message.
    pub(super) came: Vec<(u8, bool)>,
}

impl Port {
    pub(super) fn link(&mut self, end: End) -> Option<&mut Link> {
        self.links.iter_mut().find(|link| link.end == end)
    }

    pub(super) fn add(&mut self, end: End) {
        self.links.push(Link { end, has_right: true, heard: 0 });
    }

    /// A message came by a send-once right, or the news that there will be none.
    fn hear_once(&mut self, end: End, number: Option<u8>, is_message: bool) {
        let is_it = |(known, way): &(u8, Once)| match *way {
            Once::Token(link, token) => link == end && number == Some(token) && token == *known,
            Once::Link(link) => link == end && number.is_none(),
        };
        let at = self.once.iter().position(is_it).expect("a right that is open");
        let (number, _) = self.once.remove(at);
        self.came.push((number, is_message));
    }

    /// Whether nobody has a right.
    pub(super) fn is_alone(&self) -> bool {
        self.links.iter().all(|link| !link.has_right)
    }

    /// A record about the port.
    pub(super) fn hear(&mut self, end: End, record: Record) {
        match record {
            Record::Message { from, number, asks } => {
                let reply = asks.then_some(Once::Token(end, number));
                self.queue.push(Message { from, number, reply });
            }
            Record::Fork(fork) => self.add(fork),
            Record::Answer(number) => self.hear_once(end, number, true),
            Record::Unused(number) => self.hear_once(end, Some(number), false),
            Record::Release => {
                if let Some(link) = self.link(end) {
                    link.has_right = false;
                }
            }
            other => panic!("an owner hears {other:?}"),
        }
        if let Some(link) = self.link(end) {
            link.heard += 1;
        }
    }

    /// The holder is gone.
    pub(super) fn hang_up(&mut self, net: &mut Net, me: Process, end: End) {
        self.links.retain(|link| link.end != end);
        self.queue
            .iter_mut()
            .for_each(|message| message.reply = message.reply.filter(|reply| !is_of(*reply, end)));
        self.owed.retain(|reply| !is_of(*reply, end));
        let is_here = |way: &Once| matches!(way, Once::Token(link, _) | Once::Link(link) if *link == end);
        let (lost, left): (Vec<_>, _) =
            std::mem::take(&mut self.once).into_iter().partition(|(_, way)| is_here(way));
        self.once = left;
        self.came.extend(lost.into_iter().map(|(number, _)| (number, false)));
        net.close(me, end);
    }

    /// The user receives a message, and means to answer if it is a question.
    pub(super) fn take(&mut self) {
        let message = self.queue.remove(0);
        self.taken.push((message.from, message.number));
        self.owed.extend(message.reply);
    }

    pub(super) fn answer(&mut self, net: &mut Net, me: Process) {
        match self.owed.remove(0) {
            Once::Token(end, number) => net.say(end, Record::Reply(Some(number))),
            Once::Link(end) => {
                net.say(end, Record::Reply(None));
                net.close(me, end);
            }
        }
    }
}

fn is_of(reply: Once, end: End) -> bool {
    matches!(reply, Once::Token(link, _) if link == end)
}

/// Whether a hang-up may be acted upon: only after everything was read.
pub(super) fn is_over(net: &Net, end: End, mutant: Option<Mutant>) -> bool {
    if mutant == Some(Mutant::HangsUpAtOnce) { net.is_deserted(end) } else { net.is_hung_up(end) }
}
