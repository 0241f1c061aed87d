// SPDX-License-Identifier: MIT OR Apache-2.0
//! Channels by name: which there are, who holds their ends, how much waits in them, and their removal.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use cabotage::link::names::{self, Kind};
use cabotage::shm::{self, ChannelError, ChannelGlance, ChannelOptions, Name, Presence};
use serde::Serialize;

use super::{link_names, people};
use crate::address::{Address, Form};
use crate::exit::{Exit, Failure};
use crate::output::{self, Output, Style};

/// A channel, for programs.
#[derive(Debug, Serialize)]
struct ChannelRow {
    kind: &'static str,
    address: String,
    producer: EndRow,
    consumer: EndRow,
    /// How many producers it has had.
    generation: u64,
    /// `null`: they come too fast to be counted.
    waiting_records: Option<u64>,
    waiting_bytes: Option<u64>,
    capacity_bytes: usize,
    /// Whether nobody holds an end, so that what waits is for one who comes later.
    left_alone: bool,
    mode: String,
    uid: u32,
    owner: String,
}

/// One end of it.
#[derive(Debug, Serialize)]
pub(crate) struct EndRow {
    /// `here`, `nobody`, `left` or `died`.
    presence: &'static str,
    /// `null` as well for a process that has no number here.
    pid: Option<i32>,
    uid: Option<u32>,
}

impl ChannelRow {
    fn of(form: Form, glance: &ChannelGlance) -> Self {
        Self {
            kind: form.kind(),
            address: Address::Channel(form, glance.name.clone()).to_string(),
            producer: EndRow::of(glance.producer),
            consumer: EndRow::of(glance.consumer),
            generation: glance.generation,
            waiting_records: glance.waiting.map(|(records, _)| records),
            waiting_bytes: glance.waiting.map(|(_, bytes)| bytes),
            capacity_bytes: glance.capacity_bytes,
            left_alone: glance.is_left_alone(),
            mode: people::mode(glance.mode),
            uid: glance.uid,
            owner: people::owner(glance.uid),
        }
    }

    fn waiting(&self) -> String {
        match (self.waiting_records, self.waiting_bytes) {
            (Some(0), _) => "nothing waits".into(),
            (Some(1), Some(bytes)) => format!("1 record of {} waits", output::bytes(bytes)),
            (Some(records), Some(bytes)) => format!("{records} records of {} wait", output::bytes(bytes)),
            _ => "records are under way".into(),
        }
    }
}

impl EndRow {
    /// Who is there.
    pub(crate) fn of(presence: Presence) -> Self {
        let (pid, uid) = match presence {
            Presence::Here { pid, uid } => (pid, Some(uid)),
            _ => (None, None),
        };
        let presence = match presence {
            Presence::Here { .. } => "here",
            Presence::Left => "left",
            Presence::Died => "died",
            _ => "nobody",
        };
        Self { presence, pid, uid }
    }

    /// One word, for a list.
    pub(crate) fn word(&self) -> String {
        self.pid.map_or(self.presence.into(), |pid| format!("pid {pid}"))
    }

    /// A sentence about the end that this role holds.
    pub(crate) fn sentence(&self, role: &str) -> String {
        match (self.presence, self.pid, self.uid) {
            ("here", Some(pid), _) => format!("the {role} is pid {pid}"),
            ("here", None, Some(uid)) => {
                format!("the {role} is a process of {} that has no number here", people::owner(uid))
            }
            ("left", ..) => format!("the last {role} has closed its end"),
            ("died", ..) => format!("the last {role} has died without closing its end"),
            _ => format!("no {role} has come yet"),
        }
    }
}

/// Lists the channels of the trusting form.
pub(crate) fn list(output: &Output) -> Result<(), Failure> {
    for entry in shm::list()? {
        let glance = match ChannelOptions::new().look_trusting(&entry.name) {
            Ok(glance) => glance,
            Err(ChannelError::System(refusal)) => return Err(refusal.into()),
            Err(_) => continue, // no channel, or none of ours to look into
        };
        let row = ChannelRow::of(Form::Trusting, &glance);
        match output.is_json() {
            true => output.record(&row)?,
            false => output.line(format_args!(
                "{}  {} → {}  {}  {}  {}",
                output.paint(Style::Bold, format_args!("{:32}", row.address)),
                row.producer.word(),
                row.consumer.word(),
                row.waiting(),
                row.mode,
                row.owner
            ))?,
        }
    }
    Ok(())
}

/// Shows one channel: of the guarded form, where only the two ends know more, who has its name.
pub(crate) fn show(form: Form, name: &Name, output: &Output) -> Result<(), Failure> {
    let glance = match form {
        Form::Guarded => return link_names::show(Kind::Channel, &published(name)?, output),
        Form::Trusting => ChannelOptions::new().look_trusting(name)?,
    };
    let row = ChannelRow::of(form, &glance);
    if output.is_json() {
        return output.record(&row);
    }
    output.line(output.paint(Style::Bold, &row.address))?;
    output.line(format_args!(
        "  {}; this is generation {}",
        row.producer.sentence("producer"),
        row.generation
    ))?;
    output.line(format_args!("  {}", row.consumer.sentence("consumer")))?;
    output.line(format_args!(
        "  {} in a ring of {}",
        row.waiting(),
        output::bytes(row.capacity_bytes as u64)
    ))?;
    if row.left_alone {
        output.line("  left alone: the next producer and consumer go on here; `rm` removes it, and `gc` once nothing is unread")?;
    }
    output.line(format_args!("  mode {}, owner {}", row.mode, row.owner))
}

/// The name as the registry of names has it.
fn published(name: &Name) -> Result<names::Name, Failure> {
    Ok(names::Name::parse(OsStr::from_bytes(name.file_name()))?)
}

/// Removes a channel that nobody uses, with what waits in it.
///
/// # Errors
/// There is none, one of its ends is held, or it is another user's.
pub(crate) fn remove(form: Form, name: &Name) -> Result<(), Failure> {
    let address = Address::Channel(form, name.clone());
    if form == Form::Guarded {
        return link_names::remove(Kind::Channel, &published(name)?);
    }
    let consumer = ChannelOptions::new().open_trusting(name).map_err(|error| match error {
        ChannelError::Occupied { holder, .. } => in_use(&address, "consumer", holder),
        error => error.into(),
    })?;
    let producer = consumer.producer()?;
    if producer.is_here() {
        return Err(in_use(&address, "producer", producer));
    }
    Ok(consumer.remove()?)
}

fn in_use(address: &Address, role: &str, holder: Presence) -> Failure {
    Failure::new(
        Exit::Failed,
        format!("the {role} of {address} is {holder}: end it first, then remove the channel"),
    )
}
