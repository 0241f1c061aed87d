// SPDX-License-Identifier: MIT OR Apache-2.0
//! The bytes of one message in memory of this process: copied in once, in a buffer that is used again; or in a view.

mod more;

use std::sync::Arc;

use cabotage_link::{Letter, Message};

use crate::attributes::AttributeSet;
use crate::error::WhyServed;
use crate::handles::{Custody, Handles};
use crate::rules::{Ledger, Ranges, Technique};
use crate::section::View;
use crate::wire::{Attributes, HEADER_BYTES, Head, WireError};
use more::More;

/// A received body and what came beside it. The buffers keep their length, so that filling them again writes nothing
/// twice and allocates nothing.
#[derive(Debug, Default)]
pub(crate) struct Body {
    buffer: Vec<u8>,
    bytes: usize,
    attributes: Vec<u8>,
    attributes_bytes: usize,
    /// What is more than bytes that went through the queue.
    more: Option<Box<More>>,
    /// Room for that, while there is nothing.
    spare: Option<Box<More>>,
}

/// How a message was taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Filled {
    /// All of it.
    Whole,
    /// Its view was not taken: as many are held as may be.
    ViewRefused,
}

impl Body {
    /// Copies the body and the attributes of a message in, whose head is known and of a length that was agreed to.
    ///
    /// # Errors
    /// The attributes can't be taken apart, or do not fit what came with them.
    #[inline]
    pub(crate) fn fill(
        &mut self,
        message: &mut Message<'_>,
        head: &Head,
        views: &Arc<Ledger>,
    ) -> Result<Filled, WireError> {
        if self.more.is_some() {
            self.release();
        }
        if self.buffer.len() < head.body_bytes {
            self.buffer.resize(head.body_bytes, 0);
        }
        self.bytes = head.body_bytes;
        self.attributes_bytes = head.attributes_bytes;
        if head.body_bytes > 0 {
            message.copy_from(head.body_at(), &mut self.buffer[..head.body_bytes]);
        }
        if head.attributes_bytes > 0 { self.fill_attributes(message, views) } else { Ok(Filled::Whole) }
    }

    /// The body and the attributes of a message that was copied in as a whole, and whose head is known.
    ///
    /// # Errors
    /// As [`Body::fill`].
    pub(crate) fn of_letter(
        mut letter: Letter,
        head: &Head,
        views: &Arc<Ledger>,
    ) -> Result<(Self, Filled), WireError> {
        let mut message = std::mem::take(&mut letter.bytes);
        let buffer = message.split_off(head.body_at());
        let attributes = message.split_off(head.attributes_at());
        let (bytes, attributes_bytes) = (buffer.len(), attributes.len());
        let mut body = Self { buffer, bytes, attributes, attributes_bytes, ..Self::default() };
        if attributes_bytes == 0 {
            return Ok((body, Filled::Whole));
        }
        let mut more = Box::<More>::default();
        let filled = more.take(body.attributes(), &mut letter, views)?;
        body.more = Some(more);
        Ok((body, filled))
    }

    /// The bytes, whichever way they came, as ones of the caller's own.
    pub(crate) fn into_vec(mut self) -> Vec<u8> {
        if self.more.is_some() {
            return self.bytes().to_vec();
        }
        self.buffer.truncate(self.bytes);
        self.buffer
    }

    /// Copies the body of a message in that is nothing else, and begins at `body_at`.
    #[inline]
    pub(crate) fn fill_plain(&mut self, message: &Message<'_>, body_at: usize, bytes: usize) {
        if self.more.is_some() {
            self.more = None;
        }
        (self.bytes, self.attributes_bytes) = (bytes, 0);
        match self.buffer.get_mut(..bytes) {
            Some(buffer) => {
                message.copy_from(body_at, buffer);
            }
            None => self.fill_longer(message, body_at),
        }
    }

