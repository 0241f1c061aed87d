// SPDX-License-Identifier: MIT OR Apache-2.0
//! Who holds an object, told: a line a process, or rows for programs.

use std::fmt;
use std::fs;

use cabotage::os::holders::{Access, Descriptor, Holder, Holders, Mapping};
use serde::Serialize;

use super::ls::counted;
use crate::exit::Failure;
use crate::output::{self, Output};

/// A process that holds the object, for programs.
#[derive(Debug, Serialize)]
pub(crate) struct HolderRow {
    pid: u32,
    command: String,
    /// Whether it can still act: neither stopped nor ended.
    alive: bool,
    state: &'static str,
    descriptors: Vec<DescriptorRow>,
    maps: Vec<MapRow>,
}

#[derive(Debug, Serialize)]
struct DescriptorRow {
    number: i32,
    access: &'static str,
}

#[derive(Debug, Serialize)]
struct MapRow {
    bytes: u64,
    access: &'static str,
    shared: bool,
}

/// The rows of all holders but this process.
pub(crate) fn rows(holders: &Holders) -> Vec<HolderRow> {
    let others = holders.processes.iter().filter(|holder| holder.pid != std::process::id());
    others.map(HolderRow::of).collect()
}

/// Says who holds it, to a person.
pub(crate) fn tell(rows: &[HolderRow], unseen: usize, output: &Output) -> Result<(), Failure> {
    if rows.is_empty() {
        output.line("  held by no process")?;
    }
    for row in rows {
        output.line(format_args!("  held by {row}"))?;
    }
    if unseen > 0 {
        let unseen = counted(unseen, "process");
        output
            .remark(format_args!("{unseen} could not be looked into (another user's?) and may hold it too"));
    }
    Ok(())
}

impl HolderRow {
    fn of(holder: &Holder) -> Self {
        let state = state_of(holder.pid);
        Self {
            pid: holder.pid,
            command: holder.command.clone(),
            alive: ["running", "sleeping", "waiting for a device"].contains(&state),
            state,
            descriptors: holder.descriptors.iter().map(DescriptorRow::of).collect(),
            maps: holder.maps.iter().map(MapRow::of).collect(),
        }
    }
}

impl DescriptorRow {
    fn of(descriptor: &Descriptor) -> Self {
        Self { number: descriptor.number, access: word(descriptor.access) }
    }
}

impl MapRow {
    fn of(map: &Mapping) -> Self {
        Self { bytes: map.bytes, access: word(map.access), shared: map.is_shared }
    }
}

impl fmt::Display for HolderRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pid {} ({}, {})", self.pid, self.command, self.state)?;
        for DescriptorRow { number, access } in &self.descriptors {
            write!(f, ", descriptor {number} for {access}")?;
        }
        for MapRow { bytes, access, shared } in &self.maps {
            let private = if *shared { "" } else { "private " };
            write!(f, ", {private}map of {} for {access}", output::bytes(*bytes))?;
        }
        Ok(())
    }
}

fn word(access: Access) -> &'static str {
    match (access.read, access.write) {
        (true, true) => "reading and writing",
        (true, false) => "reading",
        (false, true) => "writing",
        (false, false) => "neither reading nor writing",
    }
}

/// What the process does, from field 3 of `/proc/pid/stat`.
fn state_of(pid: u32) -> &'static str {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    state_in(&stat)
}

fn state_in(stat: &str) -> &'static str {
    // The command name, field 2, stands in parentheses and may hold anything.
    match stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next()) {
        Some('R') => "running",
        Some('S' | 'I') => "sleeping",
        Some('D') => "waiting for a device",
        Some('T' | 't') => "stopped",
        _ => "ended",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_name_cannot_forge_the_state() {
        assert_eq!(state_in("7 (evil) R 1) T 1 7"), "stopped");
        assert_eq!(state_in(""), "ended");
    }
}
