// SPDX-License-Identifier: MIT OR Apache-2.0
//! The consumer's place at a producer: the link to whoever has it, and what was sent over it.

use cabotage_link::direct::Loan;
use cabotage_link::{Link, LinkError, PeerFault, SendError};
use cabotage_os::Deadline;

use super::backlog::Backlog;
use super::ends::Ends;
use super::words::Answer;
use crate::meeting::Presence;

/// See the [module](self).
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) link: Link,
    ends: Ends,
    /// How many records were sent when it is time to see to other things.
    until: u64,
}

impl Seat {
    /// Lets a consumer in that has handed its memory over, and hands it all that is kept. `None` if it is gone already.
    pub(super) fn take(
        mut link: Link,
        answer: &Answer,
        backlog: &Backlog,
        ring_bytes: usize,
    ) -> Option<Self> {
        // The answer goes through the link's first ring, so that the whole of the other is the records'.
        link.send(answer.bytes(), Deadline::Now).ok()?;
        if !link.settle(ring_bytes).ok()? {
            return None;
        }
        let ends = Ends::new(ring_bytes / 8, link.position());
        let mut seat = Self { link, ends, until: 0 };
        for record in backlog.iter() {
            seat.stage(record).ok()?;
        }
        // Visible from here on, so these are its records, and what it has consumed of them is found out as ever: that it
        // is gone, and can't be rung, the next call finds.
        let _ = seat.link.publish();
        Some(seat)
    }

    /// Sends a record if nothing else is to be done and there is room. `false`: nothing was sent.
    #[inline(always)]
    pub(super) fn send(&mut self, record: &[u8]) -> bool {
        if self.ends.count() >= self.until {
            return false;
        }
        let Some(must_ring) = self.link.put(record) else { return false };
        self.ends.note(self.link.position());
        if must_ring {
            self.link.ring();
        }
        true
    }

    /// Stages a record behind those staged before.
    pub(super) fn stage(&mut self, record: &[u8]) -> Result<(), SendError> {
        self.link.stage(record)?;
        self.ends.note(self.link.position());
        Ok(())
    }

    /// Room for a record, and where its end is to be noted when it is sent.
    pub(super) fn loan(&mut self, bytes: usize) -> Result<(Loan<'_>, &mut Ends), SendError> {
        Ok((self.link.loan(bytes)?, &mut self.ends))
    }

    /// After so many more records it is time to see to other things.
    pub(super) fn go_on_for(&mut self, records: u64) {
        self.until = self.ends.count() + records;
    }

    /// Whether the consumer says that it has consumed all records. Behind the last one there may be a filler that goes
    /// with the next.
    pub(super) fn is_consumed(&mut self) -> bool {
        self.link.consumed() >= self.ends.last()
    }

    /// How the consumer has ended, if it has.
    pub(super) fn ending(&self) -> Result<Option<LinkError>, LinkError> {
        self.link.ending()
    }

    /// Who the consumer is, in the kernel's words, or how it has ended.
    pub(super) fn presence(&self) -> Result<Presence, LinkError> {
        match self.ending()? {
            Some(error) => Ok(presence_after(&error)),
            None => Ok(here(&self.link)),
        }
    }

    /// Gives the place up: what the consumer has not consumed goes into the backlog. Answers how many of the records it
    /// has consumed.
    pub(super) fn give_up(mut self, backlog: &mut Backlog) -> u64 {
        let (records, end) = self.ends.before(self.link.consumed());
        self.link.read_back(end, |record| backlog.push(record));
        records
    }
}

/// Who is at the other end, in the kernel's words.
pub(super) fn here(link: &Link) -> Presence {
    let found = link.with_peer(|peer| Presence::Here { pid: Some(peer.pid()), uid: peer.uid() });
    found.unwrap_or(Presence::Nobody)
}

/// What is left of one whose link has ended like this.
pub(super) fn presence_after(error: &LinkError) -> Presence {
    match error {
        LinkError::Closed => Presence::Left,
        _ => Presence::Died,
    }
}

/// The rule that a consumer broke whose link has ended like this.
pub(super) fn fault_of(error: LinkError) -> Option<PeerFault> {
    match error {
        LinkError::Fault(fault) => Some(fault),
        _ => None,
    }
}

/// Says no to somebody, as far as it listens.
pub(super) fn turn_away(mut link: Link, answer: &Answer) {
    let _ = link.send(answer.bytes(), Deadline::Now);
}
