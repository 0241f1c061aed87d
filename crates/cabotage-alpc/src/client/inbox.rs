// SPDX-License-Identifier: MIT OR Apache-2.0
//! What came while something else was waited for, in the order in which it came.

use std::collections::VecDeque;

use crate::body::Body;
use crate::error::Loss;

/// How many datagrams of the server are kept for a client that waits for a reply.
const DATAGRAMS_MAX: usize = 1024;

/// See the [module](self). Replies are as many as the client has asked for; datagrams are counted.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    kept: VecDeque<Kept>,
    datagrams: usize,
}

/// Something kept.
#[derive(Debug)]
pub(super) enum Kept {
    Reply(u64, Body),
    Lost(u64, Loss),
    Datagram(Body),
    /// A callback, and the request that it is about.
    Callback(u64, u64, Body),
}

impl Kept {
    /// How many bytes its body has.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Reply(_, body) | Self::Datagram(body) | Self::Callback(_, _, body) => body.len(),
            Self::Lost(..) => 0,
        }
    }
}

impl Inbox {
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Keeps this; answers how many datagrams there are if that is too many.
    pub(super) fn keep(&mut self, kept: Kept) -> Result<(), usize> {
        let is_datagram = matches!(kept, Kept::Datagram(_));
        if is_datagram && self.datagrams >= DATAGRAMS_MAX {
            return Err(self.datagrams + 1);
        }
        self.datagrams += usize::from(is_datagram);
        self.kept.push_back(kept);
        Ok(())
    }

    /// What comes next.
    pub(super) fn front(&self) -> Option<&Kept> {
        self.kept.front()
    }

    /// Takes what comes next.
    pub(super) fn pop(&mut self) -> Option<Kept> {
        let kept = self.kept.pop_front()?;
        self.datagrams -= usize::from(matches!(kept, Kept::Datagram(_)));
        Some(kept)
    }

    /// Takes what came for this request.
    pub(super) fn take(&mut self, id: u64) -> Option<Kept> {
        self.kept.remove(self.place(id)?)
    }

    /// Whether something came for this request.
    pub(super) fn has(&self, id: u64) -> bool {
        self.place(id).is_some()
    }

    fn place(&self, id: u64) -> Option<usize> {
        self.kept.iter().position(|kept| match kept {
            Kept::Reply(of, _) | Kept::Lost(of, _) => *of == id,
            Kept::Datagram(_) | Kept::Callback(..) => false,
        })
    }
}
