// SPDX-License-Identifier: MIT OR Apache-2.0
//! What comes with a message that is more than bytes through the queue: a view, and ranges that its sender declares.

use std::os::fd::OwnedFd;
use std::sync::{Arc, OnceLock};

use cabotage_link::{Block, Letter, Message};
use cabotage_os::sealed::Sealed;

use crate::attributes::AttributeSet;
use crate::error::WhyServed;
use crate::handles::{Custody, Handles};
use crate::rules::{Ledger, Ranges, Technique, Ticket, ViewEntry, view_bytes};
use crate::section::{Memory, View};
use crate::wire::{Attributes, BODY, HandlesNote, Note, SECURE, ViewNote, WireError};

use super::Filled;

/// What comes beside the bytes of a message, in whatever form that is.
pub(super) trait Luggage {
    /// The next block.
    fn block(&mut self) -> Option<Block>;
    /// The descriptors.
    fn descriptors(&mut self) -> Vec<OwnedFd>;
}

impl Luggage for Message<'_> {
    fn block(&mut self) -> Option<Block> {
        self.take_block()
    }

    fn descriptors(&mut self) -> Vec<OwnedFd> {
        self.take_descriptors()
    }
}

impl Luggage for Letter {
    fn block(&mut self) -> Option<Block> {
        (!self.blocks.is_empty()).then(|| self.blocks.remove(0))
    }

    fn descriptors(&mut self) -> Vec<OwnedFd> {
        std::mem::take(&mut self.descriptors)
    }
}

/// See the [module](self).
#[derive(Debug, Default)]
pub(crate) struct More {
    view: Option<View>,
    technique: Way,
    /// The bytes of a plain view, once somebody wants them as a slice.
    copy: OnceLock<Vec<u8>>,
    ranges: Ranges,
    served: Option<WhyServed>,
    /// What is said of handles.
    told: Option<HandlesNote>,
    /// Descriptors that came and are no view.
    descriptors: Vec<OwnedFd>,
    handles: Handles,
}

/// How the body came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Way {
    #[default]
    Inline,
    View {
        is_secure: bool,
        bytes: usize,
    },
    Direct,
}

impl More {
    /// Takes what the attributes name.
    ///
    /// # Errors
    /// They can't be taken apart, or what they name did not come or is not taken here.
    pub(super) fn take(
        &mut self,
        attributes: Attributes<'_>,
        message: &mut impl Luggage,
        views: &Arc<Ledger>,
    ) -> Result<Filled, WireError> {
        let mut filled = Filled::Whole;
        for attribute in attributes {
            let (head, bytes) = attribute?;
            match Note::of(head.kind) {
                Some(Note::View) if self.view.is_none() => {
                    filled = self.take_in_view(head.flags, bytes, message, views)?;
                }
                Some(Note::Ranges) if self.ranges.entries().is_empty() => {
                    self.ranges = Ranges::admit(bytes).ok_or(WireError::Ranges)?;
                    if head.flags & BODY != 0 {
                        self.set_way(Way::Direct)?;
                    }
                }
                Some(Note::Handles) if self.told.is_none() => {
                    self.told = Some(HandlesNote::parse(bytes).ok_or(WireError::Attributes)?);
                }
                _ => return Err(WireError::Attributes),
            }
        }
        if self.told.is_some() {
            self.descriptors.extend(message.descriptors());
        }
        Ok(filled)
    }

    fn set_way(&mut self, way: Way) -> Result<(), WireError> {
        match self.technique {
            Way::Inline => self.technique = way,
            _ => return Err(WireError::Attributes),
        }
        Ok(())
    }

