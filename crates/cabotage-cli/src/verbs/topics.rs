// SPDX-License-Identifier: MIT OR Apache-2.0
//! Streams through topics: from one publisher to every subscriber that is there.
//!
//! A stream is the bytes of the records from where a subscriber began, up to the end of the publisher. Where the
//! publisher drops for the slow, a subscriber that was one has holes in its stream, and says so at the end.

use std::fs::File;

use cabotage::Deadline;
use cabotage::shm::{
    Name, Publisher, ReceiveError, SendError, Subscriber, TopicError, TopicOptions, WhenSlow,
};

use super::timeout::Timeout;
use super::transfer::{self, Meter, Target};
use crate::address::Address;
use crate::exit::{Exit, Failure};

/// What has room for some of a stream's chunks, so that all commands can work at once.
const CAPACITY_BYTES: usize = 4 << 20;

/// What to do about slow subscribers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Slow {
    /// Wait for the slowest
    Wait,
    /// Go on, and let them lose records
    Drop,
}

/// Takes the publisher's place, and waits for a subscriber.
pub(crate) fn publisher(
    name: &Name,
    mode: u32,
    slow: Slow,
    history: u64,
    timeout: &Timeout,
) -> Result<Publisher, Failure> {
    let deadline = timeout.deadline();
    let when_slow = match slow {
        Slow::Wait => WhenSlow::Wait,
        Slow::Drop => WhenSlow::Drop,
    };
    let options = TopicOptions::new().capacity_bytes(CAPACITY_BYTES).mode(mode).history(history);
    let options = if timeout.is_given() { options.until_there(deadline) } else { options };
    let mut publisher = options.when_slow(when_slow).create_trusting(name)?;
    match publisher.wait_for_subscriber(deadline) {
        Err(SendError::Full) => Err(transfer::nobody_came(address(name))),
        outcome => Ok(outcome.map(|()| publisher)?),
    }
}

/// As they come: what one read gives is one record.
pub(crate) fn pass_on(source: &mut File, mut publisher: Publisher, meter: &mut Meter) -> Result<(), Failure> {
    let chunk_bytes = publisher.record_bytes_max();
    transfer::pass_on(source, chunk_bytes, meter, |chunk, _| Ok(publisher.publish(chunk, Deadline::Never)?))?;
    publisher.wait_until_consumed(Deadline::Never)?;
    publisher.close();
    Ok(())
}

/// Subscribes once there is a topic, and a publisher or something to receive.
pub(crate) fn subscriber(name: &Name, history: u64, timeout: &Timeout) -> Result<Subscriber, Failure> {
    let options = TopicOptions::new().history(history).until_there(timeout.deadline());
    options.subscribe_trusting(name).map_err(|error| match error {
        TopicError::Missing { .. } | TopicError::NobodyCame { .. } => transfer::nobody_sent(address(name)),
        error => error.into(),
    })
}

/// Writes what comes to `target` until the publisher closes its end.
///
/// # Errors
/// Records were lost on the way, or the publisher died.
pub(crate) fn drain(
    subscriber: &mut Subscriber,
    target: &mut Target,
    meter: &mut Meter,
) -> Result<(), Failure> {
    loop {
        match subscriber.receive(Deadline::Never) {
            Ok(record) => {
                target.write(record.as_slice())?;
                meter.add(record.bytes());
            }
            Err(ReceiveError::Closed) => return complete(subscriber),
            Err(ReceiveError::Died) => {
                return Err(transfer::half("publisher of", address(subscriber.name()), meter));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

fn complete(subscriber: &Subscriber) -> Result<(), Failure> {
    match subscriber.lost() {
        0 => Ok(()),
        lost => {
            let words = format!(
                "{lost} records of {} were lost, because we were slow: send with --when-slow wait, or receive faster",
                address(subscriber.name())
            );
            Err(Failure::new(Exit::Failed, words))
        }
    }
}

fn address(name: &Name) -> Address {
    Address::Topic(name.clone())
}
