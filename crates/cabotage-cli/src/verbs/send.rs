// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cabotage send`: a stream from here to an address.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use cabotage::os::Deadline;
use cabotage::pipe::fifo::{Peer, Writer};
use cabotage::pipe::{WriteAllError, WriteEnd, WriteError};
use cabotage::shm::{Name, Object};

use super::channels::Sending;
use super::links;
use super::objects;
use super::timeout::Timeout;
use super::topics::{self, Slow};
use super::transfer::{self, CHUNK_BYTES, Meter};
use super::whose::Whose;
use crate::address::Address;
use crate::exit::{Exit, Failure};
use crate::output::Output;

/// Send a stream to an address
///
/// fifo:PATH waits until somebody reads the FIFO, then passes the bytes on as they come; `cat`, `dd` or
/// `cabotage receive` may read them. Several senders at once mix.
///
/// shm:/NAME stores the whole stream as one shared memory object of exactly its bytes. It appears when the stream
/// has ended, complete, and stays until it is removed. All of it must fit into memory, and an object has at least
/// one byte.
///
/// channel:/NAME is the producer of a channel, which need not trust its consumer: it publishes the name, waits for
/// the consumer, such as `cabotage receive`, passes the bytes on as they come, in records, and waits until all are
/// consumed. A producer that was killed is followed; a living one is not displaced.
///
/// trusting:/NAME does the same over plain named objects, between processes that trust each other. The channel stays,
/// with what was not consumed, and the next producer and consumer go on there.
///
/// topic:/NAME is the publisher of a topic: every `cabotage receive` that is there gets the stream. It makes the topic,
/// or takes the place of a publisher that has ended, waits for the first subscriber, and at the end for the slowest.
///
/// link:NAME connects to who has published the name, such as `cabotage receive`, and passes the bytes on as they come,
/// in messages; the end of the stream closes the link. With --timeout it waits for the name.
#[derive(Debug, clap::Args)]
pub(crate) struct SendArgs {
    /// Where to: shm:/NAME, channel:/NAME, trusting:/NAME, topic:/NAME, fifo:PATH or link:NAME
    #[arg(value_parser = Address::argument())]
    address: Address,
    /// Send this file [default: standard input]
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// shm: take the place of an object that has the name, when the new one is complete, in one step: whoever opens
    /// the name finds one of the two. Who has the old one open keeps it
    #[arg(long)]
    replace: bool,
    /// shm: the new object's permission bits, in octal, less those of the umask. channel, trusting,
    /// topic: those of what is made, exactly
    #[arg(long, value_name = "MODE", default_value = "600", value_parser = mode)]
    mode: u32,
    /// topic: what to do about slow subscribers
    #[arg(long, value_name = "WHAT", value_enum, default_value = "wait")]
    when_slow: Slow,
    /// topic: keep so many of the last records for subscribers that come late, as far as there is room
    #[arg(long, value_name = "RECORDS", default_value = "0")]
    history: u64,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    timeout: Timeout,
}

fn mode(text: &str) -> Result<u32, &'static str> {
    let mode = u32::from_str_radix(text, 8).ok();
    mode.filter(|mode| *mode <= 0o777).ok_or("write permission bits in octal, such as 600 or 644")
}

/// Sends.
pub(crate) fn run(args: &SendArgs, output: &Output) -> Result<Exit, Failure> {
    let (mut source, total_bytes) = transfer::source(args.input.as_deref())?;
    match &args.address {
        Address::Fifo(path) => {
            let writer = args.whose.fifo(path)?.writer(Peer::Wait(args.timeout.deadline()))?;
            let mut meter = Meter::start(output, total_bytes);
            pass_on(&mut source, &writer, path, &mut meter)?;
            meter.finish("send", args.address.to_string(), output)
        }
        Address::Channel(form, name) => {
            let sending = Sending { form: *form, name, mode: args.mode };
            let producer = sending.producer(&args.timeout)?;
            let mut meter = Meter::start(output, total_bytes);
            sending.pass_on(&mut source, producer, &mut meter)?;
            meter.finish("send", args.address.to_string(), output)
        }
        Address::Topic(name) => {
            let publisher = topics::publisher(name, args.mode, args.when_slow, args.history, &args.timeout)?;
            let mut meter = Meter::start(output, total_bytes);
            topics::pass_on(&mut source, publisher, &mut meter)?;
            meter.finish("send", args.address.to_string(), output)
        }
        Address::Pipe(_) => Err(Failure::usage(format!(
            "{} is asked and answers: try `cabotage call`, and `cabotage serve` at the other end",
            args.address
        ))),
        Address::Link(name) => {
            let link = links::connect(name, &args.timeout)?;
            let mut meter = Meter::start(output, total_bytes);
            links::pass_on(&mut source, link, name, &mut meter)?;
            meter.finish("send", args.address.to_string(), output)
        }
        Address::Alpc(_) | Address::Mach(_) => Err(Failure::usage(format!(
            "{} answers requests: try `cabotage call` and `cabotage serve`",
            args.address
        ))),
        Address::Shm(name) => {
            let mut meter = Meter::start(output, total_bytes);
            store(&mut source, name, args, &mut meter)?;
            meter.finish("send", args.address.to_string(), output)
        }
    }
}

/// As they come: what one read gives goes out before the next.
fn pass_on(source: &mut File, writer: &Writer, path: &Path, meter: &mut Meter) -> Result<(), Failure> {
    transfer::pass_on(source, CHUNK_BYTES, meter, |chunk, sent| {
        writer.write_all_within(chunk, Deadline::Never).map_err(|error| left(error, path, sent))
    })
}

fn left(error: WriteAllError, path: &Path, sent: u64) -> Failure {
    let bytes = sent + error.written_bytes as u64;
    match error.source {
        WriteError::Broken => Failure::new(
            Exit::PeerGone,
            format!("the last reader of fifo:{} left; {bytes} bytes had gone into it", path.display()),
        ),
        _ => io::Error::from(error).into(),
    }
}

/// The object grows piece by piece while it has no name, and gets its name when it is complete.
fn store(source: &mut File, name: &Name, args: &SendArgs, meter: &mut Meter) -> Result<(), Failure> {
    if !args.replace {
        objects::refuse_if_taken(name)?;
    }
    let mut buffer = vec![0; CHUNK_BYTES];
    let first = transfer::fill(source, &mut buffer)?.to_vec();
    if first.is_empty() {
        return Err(Failure::new(
            Exit::Failed,
            "the input is empty, and shared memory has at least one byte",
        ));
    }
    let options = Object::options().mode(args.mode);
    let fill = |object: &Object| -> Result<(), Failure> {
        object.write_at(0, &first)?;
        meter.add(first.len());
        append(source, object, &mut buffer, meter)
    };
    match args.replace {
        true => options.replace_filled(name, first.len(), fill)?,
        false => options.create_filled(name, first.len(), fill)?,
    };
    Ok(())
}

fn append(source: &mut File, object: &Object, buffer: &mut [u8], meter: &mut Meter) -> Result<(), Failure> {
    loop {
        let chunk = transfer::fill(source, buffer)?;
        if chunk.is_empty() {
            return Ok(());
        }
        let end = object.bytes()?;
        object.grow(end + chunk.len())?;
        object.write_at(end, chunk)?;
        meter.add(chunk.len());
    }
}
