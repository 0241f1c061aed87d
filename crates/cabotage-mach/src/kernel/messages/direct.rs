// SPDX-License-Identifier: MIT OR Apache-2.0
//! Messages of the common shapes, to and from other processes, in one step each: what the calls for sending and
//! receiving would do with them, without a queue in between.
//!
//! The shapes are: a body and nothing else by a send right, with a send-once right to answer by or none; the answer to
//! such a one; and either of them received by somebody who waits at an empty queue. Where anything is otherwise nothing
//! is done, and the message goes the long way: so each rule that is not here can be found there.

use super::options::ReceiveOptions;
use super::outcome::{BareHeader, Receipt, Received};
use super::size::total;
use crate::error::ReceiveError;
use crate::kernel::Kernel;
use crate::kernel::ids::{PortId, SetId, SpaceId};
use crate::kernel::message::{Letter, Sender};
use crate::kernel::port::{Home, Port, Rare};
use crate::kernel::space::{Entry, Held, Space};
use crate::name::Name;
use crate::right::Disposition;

/// A message of a common shape, but for its body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Short {
    pub(crate) id: i32,
    /// A send right that stays, or a send-once right.
    pub(crate) destination: (Name, Disposition),
    /// The port to which a send-once right is made, to answer by.
    pub(crate) reply: Option<Name>,
}

/// By what right a message of a common shape goes to another process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direct {
    /// By a send right, which stays; perhaps with a send-once right to a port of ours.
    Send { port: PortId, route: u64, reply: Option<PortId> },
    /// By the only right to a port, which answers once.
    Answer { port: PortId, route: u64 },
}

/// Where a message that comes is received, and under which names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At<'a> {
    pub(crate) space: SpaceId,
    pub(crate) name: Name,
    pub(crate) options: &'a ReceiveOptions,
}

/// What whoever receives has found.
#[derive(Debug, Default)]
pub(crate) enum Slot {
    #[default]
    Empty,
    /// A message of a common shape.
    Plain(PlainLetter),
    /// Whatever the long way has led to.
    Receipt(Result<Receipt, ReceiveError>),
}

/// A message of a common shape, as its receiver sees it.
#[derive(Debug)]
pub(crate) struct PlainLetter {
    pub(crate) header: BareHeader,
    /// The send-once right to answer by; [`Name::NULL`] if there is none.
    pub(crate) reply: Name,
    pub(crate) body: Vec<u8>,
}

/// What came.
#[derive(Debug)]
pub(crate) struct Arrived {
    pub(crate) id: i32,
    pub(crate) port: PortId,
    /// Whether it came by a send-once right.
    pub(crate) is_once: bool,
    /// The route of the send-once right that it brought to answer by.
    pub(crate) reply: Option<u64>,
    pub(crate) sender: Sender,
}

impl Short {
    /// `None` for a message that has more than a body and such a right to answer by.
    #[inline]
    pub(crate) fn of(letter: &Letter) -> Option<Self> {
        let (name, disposition) = letter.destination;
        let reply = match letter.reply {
            (Name::NULL, None) => None,
            (reply, Some(Disposition::MakeSendOnce)) => Some(reply),
            _ => return None,
        };
        let is_short = letter.items.is_empty() && !letter.complex;
        is_short.then_some(Self { id: letter.id, destination: (name, disposition?), reply })
    }
}

impl Slot {
    #[inline]
    pub(crate) fn is_filled(&self) -> bool {
        !matches!(self, Self::Empty)
    }

    /// As the calls by names have it; `None` if there is nothing.
    pub(crate) fn into_receipt(self) -> Option<Result<Receipt, ReceiveError>> {
        match self {
            Self::Empty => None,
            Self::Plain(letter) => Some(Ok(Receipt::Letter(letter.into()))),
            Self::Receipt(receipt) => Some(receipt),
        }
    }
}

impl From<PlainLetter> for Received {
    fn from(PlainLetter { header, reply, body }: PlainLetter) -> Self {
        let disposition = reply.is_valid().then_some(Disposition::MoveSendOnce);
        Self { header, reply: (reply, disposition), body, items: Vec::new(), complex: false, fault: None }
    }
}

impl Direct {
    pub(crate) fn route(self) -> u64 {
        match self {
            Self::Send { route, .. } | Self::Answer { route, .. } => route,
        }
    }
}

