// SPDX-License-Identifier: MIT OR Apache-2.0
//! A record that goes as soon as there is room for it, with its descriptors.

use std::os::fd::OwnedFd;

use cabotage_link::{BlockMut, DESCRIPTORS_MAX, Deadline, Link, LinkError, Parcel, Room, SendError, Unsent};

use super::wire::{self, Draft, HEADER_BYTES};

/// A record with more bytes goes without descriptors, which go ahead of it: so it finds a larger ring, or a block.
const BYTES_WITH_DESCRIPTORS_MAX: usize = 8 << 10;

/// See the [module](self).
#[derive(Debug)]
pub(super) struct Packet {
    pub(super) bytes: Vec<u8>,
    pub(super) descriptors: Vec<OwnedFd>,
    pub(super) blocks: Vec<BlockMut>,
    pub(super) about: About,
}

/// Whether a record is about the port that a link leads to, so that it follows the port when that moves; and what is
/// kept of it until it is sure that it went.
#[derive(Debug)]
pub(super) enum About {
    /// It is about a send-once right, or an owner's word.
    Nothing,
    /// It goes ahead of a message.
    Part,
    /// A message by the send right. The end keeps it.
    Message,
    /// Another link, with the number of the fork; once it was published, the end for the owner, which may have to go again.
    Fork(u64, Option<OwnedFd>),
    Release,
}

impl About {
    pub(super) fn is_about_port(&self) -> bool {
        !matches!(self, Self::Nothing)
    }

    /// What is kept of it: of another link the end too.
    fn with_end(self, end: impl FnOnce() -> Option<OwnedFd>) -> Self {
        match self {
            Self::Fork(number, _) => Self::Fork(number, end()),
            about => about,
        }
    }

    /// Whether the two owners count it.
    pub(super) fn counts(&self) -> bool {
        matches!(self, Self::Message | Self::Fork(..) | Self::Release)
    }
}

impl Packet {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, descriptors: Vec::new(), blocks: Vec::new(), about: About::Nothing }
    }

    /// A word that comes with a descriptor.
    pub(super) fn with(bytes: Vec<u8>, descriptor: OwnedFd) -> Self {
        Self { descriptors: vec![descriptor], ..Self::new(bytes) }
    }

    /// The records of a message: itself, behind those that carry descriptors for which it has no room.
    pub(super) fn of_message(mut draft: Draft, body: &[u8], taken: u32, is_about_port: bool) -> Vec<Self> {
        let about = |about| if is_about_port { about } else { About::Nothing };
        let bytes = draft.bytes(body, taken);
        let mut descriptors = std::mem::take(&mut draft.descriptors);
        let mut blocks = std::mem::take(&mut draft.blocks);
        let mut packets = Vec::with_capacity(1);
        let fits = fits_one(bytes.len(), descriptors.len());
        let has_more = |descriptors: &[OwnedFd], blocks: &[BlockMut]| descriptors.len() + blocks.len() > 0;
        while !fits && has_more(&descriptors, &blocks) {
            let rest = descriptors.split_off(descriptors.len().min(DESCRIPTORS_MAX));
            let bytes = wire::ahead(descriptors.len(), taken);
            let blocks = std::mem::take(&mut blocks);
            packets.push(Self { bytes, descriptors, blocks, about: about(About::Part) });
            descriptors = rest;
        }
        packets.push(Self { bytes, descriptors, blocks, about: about(About::Message) });
        packets
    }

    /// What the first record needs of a message that needs so much.
    pub(super) fn first_of(whole: Room) -> Room {
        if whole.descriptors + whole.blocks == 0 || fits_one(whole.bytes, whole.descriptors) {
            return whole;
        }
        Room { bytes: HEADER_BYTES, descriptors: whole.descriptors.min(DESCRIPTORS_MAX), ..whole }
    }

    /// What is kept of one that was not published.
    pub(super) fn into_about(mut self) -> About {
        self.about.with_end(|| self.descriptors.pop())
    }

    /// What it needs.
    pub(super) fn room(&self) -> Room {
        Room { bytes: self.bytes.len(), descriptors: self.descriptors.len(), blocks: self.blocks.len() }
    }

    /// Sends it if there is room now, and answers what it was about.
    ///
    /// # Errors
    /// [`NotSaid`]: it comes back, unless the link is over or will never take it.
    pub(super) fn send(self, link: &mut Link) -> Result<About, NotSaid> {
        let (error, packet) = if self.descriptors.is_empty() && self.blocks.is_empty() {
            match link.try_send(&self.bytes) {
                Ok(()) => return Ok(self.about),
                Err(error) => (error, self),
            }
        } else {
            let Self { bytes, descriptors, blocks, about } = self;
            let parcel = Parcel { bytes: &bytes, blocks, descriptors };
            match link.send_parcel_keeping(parcel, Deadline::Now) {
                Ok(mut sent) => return Ok(about.with_end(|| sent.pop())),
                Err(Unsent { error, parcel: Parcel { descriptors, blocks, .. } }) => {
                    (error, Self { bytes, descriptors, blocks, about })
                }
            }
        };
        match error {
            SendError::Full => Err(NotSaid::Full(packet)),
            SendError::Link(LinkError::System(_)) => Err(NotSaid::Refused(packet)),
            SendError::Link(_) => Err(NotSaid::Over),
            _ => {
                // Its peer takes less than any message may have.
                link.condemn("takes shorter messages than it must");
                Err(NotSaid::Over)
            }
        }
    }
}

/// Why a record has not gone.
#[derive(Debug)]
pub(super) enum NotSaid {
    /// There is no room.
    Full(Packet),
    /// The kernel has refused for now, for want of descriptors or memory.
    Refused(Packet),
    /// The link is over.
    Over,
}

/// Whether one record has room for both.
fn fits_one(bytes: usize, descriptors: usize) -> bool {
    bytes <= BYTES_WITH_DESCRIPTORS_MAX && descriptors <= DESCRIPTORS_MAX
}
