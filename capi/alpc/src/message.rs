// SPDX-License-Identifier: MIT OR Apache-2.0
//! A message on its way between C and a port: what C wants to send, and what a port has for it.

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use cabotage_alpc::{Buffer, HandleKind, Handles, Status, View};

use crate::attributes::{self, Attributes, Brought};
use crate::layout::{HEADER_BYTES, PortMessage};
use crate::sections::Sections;
use crate::status::{Answer, NOT_FOUND};
use crate::table::{self, Object};

/// What C wants to send: copied in from its memory.
#[derive(Debug, Default)]
pub(crate) struct Sending {
    pub(crate) header: PortMessage,
    pub(crate) data: Vec<u8>,
    pub(crate) attributes: Option<Attributes>,
    /// Its message flags.
    pub(crate) flags: u32,
    /// Descriptors that go along.
    pub(crate) handles: Vec<Arc<OwnedFd>>,
    /// What is lent to the receiver, for as long as its asker waits.
    pub(crate) lent: Vec<Vec<u8>>,
}

impl Sending {
    pub(crate) fn has_flag(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }

    /// Whether the attribute is filled in.
    pub(crate) fn has(&self, attribute: u32) -> bool {
        self.attributes.as_ref().is_some_and(|attributes| attributes.has(attribute))
    }

    /// What its asker wants to be told with the reply.
    pub(crate) fn context(&self) -> usize {
        self.attributes.as_ref().and_then(Attributes::message_context).unwrap_or(0)
    }

    /// The low byte of its type: what its sender says that it is.
    pub(crate) fn kind(&self) -> u8 {
        self.header.kind.to_le_bytes()[0]
    }

    /// What is lent, as the port takes it.
    pub(crate) fn take_lent(&mut self) -> Vec<Buffer> {
        std::mem::take(&mut self.lent).into_iter().map(Buffer::Shared).collect()
    }
}

/// What a port has for C.
#[derive(Debug, Default)]
pub(crate) struct Delivery {
    pub(crate) header: PortMessage,
    pub(crate) data: Vec<u8>,
    pub(crate) brought: Brought,
    pub(crate) view: Option<View>,
    /// Whether the view is the body, which goes with the data where C has no room for a view.
    pub(crate) is_in_view: bool,
    pub(crate) handles: Vec<(OwnedFd, HandleKind)>,
    /// What was lent, as the receiver has left it.
    pub(crate) returned: Vec<Vec<u8>>,
}

/// How much C has room for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    /// Header included.
    pub(crate) bytes: usize,
    /// The attributes that are allocated.
    pub(crate) attributes: u32,
}

/// What a receiving call comes back with.
#[derive(Debug)]
pub(crate) enum Got {
    /// A message that fits.
    Message(Box<Delivery>),
    /// The message stays, and needs so many bytes.
    TooSmall(usize),
}

impl Delivery {
    /// A message of this type about this number.
    pub(crate) fn new(kind: u16, message_id: u32, data: Vec<u8>) -> Self {
        let header = PortMessage { kind, message_id, ..PortMessage::default() };
        Self { header, data, brought: Brought { message_id, ..Brought::default() }, ..Self::default() }
    }

    /// How many bytes it needs where C has this room.
    pub(crate) fn total_bytes(&self, room: Room) -> usize {
        let is_plain = self.is_in_view && room.attributes & attributes::VIEW == 0;
        let body = self.view.as_ref().filter(|_| is_plain).map_or(self.data.len(), View::bytes);
        HEADER_BYTES + body
    }

    pub(crate) fn fits(&self, room: Room) -> bool {
        self.total_bytes(room) <= room.bytes
    }

    /// Takes all that came with a message of ours.
    pub(crate) fn take_handles(&mut self, handles: Option<&mut Handles>) {
        let Some(handles) = handles else { return };
        let kinds: Vec<HandleKind> = handles.natures().map(|nature| nature.kind).collect();
        let took = kinds.into_iter().enumerate().filter_map(|(at, kind)| Some((handles.take_at(at)?, kind)));
        self.handles.extend(took);
    }

