// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cabotage ls`: what there is on this machine, whoever made it.

use cabotage::link::names::Kind;
use cabotage::shm::{self, Entry};
use serde::Serialize;

use super::fifos::{self, OpenFifo};
use super::{channel_names, link_names, people, pipe_names, topic_names};
use crate::address::{Address, KINDS};
use crate::exit::{Exit, Failure};
use crate::output::{self, Output, Style};

/// List what there is on this machine
///
/// shm: every shared memory object, with its size, the memory it really uses (less if its creator only promised
/// the rest), mode, owner, and the time since its last change by a system call.
///
/// trusting: channels over plain named objects, with who produces and who consumes, what waits, mode and owner.
///
/// topic: topics, with who publishes, how many subscribe, mode and owner.
///
/// fifo: FIFOs that some process has open. Idle ones are mere names in a directory, which no list holds.
///
/// pipe: Windows named pipes, with scope, how many instances there are, mode and owner. One exists as long as a process
/// has an instance of it.
///
/// link, channel, alpc, mach: names that processes of this user and of the system have published, with scope, mode, owner, and
/// whether the process lives.
#[derive(Debug, clap::Args)]
pub(crate) struct LsArgs {
    /// Only this kind
    #[arg(value_parser = KINDS)]
    kind: Option<String>,
}

/// Lists.
pub(crate) fn run(args: &LsArgs, output: &Output) -> Result<Exit, Failure> {
    let wants = |kind| args.kind.as_deref().is_none_or(|wanted| wanted == kind);
    if wants("shm") {
        list_objects(output)?;
    }
    if wants("channel") {
        link_names::list(Kind::Channel, output)?;
    }
    if wants("trusting") {
        channel_names::list(output)?;
    }
    if wants("topic") {
        topic_names::list(output)?;
    }
    if wants("fifo") {
        list_fifos(output)?;
    }
    if wants("pipe") {
        pipe_names::list(output)?;
    }
    if wants("link") {
        link_names::list(Kind::Link, output)?;
    }
    if wants("alpc") {
        link_names::list(Kind::Alpc, output)?;
    }
    if wants("mach") {
        link_names::list(Kind::Mach, output)?;
    }
    Ok(Exit::Done)
}

fn list_objects(output: &Output) -> Result<(), Failure> {
    for entry in shm::list()? {
        let row = ObjectRow::of(&entry);
        match output.is_json() {
            true => output.record(&row)?,
            false => output.line(format_args!(
                "{}  {:>9}  {:>9} real  {}  {}  {} old",
                output.paint(Style::Bold, format_args!("{:32}", row.address)),
                output::bytes(entry.bytes as u64),
                output::bytes(entry.real_bytes as u64),
                row.mode,
                row.owner,
                people::shown_age(people::age(entry.modified))
            ))?,
        }
    }
    Ok(())
}

fn list_fifos(output: &Output) -> Result<(), Failure> {
    let found = fifos::find()?;
    for fifo in found.sorted() {
        let row = FifoRow::of(fifo);
        match output.is_json() {
            true => output.record(&row)?,
            false => output.line(format_args!(
                "{}  {}, {}  {}  {}",
                output.paint(Style::Bold, format_args!("{:32}", row.address)),
                counted(row.readers, "reader"),
                counted(row.writers, "writer"),
                row.mode,
                row.owner
            ))?,
        }
    }
    if found.unseen > 0 {
        output.remark(format_args!(
            "{} could not be looked into (another user's?): more FIFOs may be open",
            counted(found.unseen, "process")
        ));
    }
    Ok(())
}

/// `1 reader`, `2 readers`, `3 processes`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        _ if noun.ends_with('s') => format!("{count} {noun}es"),
        _ => format!("{count} {noun}s"),
    }
}

/// An object, for programs.
#[derive(Debug, Serialize)]
pub(crate) struct ObjectRow {
    kind: &'static str,
    pub(crate) address: String,
    bytes: usize,
    real_bytes: usize,
    pub(crate) mode: String,
    uid: u32,
    pub(crate) owner: String,
    age_seconds: u64,
}

impl ObjectRow {
    /// What a program is told of `entry`.
    pub(crate) fn of(entry: &Entry) -> Self {
        Self {
            kind: "shm",
            address: Address::Shm(entry.name.clone()).to_string(),
            bytes: entry.bytes,
            real_bytes: entry.real_bytes,
            mode: people::mode(entry.mode),
            uid: entry.uid,
            owner: people::owner(entry.uid),
            age_seconds: people::age(entry.modified).as_secs(),
        }
    }
}

/// A FIFO that is open, for programs.
#[derive(Debug, Serialize)]
struct FifoRow {
    kind: &'static str,
    address: String,
    readers: usize,
    writers: usize,
    mode: String,
    uid: u32,
    owner: String,
}

impl FifoRow {
    fn of(fifo: &OpenFifo) -> Self {
        Self {
            kind: "fifo",
            address: Address::Fifo(fifo.path.clone()).to_string(),
            readers: fifo.readers,
            writers: fifo.writers,
            mode: people::mode(fifo.mode),
            uid: fifo.uid,
            owner: people::owner(fifo.uid),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nouns_agree_with_their_number() {
        assert_eq!(counted(1, "process"), "1 process");
        assert_eq!([counted(0, "reader"), counted(2, "process")], ["0 readers", "2 processes"]);
    }
}
