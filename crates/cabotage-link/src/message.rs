// SPDX-License-Identifier: MIT OR Apache-2.0
//! A message that has come, read where it lies: in the peer's ring, in a block, or beside its HELLO.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use cabotage_lane::Controls;
use cabotage_lane::block::{self, Sent};
use cabotage_lane::ring::Shape;
use cabotage_lane::value_of;

use crate::core::Core;
use crate::error::{LinkError, PeerFault};
use crate::parcel::{ATTACHED, BLOCK, BLOCKS_MAX, HEAD_BYTES, Head, PLAIN, SENT_BYTES};
use crate::receive::{Found, Giver, Incoming, unannounced};

/// A block of the peer's: read it in place, drop it to give it back. The peer can rewrite it meanwhile.
pub type Block = block::Block<Arc<Giver>>;

/// A message where it lies. Dropping it makes room for others.
#[derive(Debug)]
pub struct Message<'link> {
    incoming: &'link mut Incoming,
    core: &'link Core,
    /// What is not just a record of bytes.
    extra: Option<Box<Extra>>,
}

/// Where the bytes of an uncommon message lie, and what came with it.
#[derive(Debug, Default)]
pub(crate) struct Extra {
    body: Body,
    blocks: Few<Block>,
    descriptors: Vec<OwnedFd>,
}

/// Where the bytes lie.
#[derive(Debug)]
enum Body {
    /// In the record, after so many bytes.
    Record(usize),
    /// In a block; the record is consumed.
    Block(Block),
    /// They came over the socket.
    Early(Vec<u8>),
}

impl Default for Body {
    fn default() -> Self {
        Self::Early(Vec::new())
    }
}

/// None or one of something without the heap, and more with it.
#[derive(Debug)]
struct Few<T> {
    first: Option<T>,
    rest: Vec<T>,
}

impl<'link> Message<'link> {
    /// The message in sight: a record of bytes and nothing else, or what [`take`] made of it.
    #[inline(always)]
    pub(crate) fn in_sight(
        incoming: &'link mut Incoming,
        core: &'link Core,
        extra: Option<Box<Extra>>,
    ) -> Self {
        Self { incoming, core, extra }
    }

    /// What a look has found, if it is a message.
    pub(crate) fn found(
        incoming: &'link mut Incoming,
        core: &'link Core,
        found: Found,
    ) -> Result<Option<Self>, LinkError> {
        if let Found::Nothing = found {
            return Ok(None);
        }
        let extra = take(incoming, core, found)?;
        Ok(Some(Self { incoming, core, extra }))
    }

    /// How many bytes the message has, blocks aside.
    #[inline]
    pub fn bytes(&self) -> usize {
        match &self.extra {
            None => self.record_bytes(),
            Some(extra) => match &extra.body {
                Body::Record(lead) => self.record_bytes().saturating_sub(*lead),
                Body::Block(block) => block.bytes(),
                Body::Early(first) => first.len(),
            },
        }
    }

    #[inline]
    fn record_bytes(&self) -> usize {
        self.incoming.lane.as_ref().map_or(0, |lane| lane.shape().bytes())
    }

    /// Copies the start of the message, each byte loaded once; answers how many bytes.
    #[inline(always)]
    pub fn copy_to(&self, target: &mut [u8]) -> usize {
        self.copy_from(0, target)
    }

    /// Copies bytes of the message from `offset` on, each loaded once; answers how many bytes.
    #[inline(always)]
    pub fn copy_from(&self, offset: usize, target: &mut [u8]) -> usize {
        match (&self.extra, &self.incoming.lane) {
            (None, Some(lane)) if self.core.is_here() => lane.read(offset, target),
            _ => self.copy_otherwise(offset, target),
        }
    }

