// SPDX-License-Identifier: MIT OR Apache-2.0
//! Charges that are taken back by themselves.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cabotage_os::fork::Origin;
use cabotage_os::{SystemError, process};

use crate::quota::{Ledger, Limits, Owner, QuotaExceeded, Resource};

/// The quotas of one process, for all its links: each clone is the same book.
#[derive(Debug, Clone)]
pub struct Quota {
    ledger: Arc<Mutex<Ledger>>,
    /// A forked child has a copy of the book, and perhaps of a lock that nobody will ever open there.
    origin: Origin,
}

impl Quota {
    /// A book in which nothing is entered yet.
    ///
    /// # Errors
    /// The system has no memory for the page by which a forked child is recognised.
    pub fn new(limits: Limits) -> Result<Self, SystemError> {
        let ledger = Ledger::new(limits, process::own_uid());
        Ok(Self { ledger: Arc::new(Mutex::new(ledger)), origin: Origin::here()? })
    }

    /// What all peers together hold now.
    pub fn in_use(&self) -> Limits {
        self.ledger().in_use()
    }

    /// Charges `owner` until the guard is dropped. Not to be called in a forked child.
    ///
    /// # Errors
    /// [`QuotaExceeded`] when that is more than its share.
    pub(crate) fn charge(&self, owner: Owner, what: Resource, amount: u64) -> Result<Charge, QuotaExceeded> {
        self.ledger().charge(owner, what, amount)?;
        Ok(Charge { quota: self.clone(), owner, what, amount })
    }

    /// A panic can't leave the book half written: each entry is checked before the first number changes.
    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An amount charged to a peer; dropping it takes the charge back. In a forked child it does nothing: the charge is
/// the parent's.
#[derive(Debug)]
pub(crate) struct Charge {
    quota: Quota,
    owner: Owner,
    what: Resource,
    amount: u64,
}

impl Charge {
    #[cfg(test)]
    pub(crate) fn amount(&self) -> u64 {
        self.amount
    }

    /// Charges more. Not to be called in a forked child.
    ///
    /// # Errors
    /// [`QuotaExceeded`]; the charge then stays as it was.
    pub(crate) fn grow(&mut self, more: u64) -> Result<(), QuotaExceeded> {
        self.quota.ledger().charge(self.owner, self.what, more)?;
        self.amount = self.amount.saturating_add(more);
        Ok(())
    }

    /// Takes a part of the charge back, all of it at most.
    pub(crate) fn shrink(&mut self, less: u64) {
        let less = less.min(self.amount);
        self.amount -= less;
        if less > 0 && self.quota.origin.is_here() {
            self.quota.ledger().release(self.owner, self.what, less);
        }
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.shrink(u64::MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quota::{Amounts, Charge, Level, ProcessKey};

    const PEER: Owner = Owner { uid: 4_000_000, process: ProcessKey { pid: 7, start: 1 } };

    fn quota() -> Quota {
        let pool = Amounts { links: 40, bytes: 4000, descriptors: 400 };
        Quota::new(Limits { foreign: pool, ours: pool }).unwrap()
    }

    #[test]
    fn a_dropped_charge_is_taken_back() {
        let quota = quota();
        let charge: Charge = quota.charge(PEER, Resource::Links, 10).unwrap();
        assert!(quota.charge(PEER, Resource::Links, 1).is_err());
        assert_eq!(quota.in_use().foreign.links, 10);
        drop(charge);
        assert!(quota.ledger().is_empty());
        quota.charge(PEER, Resource::Links, 1).unwrap();
    }

    #[test]
    fn a_charge_grows_and_shrinks_and_a_refused_growth_changes_nothing() {
        let quota = quota();
        let mut charge = quota.charge(PEER, Resource::Bytes, 0).unwrap();
        charge.grow(1000).unwrap();
        let refusal = charge.grow(1).unwrap_err();
        assert_eq!((refusal.level, refusal.limit, refusal.in_use), (Level::Process, 1000, 1000));
        assert_eq!((charge.amount(), quota.in_use().foreign.bytes), (1000, 1000));
        charge.shrink(400);
        assert_eq!((charge.amount(), quota.in_use().foreign.bytes), (600, 600));
        charge.shrink(u64::MAX);
        assert_eq!(charge.amount(), 0);
        assert!(quota.ledger().is_empty());
    }

    #[test]
    fn our_own_user_has_the_pool_of_its_own() {
        let quota = quota();
        let owner = Owner { uid: process::own_uid(), ..PEER };
        let _charge = quota.charge(owner, Resource::Links, 20).unwrap();
        assert_eq!((quota.in_use().ours.links, quota.in_use().foreign.links), (20, 0));
    }

    #[test]
    fn many_threads_share_one_book() {
        let quota = quota();
        std::thread::scope(|scope| {
            for pid in 1..=4 {
                let quota = quota.clone();
                let owner = Owner { process: ProcessKey { pid, start: 1 }, ..PEER };
                scope.spawn(move || {
                    for _ in 0..200 {
                        drop(quota.charge(owner, Resource::Descriptors, 3));
                    }
                });
            }
        });
        assert!(quota.ledger().is_empty());
    }
}
