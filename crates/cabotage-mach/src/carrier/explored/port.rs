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
}

impl Port {
    pub(super) fn link(&mut self, end: End) -> Option<&mut Link> {
        self.links.iter_mut().find(|link| link.end == end)
    }

    pub(super) fn add(&mut self, end: End) {
        self.links.push(Link { end, has_right: true, heard: 0 });
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
