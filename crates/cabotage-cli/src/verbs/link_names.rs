// SPDX-License-Identifier: MIT OR Apache-2.0
//! Published names, of links and of channels: which there are, whose they are, and the removal of those whose owner has
//! ended.

use std::time::Duration;

use cabotage::Deadline;
use cabotage::link::names::{Kind, Listed, Name, Registry, Scope};
use serde::Serialize;

use super::people;
use crate::exit::{Exit, Failure};
use crate::output::{Output, Style};

/// A published name, for programs.
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
    fn of(kind: Kind, listed: &Listed) -> Self {
        Self {
            kind: kind.directory(),
            address: address(kind, &listed.name),
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

/// As it is written for this command: the directory of a kind is called like its addresses.
fn address(kind: Kind, name: &Name) -> String {
    match kind {
        Kind::Channel => format!("{}:/{name}", kind.directory()),
        _ => format!("{}:{name}", kind.directory()),
    }
}

/// Lists all names of this kind, in both scopes.
pub(crate) fn list(kind: Kind, output: &Output) -> Result<(), Failure> {
    let names = Registry::from_environment().list(kind)?;
    for listed in &names {
        let row = NameRow::of(kind, listed);
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
    if names.iter().any(|listed| listed.alive == Some(false)) && !output.is_json() {
        output.remark("what is left behind is taken over by the next owner; `cabotage gc` removes it");
    }
    Ok(())
}

/// Shows one name, in each scope that has it; the one that a client finds comes first.
pub(crate) fn show(kind: Kind, name: &Name, output: &Output) -> Result<(), Failure> {
    let all = Registry::from_environment().list(kind)?;
    let with_name = all.iter().filter(|listed| listed.name == *name);
    let found: Vec<_> = with_name.map(|listed| NameRow::of(kind, listed)).collect();
    if found.is_empty() {
        return Err(missing(kind, name));
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
            "left behind by a process that has ended: the next one takes it over, `rm` or `gc` removes it"
                .into()
        }
        (None, _) => "its owner's life cannot be told: it is another user's".into(),
    }
}

/// Removes a name of ours whose owner has ended, from each scope that has it; a living owner's stays.
///
/// # Errors
/// There is none, its owner lives, or it is another user's.
pub(crate) fn remove(kind: Kind, name: &Name) -> Result<(), Failure> {
    let registry = Registry::from_environment();
    let mut any = false;
    for scope in [Scope::User, Scope::System] {
        any |= registry.remove_stale(kind, name, scope, Deadline::within(OTHERS_ARE_BUSY))?;
    }
    if any { Ok(()) } else { Err(missing(kind, name)) }
}

fn missing(kind: Kind, name: &Name) -> Failure {
    let (address, kind) = (address(kind, name), kind.directory());
    let words = format!("nobody has published {address}; `cabotage ls {kind}` tells which names there are");
    Failure::new(Exit::Missing, words)
}

/// Others hold a name's lock for a few system calls.
const OTHERS_ARE_BUSY: Duration = Duration::from_secs(5);
