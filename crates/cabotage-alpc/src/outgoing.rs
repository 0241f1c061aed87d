// SPDX-License-Identifier: MIT OR Apache-2.0
//! A message to be sent that is more than bytes, or goes in a way of the sender's choice.

use std::os::fd::OwnedFd;

use crate::error::SendError;
use crate::rules::{Access, Entry, Technique};
use crate::section::{Attachment, Carrier};

/// A message to be sent: a body, and what goes with it.
///
/// ```
/// # use cabotage_alpc::Outgoing;
/// let image = vec![7; 1 << 20];
/// let mut digest = [0; 32];
/// let message = Outgoing::new(b"digest this").readable(&image).writable(&mut digest);
/// ```
///
/// What is readable or writable is lent for as long as the request that it goes with waits for its reply: the borrow
/// lasts until the call that sends the request returns.
#[derive(Debug, Default)]
pub struct Outgoing<'a> {
    pub(crate) body: &'a [u8],
    pub(crate) view: Option<Carrier>,
    pub(crate) lent: Vec<Lent<'a>>,
    pub(crate) technique: Option<Technique>,
    pub(crate) is_body_lent: bool,
    pub(crate) consents: bool,
    pub(crate) handles: Vec<OwnedFd>,
}

impl<'a> Outgoing<'a> {
    /// A message with this body.
    #[inline]
    pub fn new(body: &'a [u8]) -> Self {
        Self { body, ..Self::default() }
    }

    /// A message whose body is what was written into this view.
    #[inline]
    pub fn in_view(view: impl Into<Attachment>) -> Self {
        Self::new(&[]).with_view(view)
    }

    /// With a view, of which there is one at most. Beside a body that is not empty it is an attachment.
    #[must_use]
    #[inline]
    pub fn with_view(mut self, view: impl Into<Attachment>) -> Self {
        self.view = Some(view.into().0);
        self
    }

    /// Lets the receiver read these bytes, as the next of the ranges that the request declares.
    #[must_use]
    #[inline]
    pub fn readable(mut self, bytes: &'a [u8]) -> Self {
        self.lent.push(Lent::Read(bytes));
        self
    }

    /// Lets the receiver write these bytes, as the next of the ranges that the request declares.
    #[must_use]
    #[inline]
    pub fn writable(mut self, bytes: &'a mut [u8]) -> Self {
        self.lent.push(Lent::Write(bytes));
        self
    }

    /// Lets the receiver read the body where it lies, if it is too large for a section or the receiver takes none. It
    /// is the first range then.
    #[must_use]
    pub fn or_direct(mut self) -> Self {
        self.is_body_lent = true;
        self
    }

    /// With a handle: the receiver gets a copy, if it takes handles of this kind, and this one is closed when the
    /// message has gone.
    #[must_use]
    pub fn with_handle(mut self, handle: impl Into<OwnedFd>) -> Self {
        self.handles.push(handle.into());
        self
    }

    /// Lets the receiver act as the sender while it is at this request: see
    /// [`Request::impersonate`](crate::Request::impersonate).
    #[must_use]
    pub fn consent(mut self) -> Self {
        self.consents = true;
        self
    }

    /// Sends the body in this way, whatever its size.
    #[must_use]
    pub fn technique(mut self, technique: Technique) -> Self {
        self.is_body_lent |= technique == Technique::Direct;
        self.technique = Some(technique);
        self
    }

    /// The ranges as they are declared; a body that is lent comes first.
    pub(crate) fn entries(&self, tells_addresses: bool) -> Vec<Entry> {
        let body = self.is_body_lent.then_some(Lent::Read(self.body));
        body.iter().chain(&self.lent).map(|lent| lent.entry(tells_addresses)).collect()
    }

    /// Whether it lends anything.
    pub(crate) fn lends(&self) -> bool {
        self.is_body_lent || !self.lent.is_empty()
    }

