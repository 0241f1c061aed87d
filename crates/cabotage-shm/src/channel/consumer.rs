// SPDX-License-Identifier: MIT OR Apache-2.0
//! The receiving end of a channel, of either form.

use std::os::fd::{AsFd, BorrowedFd};

use cabotage_lane::Plain;
use cabotage_link::Ready;
use cabotage_os::Deadline;

use super::error::{ChannelError, ReceiveError};
use super::options::ChannelOptions;
use super::record::Record;
use super::{guarded, trusting};
use crate::meeting::Presence;
use crate::name::Name;

/// The receiving end of a channel. Dropping it closes it; ending the process without that counts as death.
#[derive(Debug)]
pub struct Consumer {
    form: Form,
}

#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "the quickest form is not behind a pointer, and ends are few")]
enum Form {
    Trusting(trusting::Consumer),
    Guarded(Box<guarded::Consumer>),
}

impl Consumer {
    pub(super) fn trusting(end: trusting::Consumer) -> Self {
        Self { form: Form::Trusting(end) }
    }

    pub(super) fn guarded(end: guarded::Consumer) -> Self {
        Self { form: Form::Guarded(Box::new(end)) }
    }

    /// Choices for opening a channel.
    pub fn options() -> ChannelOptions {
        ChannelOptions::new()
    }

    /// The consumer of a channel between processes that need not trust each other, with the default choices: see
    /// [`ChannelOptions::open`].
    ///
    /// # Errors
    /// As there.
    pub fn open(name: impl AsRef<[u8]>) -> Result<Self, ChannelError> {
        ChannelOptions::new().open(&Name::parse(name)?)
    }

    /// The consumer of a channel between processes that trust each other, with the default choices: see
    /// [`ChannelOptions::open_trusting`].
    ///
    /// # Errors
    /// As there.
    pub fn open_trusting(name: impl AsRef<[u8]>) -> Result<Self, ChannelError> {
        ChannelOptions::new().open_trusting(&Name::parse(name)?)
    }

