// SPDX-License-Identifier: MIT OR Apache-2.0
//! Streams through channels: who takes which end, and how an end too early is told.
//!
//! A stream is the bytes of the records, in order, from one producer: it ends when that producer closes its end. What
//! a killed producer had sent is received, and then the receiver says that the stream is half.

use std::fs::File;

use cabotage::Deadline;
use cabotage::shm::{ChannelError, ChannelOptions, Consumer, Name, Producer, ReceiveError, SendError};

use super::timeout::Timeout;
use super::transfer::{self, CHUNK_BYTES, Meter, Target};
use crate::address::{Address, Form};
use crate::exit::{Exit, Failure};

/// What has room for some of a stream's chunks, so that both commands can work at once.
const CAPACITY_BYTES: usize = 4 << 20;

/// The sending end of a stream.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sending<'a> {
    pub(crate) form: Form,
    pub(crate) name: &'a Name,
    /// The permission bits of what is made.
    pub(crate) mode: u32,
}

/// The receiving end of a stream.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Receiving<'a> {
    pub(crate) form: Form,
    pub(crate) name: &'a Name,
}

impl Sending<'_> {
    fn address(&self) -> Address {
        Address::Channel(self.form, self.name.clone())
    }

    /// Takes the producer's end, and waits for a consumer. With a time-out it waits for a living producer to end, too.
    pub(crate) fn producer(&self, timeout: &Timeout) -> Result<Producer, Failure> {
        let deadline = timeout.deadline();
        let options = ChannelOptions::new().capacity_bytes(CAPACITY_BYTES).mode(self.mode);
        let options = if timeout.is_given() { options.until_there(deadline) } else { options };
        let mut producer = match self.form {
            Form::Guarded => options.create(self.name)?,
            Form::Trusting => options.create_trusting(self.name)?,
        };
        match producer.wait_for_consumer(deadline) {
            Err(SendError::Full) => Err(transfer::nobody_came(self.address())),
            outcome => Ok(outcome.map(|()| producer)?),
        }
    }

    /// As they come: what one read gives is one record.
    pub(crate) fn pass_on(
        &self,
        source: &mut File,
        mut producer: Producer,
        meter: &mut Meter,
    ) -> Result<(), Failure> {
        let chunk_bytes = producer.record_bytes_max();
        transfer::pass_on(source, chunk_bytes, meter, |chunk, sent| {
            producer.send(chunk, Deadline::Never).map_err(|error| self.left(error, sent))
        })?;
        producer.wait_until_consumed(Deadline::Never).map_err(|error| self.left(error, meter.bytes()))?;
        producer.close();
        Ok(())
    }

    fn left(&self, error: SendError, bytes: u64) -> Failure {
        let how = match error {
            SendError::Closed => "left",
            SendError::Died => "died",
            error => return error.into(),
        };
        let rest = match self.form {
            Form::Guarded => "and what it did not consume is lost",
            Form::Trusting => "and what it did not consume waits there",
        };
        let address = self.address();
        let words =
            format!("the consumer of {address} {how}; {bytes} bytes had gone into the channel, {rest}");
        Failure::new(Exit::PeerGone, words)
    }
}

impl Receiving<'_> {
    fn address(&self) -> Address {
        Address::Channel(self.form, self.name.clone())
    }

    /// Takes the consumer's end, once there is a channel, and a producer or something to receive.
    pub(crate) fn consumer(&self, timeout: &Timeout) -> Result<Consumer, Failure> {
        let options = ChannelOptions::new().until_there(timeout.deadline());
        let opened = match self.form {
            Form::Guarded => options.open(self.name),
            Form::Trusting => options.open_trusting(self.name),
        };
        opened.map_err(|error| match error {
            ChannelError::Missing { .. }
            | ChannelError::NobodyCame { .. }
            | ChannelError::NoAnswer { .. } => transfer::nobody_sent(self.address()),
            error => error.into(),
        })
    }

    /// Writes what comes to `target` until the producer closes its end.
    pub(crate) fn drain(
        &self,
        consumer: &mut Consumer,
        target: &mut Target,
        meter: &mut Meter,
    ) -> Result<(), Failure> {
        let mut buffer = vec![0; CHUNK_BYTES.min(consumer.record_bytes_max())];
        loop {
            match consumer.receive(Deadline::Never) {
                Ok(record) => {
                    let copy = |at, piece: &mut [u8]| record.copy_from(at, piece);
                    transfer::copy_out(record.bytes(), copy, &mut buffer, target, meter)?;
                }
                Err(ReceiveError::Closed) => return Ok(()),
                Err(ReceiveError::Died) => {
                    return Err(transfer::half("producer of", self.address(), meter));
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}