    fn take_in_view(
        &mut self,
        flags: u16,
        note: &[u8],
        message: &mut impl Luggage,
        views: &Arc<Ledger>,
    ) -> Result<Filled, WireError> {
        let bytes = ViewNote::parse(note).and_then(|note| usize::try_from(note.bytes).ok());
        let bytes = bytes.ok_or(WireError::View)?;
        let is_secure = flags & SECURE != 0;
        if flags & BODY != 0 {
            self.set_way(Way::View { is_secure, bytes })?;
        }
        let ticket = match views.enter(bytes) {
            ViewEntry::Taken(ticket) => ticket,
            // Who has sent a plain view knows how many there are.
            ViewEntry::Full if is_secure => return Ok(Filled::ViewRefused),
            ViewEntry::Full | ViewEntry::Unsolicited => return Err(WireError::View),
        };
        let view = match is_secure {
            true => {
                let mut came = message.descriptors().into_iter();
                let sealed = came.next();
                self.descriptors.extend(came);
                sealed.and_then(|sealed| secure(ticket, bytes, sealed))
            }
            false => plain(ticket, bytes, message),
        };
        self.view = Some(view.ok_or(WireError::View)?);
        Ok(Filled::Whole)
    }

    /// Takes the handles that came, of which some may have come before.
    pub(super) fn take_handles(&mut self, custody: &mut Custody) -> Result<(), WireError> {
        if let Some(told) = self.told.take() {
            self.handles = custody.settle(&told, std::mem::take(&mut self.descriptors))?;
        }
        Ok(())
    }

    pub(super) fn handles(&mut self) -> &mut Handles {
        &mut self.handles
    }

    /// The bytes of the body; those that went through the queue, or were read directly, are `inline`.
    pub(super) fn body<'a>(&'a self, inline: &'a [u8]) -> &'a [u8] {
        if !matches!(self.technique, Way::View { .. }) {
            return inline;
        }
        let Some(view) = &self.view else { return self.copy.get().map_or(&[], Vec::as_slice) };
        match view.as_secure() {
            Some(bytes) => bytes,
            // A forked child, to which the memory does not belong, finds nothing.
            None => self.copy.get_or_init(|| view.to_vec().unwrap_or_default()),
        }
    }

    pub(super) fn len(&self, inline_bytes: usize) -> usize {
        match self.technique {
            Way::View { bytes, .. } => bytes,
            Way::Inline | Way::Direct => inline_bytes,
        }
    }

    pub(super) fn view(&self) -> Option<&View> {
        self.view.as_ref()
    }

    pub(super) fn take_view(&mut self) -> Option<View> {
        self.view.take()
    }

    /// Which attributes there are, of those that can come.
    pub(super) fn brought(&self) -> AttributeSet {
        AttributeSet::VIEW.when(self.view.is_some())
            | AttributeSet::HANDLE.when(self.handles.has_some())
            | AttributeSet::DIRECT.when(!self.ranges.entries().is_empty())
    }

    pub(super) fn ranges(&self) -> &Ranges {
        &self.ranges
    }

    pub(super) fn technique(&self) -> Technique {
        match self.technique {
            Way::Inline => Technique::Inline,
            Way::View { is_secure: false, .. } => Technique::Section,
            Way::View { is_secure: true, .. } => Technique::SecureSection,
            Way::Direct => Technique::Direct,
        }
    }

    pub(super) fn why_served(&self) -> Option<&WhyServed> {
        self.served.as_ref()
    }

    pub(super) fn note_served(&mut self, why: WhyServed) {
        self.served = Some(why);
    }
}

/// The view in the first block that came.
fn plain(ticket: Ticket, bytes: usize, message: &mut impl Luggage) -> Option<View> {
    let block = message.block().filter(|block| bytes <= block.bytes())?;
    Some(View::new(ticket, Memory::Plain(block), bytes))
}

/// The view behind a descriptor.
fn secure(ticket: Ticket, bytes: usize, sealed: OwnedFd) -> Option<View> {
    let sealed = Sealed::admit(sealed, view_bytes(bytes)? as u64).ok()?;
    Some(View::new(ticket, Memory::Secure(sealed), bytes))
}
