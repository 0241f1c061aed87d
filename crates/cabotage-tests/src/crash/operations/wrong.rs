// SPDX-License-Identifier: MIT OR Apache-2.0
//! Operations that are wrong on purpose, each in one way: the harness must find every one of them.

use std::sync::Arc;
use std::time::Duration;

use cabotage_os::map::{MapMut, MapOptions};
use cabotage_os::memfd::Memfd;

use crate::Wrong;
use crate::crash::stage::{After, Gate, Ground, Operation, Outcome, Stage};
use crate::record::Mark;

const BYTES: usize = 64;
/// Where the count of records lies, in front of them.
const COUNT: usize = 0;
const RECORDS: usize = 64;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation { name: "wrong.count-before-record", set: |_| stage(count_before_record) },
    Operation { name: "wrong.count-twice", set: |_| stage(count_twice) },
    Operation { name: "wrong.told-before-sent", set: |_| stage(told_before_sent) },
    Operation { name: "wrong.file-left", set: |_| stage(file_left) },
];

fn stage(victim: fn(&Gate<'_>, &MapMut)) -> Result<Stage, Wrong> {
    let memory = Memfd::create("wrong", 4096)?;
    let map = Arc::new(MapOptions::new().read_write(&memory, 4096)?);
    let theirs = Arc::clone(&map);
    let survivor = After(move |ground: &Ground<'_>, outcome: &mut Outcome| {
        outcome.told_after = Some(Duration::ZERO);
        let count = map.load_u64(COUNT)?;
        for number in 0..count {
            let mut record = [0; BYTES];
            map.copy_to(RECORDS, &mut record)?;
            if (Mark { stream: 0, number }) != Mark::of(&record)? {
                return Err("a record is doubled".into());
            }
        }
        ground.notes.check_received(count)
    });
    Ok(Stage { victim: Box::new(move |gate| victim(gate, &theirs)), survivor: Box::new(survivor) })
}

fn record() -> Vec<u8> {
    Mark { stream: 0, number: 0 }.record(BYTES)
}

fn count_before_record(gate: &Gate<'_>, map: &MapMut) {
    let record = record();
    gate.operation(|| {
        gate.notes.sending(0, || {
            map.store_u64(COUNT, 1)?;
            map.copy_from(RECORDS, &record)
        })
    });
}

fn count_twice(gate: &Gate<'_>, map: &MapMut) {
    let record = record();
    gate.operation(|| {
        gate.notes.sending(0, || {
            map.copy_from(RECORDS, &record)?;
            map.store_u64(COUNT, 2)?;
            map.store_u64(COUNT, 1)
        })
    });
}

fn told_before_sent(gate: &Gate<'_>, map: &MapMut) {
    let record = record();
    gate.operation(|| {
        gate.notes.sending(0, || Ok::<_, Wrong>(()))?;
        map.copy_from(RECORDS, &record)?;
        Ok::<_, Wrong>(map.store_u64(COUNT, 1)?)
    });
}

fn file_left(gate: &Gate<'_>, _: &MapMut) {
    let path = gate.place.path("left");
    gate.operation(|| std::fs::write(&path, "x").and_then(|()| std::fs::remove_file(&path)));
}
