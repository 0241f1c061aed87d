// SPDX-License-Identifier: MIT OR Apache-2.0
//! The transports whose ends are killed at random. One more is a file and a line.

mod alpc;
mod channel;
mod fifo;
mod framed;
mod link;
mod mach;
mod named_pipe;
mod pipe;
mod topic;
mod wrong;

use cabotage_shm::WhenSlow;

use super::session::{Life, Side, Transport};
use super::supervisor::NOTES;
use crate::Wrong;
use crate::channels::Form;
use crate::notes::Notes;
use crate::record::{InOrder, Mark, RECORD_BYTES_MIN};
use crate::role::Part;
use crate::scratch::Scratch;
use crate::topics::Policy;

static TRUSTING: channel::Channel = channel::Channel { name: "shm-trusting", form: Form::Trusting };
static GUARDED: channel::Channel = channel::Channel { name: "shm-guarded", form: Form::Guarded };
static WAITING: topic::Topic = topic::Topic { name: "topic-waits", policy: Policy(WhenSlow::Wait) };
static DROPPING: topic::Topic = topic::Topic { name: "topic-drops", policy: Policy(WhenSlow::Drop) };

/// Every one.
fn all() -> impl Iterator<Item = &'static dyn Transport> {
    let all: [&dyn Transport; 16] = [
        &link::Pair,
        &link::Client,
        &link::Server,
        &pipe::Pipe,
        &fifo::NamedPipe,
        &TRUSTING,
        &GUARDED,
        &WAITING,
        &DROPPING,
        &alpc::AlpcClient,
        &alpc::AlpcServer,
        &named_pipe::Client,
        &named_pipe::Server,
        &mach::Mach::Plain,
        &mach::Mach::Rights,
        &mach::Mach::Moved,
    ];
    all.into_iter()
}

/// Those whose name begins with `prefix`; the deliberately wrong ones only when they are asked for.
pub fn named(prefix: &str) -> impl Iterator<Item = &'static dyn Transport> {
    let wrong: &[&dyn Transport] = if prefix.starts_with("wrong-") { WRONG } else { &[] };
    all().chain(wrong.iter().copied()).filter(move |one| one.name().starts_with(prefix))
}

const WRONG: &[&dyn Transport] = &[&wrong::Promise, &wrong::Litter];

/// The role of a victim.
///
/// # Panics
/// A broken promise: the supervisor sees that the victim has not waited for its death.
pub fn play(part: &Part) {
    let name = part.argument(0);
    let transport = named(name).find(|one| one.name() == name).expect("a transport");
    let notes = Notes::in_memory(&part.descriptor(NOTES)).expect("memory for notes");
    let (side, place) = (Side::of(part.argument(1)), Scratch::of(part.argument(2)));
    let life = Life { side, place, number: part.number(3), notes, part };
    transport.victim(&life).unwrap_or_else(|wrong| panic!("{side} of {}: {wrong}", transport.name()));
}

/// How long the record of this number is.
fn bytes(number: u64) -> usize {
    RECORD_BYTES_MIN + usize::try_from(number * 37 % 600).unwrap_or(0)
}

/// Record `number` of `stream`.
fn record(stream: u64, number: u64) -> Vec<u8> {
    Mark { stream, number }.record(bytes(number))
}

/// Sends records of a stream for ever, or until `send` says that there is nobody any more.
fn send_for_ever<E>(
    notes: &Notes,
    stream: u64,
    mut send: impl FnMut(&[u8]) -> Result<Answer, E>,
) -> Result<(), E> {
    let (mut number, mut next) = (0, record(stream, 0));
    loop {
        match notes.sending(number, || match send(&next) {
            Ok(Answer::Done) => Ok(()),
            other => Err(other),
        }) {
            Ok(()) => {
                number += 1;
                next = record(stream, number);
            }
            Err(Ok(Answer::Over)) => return Ok(()),
            Err(Ok(_)) => {}
            Err(Err(error)) => return Err(error),
        }
    }
}

/// What a call has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// What it should.
    Done,
    /// Nothing, until its deadline.
    NotYet,
    /// Nothing: nobody is there any more.
    Over,
}

/// Receives records in order for ever, or until `receive` says that there is nobody any more. It hands each record to
/// what it is given, then consumes it.
fn receive_for_ever(
    notes: &Notes,
    due: &mut InOrder,
    mut receive: impl FnMut(&mut dyn FnMut(&[u8]) -> Result<(), Wrong>) -> Result<Answer, Wrong>,
) -> Result<(), Wrong> {
    loop {
        let number = due.next();
        let answer = notes.taking(number, || {
            match receive(&mut |bytes| due.take(bytes).map(drop).map_err(Into::into)) {
                Ok(Answer::Done) => Ok(()),
                other => Err(other),
            }
        });
        match answer {
            Ok(()) | Err(Ok(Answer::NotYet)) => {}
            Err(Ok(_)) => return Ok(()),
            Err(Err(wrong)) => return Err(wrong),
        }
    }
}
