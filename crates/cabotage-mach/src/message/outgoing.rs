// SPDX-License-Identifier: MIT OR Apache-2.0
//! A message to be sent: text or bytes alone, or built up with rights, memory and files.

use std::os::fd::OwnedFd;

use super::Carried;
use crate::carrier::Loan;
use crate::kernel::message::{Item, Letter, Memory};
use crate::name::Name;
use crate::right::Disposition;
use crate::rights::AnyRight;
use crate::spare;
use crate::task::Names;

/// A message to be sent. Text and bytes are messages by themselves; a builder adds the rest.
///
/// Rights that go along are moved: copy or make them first to keep one ([`SendRight::copy`](crate::SendRight::copy),
/// [`ReceiveRight::make_send`](crate::ReceiveRight::make_send)).
#[derive(Debug, Default)]
pub struct Outgoing {
    id: i32,
    body: Vec<u8>,
    cargo: Vec<Carried>,
    reply: Option<AnyRight>,
}

impl Outgoing {
    /// A message of this number (`msgh_id`), empty so far. What numbers mean is between sender and receiver; 64 to 72
    /// are the kernel's.
    pub fn new(id: i32) -> Self {
        Self { id, ..Self::default() }
    }

    /// The same under another number.
    #[must_use]
    pub(crate) fn numbered(self, id: i32) -> Self {
        Self { id, ..self }
    }

    /// With this inline data, which is copied to the receiver. Large data goes better as [memory](Outgoing::memory).
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// With this right, or whatever else [`Carried`] is.
    #[must_use]
    pub fn with(mut self, carried: impl Into<Carried>) -> Self {
        self.cargo.push(carried.into());
        self
    }

    /// With this memory, out of line: it goes from its sender. Bytes are copied on their way to another process, once;
    /// what was sealed ([`Region::seal`](crate::Region::seal)) or lent ([`SendRight::loan`](crate::SendRight::loan)) is
    /// not.
    #[must_use]
    pub fn memory(self, memory: impl Into<Memory>) -> Self {
        self.with(Carried::Memory(memory.into()))
    }

    /// With this memory, out of line, which was written where the receiver will read it
    /// ([`SendRight::loan`](crate::SendRight::loan)). Sent by another right it is copied.
    #[must_use]
    pub fn lend(self, loan: Loan) -> Self {
        self.with(Carried::Memory(loan.into()))
    }

    /// With this open file.
    #[must_use]
    pub fn file(self, file: impl Into<OwnedFd>) -> Self {
        self.with(Carried::File(file.into()))
    }

    /// To be answered by this right, a send-once right as a rule.
    #[must_use]
    pub fn reply_to(mut self, right: impl Into<AnyRight>) -> Self {
        self.reply = Some(right.into());
        self
    }

    /// What the receiver will know it by.
    pub fn id(&self) -> i32 {
        self.id
    }

    /// What it takes along.
    pub fn into_carried(self) -> Vec<Carried> {
        self.cargo
    }

    /// Whether it names a right to answer by.
    pub(crate) fn has_reply_right(&self) -> bool {
        self.reply.is_some()
    }

    /// Its body, if it is nothing else.
    #[inline]
    pub(crate) fn plain_body(&self) -> Option<&[u8]> {
        (self.cargo.is_empty() && self.reply.is_none()).then_some(&self.body)
    }

    /// It has gone: its memory is kept for the next one.
    #[inline]
    pub(crate) fn sent(self) {
        spare::give(self.body);
    }

    /// Whether every right in it is one of this task.
    pub(crate) fn is_of(&self, names: Names) -> bool {
        let is_own = |right: &AnyRight| right.names().is_none_or(|own| own == names);
        self.reply.as_ref().is_none_or(is_own) && self.cargo.iter().all(|carried| carried.is_of(names))
    }

    /// As the kernel takes it; its rights belong to the letter now.
    pub(crate) fn into_letter(self, destination: Name, disposition: Disposition) -> Letter {
        let reply = match self.reply {
            None | Some(AnyRight::Null) => (Name::NULL, None),
            Some(right) => {
                let (name, disposition) = right.into_message();
                (name, Some(disposition))
            }
        };
        let items: Vec<Item> = match self.cargo.is_empty() {
            true => Vec::new(),
            false => self.cargo.into_iter().map(Carried::into_item).collect(),
        };
        let complex = !items.is_empty();
        Letter {
            id: self.id,
            destination: (destination, Some(disposition)),
            reply,
            body: self.body,
            items,
            complex,
        }
    }

    /// What came back with a send that failed; its destination's right is the caller's affair.
    pub(crate) fn came_back(names: Names, letter: Letter) -> Self {
        let reply = letter.reply.1.map(|disposition| AnyRight::arrived(names, letter.reply.0, disposition));
        let cargo = letter.items.into_iter().map(|item| Carried::arrived(names, item)).collect();
        Self { id: letter.id, body: letter.body, cargo, reply }
    }
}

impl From<Vec<u8>> for Outgoing {
    fn from(body: Vec<u8>) -> Self {
        Self { body, ..Self::default() }
    }
}

impl From<&[u8]> for Outgoing {
    fn from(body: &[u8]) -> Self {
        spare::copy_of(body).into()
    }
}

impl<const BYTES: usize> From<&[u8; BYTES]> for Outgoing {
    fn from(body: &[u8; BYTES]) -> Self {
        spare::copy_of(body).into()
    }
}

impl From<&str> for Outgoing {
    fn from(text: &str) -> Self {
        spare::copy_of(text.as_bytes()).into()
    }
}

impl From<String> for Outgoing {
    fn from(text: String) -> Self {
        text.into_bytes().into()
    }
}
