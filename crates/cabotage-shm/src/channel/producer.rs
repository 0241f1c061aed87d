// SPDX-License-Identifier: MIT OR Apache-2.0
//! The sending end of a channel, of either form.

use cabotage_lane::{Plain, bytes_of};
use cabotage_link::PeerFault;
use cabotage_os::Deadline;

use super::error::{BatchError, ChannelError, SendError};
use super::loan::Loan;
use super::options::ChannelOptions;
use super::{guarded, trusting};
use crate::meeting::Presence;
use crate::name::Name;

/// The sending end of a channel. Dropping it closes it; ending the process without that counts as death.
#[derive(Debug)]
pub struct Producer {
    form: Form,
}

#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "the quickest form is not behind a pointer, and ends are few")]
enum Form {
    Trusting(trusting::Producer),
    Guarded(Box<guarded::Producer>),
}

impl Producer {
    pub(super) fn trusting(end: trusting::Producer) -> Self {
        Self { form: Form::Trusting(end) }
    }

    pub(super) fn guarded(end: guarded::Producer) -> Self {
        Self { form: Form::Guarded(Box::new(end)) }
    }

    /// Choices for creating a channel.
    pub fn options() -> ChannelOptions {
        ChannelOptions::new()
    }

    /// The producer of a channel between processes that need not trust each other, with the default choices: see
    /// [`ChannelOptions::create`].
    ///
    /// # Errors
    /// As there.
    pub fn create(name: impl AsRef<[u8]>) -> Result<Self, ChannelError> {
        ChannelOptions::new().create(&Name::parse(name)?)
    }

    /// The producer of a channel between processes that trust each other, with the default choices: see
    /// [`ChannelOptions::create_trusting`].
    ///
    /// # Errors
    /// As there.
    pub fn create_trusting(name: impl AsRef<[u8]>) -> Result<Self, ChannelError> {
        ChannelOptions::new().create_trusting(&Name::parse(name)?)
    }

    /// Sends a record, waiting for room at most until `deadline`. While there is room this needs no consumer; that one
    /// has ended is told for want of room, so by every call with a record of that length, until another has come.
    ///
    /// # Errors
    /// [`SendError`]; nothing was sent then.
    #[inline]
    pub fn send(&mut self, record: &[u8], deadline: Deadline) -> Result<(), SendError> {
        match &mut self.form {
            Form::Trusting(end) => end.send(record, deadline),
            Form::Guarded(end) => end.send(record, deadline),
        }
    }

    /// Sends a record if there is room for it now.
    ///
    /// # Errors
    /// [`SendError::Full`] if there is none.
    #[inline]
    pub fn try_send(&mut self, record: &[u8]) -> Result<(), SendError> {
        self.send(record, Deadline::Now)
    }

    /// Sends the bytes of a plain value: a number, an array of them, or a structure of
    /// [`plain!`](cabotage_lane::plain!).
    ///
    /// # Errors
    /// As [`Producer::send`].
    #[inline]
    pub fn send_value<T: Plain>(&mut self, value: &T, deadline: Deadline) -> Result<(), SendError> {
        self.send(bytes_of(value), deadline)
    }

    /// Sends many records: those that find room together become visible together, and the consumer is woken once.
    /// Answers how many.
    ///
    /// # Errors
    /// [`BatchError`] tells how many were sent before, and why not the next.
    pub fn send_all<R: AsRef<[u8]>>(
        &mut self,
        records: impl IntoIterator<Item = R>,
        deadline: Deadline,
    ) -> Result<usize, BatchError> {
        match &mut self.form {
            Form::Trusting(end) => end.send_all(records, deadline),
            Form::Guarded(end) => end.send_all(records, deadline),
        }
    }

    /// Room for a record of `bytes` bytes, to be written in place, waiting for it at most until `deadline`.
    ///
    /// # Errors
    /// As [`Producer::send`].
    #[inline]
    pub fn loan(&mut self, bytes: usize, deadline: Deadline) -> Result<Loan<'_>, SendError> {
        match &mut self.form {
            Form::Trusting(end) => Ok(Loan::trusting(end.loan(bytes, deadline)?)),
            Form::Guarded(end) => Ok(Loan::guarded(end.loan(bytes, deadline)?)),
        }
    }

    /// Waits until there is a consumer.
    ///
    /// # Errors
    /// [`SendError::Full`] when none came until the deadline.
    pub fn wait_for_consumer(&mut self, deadline: Deadline) -> Result<(), SendError> {
        match &mut self.form {
            Form::Trusting(end) => end.wait_for_consumer(deadline),
            Form::Guarded(end) => end.wait_for_consumer(deadline),
        }
    }

    /// Waits until the consumer has consumed everything that was sent.
    ///
    /// # Errors
    /// [`SendError::Full`] when it has not until the deadline; [`SendError::Closed`] or [`SendError::Died`] when it
    /// ended before.
    pub fn wait_until_consumed(&mut self, deadline: Deadline) -> Result<(), SendError> {
        match &mut self.form {
            Form::Trusting(end) => end.wait_until_consumed(deadline),
            Form::Guarded(end) => end.wait_until_consumed(deadline),
        }
    }

    /// Who consumes, now.
    ///
    /// # Errors
    /// The channel is over, or the system's refusal.
    pub fn consumer(&self) -> Result<Presence, SendError> {
        match &self.form {
            Form::Trusting(end) => end.consumer(),
            Form::Guarded(end) => end.consumer(),
        }
    }

    /// The rule that the last consumer broke, if that is how it ended and no other has come. Only the guarded form checks.
    pub fn consumer_fault(&self) -> Option<&PeerFault> {
        match &self.form {
            Form::Trusting(_) => None,
            Form::Guarded(end) => end.consumer_fault(),
        }
    }

    /// Which producer of the channel this is: 1 for the first.
    pub fn generation(&self) -> u64 {
        match &self.form {
            Form::Trusting(end) => end.generation(),
            Form::Guarded(end) => end.generation(),
        }
    }

    /// The longest record, in bytes.
    pub fn record_bytes_max(&self) -> usize {
        match &self.form {
            Form::Trusting(end) => end.record_bytes_max(),
            Form::Guarded(end) => end.record_bytes_max(),
        }
    }

    /// How many bytes the ring has.
    pub fn capacity_bytes(&self) -> usize {
        match &self.form {
            Form::Trusting(end) => end.capacity_bytes(),
            Form::Guarded(end) => end.capacity_bytes(),
        }
    }

    /// The name of the channel.
    pub fn name(&self) -> &Name {
        match &self.form {
            Form::Trusting(end) => end.name(),
            Form::Guarded(end) => end.name(),
        }
    }

    /// Closes this end: the consumer receives what was sent, and is then told that nothing follows. Dropping does the
    /// same.
    pub fn close(self) {}
}
