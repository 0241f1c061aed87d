// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cabotage receive`: a stream from an address to here.

use std::io;
use std::path::PathBuf;

use cabotage::os::Deadline;
use cabotage::pipe::ReadEnd;
use cabotage::pipe::fifo::{Peer, Reader};
use cabotage::shm::{Name, Object, ObjectError};

use super::channels::Receiving;
use super::links;
use super::timeout::Timeout;
use super::topics;
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
/// channel:/NAME is the consumer of a channel, which need not trust its producer; trusting:/NAME that of one over plain
/// named objects. It waits for the channel and for a producer, such as `cabotage send`, and passes on what its records
/// hold until the producer closes its end; what an earlier consumer left is among it. A producer that dies in the middle is told, with exit code 5: its successor's stream is
/// for the next `receive`.
///
/// topic:/NAME subscribes to a topic, once there is one with a publisher, such as `cabotage send`, and passes on the
/// records that come from then on, and with --history some that are there already. Records that were lost because this
/// was too slow are counted at the end, with exit code 1.
///
/// link:NAME publishes the name for this user's processes, accepts the first that connects, takes the name back, and
/// passes on the bytes of its messages until it closes its end. Ended before anybody came (Ctrl-C), it leaves the
/// name behind: the next one takes it over, and `cabotage gc` removes it.
#[derive(Debug, clap::Args)]
pub(crate) struct ReceiveArgs {
    /// Where from: shm:/NAME, channel:/NAME, trusting:/NAME, topic:/NAME, fifo:PATH or link:NAME
    #[arg(value_parser = Address::argument())]
    address: Address,
    /// Write to this file, made anew [default: standard output]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// shm: wait until the object exists, and has a size
    #[arg(long)]
    wait: bool,
    /// shm, trusting, topic: remove it afterwards, if the name still means the one that was read
    #[arg(long)]
    remove: bool,
    /// topic: begin with so many of the last records, as far as they are there
    #[arg(long, value_name = "RECORDS", default_value = "0")]
    history: u64,
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
        Address::Channel(form, name) => {
            let receiving = Receiving { form: *form, name };
            let mut consumer = receiving.consumer(&args.timeout)?;
            let mut meter = Meter::start(output, None);
            receiving.drain(&mut consumer, &mut transfer::target(args.output.as_deref())?, &mut meter)?;
            if args.remove {
                consumer.remove()?;
            }
            meter.finish("receive", args.address.to_string(), output)
        }
        Address::Topic(name) => {
            let mut subscriber = topics::subscriber(name, args.history, &args.timeout)?;
            let mut meter = Meter::start(output, None);
            topics::drain(&mut subscriber, &mut transfer::target(args.output.as_deref())?, &mut meter)?;
            if args.remove {
                subscriber.remove()?;
            }
            meter.finish("receive", args.address.to_string(), output)
        }
        Address::Pipe(_) => Err(Failure::usage(format!(
            "{} is asked and answers: try `cabotage call`, and `cabotage serve` at the other end",
            args.address
        ))),
        Address::Link(name) => {
            let link = links::accept_one(name, &args.timeout)?;
            let mut meter = Meter::start(output, None);
            links::drain(link, name, &mut transfer::target(args.output.as_deref())?, &mut meter)?;
            meter.finish("receive", args.address.to_string(), output)
        }
        Address::Alpc(_) | Address::Mach(_) => Err(Failure::usage(format!(
            "{} answers requests: try `cabotage call` and `cabotage serve`",
            args.address
        ))),
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

fn open(name: &Name, args: &ReceiveArgs) -> Result<Object, Failure> {
    let deadline = if args.wait { args.timeout.deadline() } else { Deadline::Now };
    let options = Object::options().read_only().wait_until_there(deadline).wait_until_sized(deadline);
    match options.open(name) {
        Err(ObjectError::Missing { .. } | ObjectError::NotYetSized { .. }) if args.wait => {
            let words = format!("nobody made shm:{name} before the time was up");
            Err(Failure::new(Exit::TimedOut, words))
        }
        answer => Ok(answer?),
    }
}
