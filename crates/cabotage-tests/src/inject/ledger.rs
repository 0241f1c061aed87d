// SPDX-License-Identifier: MIT OR Apache-2.0
//! What was told to be sent, and what came: nothing may be lost, come twice or come although it was refused, unless an end
//! says that it is over.

use std::time::Duration;

use cabotage_os::Deadline;

use super::Answer;
use crate::record::Mark;
use crate::transport::{End, Told};

/// Both columns, by the numbers of the records.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    sent: Vec<u64>,
    received: Vec<u64>,
    next: u64,
    /// The first thing that went wrong.
    told: Option<Told>,
}

/// Long enough for what is there already.
pub(super) fn shortly() -> Deadline {
    Deadline::within(Duration::from_millis(10))
}

impl Ledger {
    /// Sends the next record of `bytes` bytes; one that is refused never counts.
    pub(super) fn send(&mut self, end: &mut dyn End, bytes: usize) {
        let number = self.next;
        self.next += 1;
        match end.send(&Mark { stream: 3, number }.record(bytes), Deadline::Now) {
            Ok(()) => self.sent.push(number),
            Err(told) => self.note(told),
        }
    }

    /// Receives a record, if there is one.
    pub(super) fn receive(&mut self, end: &mut dyn End, deadline: Deadline) -> bool {
        match end.receive(deadline) {
            Ok(record) => {
                self.received.push(Mark::of(&record).expect("a whole record").number);
                true
            }
            Err(told) => {
                self.note(told);
                false
            }
        }
    }

    /// What an end tells is an error for whoever asked, but for an empty or a full transport.
    fn note(&mut self, told: Told) {
        if !matches!(told, Told::Nothing | Told::Full) {
            self.told.get_or_insert(told);
        }
    }

    /// Settles, after the fault: sends one record more, receives what there is, and compares.
    ///
    /// # Panics
    /// If a record was lost, or came twice, or came although it was refused, and nobody was told of an end.
    pub(super) fn settle(mut self, sender: &mut dyn End, receiver: &mut dyn End) -> Answer {
        let last = self.next;
        let mut is_over = false;
        for _ in 0..100 {
            if self.sent.last() == Some(&last) {
                break;
            }
            match sender.send(&Mark { stream: 3, number: last }.record(40), Deadline::Now) {
                Ok(()) => self.sent.push(last),
                // Full: some way must be made first.
                Err(Told::Full) => is_over |= !self.receive(receiver, shortly()) && self.told.is_some(),
                Err(told) => {
                    self.note(told);
                    is_over = true;
                }
            }
            if is_over {
                break;
            }
        }
        // The fault may come here as well: once is not for ever.
        let mut failures = 0;
        while self.received.last() != Some(&last) && failures < 3 {
            failures += usize::from(!self.receive(receiver, shortly()));
        }
        let is_prefix = self.sent.starts_with(&self.received);
        assert!(is_prefix, "sent {:?}, received {:?} ({:?})", self.sent, self.received, self.told);
        // An end that is over says so again.
        is_over |= receiver.receive(Deadline::Now).is_err_and(|told| told != Told::Nothing);
        let is_whole = self.sent == self.received && self.sent.last() == Some(&last);
        assert!(is_whole || is_over, "sent {:?}, received {:?} ({:?})", self.sent, self.received, self.told);
        match self.told {
            Some(told) => Err(format!("{told:?}").into()),
            None => Ok(()),
        }
    }
}