    #[cold]
    fn fill_longer(&mut self, message: &Message<'_>, body_at: usize) {
        self.buffer.resize(self.bytes, 0);
        message.copy_from(body_at, &mut self.buffer);
    }

    #[cold]
    fn fill_attributes(
        &mut self,
        message: &mut Message<'_>,
        views: &Arc<Ledger>,
    ) -> Result<Filled, WireError> {
        if self.attributes.len() < self.attributes_bytes {
            self.attributes.resize(self.attributes_bytes, 0);
        }
        message.copy_from(HEADER_BYTES, &mut self.attributes[..self.attributes_bytes]);
        let mut more = self.spare.take().unwrap_or_default();
        let filled = more.take(self.attributes(), message, views);
        self.more = Some(more);
        filled
    }

    /// The bytes, whichever way they came. Those in a plain view are copied when this is first called.
    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        let inline = &self.buffer[..self.bytes];
        match &self.more {
            None => inline,
            Some(more) => more.body(inline),
        }
    }

    /// How many bytes there are.
    pub(crate) fn len(&self) -> usize {
        self.more.as_ref().map_or(self.bytes, |more| more.len(self.bytes))
    }

    /// The attributes, of which each was found whole.
    pub(crate) fn attributes(&self) -> Attributes<'_> {
        Attributes::new(&self.attributes[..self.attributes_bytes])
    }

    /// The view that came.
    pub(crate) fn view(&self) -> Option<&View> {
        self.more.as_ref()?.view()
    }

    /// Takes the view that came.
    pub(crate) fn take_view(&mut self) -> Option<View> {
        self.more.as_mut()?.take_view()
    }

    /// Takes the handles that came with the message: see [`Custody`].
    ///
    /// # Errors
    /// They are not as many as it says, or more than are taken.
    #[inline]
    pub(crate) fn take_handles(&mut self, custody: &mut Custody) -> Result<(), WireError> {
        self.more.as_mut().map_or(Ok(()), |more| more.take_handles(custody))
    }

    /// The handles that came.
    pub(crate) fn handles(&mut self) -> Option<&mut Handles> {
        self.more.as_mut().map(|more| more.handles())
    }

    /// Which attributes came with it.
    pub(crate) fn brought(&self) -> AttributeSet {
        self.more.as_ref().map_or(AttributeSet::default(), |more| more.brought())
    }

    /// The ranges that were declared.
    pub(crate) fn ranges(&self) -> Option<&Ranges> {
        self.more.as_ref().map(|more| more.ranges())
    }

    /// How the body came.
    pub(crate) fn technique(&self) -> Technique {
        self.more.as_ref().map_or(Technique::Inline, |more| more.technique())
    }

    /// Why a body that is read directly was not read by us.
    pub(crate) fn why_served(&self) -> Option<&WhyServed> {
        self.more.as_ref()?.why_served()
    }

    /// Room for a body that is read directly, up to `end`, and why it is served, if it is.
    pub(crate) fn direct(&mut self, end: usize) -> &mut [u8] {
        if self.buffer.len() < end {
            self.buffer.resize(end, 0);
        }
        self.bytes = end;
        &mut self.buffer[..end]
    }

    /// Notes why a body that is read directly was not read by us.
    pub(crate) fn note_served(&mut self, why: WhyServed) {
        if let Some(more) = &mut self.more {
            more.note_served(why);
        }
    }

    /// Lets go of what belongs to the sender.
    pub(crate) fn release(&mut self) {
        if let Some(mut more) = self.more.take() {
            *more = More::default();
            self.spare = Some(more);
        }
    }

    /// Forgets the content and keeps the memory, but not more than is kept for the next message.
    pub(crate) fn clear(&mut self) {
        const KEPT_BYTES: usize = 64 << 10;
        (self.bytes, self.attributes_bytes) = (0, 0);
        self.release();
        for buffer in [&mut self.buffer, &mut self.attributes] {
            if buffer.len() > KEPT_BYTES {
                *buffer = Vec::new();
            }
        }
    }
}
