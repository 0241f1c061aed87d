// SPDX-License-Identifier: MIT OR Apache-2.0
//! Windows named pipes: which there are, what each was created with, and what its instances do.

use cabotage::link::names::Registry;
use cabotage::pipe::named::place::{self, Definition, InstanceShown, Listed, Occupation, Shown};
use cabotage::pipe::named::{PipeError, PipeMode, PipeName};
use serde::Serialize;

use super::ls::counted;
use super::people;
use crate::exit::{Exit, Failure};
use crate::output::{self, Output, Style};

/// A pipe, for programs. What is closed to this user is `null`.
#[derive(Debug, Serialize)]
struct PipeRow {
    kind: &'static str,
    address: String,
    scope: String,
    direction: Option<String>,
    instances: Option<usize>,
    /// 255: as many as there is room for.
    instances_max: Option<u8>,
    default_timeout_ms: Option<u32>,
    mode: Option<String>,
    uid: u32,
    owner: String,
}

impl PipeRow {
    fn of(listed: &Listed) -> Self {
        let open = listed.open.as_ref();
        let address = match open {
            Some((definition, _)) => address(definition),
            None => format!("pipe:{}", listed.file),
        };
        Self::new(address, listed.scope.to_string(), listed.owner, open.map(|(one, count)| (one, *count)))
    }

    fn new(address: String, scope: String, uid: u32, open: Option<(&Definition, usize)>) -> Self {
        Self {
            kind: "pipe",
            address,
            scope,
            direction: open.map(|(definition, _)| definition.direction.to_string()),
            instances: open.map(|(_, instances)| instances),
            instances_max: open.map(|(definition, _)| definition.instances_max.number()),
            default_timeout_ms: open.map(|(definition, _)| definition.default_timeout_ms),
            mode: open.map(|(definition, _)| people::mode(definition.rights.mode)),
            uid,
            owner: people::owner(uid),
        }
    }

    fn count(&self) -> String {
        self.instances.map_or_else(|| "closed to us".into(), |count| counted(count, "instance"))
    }
}

fn address(definition: &Definition) -> String {
    format!("pipe:{}", definition.name)
}

/// Lists all pipes that exist, in both scopes.
pub(crate) fn list(output: &Output) -> Result<(), Failure> {
    for listed in place::list(&Registry::from_environment())? {
        let row = PipeRow::of(&listed);
        match output.is_json() {
            true => output.record(&row)?,
            false => output.line(format_args!(
                "{}  {:6}  {:13}  {}  {}",
                output.paint(Style::Bold, format_args!("{:32}", row.address)),
                row.scope,
                row.count(),
                row.mode.as_deref().unwrap_or("----"),
                row.owner
            ))?,
        }
    }
    Ok(())
}

/// An instance, for programs.
#[derive(Debug, Serialize)]
struct InstanceRow {
    state: &'static str,
    pid: i32,
    uid: u32,
    owner: String,
    /// These are `null` unless it listens.
    #[serde(rename = "type")]
    kind: Option<&'static str>,
    in_quota_bytes: Option<u32>,
    out_quota_bytes: Option<u32>,
}

impl InstanceRow {
    fn of(instance: &InstanceShown) -> Self {
        Self {
            state: match instance.state {
                Occupation::Listening => "listens",
                Occupation::Arrived => "has a client that is not accepted yet",
                Occupation::Occupied => "is taken",
            },
            pid: instance.pid,
            uid: instance.uid,
            owner: people::owner(instance.uid),
            kind: instance.shape.map(|shape| match shape.pipe_mode {
                PipeMode::Message => "messages",
                PipeMode::Byte => "bytes",
            }),
            in_quota_bytes: instance.shape.map(|shape| shape.in_quota_bytes),
            out_quota_bytes: instance.shape.map(|shape| shape.out_quota_bytes),
        }
    }

    fn made(&self) -> String {
        match (self.kind, self.in_quota_bytes, self.out_quota_bytes) {
            (Some(kind), Some(quota_in), Some(quota_out)) => format!(
                ", of {kind}, quotas {} in and {} out",
                output::bytes(quota_in.into()),
                output::bytes(quota_out.into())
            ),
            _ => String::new(),
        }
    }
}

/// A pipe with its instances, for programs.
#[derive(Debug, Serialize)]
struct ShownRow {
    #[serde(flatten)]
    pipe: PipeRow,
    each: Vec<InstanceRow>,
}

/// Shows one pipe: the one that a client finds.
pub(crate) fn show(name: &PipeName, output: &Output) -> Result<(), Failure> {
    let shown = match place::show(&Registry::from_environment(), name, None) {
        Err(PipeError::NotFound) => return Err(missing(name)),
        shown => shown?,
    };
    let Shown { scope, owner, definition, instances } = &shown;
    let open = Some((definition, instances.len()));
    let row = ShownRow {
        pipe: PipeRow::new(address(definition), scope.to_string(), *owner, open),
        each: instances.iter().map(InstanceRow::of).collect(),
    };
    if output.is_json() {
        return output.record(&row);
    }
    output.line(output.paint(Style::Bold, &row.pipe.address))?;
    let most = match definition.instances_max.number() {
        255 => "any number".into(),
        max => max.to_string(),
    };
    output.line(format_args!(
        "  {scope} scope, {}, {} of {most}, time-out {} ms",
        definition.direction,
        row.pipe.count(),
        definition.default_timeout_ms
    ))?;
    output.line(format_args!("  mode {}, owner {}", people::mode(definition.rights.mode), row.pipe.owner))?;
    for instance in &row.each {
        let (pid, state, made) = (instance.pid, instance.state, instance.made());
        output.line(format_args!("  pid {pid}: {state}{made}"))?;
    }
    Ok(())
}

fn missing(name: &PipeName) -> Failure {
    let words = format!("there is no pipe:{}; `cabotage ls pipe` tells which pipes there are", name.short());
    Failure::new(Exit::Missing, words)
}
