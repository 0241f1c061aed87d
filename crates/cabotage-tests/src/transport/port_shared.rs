// SPDX-License-Identifier: MIT OR Apache-2.0
//! A channel of ALPC in many hands at both ends: a client that threads share, and a port behind a lock, which one thread
//! at a time has.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cabotage_alpc::{SharedClient, SharedMessage};
use cabotage_os::Deadline;

use super::port_ends::{ServerEnd, taken};
use super::{End, Parcel, ReceivesLetters, Sends, SplitEnds, Told};

/// A client that threads share.
#[derive(Debug, Clone)]
pub(super) struct SharedEnd(pub(super) SharedClient);

impl End for SharedEnd {
    fn send(&mut self, record: &[u8], deadline: Deadline) -> Result<(), Told> {
        Ok(self.0.send_datagram(record, deadline)?)
    }

    fn receive(&mut self, deadline: Deadline) -> Result<Vec<u8>, Told> {
        Ok(self.0.receive(deadline).map(SharedMessage::into_vec)?)
    }

    fn receive_parcel(&mut self, deadline: Deadline) -> Result<Parcel, Told> {
        let mut message = self.0.receive(deadline)?;
        let descriptors = taken(message.handles());
        Ok(Parcel { bytes: message.into_vec(), descriptors, ..Parcel::default() })
    }

    fn split(self: Box<Self>) -> Result<SplitEnds, Told> {
        Ok((self.clone(), self))
    }

    fn close(self: Box<Self>) {}
}

impl Sends for SharedEnd {
    fn send(&self, record: &[u8], deadline: Deadline) -> Result<(), Told> {
        Ok(self.0.send_datagram(record, deadline)?)
    }
}

impl ReceivesLetters for SharedEnd {
    fn receive(&self, deadline: Deadline) -> Result<Vec<u8>, Told> {
        Ok(self.0.receive(deadline).map(SharedMessage::into_vec)?)
    }
}

/// A port with its one client, of which one thread at a time has it.
#[derive(Debug, Clone)]
pub(super) struct Locked(Arc<Mutex<ServerEnd>>);

impl Locked {
    pub(super) fn halves(end: ServerEnd) -> SplitEnds {
        let locked = Self(Arc::new(Mutex::new(end)));
        (Box::new(locked.clone()), Box::new(locked))
    }

    fn end(&self) -> MutexGuard<'_, ServerEnd> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sends for Locked {
    fn send(&self, record: &[u8], deadline: Deadline) -> Result<(), Told> {
        End::send(&mut *self.end(), record, deadline)
    }
}

impl ReceivesLetters for Locked {
    fn receive(&self, deadline: Deadline) -> Result<Vec<u8>, Told> {
        End::receive(&mut *self.end(), deadline)
    }
}
