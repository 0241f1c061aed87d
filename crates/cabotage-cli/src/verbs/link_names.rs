// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names of links: which there are, whose they are, and the removal of those whose owner has ended.

use std::time::Duration;

use cabotage::Deadline;
use cabotage::link::names::{Kind, Listed, Name, Registry, Scope};
use serde::Serialize;

use super::people;
use crate::address::Address;
use crate::exit::{Exit, Failure};
use crate::output::{Output, Style};

/// A name of a link, for programs.
#[derive(Debug, Serialize)]
struct NameRow {
    kind: &'static str,
    address: String,
    scope: String,
    /// `null`: not known, since another user keeps it to itself.
    alive: Option<bool>,
    /// `null` as well when the owner has ended.
    pid: Option<i32>,
    mode: String,
    uid: u32,
    owner: String,
}

impl NameRow {
    fn of(listed: &Listed) -> Self {
        Self {
            kind: "link",
            address: Address::Link(listed.name.clone()).to_string(),
            scope: listed.scope.to_string(),
            alive: listed.alive,
            pid: listed.pid,
            mode: people::mode(listed.mode),
            uid: listed.owner,
            owner: people::owner(listed.owner),
        }
    }

    fn state(&self) -> &'static str {
        match self.alive {
            Some(true) => "alive",
            Some(false) => "left behind",
            None => "owner unknown",
        }
    }
}

/// Lists all names of both scopes.
pub(crate) fn list(output: &Output) -> Result<(), Failure> {
    for listed in Registry::from_environment().list(Kind::Link)? {
        let row = NameRow::of(&listed);
        match output.is_json() {
            true => output.record(&row)?,
            false => output.line(format_args!(
                "{}  {:6}  {:13}  {}  {}",
                output.paint(Style::Bold, format_args!("{:32}", row.address)),
                row.scope,
                row.state(),
                row.mode,
                row.owner
            ))?,
        }
    }
    Ok(())
}

/// Shows one name, in each scope that has it; the one that a client finds comes first.
pub(crate) fn show(name: &Name, output: &Output) -> Result<(), Failure> {
    let all = Registry::from_environment().list(Kind::Link)?;
    let found: Vec<_> = all.iter().filter(|listed| listed.name == *name).map(NameRow::of).collect();
    if found.is_empty() {
        return Err(missing(name));
    }
    for row in found {
        if output.is_json() {
            output.record(&row)?;
            continue;
        }
        output.line(output.paint(Style::Bold, &row.address))?;
        output.line(format_args!("  {} scope, {}", row.scope, life(&row)))?;
        output.line(format_args!("  mode {}, owner {}", row.mode, row.owner))?;
    }
    Ok(())
}

fn life(row: &NameRow) -> String {
    match (row.alive, row.pid) {
        (Some(true), Some(pid)) => format!("published by pid {pid}, which lives"),
        (Some(true), None) => "published by a process that lives".into(),
        (Some(false), _) => {
            "left behind by a process that has ended: the next one takes it over, `rm` removes it".into()
        }
        (None, _) => "its owner's life cannot be told: it is another user's".into(),
    }
}

/// Removes a name of ours whose owner has ended, from each scope that has it; a living owner's stays.
///
/// # Errors
/// There is none, its owner lives, or it is another user's.
pub(crate) fn remove(name: &Name) -> Result<(), Failure> {
    let registry = Registry::from_environment();
    let mut any = false;
    for scope in [Scope::User, Scope::System] {
        any |= registry.remove_stale(Kind::Link, name, scope, Deadline::within(OTHERS_ARE_BUSY))?;
    }
    if any { Ok(()) } else { Err(missing(name)) }
}

fn missing(name: &Name) -> Failure {
    Failure::new(
        Exit::Missing,
        format!("nobody has published link:{name}; `cabotage ls link` tells which names there are"),
    )
}

/// Others hold a name's lock for a few system calls.
const OTHERS_ARE_BUSY: Duration = Duration::from_secs(5);
