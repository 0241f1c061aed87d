// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the quotas promise: nobody takes it all, nobody is harmed by another, and everything comes back.

use std::collections::HashMap;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const OWN: u32 = 1000;
const POOL: Amounts = Amounts { links: 16_384, bytes: 1 << 30, descriptors: 4096 };

fn owner(uid: u32, pid: i32) -> Owner {
    Owner { uid, process: ProcessKey { pid, start: 1 } }
}

fn ledger() -> Ledger {
    Ledger::new(Limits { foreign: POOL, ours: Amounts { links: 100, ..POOL } }, OWN)
}

/// Takes as much as a process can get; answers how much that was.
fn take_all(ledger: &mut Ledger, owner: Owner, what: Resource) -> u64 {
    let mut taken = 0;
    for step in (0..40).rev().map(|bit| 1 << bit) {
        while ledger.charge(owner, what, step).is_ok() {
            taken += step;
        }
    }
    taken
}

/// Takes as much as a user can get by this many processes.
fn take_all_by(ledger: &mut Ledger, uid: u32, processes: i32, what: Resource) -> u64 {
    (1..=processes).map(|pid| take_all(ledger, owner(uid, pid), what)).sum()
}

#[test]
fn a_foreign_user_gets_at_most_half_and_each_of_its_processes_at_most_half_of_that() {
    let mut ledger = ledger();
    assert_eq!(take_all(&mut ledger, owner(1, 1), Resource::Links), POOL.links / 4);
    let taken = take_all_by(&mut ledger, 1, 1000, Resource::Links);
    assert!(POOL.links / 4 + taken <= POOL.links / 2);
    assert!(taken > 0, "a second process of the user finds something");
}

#[test]
fn the_refusal_says_whose_share_is_used_up_and_how_large_it_is() {
    let mut ledger = ledger();
    let half = POOL.descriptors / 2;
    let refusal = ledger.charge(owner(1, 1), Resource::Descriptors, half + 1).unwrap_err();
    let what = Resource::Descriptors;
    assert_eq!(refusal, QuotaExceeded { what, level: Level::Uid, limit: half, in_use: 0 });
    ledger.charge(owner(1, 1), what, half / 2).unwrap();
    let refusal = ledger.charge(owner(1, 1), what, 1).unwrap_err();
    assert_eq!(refusal, QuotaExceeded { what, level: Level::Process, limit: half / 2, in_use: half / 2 });
    let text = refusal.to_string();
    assert!(text.contains("process") && text.contains("1024 descriptors"), "{text}");
    assert_eq!(refusal.fault(), Fault::Peer);
}

#[test]
fn one_process_can_fill_its_share_many_times_over_and_another_of_its_user_still_gets_one() {
    let mut ledger = ledger();
    take_all(&mut ledger, owner(1, 1), Resource::Bytes);
    assert!(take_all(&mut ledger, owner(1, 2), Resource::Bytes) >= POOL.bytes / 2 / 8);
}

#[test]
fn foreign_users_take_nothing_from_our_own_processes_and_these_nothing_from_them() {
    let mut ledger = ledger();
    for uid in 1..=50 {
        take_all_by(&mut ledger, uid, 10, Resource::Links);
    }
    assert_eq!(take_all(&mut ledger, owner(OWN, 1), Resource::Links), 50);
    assert_eq!(take_all(&mut ledger, owner(0, 1), Resource::Links), 12);
    let before = ledger.in_use().foreign;
    take_all_by(&mut ledger, OWN, 100, Resource::Links);
    assert!(ledger.in_use().ours.links <= 100);
    assert_eq!(ledger.in_use().foreign, before);
}

#[test]
fn our_own_user_is_bounded_by_the_process_only() {
    let mut ledger = ledger();
    let refusal = ledger.charge(owner(OWN, 1), Resource::Links, 51).unwrap_err();
    assert_eq!((refusal.level, refusal.limit), (Level::Process, 50));
}

#[test]
fn two_processes_with_the_same_number_one_after_the_other_are_two() {
    let mut ledger = ledger();
    let later = Owner { process: ProcessKey { pid: 1, start: 2 }, ..owner(1, 1) };
    ledger.charge(owner(1, 1), Resource::Links, POOL.links / 4).unwrap();
    assert!(ledger.charge(owner(1, 1), Resource::Links, 1).is_err());
    ledger.charge(later, Resource::Links, 1).unwrap();
}