    #[cold]
    fn copy_otherwise(&self, offset: usize, target: &mut [u8]) -> usize {
        let Some(extra) = &self.extra else { return 0 };
        match &extra.body {
            Body::Record(lead) => match &self.incoming.lane {
                Some(lane) if self.core.is_here() => lane.read(lead.saturating_add(offset), target),
                _ => 0,
            },
            Body::Block(block) => {
                let bytes = block.bytes().saturating_sub(offset).min(target.len());
                block.copy_at(offset, &mut target[..bytes]).map_or(0, |()| bytes)
            }
            Body::Early(first) => {
                let rest = first.get(offset..).unwrap_or_default();
                let bytes = rest.len().min(target.len());
                target[..bytes].copy_from_slice(&rest[..bytes]);
                bytes
            }
        }
    }

    /// A copy of the message's bytes.
    pub fn to_vec(&self) -> Vec<u8> {
        let mut copy = vec![0; self.bytes()];
        self.copy_to(&mut copy);
        copy
    }

    /// The blocks that came along, in the sender's order.
    pub fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.extra.iter().flat_map(|extra| extra.blocks.first.iter().chain(&extra.blocks.rest))
    }

    /// Takes the first block that came along; it outlives the message.
    pub fn take_block(&mut self) -> Option<Block> {
        self.extra.as_mut()?.blocks.pop()
    }

    /// Takes the descriptors that came along, in the sender's order. Those that are not taken are closed.
    pub fn take_descriptors(&mut self) -> Vec<OwnedFd> {
        self.extra.as_mut().map(|extra| std::mem::take(&mut extra.descriptors)).unwrap_or_default()
    }

    /// The whole message as one that does not need the link.
    pub fn into_letter(mut self) -> Letter {
        let blocks = std::iter::from_fn(|| self.take_block()).collect();
        let descriptors = self.take_descriptors();
        Letter { bytes: self.to_vec(), blocks, descriptors }
    }
}

impl Drop for Message<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        match self.extra.take() {
            None => consume(self.incoming, self.core),
            Some(extra) => put_away(self.incoming, self.core, extra),
        }
    }
}

/// Takes apart what a look has found, if it is not a record of bytes and nothing else.
pub(crate) fn take(
    incoming: &mut Incoming,
    core: &Core,
    found: Found,
) -> Result<Option<Box<Extra>>, LinkError> {
    if let Found::Record(shape) = found
        && is_plain(shape)
    {
        return Ok(None);
    }
    let mut extra = incoming.spare.take().unwrap_or_default();
    match found {
        Found::Record(shape) if shape.port() != 0 => {
            return Err(core.end_with(PeerFault::Order("sent to a port that is not there").into()));
        }
        Found::Record(shape) if shape.tag() == ATTACHED => attached(incoming, core, &mut extra)?,
        Found::Record(shape) if shape.tag() == BLOCK => {
            extra.body = Body::Block(block_at(incoming, core, 0)?);
            consume(incoming, core);
        }
        Found::Record(_) => {
            return Err(core.end_with(PeerFault::Order("sent a record of an unknown kind").into()));
        }
        Found::Early | Found::Nothing => {
            extra.body = Body::Early(incoming.take_early().unwrap_or_default());
        }
    }
    Ok(Some(extra))
}

/// Consumes an uncommon message and keeps its box for the next one.
#[cold]
fn put_away(incoming: &mut Incoming, core: &Core, mut extra: Box<Extra>) {
    if let Body::Record(_) = extra.body {
        consume(incoming, core);
    }
    *extra = Extra::default();
    incoming.spare = Some(extra);
}

/// Whether a record is bytes and nothing else.
#[inline]
pub(crate) fn is_plain(shape: Shape) -> bool {
    shape.tag() == PLAIN && shape.port() == 0
}

/// A message of its own: what a thread gets that shares its link with others.
#[derive(Debug)]
pub struct Letter {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// The blocks that came along, in the sender's order.
    pub blocks: Vec<Block>,
    /// The descriptors that came along, in the sender's order.
    pub descriptors: Vec<OwnedFd>,
}

