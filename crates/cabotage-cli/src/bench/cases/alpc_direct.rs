// SPDX-License-Identifier: MIT OR Apache-2.0
//! `alpc.direct`: a server reads 1 MiB of the memory of a client that waits in its request.
//!
//! Where it reads in place, the limit is the bare system call between the same two processes; where the client copies,
//! one plain buffer that both map, every byte written by one and read by the other.

use std::hint::black_box;
use std::os::fd::OwnedFd;

use cabotage::alpc::{Client, ConnectOptions, ConnectionPort, Outgoing, PortOptions, Request, Wait};
use cabotage::link::Deadline;
use cabotage::os::raw::{self, Line};

use super::alpc_ends::{Ends, Errand, check};
use super::link_block_full;
use crate::bench::case::{Case, Result, Subject};
use crate::bench::note::Note;
use crate::bench::round_trip::RoundTrip;
use crate::exit::{Exit, Failure};

pub(super) const IN_PLACE: Case = Case {
    name: "alpc.direct",
    about: "a server reads 1 MiB of its waiting client where it lies, spinning",
    bytes: BYTES,
    subject: Subject::paced_round_trip::<Ends<InPlace>>(),
    limit: Some(Subject::paced_round_trip::<Bare>()),
};

pub(super) const SERVED: Case = Case {
    name: "alpc.direct.served",
    about: "a server has 1 MiB copied by its waiting client, spinning",
    bytes: BYTES,
    subject: Subject::paced_round_trip::<Ends<Served>>(),
    limit: Some(Subject::paced_round_trip::<link_block_full::Bare<BYTES>>()),
};

/// Memory of either end.
struct Memory(Vec<u8>);

impl Default for Memory {
    fn default() -> Self {
        Self(vec![7; BYTES])
    }
}

#[derive(Default)]
struct InPlace(Memory);

impl Errand for InPlace {
    fn connecting(options: ConnectOptions) -> ConnectOptions {
        options.readable_in_place().wait(Wait::Spin)
    }

    fn creating(options: PortOptions) -> PortOptions {
        options.reads_client_memory().wait(Wait::Spin)
    }

    fn ask(&mut self, client: &mut Client) -> Result<()> {
        lend(&self.0, client)
    }

    fn answer(&mut self, port: &mut ConnectionPort, request: Request) -> Result<()> {
        if let Some(why) = port.why_served(&request) {
            return Err(Failure::new(Exit::Failed, format!("memory is not read in place here: {why}")));
        }
        read(&mut self.0, port, request)
    }
}

#[derive(Default)]
struct Served(Memory);

impl Errand for Served {
    fn connecting(options: ConnectOptions) -> ConnectOptions {
        options.wait(Wait::Spin)
    }

    fn creating(options: PortOptions) -> PortOptions {
        options.wait(Wait::Spin)
    }

    fn ask(&mut self, client: &mut Client) -> Result<()> {
        lend(&self.0, client)
    }

    fn answer(&mut self, port: &mut ConnectionPort, request: Request) -> Result<()> {
        read(&mut self.0, port, request)
    }
}

fn lend(memory: &Memory, client: &mut Client) -> Result<()> {
    let mut message = Outgoing::new(b"read this").readable(black_box(&memory.0));
    check(client.request_as(&mut message, Deadline::Never)?.body().is_empty())
}

fn read(memory: &mut Memory, port: &mut ConnectionPort, request: Request) -> Result<()> {
    port.read_at(&request, 0, 0, &mut memory.0, Deadline::Never)?;
    black_box(&memory.0);
    Ok(port.reply(request, &[])?)
}

/// The bare call, told when by a cache line.
struct Bare {
    line: Line,
    memory: Memory,
    /// Of the process that has the memory: its number, and where the memory lies.
    there: Option<(i32, u64)>,
    _author: Option<std::io::PipeWriter>,
}

impl RoundTrip for Bare {
    fn near() -> Result<(Self, Vec<OwnedFd>)> {
        let memory = Memory::default();
        let (line, mut descriptors) = <Line as RoundTrip>::near()?;
        let (author, note) = Note::leave(&format!("{} {}", std::process::id(), memory.0.as_ptr().addr()))?;
        descriptors.push(note);
        Ok((Self { line, memory, there: None, _author: Some(author) }, descriptors))
    }

    fn far(mut descriptors: Vec<OwnedFd>) -> Result<Self> {
        let lost = || Failure::new(Exit::Failed, "the far end was not told where to read");
        let note = Note::read(descriptors.pop().ok_or_else(lost)?)?;
        let (pid, address) = note.words().split_once(' ').ok_or_else(lost)?;
        let there = pid.parse().ok().zip(address.parse().ok());
        let line = <Line as RoundTrip>::far(descriptors)?;
        Ok(Self { line, memory: Memory::default(), there: Some(there.ok_or_else(lost)?), _author: None })
    }

    fn ping(&mut self) -> Result<()> {
        black_box(&self.memory.0);
        self.line.ping();
        Ok(())
    }

    fn pong(&mut self) -> Result<()> {
        let Some((pid, address)) = self.there else { return Err(Failure::usage("the far end reads")) };
        let bytes = self.line.pong_after(|| raw::read_process(pid, address, &mut self.memory.0))?;
        black_box(&self.memory.0);
        check(bytes == BYTES)
    }
}

const BYTES: usize = 1 << 20;
