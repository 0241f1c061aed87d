// SPDX-License-Identifier: MIT OR Apache-2.0
//! New ends: an instance that listens, or a client's end of one.

use std::sync::Arc;
use std::time::Duration;

use cabotage_pipe::Deadline;
use cabotage_pipe::named::{ClientOptions, Patience, PipeMode, Scope, ServerOptions};

use super::Pipe;
use super::end::End;
use super::info::HandleModes;
use crate::failure::Answer;
use crate::pipe_name;
use crate::runtime::Runtime;
use crate::security::Who;

/// What `CreateNamedPipe` is asked for, its numbers taken apart.
#[derive(Debug, Clone)]
pub(crate) struct Creation {
    pub(crate) reads: bool,
    pub(crate) writes: bool,
    pub(crate) is_first: bool,
    pub(crate) is_overlapped: bool,
    pub(crate) is_of_messages: bool,
    pub(crate) modes: HandleModes,
    pub(crate) instances_max: u32,
    pub(crate) out_bytes: u32,
    pub(crate) in_bytes: u32,
    pub(crate) timeout_ms: u32,
    pub(crate) who: Who,
}

/// What `CreateFile` is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Opening {
    pub(crate) reads: bool,
    pub(crate) writes: bool,
    pub(crate) is_overlapped: bool,
}

/// # Errors
/// As `CreateNamedPipe`.
pub(crate) fn create(runtime: &'static Runtime, name: &str, asked: &Creation) -> Answer<Arc<Pipe>> {
    let name = pipe_name::to_create(name)?;
    let state = asked.modes.state();
    let options = ServerOptions::new()
        .pipe_mode(if asked.is_of_messages { PipeMode::Message } else { PipeMode::Byte })
        .read_mode(state.read_mode)
        .wait_mode(state.wait_mode)
        .access_inbound(asked.reads)
        .access_outbound(asked.writes)
        .first_pipe_instance(asked.is_first)
        .max_instances(asked.instances_max as usize)
        .in_buffer_size(asked.in_bytes)
        .out_buffer_size(asked.out_bytes)
        .default_timeout(Duration::from_millis(asked.timeout_ms.into()));
    let options = match asked.who {
        Who::OwnUser => options,
        Who::Everyone => options.scope(Scope::System).mode(0o666),
    };
    let end = End::Server(Box::new(options.create_at(&name)?.overlapped()));
    Ok(Pipe::new(runtime, end, asked.is_overlapped, asked.modes.is_nowait))
}

/// # Errors
/// As `CreateFile`.
pub(crate) fn open(runtime: &'static Runtime, name: &str, asked: Opening) -> Answer<Arc<Pipe>> {
    let name = pipe_name::to_open(name)?;
    let options = ClientOptions::new().read(asked.reads).write(asked.writes);
    let end = End::Client(Box::new(options.open_at(&name, Deadline::Now)?.overlapped()));
    Ok(Pipe::new(runtime, end, asked.is_overlapped, false))
}

/// # Errors
/// As `WaitNamedPipe`.
pub(crate) fn wait_for_instance(name: &str, timeout_ms: u32) -> Answer<()> {
    let name = pipe_name::to_open(name)?;
    Ok(ClientOptions::new().wait_for_instance(name.to_string(), patience_of(timeout_ms))?)
}

/// Opens a pipe of messages, asks, reads the answer, closes. The time is for finding an instance: nothing bounds the
/// transaction, on Windows neither.
///
/// # Errors
/// As `CallNamedPipe`.
pub(crate) fn call(name: &str, question: &[u8], answer: &mut [u8], timeout_ms: u32) -> Answer<usize> {
    const NOWAIT_MS: u32 = 1;
    let name = pipe_name::to_open(name)?;
    let options = ClientOptions::messages();
    let mut client = match options.open_at(&name, Deadline::Now) {
        Err(cabotage_pipe::named::PipeError::AllBusy) if timeout_ms != NOWAIT_MS => {
            options.wait_for_instance(name.to_string(), patience_of(timeout_ms))?;
            options.open_at(&name, Deadline::Now)?
        }
        opened => opened?,
    };
    Ok(client.transact(question, answer, Deadline::Never)?)
}

/// Windows' own numbers: 0 is what the server has said (`NMPWAIT_USE_DEFAULT_WAIT`), the highest is for ever.
fn patience_of(timeout_ms: u32) -> Patience {
    match timeout_ms {
        0 => Patience::Default,
        u32::MAX => Patience::Until(Deadline::Never),
        ms => Patience::Until(Deadline::within(Duration::from_millis(ms.into()))),
    }
}