#[test]
fn a_charge_beyond_all_numbers_is_refused() {
    let mut ledger = ledger();
    ledger.charge(owner(1, 1), Resource::Bytes, 1).unwrap();
    assert!(ledger.charge(owner(1, 1), Resource::Bytes, u64::MAX).is_err());
    assert!(ledger.charge(owner(OWN, 1), Resource::Bytes, u64::MAX).is_err());
}

#[test]
fn a_charge_of_nothing_and_a_refused_one_leave_no_entry() {
    let mut ledger = ledger();
    ledger.charge(owner(1, 1), Resource::Bytes, 0).unwrap();
    ledger.charge(owner(1, 1), Resource::Bytes, u64::MAX).unwrap_err();
    ledger.charge(owner(OWN, 1), Resource::Bytes, u64::MAX).unwrap_err();
    assert!(ledger.is_empty());
}

/// One part in `n·log₂² n`.
fn promised(pool: u64, users: u32) -> f64 {
    pool as f64 / (f64::from(users) * f64::from(users).log2().powi(2))
}

#[test]
fn the_last_of_n_users_finds_its_part_however_greedy_the_others_are() {
    for users in 2..=50 {
        let mut ledger = ledger();
        for uid in 1..users {
            take_all_by(&mut ledger, uid + OWN, 12, Resource::Bytes);
        }
        let limit = ledger.charge(owner(users + OWN, 1), Resource::Bytes, 1 << 31).unwrap_err().limit;
        assert!(limit as f64 >= promised(POOL.bytes, users) / 4.0, "{users} users: {limit} bytes");
    }
}

#[test]
fn of_many_users_each_is_sure_of_one_part_in_n_log_squared_n() {
    let mut left = 1 << 40;
    for users in 1..=10_000 {
        let part = share::of(left, users as usize);
        assert!(users < 1000 || part as f64 >= promised(1 << 40, users), "{users} users: {part} bytes");
        left -= part;
    }
}

/// What the random owners do: who, with what, how much; a negative amount is given back.
fn steps() -> impl Strategy<Value = Vec<(u32, i32, usize, i64)>> {
    vec((prop::sample::select(vec![0, 1, 2, 3, OWN]), 1..4_i32, 0..3_usize, -600..600_i64), 0..200)
}

proptest! {
    #[test]
    fn random_charges_never_let_anyone_above_its_share_and_everything_comes_back(steps in steps()) {
        let pool = Amounts { links: 1000, bytes: 3000, descriptors: 400 };
        let mut ledger = Ledger::new(Limits { foreign: pool, ours: pool }, OWN);
        let mut held: HashMap<(Owner, Resource), u64> = HashMap::new();
        for (uid, pid, which, change) in steps {
            let (owner, what, amount) = (owner(uid, pid), Resource::ALL[which], change.unsigned_abs());
            if change < 0 {
                let had = held.entry((owner, what)).or_default();
                ledger.release(owner, what, amount.min(*had));
                *had -= amount.min(*had);
                continue;
            }
            let before = ledger.in_use();
            match ledger.charge(owner, what, amount) {
                Ok(()) => {
                    *held.entry((owner, what)).or_default() += amount;
                    prop_assert!(amount == 0 || keeps_its_share(&held, owner, what, pool.of(what)));
                }
                Err(refusal) => {
                    prop_assert_eq!(ledger.in_use(), before);
                    prop_assert!(refusal.in_use + amount > refusal.limit);
                }
            }
        }
        for ((owner, what), amount) in held {
            ledger.release(owner, what, amount);
        }
        prop_assert!(ledger.is_empty());
    }
}

/// By a plain count: whether the process has at most half of what the others leave of what its user may have.
fn keeps_its_share(held: &HashMap<(Owner, Resource), u64>, owner: Owner, what: Resource, pool: u64) -> bool {
    let is_ours = |uid| uid == 0 || uid == OWN;
    let sum = |counts: &dyn Fn(&Owner) -> bool| -> u64 {
        held.iter().filter(|((who, kind), _)| *kind == what && counts(who)).map(|(_, amount)| amount).sum()
    };
    let process = sum(&|who| *who == owner);
    if is_ours(owner.uid) {
        let group = sum(&|who| is_ours(who.uid));
        return group <= pool && 2 * process <= pool - (group - process);
    }
    let (user, foreign) = (sum(&|who| who.uid == owner.uid), sum(&|who| !is_ours(who.uid)));
    let share = (pool - (foreign - user)) / 2;
    foreign <= pool && user <= share && 2 * process <= share - (user - process)
}
