// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cabotage receive`: a stream from an address to here.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use cabotage::os::{Deadline, poll};
use cabotage::pipe::ReadEnd;
use cabotage::pipe::fifo::{Peer, Reader};
use cabotage::shm::{Name, Object, ObjectError};

use super::links;
use super::timeout::Timeout;
use super::transfer::{self, CHUNK_BYTES, Meter, Target};
use super::whose::Whose;
use crate::address::Address;
use crate::exit::{Exit, Failure};
use crate::output::Output;

/// Receive a stream from an address
///
/// fifo:PATH waits until somebody writes to the FIFO, then passes the bytes on until the last writer leaves.
///
/// shm:/NAME copies the bytes of the shared memory object, as long as it is when it is opened. What others write
/// to it meanwhile may or may not be among them.
///
/// link:NAME publishes the name for this user's processes, accepts the first that connects, takes the name back, and
/// passes on the bytes of its messages until it closes its end. Ended before anybody came, it leaves the name behind,
/// and the next one takes it over.
#[derive(Debug, clap::Args)]
pub(crate) struct ReceiveArgs {
    /// Where from: shm:/NAME, fifo:PATH or link:NAME
    #[arg(value_parser = Address::argument())]
    address: Address,
    /// Write to this file, made anew [default: standard output]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// shm: wait until the object exists, and has a size
    #[arg(long)]
    wait: bool,
    /// shm: remove the object afterwards, if the name still means the one that was read
    #[arg(long)]
    remove: bool,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    timeout: Timeout,
}

/// Receives.
pub(crate) fn run(args: &ReceiveArgs, output: &Output) -> Result<Exit, Failure> {
    transfer::refuse_bytes_among_records(output, args.output.as_deref())?;
    match &args.address {
        Address::Fifo(path) => {
            let reader = args.whose.fifo(path)?.reader(Peer::Wait(args.timeout.deadline()))?;
            let mut meter = Meter::start(output, None);
            drain(&reader, &mut transfer::target(args.output.as_deref())?, &mut meter)?;
            meter.finish("receive", args.address.to_string(), output)
        }
        Address::Link(name) => {
            let link = links::accept_one(name, &args.timeout)?;
            let mut meter = Meter::start(output, None);
            links::drain(link, name, &mut transfer::target(args.output.as_deref())?, &mut meter)?;
            meter.finish("receive", args.address.to_string(), output)
        }
        Address::Shm(name) => {
            let object = open(name, args)?;
            let bytes = object.bytes()?;
            let mut meter = Meter::start(output, Some(bytes as u64));
            copy(&object, bytes, &mut transfer::target(args.output.as_deref())?, &mut meter)?;
            if args.remove {
                object.unlink_if_mine()?;
            }
            meter.finish("receive", args.address.to_string(), output)
        }
    }
}

fn drain(reader: &Reader, target: &mut Target, meter: &mut Meter) -> Result<(), Failure> {
    let mut buffer = vec![0; CHUNK_BYTES];
    loop {
        let bytes = reader.read_within(&mut buffer, Deadline::Never).map_err(io::Error::from)?;
        if bytes == 0 {
            return Ok(());
        }
        target.write(&buffer[..bytes])?;
        meter.add(bytes);
    }
}

fn copy(object: &Object, bytes: usize, target: &mut Target, meter: &mut Meter) -> Result<(), Failure> {
    let mut buffer = vec![0; CHUNK_BYTES.min(bytes)];
    for at in (0..bytes).step_by(CHUNK_BYTES) {
        let chunk = &mut buffer[..CHUNK_BYTES.min(bytes - at)];
        object.read_at(at, chunk)?;
        target.write(chunk)?;
        meter.add(chunk.len());
    }
    Ok(())
}

/// Nothing tells when a name appears, short of watching the directory; a look every few milliseconds does.
fn open(name: &Name, args: &ReceiveArgs) -> Result<Object, Failure> {
    let deadline = if args.wait { args.timeout.deadline() } else { Deadline::Now };
    let options = Object::options().read_only().wait_until_sized(deadline);
    loop {
        match options.open(name) {
            Err(ObjectError::Missing { .. }) if args.wait && !deadline.has_passed() => {
                poll::wait([], Deadline::within(BETWEEN_LOOKS).or_sooner(deadline))?;
            }
            Err(ObjectError::Missing { .. } | ObjectError::NotYetSized { .. }) if args.wait => {
                let words = format!("nobody made shm:{name} before the time was up");
                return Err(Failure::new(Exit::TimedOut, words));
            }
            answer => return Ok(answer?),
        }
    }
}

const BETWEEN_LOOKS: Duration = Duration::from_millis(5);
