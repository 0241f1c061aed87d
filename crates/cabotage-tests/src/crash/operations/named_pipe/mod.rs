// SPDX-License-Identifier: MIT OR Apache-2.0
//! Named pipes: created, opened, accepted, written and read, also beyond the quota, disconnected, listening again, closed.
//!
//! Whatever the point: what was written completely is read by the other end, which is then told; nothing is read that
//! was never written; a server whose client is dead serves the next one, and a dead server's name is free.

mod clients;
mod servers;

use cabotage_os::Deadline;
use cabotage_pipe::named::{NamedPipeClient, NamedPipeServer, PipeError, Wait};

use crate::Wrong;
use crate::crash::stage::Operation;
use crate::pipes::{self, NAME};
use crate::record::Mark;
use crate::scratch::Scratch;
use crate::watchdog::soon;

pub(super) const CLIENTS: &[Operation] = clients::OPERATIONS;
pub(super) const SERVERS: &[Operation] = servers::OPERATIONS;

/// So many messages each way bring the memory of both ends.
const WARM: u64 = 20;
const BYTES: usize = 100;
/// Room for some records, and none for many.
const QUOTA_BYTES: u32 = 250;

fn mark(number: u64) -> Mark {
    Mark { stream: 0, number }
}

fn create(place: &Scratch) -> Result<NamedPipeServer, PipeError> {
    let options = pipes::server(place).first_pipe_instance(true).wait(Wait::Block);
    options.in_buffer_size(QUOTA_BYTES).out_buffer_size(QUOTA_BYTES).create(NAME)
}

fn open(place: &Scratch, deadline: Deadline) -> Result<NamedPipeClient, PipeError> {
    pipes::open(place, deadline)
}

/// The next server gets the name and serves; afterwards nothing is there.
fn next_one_serves(place: &Scratch) -> Result<(), Wrong> {
    let mut server = create(place)?;
    serves_a_client(&mut server, place)?;
    server.close()?;
    clean(place)
}

/// This server, which listens, serves a client.
fn serves_a_client(server: &mut NamedPipeServer, place: &Scratch) -> Result<(), Wrong> {
    let mut client = open(place, Deadline::Now)?;
    client.write_within(&mark(3).record(BYTES), soon())?;
    server.connect(soon())?;
    let mut message = Vec::new();
    server.receive(&mut message, soon())?;
    Mark::of(&message)?;
    Ok(())
}

/// Takes away what the dead have left, and sees that nothing more is to be taken away.
fn clean(place: &Scratch) -> Result<(), Wrong> {
    pipes::sweep(place)?;
    match std::fs::remove_dir_all(place.path("user")) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}
