// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cabotage show`: one object, how full it is, and who holds it.
//!
//! Nothing is disturbed by looking: objects are held by their inodes, not opened, which needs no right to them.
//! Opening a FIFO would wake whoever waits in an open of its own. /proc tells who holds it, and a copy of a
//! holder's descriptor (pidfd_getfd), which exists for an instant, tells how full it is.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use cabotage::link::names;
use cabotage::os::fifo::{Kind, Pin, Place};
use cabotage::os::holders::{self, Holders};
use cabotage::os::object::facts;
use cabotage::os::process::{Pid, Pidfd};
use cabotage::os::{Errno, SystemError, pipe};
use cabotage::pipe::fifo::OpenError;
use cabotage::shm::{Directory, Name, ObjectError};
use serde::Serialize;

use super::holders::{HolderRow, rows, tell};
use super::ls::ObjectRow;
use super::{channel_names, link_names, objects, people, pipe_names, topic_names};
use crate::address::Address;
use crate::exit::{Exit, Failure};
use crate::output::{self, Output, Style};

/// Show one thing: size, fill, rights, and who holds it
///
/// Holders are found in /proc: with pid, command, descriptors, maps, and what each may do. Processes of other
/// users stay unseen unless you are root; how many is told.
///
/// Looking disturbs nobody: a FIFO is not opened. How full it is tells a copy of a holder's descriptor; where the
/// system forbids that, it stays unknown.
#[derive(Debug, clap::Args)]
pub(crate) struct ShowArgs {
    /// What to show: shm:/NAME, channel:/NAME, trusting:/NAME, topic:/NAME, fifo:PATH, pipe:NAME, link:NAME, alpc:NAME or mach:NAME
    #[arg(value_parser = Address::argument())]
    address: Address,
}

/// Shows.
pub(crate) fn run(args: &ShowArgs, output: &Output) -> Result<Exit, Failure> {
    match &args.address {
        Address::Shm(name) => show_object(name, output)?,
        Address::Fifo(path) => show_fifo(path, output)?,
        Address::Channel(form, name) => channel_names::show(*form, name, output)?,
        Address::Topic(name) => topic_names::show(name, output)?,
        Address::Pipe(name) => pipe_names::show(name, output)?,
        Address::Link(name) => link_names::show(names::Kind::Link, name, output)?,
        Address::Alpc(name) => link_names::show(names::Kind::Alpc, name, output)?,
        Address::Mach(name) => link_names::show(names::Kind::Mach, name, output)?,
    }
    Ok(Exit::Done)
}

/// An object and its holders, for programs.
#[derive(Debug, Serialize)]
struct HeldObjectRow {
    #[serde(flatten)]
    object: ObjectRow,
    holders: Vec<HolderRow>,
    unseen_processes: usize,
}

fn show_object(name: &Name, output: &Output) -> Result<(), Failure> {
    let path = Directory::default().path().join(OsStr::from_bytes(name.file_name()));
    let missing = || ObjectError::Missing { name: name.clone() };
    let pin = pin(&path)?.ok_or_else(missing)?;
    let entry = objects::entry(name)?.ok_or_else(|| not_an_object(name, &pin))?;
    let held = holders::of(&pin)?;
    let row =
        HeldObjectRow { object: ObjectRow::of(&entry), holders: rows(&held), unseen_processes: held.unseen };
    if output.is_json() {
        return output.record(&row);
    }
    let (size, real) = (output::bytes(entry.bytes as u64), output::bytes(entry.real_bytes as u64));
    let age = people::shown_age(people::age(entry.modified));
    output.line(output.paint(Style::Bold, &row.object.address))?;
    output.line(format_args!("  {size}, {real} of memory in use, changed {age} ago"))?;
    output.line(format_args!("  mode {}, owner {}", row.object.mode, row.object.owner))?;
    tell(&row.holders, row.unseen_processes, output)
}

/// The directory has no object of this name, and yet something is there.
fn not_an_object(name: &Name, pin: &Pin) -> Failure {
    Failure::new(Exit::Failed, format!("{name} is {}, not shared memory", pin.status.kind))
}

