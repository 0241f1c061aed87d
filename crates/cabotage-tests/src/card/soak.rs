// SPDX-License-Identifier: MIT OR Apache-2.0
//! Links and channels are opened, used and closed again and again: nothing may grow.

use std::fmt;

use cabotage_link::{Link, Options, Wait};
use cabotage_os::Deadline;

use crate::Wrong;
use crate::channels::Form;
use crate::inventory::Inventory;
use crate::scratch::Scratch;
use crate::watchdog::soon;

/// Before anything is counted: allocators and tables have their size then.
const WARM_UP: u64 = 500;

/// What was found.
#[derive(Debug)]
pub(super) struct Found {
    cycles: u64,
    pub(super) left: Option<String>,
    pub(super) grown_kib: u64,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let left = self.left.as_deref().unwrap_or("nothing");
        write!(f, "{} cycles, left: {left}, grown by {} KiB", self.cycles, self.grown_kib)
    }
}

/// Goes through so many cycles.
pub(super) fn run(cycles: u64) -> Result<Found, Wrong> {
    let place = Scratch::new();
    (0..WARM_UP).try_for_each(|_| cycle(&place))?;
    let (before, memory) = (Inventory::of_self().and_place(&place), resident_kib());
    (0..cycles).try_for_each(|_| cycle(&place))?;
    let left = Inventory::of_self().and_place(&place).since(&before);
    Ok(Found { cycles, left, grown_kib: resident_kib().saturating_sub(memory) })
}

fn cycle(place: &Scratch) -> Result<(), Wrong> {
    let options = Options::new().wait(Wait::Block);
    let (mut near, far) = Link::pair(options.clone())?;
    let mut far = far.link(options)?;
    for _ in 0..3 {
        near.send(b"ahoy", soon())?;
        far.receive(soon())?;
        far.send(b"ahoy", soon())?;
        near.receive(soon())?;
    }
    let mut producer = Form::Trusting.create(place, Deadline::Now)?;
    producer.send(b"ahoy", soon())?;
    let mut consumer = Form::Trusting.open(place, Deadline::Now)?;
    drop(consumer.receive(soon())?);
    consumer.remove()?;
    Ok(())
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
