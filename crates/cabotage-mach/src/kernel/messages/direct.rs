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
use crate::kernel::ids::{PortId, SpaceId};
use crate::kernel::message::{Letter, Sender};
use crate::kernel::port::{Home, Port, Rare};
use crate::kernel::space::{Entry, Held};
use crate::name::Name;
use crate::right::Disposition;

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

impl Direct {
    pub(crate) fn route(self) -> u64 {
        match self {
            Self::Send { route, .. } | Self::Answer { route, .. } => route,
        }
    }
}

impl Kernel {
    /// Whether a message has a common shape and leaves the process.
    #[inline]
    pub(crate) fn direct(&self, space: SpaceId, letter: &Letter) -> Option<Direct> {
        let (name, disposition) = letter.destination;
        let table = self.spaces.get(space)?;
        let held = table.get(name)?.held;
        let (Held::Send(port) | Held::SendOnce(port)) = held else { return None };
        let found = self.ports.get(port)?;
        let Home::Away(route) = found.home else { return None };
        if !letter.items.is_empty() || letter.complex || !self.steps.is_empty() || found.has_waiting() {
            return None;
        }
        match (held, disposition?, letter.reply) {
            (Held::Send(_), Disposition::CopySend, (Name::NULL, None)) => {
                Some(Direct::Send { port, route, reply: None })
            }
            (Held::Send(_), Disposition::CopySend, (reply, Some(Disposition::MakeSendOnce))) => {
                let reply = table.get(reply)?.held.receives()?;
                self.ports.get(reply)?;
                Some(Direct::Send { port, route, reply: Some(reply) })
            }
            (Held::SendOnce(_), Disposition::MoveSendOnce, (Name::NULL, None)) => {
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
        let (Some(table), Some(found)) = (self.spaces.get(at.space), self.ports.get(port)) else {
            return false;
        };
        let Home::Space(home, _) = found.home else { return false };
        let is_there = match table.get(at.name).map(|entry| entry.held) {
            Some(Held::Receive(own) | Held::SendReceive(own)) => own == port,
            Some(Held::Set(set)) => {
                found.sets.contains(&set) && self.sets.get(set).is_some_and(|set| set.ready.is_empty())
            }
            _ => false,
        };
        let fits = total(false, bytes, std::iter::empty()).saturating_add(at.options.trailer.bytes());
        is_there
            && home == at.space
            && found.queue.is_empty()
            && found.rare.as_deref().is_none_or(Rare::waits_for_nothing)
            && fits <= at.options.bytes_max
            && (!has_reply || table.has_room())
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
        slot: &mut Option<Result<Receipt, ReceiveError>>,
    ) -> Option<PortId> {
        let mut granted = None;
        let reply = match arrived.reply {
            None => (Name::NULL, None),
            Some(route) => {
                let mut port = Port::new(Home::Away(route));
                port.send_once_rights = 1;
                let port = *granted.insert(self.ports.insert(port));
                let name = self.spaces.get_mut(at.space)?.enter(Entry::new(Held::SendOnce(port))).ok()?;
                (name, Some(Disposition::MoveSendOnce))
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
        let items = Vec::new();
        *slot =
            Some(Ok(Receipt::Letter(Received { header, reply, body, items, complex: false, fault: None })));
        granted
    }
}

impl Rare {
    /// Whether a message that comes and is taken at once changes nothing for anybody.
    fn waits_for_nothing(&self) -> bool {
        self.senders.is_empty() && self.cached.is_empty() && self.watched.is_empty()
    }
}