/// A FIFO, for programs.
#[derive(Debug, Serialize)]
struct FifoRow {
    kind: &'static str,
    address: String,
    /// `null`: somebody holds it, but the system does not let us look.
    unread_bytes: Option<usize>,
    /// `null` as well while nobody holds it: then there is no buffer.
    capacity_bytes: Option<usize>,
    mode: String,
    uid: u32,
    owner: String,
    holders: Vec<HolderRow>,
    unseen_processes: usize,
}

fn show_fifo(path: &Path, output: &Output) -> Result<(), Failure> {
    let pin = pin_fifo(path)?;
    let held = holders::of(&pin)?.only(|access| access.read || access.write);
    let fill = fill(&held, &pin);
    let row = FifoRow {
        kind: "fifo",
        address: Address::Fifo(path.into()).to_string(),
        unread_bytes: fill.map(|fill| fill.unread_bytes).or((is_idle(&held)).then_some(0)),
        capacity_bytes: fill.map(|fill| fill.capacity_bytes),
        mode: people::mode(pin.status.mode & 0o777),
        uid: pin.status.owner,
        owner: people::owner(pin.status.owner),
        holders: rows(&held),
        unseen_processes: held.unseen,
    };
    if output.is_json() {
        return output.record(&row);
    }
    output.line(output.paint(Style::Bold, &row.address))?;
    output.line(format_args!("  {}", filling(&row)))?;
    output.line(format_args!("  mode {}, owner {}", row.mode, row.owner))?;
    tell(&row.holders, row.unseen_processes, output)
}

fn filling(row: &FifoRow) -> String {
    match (row.unread_bytes, row.capacity_bytes) {
        (Some(unread), Some(capacity)) => {
            format!("{} of {} unread", output::bytes(unread as u64), output::bytes(capacity as u64))
        }
        (Some(_), None) => "empty: nobody has it open, and what is unread goes with the last end".into(),
        _ => "unread bytes unknown: the system keeps the holders' descriptors from this user".into(),
    }
}

/// The FIFO, held by its inode.
fn pin_fifo(path: &Path) -> Result<Pin, Failure> {
    let pin = pin(path)?.ok_or_else(|| OpenError::Missing { path: path.into() })?;
    match pin.status.kind {
        Kind::Fifo => Ok(pin),
        found => Err(OpenError::NotAFifo { path: path.into(), found }.into()),
    }
}

/// Whatever is at `path`, held by its inode without opening it; `None` when nothing is.
fn pin(path: &Path) -> Result<Option<Pin>, Failure> {
    match Place::of(path)?.pin() {
        Ok(pin) => Ok(Some(pin)),
        Err(refusal) if refusal.errno() == Errno::NOENT => Ok(None),
        Err(refusal) => Err(refusal.into()),
    }
}

fn is_idle(held: &Holders) -> bool {
    held.processes.is_empty() && held.unseen == 0
}

/// How full a FIFO is.
#[derive(Debug, Clone, Copy)]
struct Fill {
    unread_bytes: usize,
    capacity_bytes: usize,
}

/// Asked of the first holder that lets us; a reader's end first, whose copy keeps no end of file from coming.
fn fill(held: &Holders, pin: &Pin) -> Option<Fill> {
    let ends =
        held.processes.iter().flat_map(|holder| holder.descriptors.iter().map(|one| (holder.pid, one)));
    let (mut reading, writing): (Vec<_>, Vec<_>) = ends.partition(|(_, one)| !one.access.write);
    reading.extend(writing);
    reading.into_iter().find_map(|(pid, one)| ask(pid, one.number, pin).ok().flatten())
}

/// `None` if the number has come to mean something else.
fn ask(pid: u32, number: i32, pin: &Pin) -> Result<Option<Fill>, SystemError> {
    let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return Ok(None) };
    let Some(process) = Pidfd::open(pid)? else { return Ok(None) };
    let copy = process.copy_descriptor(number)?;
    if facts(&copy, "a copied descriptor")?.identity != facts(pin, "the FIFO")?.identity {
        return Ok(None);
    }
    let (unread_bytes, capacity_bytes) = (pipe::unread_bytes(&copy)?, pipe::capacity_bytes(&copy)?);
    Ok(Some(Fill { unread_bytes, capacity_bytes }))
}
