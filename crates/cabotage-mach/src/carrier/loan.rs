// SPDX-License-Identifier: MIT OR Apache-2.0
//! Memory that is filled where its receiver will read it: a block of the link to the port's process, used again and
//! again, so that what it costs does not grow with its size.

use std::sync::{Arc, Mutex};

use cabotage_link::{BlockMut, Deadline, SendError};
use cabotage_os::map::MapMut;
use cabotage_os::{Errno, SystemError};

use super::desk::{Desk, refusal_of_link};
use super::{Carrier, RightError};
use crate::kernel::memory::Memory;
use crate::kernel::port::Home;
use crate::kernel::{Kernel, PortId, Ticket};

/// Memory to be filled and sent: see [`SendRight::loan`](crate::SendRight::loan). A fresh or used one holds whatever was
/// written there for this receiver before. Dropped unsent it is used again.
#[derive(Debug)]
pub struct Loan(Place);

#[derive(Debug)]
enum Place {
    /// Of the link that has this number.
    Block { block: BlockMut, link: u64 },
    /// For a port of this process.
    Own(Vec<u8>),
    /// A block that was sent: its memory, as long as nobody fills it again.
    Gone(Arc<MapMut>, usize),
}

impl Loan {
    /// Memory that goes to a port of this process.
    pub(crate) fn own(bytes: usize) -> Self {
        Self(Place::Own(vec![0; bytes]))
    }

    /// How many bytes it has.
    pub fn bytes(&self) -> usize {
        match &self.0 {
            Place::Block { block, .. } => block.bytes(),
            Place::Own(bytes) => bytes.len(),
            Place::Gone(_, bytes) => *bytes,
        }
    }

    /// Copies `source` into the memory from `at` on; answers whether it fits.
    #[must_use]
    pub fn write_at(&mut self, at: usize, source: &[u8]) -> bool {
        match &mut self.0 {
            Place::Block { block, .. } => block.write_at(at, source).is_ok(),
            Place::Gone(..) => false,
            Place::Own(bytes) => match bytes.get_mut(at..at.saturating_add(source.len())) {
                Some(target) => {
                    target.copy_from_slice(source);
                    true
                }
                None => false,
            },
        }
    }

    pub(crate) fn copy_at(&self, at: usize, target: &mut [u8]) -> bool {
        match &self.0 {
            Place::Block { block, .. } => block.memory().copy_to(at, target).is_ok(),
            Place::Gone(memory, _) => memory.copy_to(at, target).is_ok(),
            Place::Own(bytes) => match bytes.get(at..at.saturating_add(target.len())) {
                Some(source) => {
                    target.copy_from_slice(source);
                    true
                }
                None => false,
            },
        }
    }

    pub(crate) fn into_memory(self) -> Memory {
        match self.0 {
            Place::Own(bytes) => Memory::Bytes(bytes),
            place => Memory::Loan(Self(place)),
        }
    }

    /// Whether it is a block of this link.
    pub(super) fn is_of(&self, link: u64) -> bool {
        matches!(&self.0, Place::Block { link: own, .. } if *own == link)
    }

    /// The block, if it is one of this link. What is left can be read until the link lends that memory again.
    pub(super) fn take_block(&mut self, link: u64) -> Option<BlockMut> {
        let gone = match &self.0 {
            Place::Block { block, link: own } if *own == link => {
                Place::Gone(Arc::clone(block.memory()), block.bytes())
            }
            _ => return None,
        };
        match std::mem::replace(&mut self.0, gone) {
            Place::Block { block, .. } => Some(block),
            Place::Own(_) | Place::Gone(..) => None,
        }
    }
}

impl Carrier {
    /// Memory for a message to this port; `None` if there is none before the other process gives some back, or has
    /// answered at all.
    pub(crate) fn loan(
        &self,
        kernel: &Mutex<Kernel>,
        port: PortId,
        bytes: usize,
    ) -> (Result<Option<Loan>, RightError>, Vec<Ticket>) {
        self.act(kernel, |desk, kernel| desk.loan(kernel, port, bytes))
    }
}

impl Desk {
    fn loan(&mut self, kernel: &Kernel, port: PortId, bytes: usize) -> Result<Option<Loan>, RightError> {
        let Home::Away(route) = kernel.ports.get(port).ok_or(RightError::Dead)?.home else {
            return Ok(Some(Loan::own(bytes)));
        };
        let Some((key, _)) = self.way(route) else { return Err(RightError::Dead) };
        let (Some(link), Some(end)) = (self.set.get_mut(key), self.ends.get(key)) else {
            return Err(RightError::Dead);
        };
        // A message that may have to go to another owner is read from its memory again.
        if !end.kept.is_empty() {
            return Ok(None);
        }
        match link.block(bytes, Deadline::Now) {
            Ok(block) => Ok(Some(Loan(Place::Block { block, link: end.number }))),
            Err(SendError::Full) => Ok(None),
            Err(SendError::Link(error)) => Err(refusal_of_link(error).into()),
            Err(error) => Err(SystemError::new("loan", error, Errno::FBIG).into()),
        }
    }
}
