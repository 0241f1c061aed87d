// SPDX-License-Identifier: MIT OR Apache-2.0
//! Memory that waiting requests have declared: the client copies from and to it when the server asks.
//!
//! A request that waits no more lends nothing: the server is told that it is gone. What a server asks outside of the
//! declared ranges it can't ask by mistake, since its library checks first; such a server lies, and loses the channel.

use cabotage_link::{Block, Deadline, Message, Parcel};

use super::Client;
use super::channel::Channel;
use crate::error::{ChannelFault, SendError};
use crate::outgoing::{Buffer, Lent, Outgoing, Range};
use crate::rules::{Access, PIECE_BYTES_MAX, Wanted, Way};
use crate::wire::{BUSY, CopyWanted, DONE, GONE, Header, Word};

/// See the [module](self).
#[derive(Debug, Default)]
pub(super) struct Lending {
    /// The copy that the server asked for last.
    asked: Option<Asked>,
    /// What asynchronous requests have lent, by their numbers.
    owned: Vec<(u64, Outgoing<'static>)>,
}

/// A copy that the server asks for.
#[derive(Debug)]
struct Asked {
    request: u64,
    number: u64,
    wanted: Wanted,
    /// What is to be written.
    block: Option<Block>,
}

impl Lending {
    /// The server asks for a copy; answers whether it does so as it may.
    pub(super) fn note(&mut self, request: u64, number: u64, body: &[u8], message: &mut Message<'_>) -> bool {
        let block = message.take_block();
        let Some(wanted) = CopyWanted::parse(body) else { return false };
        let bytes = block.as_ref().map(|block| block.bytes() as u64);
        let is_whole = match wanted.access {
            Access::Read => bytes.is_none(),
            Access::Write => bytes == Some(wanted.bytes),
            // A copy goes one way.
            Access::ReadWrite => false,
        };
        self.asked = Some(Asked { request, number, wanted, block });
        is_whole && wanted.bytes <= PIECE_BYTES_MAX as u64
    }
}

/// What came of a copy.
enum Outcome {
    /// This goes back with the answer.
    Answer(u64, Option<cabotage_link::BlockMut>),
    /// The server asked for what was never declared.
    Lie,
}

impl Channel {
    /// Copies what the server has asked for, from or to what `current` lends, or what asynchronous requests do.
    ///
    /// # Errors
    /// The channel is over.
    pub(super) fn serve(
        &mut self,
        current: Option<(u64, &mut Outgoing<'_>)>,
        deadline: Deadline,
    ) -> Result<(), SendError> {
        let Some(asked) = self.lending.asked.take() else { return Ok(()) };
        let (request, number) = (asked.request, asked.number);
        match self.copy(asked, current, deadline)? {
            Outcome::Answer(outcome, block) => self.answer_copy(number, outcome, block, deadline),
            Outcome::Lie => {
                let what = Word::Copy.name();
                Err(self.condemn(ChannelFault::Forged { what, id: request }).into())
            }
        }
    }

    fn copy(
        &mut self,
        asked: Asked,
        current: Option<(u64, &mut Outgoing<'_>)>,
        deadline: Deadline,
    ) -> Result<Outcome, SendError> {
        let waits = match self.asked.way(asked.request) {
            None if self.asked.was_given(asked.request) => return Ok(Outcome::Answer(GONE, None)),
            None => return Ok(Outcome::Lie),
            Some(way) => way,
        };
        let number = usize::try_from(asked.wanted.range).unwrap_or(usize::MAX);
        match (waits, current) {
            (Way::Sync, Some((id, message))) if id == asked.request => match message.range(number) {
                Some(range) => self.copy_range(asked, range, deadline),
                None => Ok(Outcome::Lie),
            },
            // Whoever waits for it is busy with something that the server asked in between.
            (Way::Sync, _) if !self.begun.contains(&asked.request) => Ok(Outcome::Answer(BUSY, None)),
            _ => {
                let mut owned = std::mem::take(&mut self.lending.owned);
                let lent = owned.iter_mut().find(|(id, _)| *id == asked.request);
                let outcome = match lent.and_then(|(_, message)| message.range(number)) {
                    Some(range) => self.copy_range(asked, range, deadline),
                    None => Ok(Outcome::Lie),
                };
                self.lending.owned = owned;
                outcome
            }
        }
    }

    /// Copies from or to a range, if what is asked lies in it.
    fn copy_range(
        &mut self,
        asked: Asked,
        mut range: Range<'_, '_>,
        deadline: Deadline,
    ) -> Result<Outcome, SendError> {
        let Wanted { offset, bytes, access, .. } = asked.wanted;
        let place = usize::try_from(offset).ok().zip(usize::try_from(bytes).ok());
        let Some((from, to)) = place.and_then(|(from, bytes)| Some((from, from.checked_add(bytes)?))) else {
            return Ok(Outcome::Lie);
        };
        if access == Access::Write {
            let Some(target) = range.as_writable().and_then(|bytes| bytes.get_mut(from..to)) else {
                return Ok(Outcome::Lie);
            };
            let copied = asked.block.map(|block| block.copy_at(0, target));
            copied.transpose().map_err(SendError::of_map)?;
            return Ok(Outcome::Answer(DONE, None));
        }
        let Some(source) = range.as_readable().and_then(|bytes| bytes.get(from..to)) else {
            return Ok(Outcome::Lie);
        };
        match self.link()?.block(source.len(), deadline).map_err(SendError::from) {
            Ok(mut block) => {
                block.write_at(0, source).map_err(SendError::of_map)?;
                Ok(Outcome::Answer(DONE, Some(block)))
            }
            Err(SendError::Full) => Ok(Outcome::Answer(BUSY, None)),
            Err(error) => Err(error),
        }
    }

    /// Tells the server what became of a copy. It has asked for so few at once that there is room, unless it asks for
    /// answers and does not take them.
    fn answer_copy(
        &mut self,
        number: u64,
        outcome: u64,
        block: Option<cabotage_link::BlockMut>,
        deadline: Deadline,
    ) -> Result<(), SendError> {
        let header = Header { about: outcome, ..Header::new(Word::Copied, number, 0) };
        let sent = match block {
            None => self.link()?.send(header.bytes(), deadline),
            Some(block) => {
                let parcel = Parcel::new(header.bytes()).block(block);
                self.link()?.send_parcel(parcel, deadline).map_err(|unsent| unsent.error)
            }
        };
        match sent.map_err(SendError::from) {
            Err(SendError::Full) => Err(self.condemn(ChannelFault::Flood { messages: 1 }).into()),
            sent => sent,
        }
    }
}

impl Channel {
    /// Asks with what belongs to the request until its reply has come.
    ///
    /// # Errors
    /// [`SendError`], with the buffers.
    pub(super) fn ask_lending(
        &mut self,
        way: Way,
        message: &mut Outgoing<'_>,
        buffers: Vec<Buffer>,
        deadline: Deadline,
    ) -> Result<u64, (SendError, Vec<Buffer>)> {
        message.lent.extend(buffers.into_iter().map(Lent::Owned));
        let sent = self.ask_as(way, message, deadline);
        let mut buffers = message.lent.drain(..).filter_map(Lent::into_buffer).peekable();
        match sent {
            Ok(id) => {
                if buffers.peek().is_some() {
                    let lent = buffers.map(Lent::Owned).collect();
                    self.lending.owned.push((id, Outgoing { lent, ..Outgoing::default() }));
                }
                Ok(id)
            }
            Err(error) => Err((error, buffers.collect())),
        }
    }
}

impl Client {
    /// Asks the server without waiting for its answer, as [`Client::send_request`] does, and lends it memory until the
    /// answer has come: the buffers are the ranges that the request declares, in their order. The client copies from
    /// and to them while it receives, or waits for another answer. [`Client::take_buffers`] gives them back.
    ///
    /// # Errors
    /// [`SendError`], with the buffers.
    pub fn send_request_lending(
        &mut self,
        body: &[u8],
        buffers: Vec<Buffer>,
        deadline: Deadline,
    ) -> Result<u64, (SendError, Vec<Buffer>)> {
        self.channel.ask_lending(Way::Async, &mut Outgoing::new(body), buffers, deadline)
    }

    /// The buffers that an asynchronous request, or one that was begun, has lent, when it waits no more; `None` before, and the second time.
    pub fn take_buffers(&mut self, id: u64) -> Option<Vec<Buffer>> {
        if self.channel.asked.way(id).is_some() {
            return None;
        }
        let owned = &mut self.channel.lending.owned;
        let at = owned.iter().position(|(lender, _)| *lender == id)?;
        let (_, message) = owned.swap_remove(at);
        Some(message.lent.into_iter().filter_map(Lent::into_buffer).collect())
    }
}
