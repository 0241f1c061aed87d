// SPDX-License-Identifier: MIT OR Apache-2.0
//! The operations of one end: those that are pending, in their order, and those that are finished and not asked for.

use std::collections::VecDeque;

use cabotage_link::metered::{Interest, WriteId};

use super::interest;
use super::operation::{Completed, Operation};
use crate::named::error::PipeError;

/// What an operation that is pending does.
#[derive(Debug)]
pub(super) enum Kind {
    /// It waits for a client.
    Connect,
    /// It reads into this.
    Read { target: Vec<u8> },
    /// It has written so many bytes, and waits for them to be read.
    Write { id: WriteId, bytes: usize },
    /// The question of a transaction, which no room was left for; nobody is told of its end.
    Question { id: WriteId },
    /// It waits until the other end has read everything.
    Flush,
}

/// See the [module](self).
#[derive(Debug, Default)]
pub(super) struct Pending {
    pending: VecDeque<(Operation, Kind)>,
    finished: VecDeque<(Operation, Result<Completed, PipeError>)>,
    next: u64,
}

impl Pending {
    pub(super) fn add(&mut self, kind: Kind) -> Operation {
        let operation = self.number();
        self.pending.push_back((operation, kind));
        operation
    }

    /// An operation that is finished as it begins.
    pub(super) fn done(&mut self, result: Result<Completed, PipeError>) -> Operation {
        let operation = self.number();
        self.finished.push_back((operation, result));
        operation
    }

    fn number(&mut self) -> Operation {
        self.next += 1;
        Operation(self.next)
    }

    pub(super) fn find(&self, operation: Operation) -> Option<&Kind> {
        self.pending.iter().find(|(other, _)| *other == operation).map(|(_, kind)| kind)
    }

    /// The pending operations of a kind, in order.
    pub(super) fn all(&self, is_meant: impl Fn(&Kind) -> bool) -> Vec<Operation> {
        self.pending.iter().filter(|(_, kind)| is_meant(kind)).map(|(operation, _)| *operation).collect()
    }

    pub(super) fn operations(&self) -> Vec<Operation> {
        self.all(|kind| !matches!(kind, Kind::Question { .. }))
    }

    /// It is over, and nobody is told.
    pub(super) fn forget(&mut self, operation: Operation) {
        self.pending.retain(|(other, _)| *other != operation);
    }

    /// The buffer of a pending read, to read into.
    pub(super) fn target(&mut self, operation: Operation) -> Option<Vec<u8>> {
        self.pending.iter_mut().find(|(other, _)| *other == operation).and_then(|(_, kind)| match kind {
            Kind::Read { target } => Some(std::mem::take(target)),
            _ => None,
        })
    }

    /// The buffer of a read that stays pending.
    pub(super) fn put_back(&mut self, operation: Operation, buffer: Vec<u8>) {
        if let Some((_, Kind::Read { target })) =
            self.pending.iter_mut().find(|(other, _)| *other == operation)
        {
            *target = buffer;
        }
    }

    pub(super) fn finish(&mut self, operation: Operation, result: Result<Completed, PipeError>) {
        self.forget(operation);
        self.finished.push_back((operation, result));
    }

    /// What came of an operation.
    pub(super) fn take(&mut self, operation: Operation) -> Result<Completed, PipeError> {
        match self.finished.iter().position(|(other, _)| *other == operation) {
            Some(at) => self.finished.remove(at).map_or(Err(PipeError::Incomplete), |(_, result)| result),
            None if self.find(operation).is_some() => Err(PipeError::Incomplete),
            None => Err(PipeError::NothingToCancel),
        }
    }

    pub(super) fn take_first(&mut self) -> Option<(Operation, Result<Completed, PipeError>)> {
        self.finished.pop_front()
    }

    pub(super) fn has_finished(&self) -> bool {
        !self.finished.is_empty()
    }

    pub(super) fn is_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Whether nobody will be told of anything.
    pub(super) fn is_empty(&self) -> bool {
        self.operations().is_empty() && self.finished.is_empty()
    }

    pub(super) fn has_reads(&self) -> bool {
        self.pending.iter().any(|(_, kind)| matches!(kind, Kind::Read { .. }))
    }

    /// What is waited for, each kind once. Who waits for a client waits for what comes first.
    pub(super) fn interests(&self) -> [Option<Interest>; 2] {
        let has = |is_meant: fn(&Kind) -> bool| self.pending.iter().any(|(_, kind)| is_meant(kind));
        let reads = has(|kind| matches!(kind, Kind::Read { .. } | Kind::Connect));
        let data = interest(reads, has(|kind| matches!(kind, Kind::Write { .. } | Kind::Question { .. })));
        [data, has(|kind| matches!(kind, Kind::Flush)).then_some(Interest::AllRead)]
    }
}