impl<T> Default for Few<T> {
    fn default() -> Self {
        Self { first: None, rest: Vec::new() }
    }
}

impl<T> Few<T> {
    fn push(&mut self, value: T) {
        match self.first {
            None => self.first = Some(value),
            Some(_) => self.rest.push(value),
        }
    }

    /// The one that was pushed first.
    fn pop(&mut self) -> Option<T> {
        let next = if self.rest.is_empty() { None } else { Some(self.rest.remove(0)) };
        std::mem::replace(&mut self.first, next)
    }
}

#[inline(always)]
pub(crate) fn consume(incoming: &mut Incoming, core: &Core) {
    if !core.is_here() {
        return; // The maps stayed with the parent.
    }
    let tells_each = incoming.tells_each;
    if let Some(lane) = &mut incoming.lane {
        lane.consume();
        if tells_each {
            lane.tell_taken();
        }
        if lane.take_bell() {
            core.ring_sender();
        }
    }
}

/// Takes a record with attachments apart.
fn attached(incoming: &mut Incoming, core: &Core, extra: &mut Extra) -> Result<(), LinkError> {
    let mut head = [0; HEAD_BYTES];
    read(incoming, core, 0, &mut head)?;
    let Some(head) = value_of::<Head>(&head) else { return Err(too_short(core)) };
    let count = usize::try_from(head.blocks).ok().filter(|count| *count <= BLOCKS_MAX);
    let Some(count) = count else {
        return Err(core.end_with(PeerFault::Order("names more blocks than a message may have").into()));
    };
    for number in 0..count {
        extra.blocks.push(block_at(incoming, core, HEAD_BYTES + number * SENT_BYTES)?);
    }
    if head.sequence != 0 {
        extra.descriptors = claim(incoming, core, head.sequence)?;
    }
    extra.body = Body::Record(HEAD_BYTES + count * SENT_BYTES);
    Ok(())
}

/// The block that a record names at `offset`.
fn block_at(incoming: &mut Incoming, core: &Core, offset: usize) -> Result<Block, LinkError> {
    let mut sent = [0; SENT_BYTES];
    read(incoming, core, offset, &mut sent)?;
    let Some(sent) = value_of::<Sent>(&sent) else { return Err(too_short(core)) };
    if incoming.recent.get(sent.segment).is_none() {
        incoming.find_recent(core, sent.segment)?;
    }
    let map = incoming.recent.get(sent.segment);
    let (Some(map), Some(borrowed), Some(giver)) = (map, &mut incoming.borrowed, &incoming.giver) else {
        return Err(too_short(core));
    };
    borrowed.block(sent, map, giver.clone()).map_err(|violation| core.end_with(violation.into()))
}

/// The descriptors that a record names, which came before it on the socket.
fn claim(incoming: &mut Incoming, core: &Core, sequence: u64) -> Result<Vec<OwnedFd>, LinkError> {
    let mut claimed = core.desk().inbox.claim(sequence);
    if claimed.is_none() {
        core.fetch(|desk| desk.inbox.has(sequence))?;
        claimed = core.desk().inbox.claim(sequence);
    }
    let Some(descriptors) = claimed else {
        return Err(unannounced(core, "the descriptors", sequence));
    };
    if let Some(charge) = &mut core.desk().descriptors {
        charge.shrink(descriptors.len() as u64);
    }
    if let Some(lane) = &incoming.lane {
        lane.controls().own().tell_filed(sequence);
        if lane.controls().peer().wants_room() {
            core.ring_sender();
        }
    }
    Ok(descriptors)
}

fn read(incoming: &Incoming, core: &Core, offset: usize, target: &mut [u8]) -> Result<(), LinkError> {
    let wanted = target.len();
    match &incoming.lane {
        Some(lane) if lane.read(offset, target) == wanted => Ok(()),
        _ => Err(too_short(core)),
    }
}

fn too_short(core: &Core) -> LinkError {
    core.end_with(PeerFault::Order("sent a record too short for what it names").into())
}