    /// Whether it may go where a view can't be refused.
    ///
    /// # Errors
    /// [`SendError::SecureView`].
    pub(crate) fn check_is_not_secure(&self) -> Result<(), SendError> {
        let is_secure = self.technique == Some(Technique::SecureSection)
            || matches!(self.view, Some(Carrier::Secure(_) | Carrier::Sealed(..)));
        if is_secure { Err(SendError::SecureView) } else { Ok(()) }
    }

    /// A range, by its number.
    pub(crate) fn range(&mut self, number: usize) -> Option<Range<'_, 'a>> {
        match number.checked_sub(usize::from(self.is_body_lent)) {
            None => Some(Range::Body(self.body)),
            Some(number) => self.lent.get_mut(number).map(Range::Lent),
        }
    }
}

/// A range of a message in the hands of its sender.
#[derive(Debug)]
pub(crate) enum Range<'r, 'a> {
    Body(&'a [u8]),
    Lent(&'r mut Lent<'a>),
}

impl Range<'_, '_> {
    /// The bytes, where they may be read.
    pub(crate) fn as_readable(&self) -> Option<&[u8]> {
        match self {
            Self::Body(bytes) => Some(bytes),
            Self::Lent(lent) => lent.as_readable(),
        }
    }

    /// The bytes, where they may be written.
    pub(crate) fn as_writable(&mut self) -> Option<&mut [u8]> {
        match self {
            Self::Body(_) => None,
            Self::Lent(lent) => lent.as_writable(),
        }
    }
}

/// Memory that is lent to the receiver of a request.
#[derive(Debug)]
pub(crate) enum Lent<'a> {
    Read(&'a [u8]),
    Write(&'a mut [u8]),
    Owned(Buffer),
}

/// Memory that an asynchronous request lends: it belongs to the request until its reply has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Buffer {
    /// To be read by the receiver.
    Readable(Vec<u8>),
    /// To be written by the receiver.
    Writable(Vec<u8>),
    /// To be read and written by the receiver.
    Shared(Vec<u8>),
}

impl Buffer {
    /// Its bytes.
    pub fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::Readable(bytes) | Self::Writable(bytes) | Self::Shared(bytes) => bytes,
        }
    }
}

impl Lent<'_> {
    /// The memory, if it belongs to the request.
    pub(crate) fn into_buffer(self) -> Option<Buffer> {
        match self {
            Self::Owned(buffer) => Some(buffer),
            Self::Read(_) | Self::Write(_) => None,
        }
    }

    /// As it is declared. Where it lies is told only to one who reads there.
    pub(crate) fn entry(&self, tells_addresses: bool) -> Entry {
        let readable = |bytes: &[u8]| {
            let base = if tells_addresses { bytes.as_ptr().addr() as u64 } else { 0 };
            Entry::new(Access::Read, base, bytes.len())
        };
        match self {
            Self::Read(bytes) => readable(bytes),
            Self::Owned(Buffer::Readable(bytes)) => readable(bytes),
            Self::Write(bytes) => Entry::new(Access::Write, 0, bytes.len()),
            Self::Owned(Buffer::Writable(bytes)) => Entry::new(Access::Write, 0, bytes.len()),
            Self::Owned(Buffer::Shared(bytes)) => Entry::new(Access::ReadWrite, 0, bytes.len()),
        }
    }

    /// The bytes, where they may be read.
    pub(crate) fn as_readable(&self) -> Option<&[u8]> {
        match self {
            Self::Read(bytes) => Some(bytes),
            Self::Owned(Buffer::Readable(bytes) | Buffer::Shared(bytes)) => Some(bytes),
            Self::Write(_) | Self::Owned(Buffer::Writable(_)) => None,
        }
    }

    /// The bytes, where they may be written.
    pub(crate) fn as_writable(&mut self) -> Option<&mut [u8]> {
        match self {
            Self::Write(bytes) => Some(bytes),
            Self::Owned(Buffer::Writable(bytes) | Buffer::Shared(bytes)) => Some(bytes),
            Self::Read(_) | Self::Owned(Buffer::Readable(_)) => None,
        }
    }
}
