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
use crate::wire::Purpose;

/// A block of the peer's: read it in place, drop it to give it back. The peer can rewrite it meanwhile.
pub type Block = block::Block<Arc<Giver>>;

/// A message where it lies. Dropping it makes room for others.
#[derive(Debug)]
pub struct Message<'link> {
    incoming: &'link mut Incoming,
    core: &'link Core,
    body: Body,
    blocks: Few<Block>,
    descriptors: Vec<OwnedFd>,
}

/// Where the bytes lie.
#[derive(Debug)]
enum Body {
    /// In a record, after so many bytes.
    Record(Shape, usize),
    /// In a block; the record is consumed.
    Block(Box<Block>),
    /// They came with the HELLO.
    First(Vec<u8>),
}

/// None or one of something without the heap, and more with it.
#[derive(Debug)]
struct Few<T> {
    first: Option<T>,
    rest: Vec<T>,
}

impl<'link> Message<'link> {
    /// What a look has found.
    #[inline]
    pub(crate) fn new(
        incoming: &'link mut Incoming,
        core: &'link Core,
        found: Found,
    ) -> Result<Option<Self>, LinkError> {
        let body = match found {
            Found::Record(shape) if shape.tag() == PLAIN && shape.port() == 0 => Body::Record(shape, 0),
            Found::Nothing => return Ok(None),
            found => return Self::of_another_kind(incoming, core, found).map(Some),
        };
        Ok(Some(Self { incoming, core, body, blocks: Few::none(), descriptors: Vec::new() }))
    }

    #[cold]
    fn of_another_kind(
        incoming: &'link mut Incoming,
        core: &'link Core,
        found: Found,
    ) -> Result<Self, LinkError> {
        let none = Few::none;
        let (body, blocks, descriptors) = match found {
            Found::Record(shape) if shape.port() != 0 => {
                return Err(core.end_with(PeerFault::Order("sent to a port that is not there").into()));
            }
            Found::Record(shape) if shape.tag() == ATTACHED => attached(incoming, core, shape)?,
            Found::Record(shape) if shape.tag() == BLOCK => {
                let block = Box::new(block_at(incoming, core, shape, 0)?);
                consume(incoming, core, shape);
                (Body::Block(block), none(), Vec::new())
            }
            Found::Record(_) => {
                return Err(core.end_with(PeerFault::Order("sent a record of an unknown kind").into()));
            }
            Found::First | Found::Nothing => {
                (Body::First(incoming.take_first().unwrap_or_default()), none(), Vec::new())
            }
        };
        Ok(Self { incoming, core, body, blocks, descriptors })
    }

    /// How many bytes the message has, blocks aside.
    #[inline]
    pub fn bytes(&self) -> usize {
        match &self.body {
            Body::Record(shape, lead) => shape.bytes() - lead,
            Body::Block(block) => block.bytes(),
            Body::First(first) => first.len(),
        }
    }

    /// Copies the start of the message, each byte loaded once; answers how many bytes.
    #[inline]
    pub fn copy_to(&self, target: &mut [u8]) -> usize {
        self.copy_from(0, target)
    }

    /// Copies bytes of the message from `offset` on, each loaded once; answers how many bytes.
    #[inline]
    pub fn copy_from(&self, offset: usize, target: &mut [u8]) -> usize {
        match &self.body {
            Body::Record(shape, lead) => match &self.incoming.lane {
                Some(lane) if self.core.check_here().is_ok() => {
                    lane.read(*shape, lead.saturating_add(offset), target)
                }
                _ => 0,
            },
            Body::Block(block) => {
                let bytes = block.bytes().saturating_sub(offset).min(target.len());
                block.copy_at(offset, &mut target[..bytes]).map_or(0, |()| bytes)
            }
            Body::First(first) => {
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
        self.blocks.first.iter().chain(&self.blocks.rest)
    }

    /// Takes the first block that came along; it outlives the message.
    pub fn take_block(&mut self) -> Option<Block> {
        let first = self.blocks.first.take();
        if !self.blocks.rest.is_empty() {
            self.blocks.first = Some(self.blocks.rest.remove(0));
        }
        first
    }

    /// Takes the descriptors that came along, in the sender's order. Those that are not taken are closed.
    pub fn take_descriptors(&mut self) -> Vec<OwnedFd> {
        std::mem::take(&mut self.descriptors)
    }

    /// The whole message as one that does not need the link.
    pub fn into_letter(mut self) -> Letter {
        let blocks = std::iter::from_fn(|| self.take_block()).collect();
        let descriptors = self.take_descriptors();
        Letter { bytes: self.to_vec(), blocks, descriptors }
    }
}

impl Drop for Message<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Body::Record(shape, _) = self.body {
            consume(self.incoming, self.core, shape);
        }
    }
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

impl<T> Few<T> {
    #[inline]
    fn none() -> Self {
        Self { first: None, rest: Vec::new() }
    }