    /// Gives what came beside the data its place, as far as C has room for it; what it has none for is let go of.
    pub(crate) fn settle(&mut self, room: Room, sections: &mut Sections, extra: &mut Extra) -> Answer {
        match self.view.take() {
            Some(view) if room.attributes & attributes::VIEW != 0 => {
                self.brought.view = Some(sections.receive(view)?);
            }
            Some(view) if self.is_in_view => self.data = view.to_vec().map_err(|_| Status::INVALID_HANDLE)?,
            _ => {}
        }
        let mut handles = std::mem::take(&mut self.handles);
        if room.attributes & attributes::HANDLE != 0 && !handles.is_empty() {
            let count = u32::try_from(handles.len()).unwrap_or(u32::MAX);
            let kind = handles.first().map_or(0, |(_, kind)| *kind as u32);
            let alone = if handles.len() == 1 { handles.pop() } else { None };
            let handle = match alone {
                Some((fd, _)) => table::enter(Object::Descriptor(Arc::new(fd)))?,
                None => {
                    extra.keep(self.header.message_id, handles);
                    0
                }
            };
            self.brought.handles = Some((handle, count, kind));
        }
        let lengths = (u16::try_from(self.data.len()), u16::try_from(HEADER_BYTES + self.data.len()));
        let (Ok(data), Ok(total)) = lengths else { return Err(Status::PORT_MESSAGE_TOO_LONG) };
        (self.header.data_length, self.header.total_length) = (data, total);
        Ok(())
    }
}

/// The handles of messages that brought more than one: C asks for each by its place, once, as long as the message is
/// not answered. Those that nobody asks for are closed then, or when there are too many.
#[derive(Debug, Default)]
pub(crate) struct Extra {
    by_message: BTreeMap<u32, Vec<Option<(OwnedFd, HandleKind)>>>,
    kept: usize,
}

/// How many are kept at most: as many as one message may bring.
const HANDLES_KEPT_MAX: usize = cabotage_alpc::HANDLES_MAX;

impl Extra {
    fn keep(&mut self, message: u32, handles: Vec<(OwnedFd, HandleKind)>) {
        self.kept += handles.len();
        let replaced = self.by_message.insert(message, handles.into_iter().map(Some).collect());
        self.kept -= replaced.map_or(0, |handles| handles.len());
        while self.kept > HANDLES_KEPT_MAX
            && let Some(oldest) = self.by_message.keys().find(|number| **number != message).copied()
        {
            self.forget(oldest);
        }
    }

    /// The message is over.
    pub(crate) fn forget(&mut self, message: u32) {
        self.kept -= self.by_message.remove(&message).map_or(0, |handles| handles.len());
    }

    /// A handle of what is at this place of a message, and what it is.
    pub(crate) fn take(&mut self, message: u32, place: usize) -> Answer<(usize, u32)> {
        let found = self.by_message.get_mut(&message).and_then(|handles| handles.get_mut(place)?.take());
        let (fd, kind) = found.ok_or(NOT_FOUND)?;
        Ok((table::enter(Object::Descriptor(Arc::new(fd)))?, kind as u32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handles(count: usize) -> Vec<(OwnedFd, HandleKind)> {
        let one = || (std::fs::File::open("/dev/null").unwrap().into(), HandleKind::Device);
        (0..count).map(|_| one()).collect()
    }

    #[test]
    fn handles_that_nobody_asks_for_are_closed() {
        let mut extra = Extra::default();
        for message in 1..=10 {
            extra.keep(message, handles(200));
            assert!(extra.kept <= HANDLES_KEPT_MAX, "{}", extra.kept);
        }
        assert_eq!(extra.by_message.len(), 2);
        extra.forget(10);
        assert_eq!(extra.kept, 200);
    }

    #[test]
    fn a_handle_is_given_once() {
        let mut extra = Extra::default();
        extra.keep(7, handles(2));
        let (handle, kind) = extra.take(7, 1).unwrap();
        assert_eq!(kind, HandleKind::Device as u32);
        assert_eq!(extra.take(7, 1), Err(NOT_FOUND));
        assert_eq!(extra.take(7, 2), Err(NOT_FOUND));
        assert!(table::leave(handle).is_ok());
    }
}
