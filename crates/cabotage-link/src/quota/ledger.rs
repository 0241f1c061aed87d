// SPDX-License-Identifier: MIT OR Apache-2.0
//! Who holds how much, and who may have more.
//!
//! Pure state: no clock, no system call, no lock. Invariants: no pool is ever overdrawn; at each charge its owner
//! stays within its [share](super::share); whoever holds nothing has no entry.

use std::collections::HashMap;

use cabotage_os::process::ProcessIdentity;

use crate::quota::{Amounts, Level, Limits, QuotaExceeded, Resource, share};

const ROOT: u32 = 0;

/// Which process is charged: two that have the same number one after the other are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ProcessKey {
    pub(crate) pid: i32,
    /// The kernel's unique number for it, else when it started; 0 when neither is known.
    pub(crate) start: u64,
}

impl From<&ProcessIdentity> for ProcessKey {
    fn from(identity: &ProcessIdentity) -> Self {
        let start = identity.unique_number.unwrap_or(identity.start_time_ticks);
        Self { pid: identity.pid.as_raw_nonzero().get(), start }
    }
}

/// Who is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Owner {
    pub(crate) uid: u32,
    pub(crate) process: ProcessKey,
}

/// The book of all charges.
#[derive(Debug)]
pub(crate) struct Ledger {
    limits: Limits,
    own_uid: u32,
    foreign: HashMap<u32, Group>,
    foreign_in_use: Amounts,
    ours: Group,
}

/// Processes that share something: those of one foreign user, or all of root's and ours.
#[derive(Debug, Default)]
struct Group {
    in_use: Amounts,
    processes: HashMap<Owner, Amounts>,
}

impl Ledger {
    /// An empty book of a process that runs as `own_uid`.
    pub(crate) fn new(limits: Limits, own_uid: u32) -> Self {
        Self {
            limits,
            own_uid,
            foreign: HashMap::new(),
            foreign_in_use: Amounts::default(),
            ours: Group::default(),
        }
    }

    /// Enters `amount` more of `what` for `owner`.
    ///
    /// # Errors
    /// [`QuotaExceeded`] when that is more than its share; nothing is entered then.
    pub(crate) fn charge(&mut self, owner: Owner, what: Resource, amount: u64) -> Result<(), QuotaExceeded> {
        if amount == 0 {
            return Ok(());
        }
        if self.is_ours(owner.uid) {
            self.ours.admit(owner, what, amount, self.limits.ours.of(what))?;
            self.ours.enter(owner, what, amount);
            return Ok(());
        }
        let (known, new) = (self.foreign.get(&owner.uid), Group::default());
        let users = self.foreign.len() + usize::from(known.is_none());
        let group = known.unwrap_or(&new);
        let in_use = group.in_use.of(what);
        let held_by_others = self.foreign_in_use.of(what).saturating_sub(in_use);
        let limit = share::of(self.limits.foreign.of(what).saturating_sub(held_by_others), users);
        within(limit, in_use, amount).ok_or(QuotaExceeded { what, level: Level::Uid, limit, in_use })?;
        group.admit(owner, what, amount, limit)?;

        self.foreign.entry(owner.uid).or_default().enter(owner, what, amount);
        add(&mut self.foreign_in_use, what, amount);
        Ok(())
    }

    /// Takes back what was charged before.
    pub(crate) fn release(&mut self, owner: Owner, what: Resource, amount: u64) {
        if self.is_ours(owner.uid) {
            self.ours.leave(owner, what, amount);
        } else if let Some(group) = self.foreign.get_mut(&owner.uid) {
            let given_back = group.leave(owner, what, amount);
            subtract(&mut self.foreign_in_use, what, given_back);
            if group.processes.is_empty() {
                self.foreign.remove(&owner.uid);
            }
        } else {
            debug_assert_eq!(amount, 0, "{owner:?} gives back what it never had");
        }
    }

    /// What all peers together hold.
    pub(crate) fn in_use(&self) -> Limits {
        Limits { foreign: self.foreign_in_use, ours: self.ours.in_use }
    }

    /// Whether nobody holds anything, and no entry is left.
    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.foreign.is_empty() && self.ours.processes.is_empty() && self.in_use() == NOTHING
    }

    fn is_ours(&self, uid: u32) -> bool {
        uid == ROOT || uid == self.own_uid
    }
}

#[cfg(test)]
const NOTHING: Limits = {
    let none = Amounts { links: 0, bytes: 0, descriptors: 0 };
    Limits { foreign: none, ours: none }
};

impl Group {
    /// Whether a process may have `amount` more, of the `limit` that the whole group may have.
    fn admit(&self, owner: Owner, what: Resource, amount: u64, limit: u64) -> Result<(), QuotaExceeded> {
        let known = self.processes.get(&owner);
        let processes = self.processes.len() + usize::from(known.is_none());
        let in_use = known.map_or(0, |held| held.of(what));
        let held_by_others = self.in_use.of(what).saturating_sub(in_use);
        let limit = share::of(limit.saturating_sub(held_by_others), processes);
        within(limit, in_use, amount).ok_or(QuotaExceeded { what, level: Level::Process, limit, in_use })
    }

    fn enter(&mut self, owner: Owner, what: Resource, amount: u64) {
        add(&mut self.in_use, what, amount);
        add(self.processes.entry(owner).or_default(), what, amount);
    }

    /// Takes back at most what the process holds; answers how much that was.
    fn leave(&mut self, owner: Owner, what: Resource, amount: u64) -> u64 {
        let Some(held) = self.processes.get_mut(&owner) else {
            debug_assert_eq!(amount, 0, "{owner:?} gives back what it never had");
            return 0;
        };
        debug_assert!(amount <= held.of(what), "{owner:?} gives back more than it had");
        let amount = amount.min(held.of(what));
        subtract(held, what, amount);
        if *held == Amounts::default() {
            self.processes.remove(&owner);
        }
        subtract(&mut self.in_use, what, amount);
        amount
    }
}

fn within(limit: u64, in_use: u64, amount: u64) -> Option<()> {
    in_use.checked_add(amount).filter(|wanted| *wanted <= limit).map(|_| ())
}

/// Never overflows: what is entered was found to be within a limit.
fn add(amounts: &mut Amounts, what: Resource, amount: u64) {
    let held = amounts.of_mut(what);
    *held = held.saturating_add(amount);
}

fn subtract(amounts: &mut Amounts, what: Resource, amount: u64) {
    let held = amounts.of_mut(what);
    *held = held.saturating_sub(amount);
}
