// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which calls are made.

use proptest::prelude::*;

use crate::kernel::calls::Notice;
use crate::right::{Disposition, Right};

/// So many tasks call.
pub(super) const TASKS: usize = 3;

/// One call. Numbers choose among what there is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Call {
    Allocate {
        task: usize,
        right: Right,
    },
    CopyIn {
        task: usize,
        name: usize,
        disposition: Disposition,
    },
    CopyOut {
        task: usize,
        loose: usize,
    },
    Destroy {
        task: usize,
        name: usize,
    },
    Deallocate {
        task: usize,
        name: usize,
    },
    Modify {
        task: usize,
        name: usize,
        right: Right,
        delta: i32,
    },
    /// Copy in and out again, by another task.
    Give {
        task: usize,
        name: usize,
        disposition: Disposition,
        to: usize,
    },
    /// With a new send-once right of a task.
    Request {
        task: usize,
        name: usize,
        notice: Notice,
        sync: u32,
        teller: usize,
        port: usize,
    },
    Member {
        task: usize,
        member: usize,
        set: usize,
        how: usize,
    },
    Drain {
        task: usize,
        name: usize,
    },
    DestroyLoose {
        loose: usize,
    },
    Restart {
        task: usize,
    },
}

pub(super) fn any_call() -> impl Strategy<Value = Call> {
    let task = || 0..TASKS;
    let pick = || 0..1000_usize;
    let right = prop::sample::select(Right::ALL.to_vec());
    let disposition =
        || (16..=21_u32).prop_map(|raw| Disposition::from_raw(raw).expect("one of the six dispositions"));
    let notice = prop::sample::select(vec![Notice::DeadName, Notice::NoSenders, Notice::PortDestroyed]);
    let new = prop::sample::select(vec![Right::Receive, Right::Receive, Right::PortSet, Right::DeadName]);
    let far = prop::sample::select(vec![65_534, 65_535, -65_535, i32::MIN]);
    let delta = prop_oneof![2 => -3..=3_i32, 1 => far];
    prop_oneof![
        4 => (task(), new).prop_map(|(task, right)| Call::Allocate { task, right }),
        3 => (task(), pick(), disposition())
            .prop_map(|(task, name, disposition)| Call::CopyIn { task, name, disposition }),
        3 => (task(), pick()).prop_map(|(task, loose)| Call::CopyOut { task, loose }),
        10 => (task(), pick(), disposition(), task())
            .prop_map(|(task, name, disposition, to)| Call::Give { task, name, disposition, to }),
        2 => (task(), pick()).prop_map(|(task, name)| Call::Destroy { task, name }),
        3 => (task(), pick()).prop_map(|(task, name)| Call::Deallocate { task, name }),
        4 => (task(), pick(), right, delta)
            .prop_map(|(task, name, right, delta)| Call::Modify { task, name, right, delta }),
        8 => (task(), pick(), notice, 0..3_u32, task(), pick()).prop_map(
            |(task, name, notice, sync, teller, port)| Call::Request { task, name, notice, sync, teller, port }
        ),
        4 => (task(), pick(), pick(), 0..3_usize)
            .prop_map(|(task, member, set, how)| Call::Member { task, member, set, how }),
        3 => (task(), pick()).prop_map(|(task, name)| Call::Drain { task, name }),
        1 => pick().prop_map(|loose| Call::DestroyLoose { loose }),
        1 => task().prop_map(|task| Call::Restart { task }),
    ]
}
