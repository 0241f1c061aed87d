// SPDX-License-Identifier: MIT OR Apache-2.0
//! Writes that were begun and are not complete, in order: each keeps its bytes, since those behind one that is taken
//! back have to be written again.

use std::collections::VecDeque;

use super::WriteError;
use super::flow::{Flow, Way};
use super::writing::{Step, Writing};
use crate::core::Core;
use crate::error::LinkError;

/// The number of a write that was begun: see [`Metered::begin_write`](super::Metered::begin_write).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WriteId(u64);

/// What became of a write that was begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Begun {
    /// It is complete.
    Complete,
    /// It waits until the peer has read enough. Its bytes can be read meanwhile.
    Pending(WriteId),
}

/// What became of a write that was to be cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Cancelled {
    /// Nothing: it was complete.
    Complete,
    /// What the peer had not taken will never be read.
    Withdrawn {
        /// How many bytes from the start stay with the peer.
        taken_bytes: usize,
    },
}

/// See the [module](self).
#[derive(Debug, Default)]
pub(super) struct Queue {
    writes: VecDeque<Pending>,
    next: u64,
}

#[derive(Debug)]
struct Pending {
    id: WriteId,
    flow: Flow,
    data: Vec<u8>,
    /// Whether the quota does not bind it.
    is_unbound: bool,
}

impl Queue {
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    fn push(&mut self, flow: Flow, data: &[u8], is_unbound: bool) -> WriteId {
        let id = WriteId(self.next);
        self.next += 1;
        self.writes.push_back(Pending { id, flow, data: data.to_vec(), is_unbound });
        id
    }

    /// Keeps a write that nobody waits for.
    pub(super) fn push_detached(&mut self, data: &[u8]) {
        self.push(Flow::new(data.len()), data, false);
    }

    /// What was written from this position on was taken back, and is to be written again.
    pub(super) fn restart_from(&mut self, position: u64) {
        let withdrawn = |flow: &Flow| flow.way != Way::Waiting && flow.start >= position;
        for write in self.writes.iter_mut().filter(|write| withdrawn(&write.flow)) {
            write.flow.restart();
        }
    }

    fn flow_of(&self, id: WriteId) -> Option<Flow> {
        self.writes.iter().find(|write| write.id == id).map(|write| write.flow)
    }

    /// The link is over by our own will.
    pub(super) fn forget(&mut self) {
        self.writes.clear();
    }

    pub(super) fn unsent_bytes(&self) -> u64 {
        self.writes.iter().map(|write| write.flow.left() as u64).sum()
    }
}

impl Writing {
    /// Begins a write and does not wait for its end.
    pub(super) fn begin(&mut self, core: &Core, data: &[u8], is_unbound: bool) -> Result<Begun, WriteError> {
        self.check(core)?;
        if self.is_nothing(data) || is_unbound && self.enqueues(core, data)? {
            return Ok(Begun::Complete);
        }
        let mut flow = Flow::new(data.len());
        if self.step(core, &mut flow, data, is_unbound)? == Step::Done {
            return Ok(Begun::Complete);
        }
        Ok(Begun::Pending(self.pending.push(flow, data, is_unbound)))
    }

    /// Goes on with what is pending; answers whether all of it is in the ring.
    pub(super) fn pump(&mut self, core: &Core) -> Result<bool, LinkError> {
        let mut writes = std::mem::take(&mut self.pending.writes);
        let pumped = self.pump_each(core, &mut writes);
        self.pending.writes = writes;
        pumped
    }

    fn pump_each(&mut self, core: &Core, writes: &mut VecDeque<Pending>) -> Result<bool, LinkError> {
        for write in writes.iter_mut().filter(|write| !write.flow.is_published()) {
            self.advance(core, &mut write.flow, &write.data, write.is_unbound)?;
            if !write.flow.is_published() {
                break;
            }
        }
        while let Some(first) = writes.front()
            && self.is_complete(core, &first.flow)?
        {
            writes.pop_front();
        }
        Ok(writes.iter().all(|write| write.flow.is_published()))
    }

    /// Whether a write that was begun is complete.
    pub(super) fn is_over(&mut self, core: &Core, id: WriteId) -> Result<bool, WriteError> {
        let Some(flow) = self.pending.flow_of(id) else { return Ok(true) };
        let pumped = self.check(core).and_then(|()| self.pump(core));
        // The last word of a peer that is gone counts as well.
        let is_over = self.pending.flow_of(id).is_none() || self.is_complete(core, &flow) == Ok(true);
        match pumped {
            Err(error) if !is_over => Err(self.broken(core, &flow, error)),
            _ => Ok(is_over),
        }
    }

    /// Takes back what nobody has taken of a write that was begun. Those behind it stay, and move up.
    pub(super) fn cancel(&mut self, core: &Core, id: WriteId) -> Result<Cancelled, WriteError> {
        let Some(at) = self.pending.writes.iter().position(|write| write.id == id) else {
            return Ok(Cancelled::Complete);
        };
        core.check_here()?;
        let Some(write) = self.pending.writes.remove(at) else { return Ok(Cancelled::Complete) };
        let taken_bytes = match self.withdraw(core, &write.flow) {
            Ok(Some(taken_bytes)) => taken_bytes,
            complete => {
                self.pending.writes.insert(at, write);
                return complete.map(|_| Cancelled::Complete).map_err(WriteError::Link);
            }
        };
        if !core.is_over() {
            self.pump(core)?;
        }
        Ok(Cancelled::Withdrawn { taken_bytes })
    }

    /// This end goes: what is not complete is withdrawn.
    pub(super) fn withdraw_all(&mut self, core: &Core) {
        while let Some(write) = self.pending.writes.pop_front() {
            match self.withdraw(core, &write.flow) {
                Ok(None) => {}
                // All behind the first that is not complete goes with it.
                Ok(Some(_)) | Err(_) => return self.pending.writes.clear(),
            }
        }
    }

    /// Goes on with what is pending; done when the peer has read all.
    pub(super) fn step_read(&mut self, core: &Core) -> Result<Step, LinkError> {
        self.pump(core)?;
        Ok(if self.unread(core)? == 0 { Step::Done } else { Step::Stuck })
    }

    /// Goes on with what is pending; done when the first of it was completed, or nothing is.
    pub(super) fn step_pending(&mut self, core: &Core) -> Result<Step, LinkError> {
        let before = self.pending.writes.front().map(|write| write.id);
        self.pump(core)?;
        let first = self.pending.writes.front().map(|write| write.id);
        Ok(if first.is_none() || first != before { Step::Done } else { Step::Stuck })
    }
}
