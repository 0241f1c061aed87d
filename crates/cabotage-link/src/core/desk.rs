// SPDX-License-Identifier: MIT OR Apache-2.0
//! The state of a handshake, and everything that has come over the socket and was not picked up.

use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use cabotage_os::map::{Map, MapMut};
use cabotage_os::memfd::Memfd;

use crate::error::LinkError;
use crate::inbox::Inbox;
use crate::peer::Stamp;
use crate::quota::Charge;
use crate::wire::Flags;

/// What the peer said of itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Greeting {
    pub(crate) flags: Flags,
    pub(crate) message_bytes_max: u32,
}

/// See the [module](self).
#[derive(Debug, Default)]
pub(crate) struct Desk {
    /// Whether we said HELLO.
    pub(super) has_said_hello: bool,
    /// What the peer's HELLO said, once the kernel named its sender.
    pub(crate) hello: Option<Greeting>,
    /// Messages that came with the HELLO and behind it, until they are picked up.
    pub(crate) early: VecDeque<Vec<u8>>,
    /// How many of them there were, and how many we sent.
    pub(super) early_received: u32,
    pub(super) early_sent: u32,
    /// Whether the peer has said HELLO, whoever it is.
    pub(super) has_heard_hello: bool,
    /// Whether a HELLO came whose sender the kernel could not name.
    pub(super) had_unnamed_hello: bool,
    /// What was handed over behind that HELLO, message by message, the outbox first: it counts once the kernel has named
    /// its sender.
    pub(super) unnamed: Vec<(Vec<u8>, Vec<OwnedFd>)>,
    /// Whether the peer is still to be asked to say HELLO once more.
    pub(super) owes_again: bool,
    /// Whether the peer has asked us to say HELLO once more.
    pub(super) had_again: bool,
    /// Whether a bell could not be rung for want of memory.
    pub(super) owes_bell: bool,
    pub(crate) stamp: Option<Stamp>,
    /// Our outbox, and its memory until it is on its way to the peer.
    pub(crate) own: Option<Arc<MapMut>>,
    pub(super) own_unsent: Option<Memfd>,
    /// The peer's outbox.
    pub(crate) theirs: Option<Arc<Map>>,
    pub(crate) inbox: Inbox,
    /// What the peer is charged for.
    pub(super) links: Option<Charge>,
    pub(crate) bytes: Option<Charge>,
    pub(crate) descriptors: Option<Charge>,
    /// Whether the peer said that it is done.
    pub(super) has_closed: bool,
    pub(super) has_hung_up: bool,
    /// Why the link is over, if not by a hang-up.
    error: Option<LinkError>,
    /// Whether a thread sleeps on the socket, and how often one has returned.
    pub(super) is_led: bool,
    pub(super) returns: u64,
}

impl Desk {
    /// How the link ended, if it has.
    pub(crate) fn end(&self) -> Option<LinkError> {
        match &self.error {
            Some(error) => Some(error.clone()),
            None if !self.has_hung_up => None,
            None if self.has_closed => Some(LinkError::Closed),
            None => Some(LinkError::Died),
        }
    }

    /// Whether the peer has said HELLO, and the kernel has not yet said who it is.
    pub(super) fn is_unnamed(&self) -> bool {
        self.had_unnamed_hello && self.hello.is_none()
    }

    /// Whether what is still in the peer's ring counts: not after a fault.
    pub(crate) fn has_failed(&self) -> bool {
        self.error.is_some()
    }

    /// The next message that came before the peer's outbox, once it is known who sent it.
    pub(crate) fn take_early(&mut self) -> Option<Vec<u8>> {
        if self.hello.is_some() { self.early.pop_front() } else { None }
    }

    /// Forgets a segment of the peer's, which is charged for it no more; answers whether it was there.
    pub(crate) fn forget_segment(&mut self, number: u32) -> bool {
        let bytes = self.inbox.forget_segment(number);
        if let (Some(bytes), Some(charge)) = (bytes, &mut self.bytes) {
            charge.shrink(bytes);
        }
        bytes.is_some()
    }

    /// The fault or shortage by which the link ended, if that was its end.
    pub(crate) fn failure(&self) -> Option<LinkError> {
        self.error.clone()
    }

    /// Ends the link for this reason, unless there is one already; answers the one that holds. What a peer that is
    /// gone has left may still be a fault.
    pub(super) fn end_with(&mut self, error: LinkError) -> LinkError {
        match self.end() {
            Some(first) if self.error.is_some() || !matches!(error, LinkError::Fault(_)) => first,
            _ => {
                self.error = Some(error.clone());
                error
            }
        }
    }
}