impl Kernel {
    /// By which right a message leaves the process, if it does, and nothing is in its way.
    #[inline]
    pub(crate) fn direct(&self, space: SpaceId, short: Short) -> Option<Direct> {
        let (name, disposition) = short.destination;
        let table = self.spaces.get(space)?;
        let held = table.get(name)?.held;
        let (Held::Send(port) | Held::SendOnce(port)) = held else { return None };
        let found = self.ports.get(port)?;
        let Home::Away(route) = found.home else { return None };
        if !self.steps.is_empty() || found.has_waiting() {
            return None;
        }
        match (held, disposition, short.reply) {
            (Held::Send(_), Disposition::CopySend, None) => Some(Direct::Send { port, route, reply: None }),
            (Held::Send(_), Disposition::CopySend, Some(reply)) => {
                let reply = table.get(reply)?.held.receives()?;
                self.ports.get(reply)?;
                Some(Direct::Send { port, route, reply: Some(reply) })
            }
            (Held::SendOnce(_), Disposition::MoveSendOnce, None) => {
                let is_only = found.send_rights == 0 && found.send_once_rights == 1 && found.rare.is_none();
                let is_watched = table.get(name)?.request.is_some();
                (is_only && !is_watched).then_some(Direct::Answer { port, route })
            }
            _ => None,
        }
    }

    /// The message has left: the right that it was sent by is used up, and that to answer by is on its way.
    #[inline]
    pub(crate) fn went_directly(&mut self, space: SpaceId, name: Name, direct: Direct) {
        match direct {
            Direct::Send { reply: Some(reply), .. } => {
                self.grant_send_once(reply);
            }
            Direct::Send { reply: None, .. } => {}
            Direct::Answer { port, .. } => {
                self.free_name(space, name);
                self.ports.clear(port);
            }
        }
    }

    /// Whether whoever receives there would get the next message to this port at once, so many bytes long and with a right
    /// to answer by or none.
    #[inline]
    pub(crate) fn takes_directly(&self, at: At<'_>, port: PortId, (bytes, has_reply): (usize, bool)) -> bool {
        let Some(found) = self.ports.get(port) else { return false };
        let Home::Space(home, name) = found.home else { return false };
        let is_there = name == at.name || self.is_quiet_in_set(at, &found.sets);
        let fits = total(false, bytes, std::iter::empty()).saturating_add(at.options.trailer.bytes());
        is_there
            && home == at.space
            && found.queue.is_empty()
            && found.rare.as_deref().is_none_or(Rare::waits_for_nothing)
            && fits <= at.options.bytes_max
            && (!has_reply || self.spaces.get(home).is_some_and(Space::has_room))
    }

    /// Whether the name is that of a set among these, and nothing waits in it.
    fn is_quiet_in_set(&self, at: At<'_>, sets: &[SetId]) -> bool {
        match self.spaces.get(at.space).and_then(|table| table.get(at.name)).map(|entry| entry.held) {
            Some(Held::Set(set)) => {
                sets.contains(&set) && self.sets.get(set).is_some_and(|set| set.ready.is_empty())
            }
            _ => false,
        }
    }

    /// Whether a message or a notification waits for room at a port that is away.
    pub(crate) fn has_something_waiting(&self, port: PortId) -> bool {
        self.ports.get(port).is_some_and(|port| !port.queue.is_empty() || port.rare.is_some())
    }

    /// The receiver gets the message, into `slot`: [`Kernel::takes_directly`] was asked. Answers what the right to answer by
    /// is known as.
    #[inline]
    pub(crate) fn arrive_directly(
        &mut self,
        at: At<'_>,
        arrived: &Arrived,
        body: Vec<u8>,
        slot: &mut Slot,
    ) -> Option<PortId> {
        let mut granted = None;
        let reply = match arrived.reply {
            None => Name::NULL,
            Some(route) => {
                let mut port = Port::new(Home::Away(route));
                port.send_once_rights = 1;
                let port = *granted.insert(self.ports.insert(port));
                self.spaces.get_mut(at.space)?.enter(Entry::new(Held::SendOnce(port))).ok()?
            }
        };
        let port = self.ports.get_mut(arrived.port)?;
        let Home::Space(_, name) = port.home else { return granted };
        let sequence = port.sequence;
        port.sequence = sequence.wrapping_add(1);
        let sent_by = match arrived.is_once {
            true => {
                port.send_once_rights = port.send_once_rights.saturating_sub(1);
                Disposition::MoveSendOnce
            }
            false => Disposition::MoveSend,
        };
        let header = BareHeader {
            id: arrived.id,
            port: name,
            sent_by,
            bytes: total(false, body.len(), std::iter::empty()),
            sequence,
            sender: arrived.sender,
            context: port.rare.as_ref().map_or(0, |rare| rare.context),
        };
        if arrived.is_once {
            self.count_once(at.space, |count| count.saturating_sub(1));
        }
        *slot = Slot::Plain(PlainLetter { header, reply, body });
        granted
    }
}

impl Rare {
    /// Whether a message that comes and is taken at once changes nothing for anybody.
    fn waits_for_nothing(&self) -> bool {
        self.senders.is_empty() && self.cached.is_empty() && self.watched.is_empty()
    }
}