    fn push(&mut self, value: T) {
        match self.first {
            None => self.first = Some(value),
            Some(_) => self.rest.push(value),
        }
    }
}

#[inline]
fn consume(incoming: &mut Incoming, core: &Core, shape: Shape) {
    if core.check_here().is_err() {
        return; // The maps stayed with the parent.
    }
    if let Some(lane) = &mut incoming.lane {
        lane.consume(shape);
        if lane.take_bell() {
            core.ring_sender();
        }
    }
}

/// Takes a record with attachments apart.
fn attached(
    incoming: &mut Incoming,
    core: &Core,
    shape: Shape,
) -> Result<(Body, Few<Block>, Vec<OwnedFd>), LinkError> {
    let mut head = [0; HEAD_BYTES];
    read(incoming, core, shape, 0, &mut head)?;
    let Some(head) = value_of::<Head>(&head) else { return Err(too_short(core)) };
    let count = usize::try_from(head.blocks).ok().filter(|count| *count <= BLOCKS_MAX);
    let Some(count) = count else {
        return Err(core.end_with(PeerFault::Order("names more blocks than a message may have").into()));
    };
    let mut blocks = Few::none();
    for number in 0..count {
        blocks.push(block_at(incoming, core, shape, HEAD_BYTES + number * SENT_BYTES)?);
    }
    let descriptors = match head.sequence {
        0 => Vec::new(),
        sequence => claim(incoming, core, sequence)?,
    };
    Ok((Body::Record(shape, HEAD_BYTES + count * SENT_BYTES), blocks, descriptors))
}

/// The block that a record names at `offset`.
fn block_at(incoming: &mut Incoming, core: &Core, shape: Shape, offset: usize) -> Result<Block, LinkError> {
    let mut sent = [0; SENT_BYTES];
    read(incoming, core, shape, offset, &mut sent)?;
    let Some(sent) = value_of::<Sent>(&sent) else { return Err(too_short(core)) };
    let Some(map) = incoming.segment(core, sent.segment, Purpose::Block)? else {
        return Err(unannounced(core, "the block's segment", sent.segment.into()));
    };
    let (Some(borrowed), Some(giver)) = (&mut incoming.borrowed, &incoming.giver) else {
        return Err(too_short(core));
    };
    borrowed.block(sent, &map, giver.clone()).map_err(|violation| core.end_with(violation.into()))
}

/// The descriptors that a record names, which came before it on the socket.
fn claim(incoming: &mut Incoming, core: &Core, sequence: u64) -> Result<Vec<OwnedFd>, LinkError> {
    let mut claimed = core.desk().inbox.claim(sequence);
    if claimed.is_none() {
        core.fetch()?;
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

fn read(
    incoming: &Incoming,
    core: &Core,
    shape: Shape,
    offset: usize,
    target: &mut [u8],
) -> Result<(), LinkError> {
    let wanted = target.len();
    match &incoming.lane {
        Some(lane) if lane.read(shape, offset, target) == wanted => Ok(()),
        _ => Err(too_short(core)),
    }
}

fn too_short(core: &Core) -> LinkError {
    core.end_with(PeerFault::Order("sent a record too short for what it names").into())
}
