// SPDX-License-Identifier: MIT OR Apache-2.0
//! Starting a child.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::Arc;

use cabotage_os::Errno;
use cabotage_os::spawn::{Spawn, SpawnError};

use super::command_line;
use super::environment::Variable;
use super::legacy::{Legacy, VARIABLE, inode_of, text_of};
use super::process::Process;
use crate::failure::{Answer, Failure};
use crate::object::File;
use crate::runtime::Runtime;
use crate::stream::Stream;
use crate::table::Entry;

/// What `CreateProcess` is asked for, its pointers taken apart.
#[derive(Debug, Default)]
pub(crate) struct Start {
    pub(crate) program: Option<String>,
    pub(crate) command_line: Option<String>,
    pub(crate) inherits: bool,
    /// `None`: that of this process.
    pub(crate) environment: Option<Vec<Variable>>,
    pub(crate) directory: Option<String>,
    /// The handles of the standard streams, if they are given.
    pub(crate) streams: Option<[usize; 3]>,
    /// The only handles that it inherits, if they are listed.
    pub(crate) listed: Option<Vec<usize>>,
    /// Whether it gets a process group of its own.
    pub(crate) own_group: bool,
}

/// # Errors
/// As `CreateProcess`; `ERROR_NOT_SUPPORTED` when it would inherit what cannot leave this process.
pub(crate) fn start(runtime: &'static Runtime, start: Start) -> Answer<Arc<Process>> {
    let mut command = command_of(&start)?;
    if let Some(streams) = start.streams {
        give_streams(runtime, &mut command, streams, start.inherits)?;
    }
    let inherited = inherited(runtime, &start)?;
    let mut legacies = Vec::new();
    let mut passed = Vec::new();
    for (value, stream) in &inherited {
        let (copy, number) = stream.copy()?;
        if number > 2 {
            let inode = inode_of(number).ok_or(Failure::GEN_FAILURE)?;
            legacies.push(Legacy { value: *value, number, inode, size_bytes: stream.size_bytes });
            passed.push((copy, number));
        }
    }
    match legacies.is_empty() {
        true => command.env_remove(VARIABLE),
        false => command.env(VARIABLE, text_of(&legacies)),
    };
    let spawn =
        passed.into_iter().fold(Spawn::from(command), |spawn, (fd, number)| spawn.pass_as(fd, number));
    let child = spawn.spawn().map_err(refused)?;
    Process::of(runtime, &child)
}

fn command_of(start: &Start) -> Answer<Command> {
    let arguments = command_line::split(start.command_line.as_deref().unwrap_or_default());
    let (name, rest) = match arguments.split_first() {
        Some((name, rest)) => (name.clone(), rest),
        None => (start.program.clone().ok_or(Failure::INVALID_PARAMETER)?, &[][..]),
    };
    let mut command = match &start.program {
        Some(program) => Command::new(without_search(program)),
        None => Command::new(&name),
    };
    command.arg0(name).args(rest);
    if let Some(variables) = &start.environment {
        command.env_clear().envs(variables.iter().map(|(name, value)| (name, value)));
    }
    if let Some(directory) = &start.directory {
        command.current_dir(directory);
    }
    if start.own_group {
        command.process_group(0);
    }
    Ok(command)
}

/// A program that is named by itself is not searched for.
fn without_search(program: &str) -> OsString {
    if program.contains('/') { program.into() } else { format!("./{program}").into() }
}

/// The child's standard streams. As on Windows they are inherited handles; who gives them otherwise is told.
fn give_streams(
    runtime: &'static Runtime,
    command: &mut Command,
    handles: [usize; 3],
    inherits: bool,
) -> Answer<()> {
    let [input, output, error] = handles.map(|handle| stream_of(runtime, handle, inherits));
    command.stdin(input?).stdout(output?).stderr(error?);
    Ok(())
}

fn stream_of(runtime: &'static Runtime, handle: usize, inherits: bool) -> Answer<Stdio> {
    if handle == 0 || handle == usize::MAX {
        return Ok(Stdio::null());
    }
    let File::Stream(stream) = runtime.file(handle)? else { return Err(Failure::NOT_SUPPORTED) };
    let is_inheritable = runtime.table.with(handle, |entry| entry.inherit)?;
    if !(inherits && is_inheritable) {
        return Err(Failure::INVALID_PARAMETER);
    }
    Ok(stream.copy()?.0.into())
}

/// What the child inherits, each with its value.
fn inherited(runtime: &'static Runtime, start: &Start) -> Answer<Vec<(usize, Arc<Stream>)>> {
    let entries: Vec<(usize, Entry)> = match (&start.listed, start.inherits) {
        (Some(_), false) => return Err(Failure::INVALID_PARAMETER),
        (None, false) => return Ok(Vec::new()),
        (None, true) => runtime.table.inheritable(),
        (Some(listed), true) => {
            let get = |handle: &usize| match runtime.table.get(*handle) {
                Ok(entry) if entry.inherit => Ok((*handle, entry)),
                _ => Err(Failure::INVALID_PARAMETER),
            };
            let mut listed: Vec<_> = listed.iter().map(get).collect::<Answer<_>>()?;
            listed.sort_by_key(|(handle, _)| *handle);
            listed.dedup_by_key(|(handle, _)| *handle);
            listed
        }
    };
    let stream = |(handle, entry): (usize, Entry)| match entry.object.file() {
        Ok(File::Stream(stream)) => Ok((handle, stream)),
        _ => Err(Failure::NOT_SUPPORTED),
    };
    entries.into_iter().map(stream).collect()
}

fn refused(error: SpawnError) -> Failure {
    match error {
        SpawnError::System(refusal) if refusal.errno() == Errno::NOEXEC => Failure::BAD_FORMAT,
        SpawnError::System(refusal) if refusal.errno() == Errno::NOTDIR => Failure::PATH_NOT_FOUND,
        SpawnError::System(refusal) => refusal.into(),
        SpawnError::NulByte => Failure::INVALID_PARAMETER,
        SpawnError::BeyondLimit { .. } => Failure::TOO_MANY_OPEN_FILES,
        _ => Failure::GEN_FAILURE,
    }
}
