// SPDX-License-Identifier: MIT OR Apache-2.0
//! A record that is written in place: in the ring of the consumer, or in the backlog while there is none.

use cabotage_link::direct;

use super::backlog::Backlog;
use super::door::Door;
use super::ends::Ends;
use crate::channel::error::SendError;

/// Room for one record.
#[derive(Debug)]
pub(crate) struct Loan<'producer>(Form<'producer>);

#[derive(Debug)]
enum Form<'producer> {
    /// In the ring, and where its end is noted.
    Ring(direct::Loan<'producer>, &'producer mut Ends),
    /// In memory of our own, of which a child gets a copy, as of the door.
    Backlog(Vec<u8>, &'producer mut Backlog, &'producer Door),
}

impl<'producer> Loan<'producer> {
    pub(super) fn in_ring(loan: direct::Loan<'producer>, ends: &'producer mut Ends) -> Self {
        Self(Form::Ring(loan, ends))
    }

    pub(super) fn in_backlog(bytes: usize, backlog: &'producer mut Backlog, door: &'producer Door) -> Self {
        Self(Form::Backlog(vec![0; bytes], backlog, door))
    }

    pub(crate) fn bytes(&self) -> usize {
        match &self.0 {
            Form::Ring(loan, _) => loan.bytes(),
            Form::Backlog(record, ..) => record.len(),
        }
    }

    #[inline]
    pub(crate) fn write_at(&mut self, offset: usize, bytes: &[u8]) -> usize {
        match &mut self.0 {
            Form::Ring(loan, _) => loan.write_at(offset, bytes),
            Form::Backlog(record, ..) => {
                let room = record.get_mut(offset..).unwrap_or_default();
                let count = room.len().min(bytes.len());
                room[..count].copy_from_slice(&bytes[..count]);
                count
            }
        }
    }

    #[inline]
    pub(crate) fn send(self) -> Result<(), SendError> {
        match self.0 {
            Form::Ring(loan, ends) => {
                let end = loan.end();
                loan.send()?;
                ends.note(end);
            }
            Form::Backlog(_, _, door) if !door.is_here() => return Err(SendError::Forked),
            Form::Backlog(record, backlog, _) => backlog.push(&record),
        }
        Ok(())
    }
}