    /// Receives the next record, waiting for it at most until `deadline`. It lies where the producer wrote it, and is
    /// consumed when it is dropped.
    ///
    /// The end of a producer is told after its last record, at once and by every call for as long as no other producer
    /// has come; then records go on. A guarded one has come when it has let this consumer in, which it does during its
    /// own calls: while it has not answered, the end of the one before is told when `deadline` has passed.
    ///
    /// # Errors
    /// [`ReceiveError::Nothing`] when none came in time, [`ReceiveError::Closed`], [`ReceiveError::Died`], and others.
    #[inline(always)]
    pub fn receive(&mut self, deadline: Deadline) -> Result<Record<'_>, ReceiveError> {
        // Whether there is one is answered in a register, and why there is none by a call of its own: decision 0033.
        let is_there = match &mut self.form {
            Form::Trusting(end) => end.finds(deadline),
            Form::Guarded(end) => end.finds(deadline),
        };
        if !is_there {
            self.receive_otherwise(deadline)?;
        }
        Ok(self.in_hand())
    }

    #[cold]
    fn receive_otherwise(&mut self, deadline: Deadline) -> Result<(), ReceiveError> {
        match &mut self.form {
            Form::Trusting(end) => end.receive_otherwise(deadline),
            Form::Guarded(end) => end.receive_otherwise(deadline),
        }
    }

    #[inline(always)]
    fn in_hand(&mut self) -> Record<'_> {
        match &mut self.form {
            Form::Trusting(end) => Record::trusting(end),
            Form::Guarded(end) => Record::guarded(end),
        }
    }

    /// Receives the next record if there is one. This never arranges for the descriptor to become readable: see
    /// [`Consumer::ready`].
    ///
    /// # Errors
    /// As [`Consumer::receive`], but [`ReceiveError::Nothing`].
    #[inline]
    pub fn try_receive(&mut self) -> Result<Option<Record<'_>>, ReceiveError> {
        let is_there = match &mut self.form {
            Form::Trusting(end) => end.try_receive()?,
            Form::Guarded(end) => end.try_receive()?,
        };
        Ok(is_there.then(|| self.in_hand()))
    }

    /// Receives the next record as a plain value, waiting for it at most until `deadline`.
    ///
    /// # Errors
    /// As [`Consumer::receive`]; [`ReceiveError::OtherSize`] when it has another number of bytes, and then it is
    /// still the next.
    #[inline]
    pub fn receive_value<T: Plain>(&mut self, deadline: Deadline) -> Result<T, ReceiveError> {
        let record = self.receive(deadline)?;
        match record.value() {
            Some(value) => Ok(value),
            None => {
                let bytes = record.bytes();
                record.leave();
                Err(ReceiveError::OtherSize { bytes, expected: size_of::<T>() })
            }
        }
    }

    /// Hands at most `max` records that are there to `act`, and tells their consumption once, at the end; answers how
    /// many. Never waits. Should this process be killed meanwhile, whoever takes its place gets some of them again,
    /// or all.
    ///
    /// # Errors
    /// As [`Consumer::try_receive`], when there was no record before.
    pub fn receive_each(&mut self, max: usize, act: impl FnMut(Record<'_>)) -> Result<usize, ReceiveError> {
        match &mut self.form {
            Form::Trusting(end) => end.receive_each(max, act),
            Form::Guarded(end) => end.receive_each(max, act),
        }
    }

    /// Looks for a record; when there is none, arranges for the descriptor to become readable as soon as there is one,
    /// or the producer ends, or another comes. **Call this before every wait on the descriptor**, and wait only on
    /// [`Ready::Armed`]. An end that was told already is no news: then this waits for a new producer.
    ///
    /// # Errors
    /// The channel belongs to the parent process, or the system's refusal.
    pub fn ready(&mut self) -> Result<Ready, ReceiveError> {
        match &mut self.form {
            Form::Trusting(end) => end.ready(),
            Form::Guarded(end) => end.ready(),
        }
    }

    /// Which producer of the channel sent the last record: 1 for the first.
    pub fn generation(&self) -> u64 {
        match &self.form {
            Form::Trusting(end) => end.generation(),
            Form::Guarded(end) => end.generation(),
        }
    }

    /// Who produces, now.
    ///
    /// # Errors
    /// The channel is over, or the system's refusal.
    pub fn producer(&self) -> Result<Presence, ReceiveError> {
        match &self.form {
            Form::Trusting(end) => end.producer(),
            Form::Guarded(end) => end.producer(),
        }
    }

    /// Waits until there is a producer.
    ///
    /// # Errors
    /// [`ReceiveError::Nothing`] when none came until the deadline.
    pub fn wait_for_producer(&mut self, deadline: Deadline) -> Result<(), ReceiveError> {
        match &mut self.form {
            Form::Trusting(end) => end.wait_for_producer(deadline),
            Form::Guarded(end) => end.wait_for_producer(deadline),
        }
    }

    /// The longest record, in bytes.
    pub fn record_bytes_max(&self) -> usize {
        match &self.form {
            Form::Trusting(end) => end.record_bytes_max(),
            Form::Guarded(end) => end.record_bytes_max(),
        }
    }

    /// The name of the channel.
    pub fn name(&self) -> &Name {
        match &self.form {
            Form::Trusting(end) => end.name(),
            Form::Guarded(end) => end.name(),
        }
    }

    /// Removes the channel's objects, as the textbook's consumer does at the end, and closes this end. A name that
    /// means another channel by now is left alone. A producer that is still there keeps its memory, and nobody reads
    /// it.
    ///
    /// # Errors
    /// [`ChannelError::Object`]: `Missing` or `NotMine` when the name is gone, `Denied` when the objects belong to
    /// another user.
    pub fn remove(self) -> Result<(), ChannelError> {
        match self.form {
            Form::Trusting(end) => end.remove(),
            Form::Guarded(end) => end.remove(),
        }
    }

    /// Closes this end. Dropping does the same; the channel and what was not consumed stay.
    pub fn close(self) {}
}

impl AsFd for Consumer {
    /// The descriptor to wait on after [`Consumer::ready`] has answered [`Ready::Armed`]; the same for life. Never
    /// read from it.
    fn as_fd(&self) -> BorrowedFd<'_> {
        match &self.form {
            Form::Trusting(end) => end.as_fd(),
            Form::Guarded(end) => end.as_fd(),
        }
    }
}
