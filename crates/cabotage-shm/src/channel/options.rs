// SPDX-License-Identifier: MIT OR Apache-2.0
//! How a channel is created or opened: values with defaults that fit most.

use cabotage_link::names::{Registry, Scope};
use cabotage_link::quota::Quota;

use super::{ChannelError, ChannelGlance, Consumer, Producer, guarded, trusting};
use crate::meeting::choices::{Choices, choice_setters};
use crate::name::Name;

/// How a channel is created or opened. The default: a ring of 64 KiB in /dev/shm, mode 0600, adaptive waiting.
///
/// What a channel is like is decided when it is made: who takes the place of an earlier producer finds capacity, mode
/// and fencing as they are.
#[derive(Debug, Clone, Default)]
pub struct ChannelOptions {
    choices: Choices,
}

choice_setters!(ChannelOptions);

impl ChannelOptions {
    /// The default choices.
    pub fn new() -> Self {
        Self::default()
    }

    /// The guarded form lies in this registry of names instead of the one that the environment names.
    #[must_use]
    pub fn registry(mut self, registry: &Registry) -> Self {
        self.choices.registry = Some(registry.clone());
        self
    }

    /// The name of the guarded form is for this scope: it is created in the user scope unless told otherwise, and
    /// looked for in both.
    #[must_use]
    pub fn scope(mut self, scope: Scope) -> Self {
        self.choices.scope = Some(scope);
        self
    }

    /// The group that the middle digit of the mode is about, for the name of the guarded form: with mode 0660, who of
    /// this group may consume. Only root may name a group that this process is not in.
    #[must_use]
    pub fn group(mut self, gid: u32) -> Self {
        self.choices.group = Some(gid);
        self
    }

    /// Opens the guarded form of a producer of this user only, in the kernel's word: in the system scope every user may
    /// publish names.
    #[must_use]
    pub fn required_uid(mut self, uid: u32) -> Self {
        self.choices.required_uid = Some(uid);
        self
    }

    /// What the other end of the guarded form takes of this process is charged here, and it is refused when that is too
    /// much.
    #[must_use]
    pub fn quota(mut self, quota: &Quota) -> Self {
        self.choices.quota = Some(quota.clone());
        self
    }

    /// The producer of the channel `name`, which need not trust its consumers: the name is where they meet, and records
    /// go through sealed memory that only the producer writes and that is a consumer's own. Takes the place of a
    /// producer that has died, with the next [generation](Producer::generation), but without its records: those live on
    /// in the memory of its consumer alone.
    ///
    /// Without a consumer as much is kept as the ring holds. Consumers are let in, and a second one is refused, in the
    /// producer's own calls: in each that finds no consumer or waits; in a stream that never waits, at most a quarter of
    /// a second and 4,096 records later. The ring has at most 16 MiB.
    ///
    /// **Closing or dropping the producer gives the name up, and with it what no consumer has been handed:**
    /// [`Producer::wait_until_consumed`] first.
    ///
    /// # Errors
    /// [`ChannelError::Occupied`] while another producer lives, and others of [`ChannelError`].
    ///
    /// # Source
    /// unix(7), memfd_create(2).
    pub fn create(&self, name: &Name) -> Result<Producer, ChannelError> {
        Ok(Producer::guarded(guarded::Producer::create(&self.choices, name)?))
    }

    /// The consumer of the channel `name`, which need not trust its producer. Goes on with the first record that the
    /// consumer before it had not consumed. The producer lets consumers in from its own calls, so this waits for its
    /// answer: for a second, or until [`until_there`](Self::until_there) if that is later.
    ///
    /// # Errors
    /// [`ChannelError::Missing`], [`ChannelError::NoAnswer`], [`ChannelError::Occupied`] while another consumer is
    /// there, by the producer's word, and others of [`ChannelError`].
    ///
    /// # Source
    /// As [`Self::create`].
    pub fn open(&self, name: &Name) -> Result<Consumer, ChannelError> {
        Ok(Consumer::guarded(guarded::Consumer::open(&self.choices, name)?))
    }

    /// The producer of the channel `name` over plain named objects, between processes that **trust** each other. Makes
    /// the channel if it is not there, with all of its memory; takes the place of a producer that has closed or died,
    /// and goes on behind its last record.
    ///
    /// # Errors
    /// [`ChannelError::Occupied`] while another producer lives, [`ChannelError::NotAChannel`],
    /// [`ChannelError::Object`] with `NoSpace` when the file system is full, and others of [`ChannelError`]. A channel
    /// that is not complete leaves nothing behind; a complete one whose end can't be taken then stays, for others.
    ///
    /// # Source
    /// shm_open(3); fcntl(2), `F_OFD_SETLK`; fifo(7).
    pub fn create_trusting(&self, name: &Name) -> Result<Producer, ChannelError> {
        Ok(Producer::trusting(trusting::Producer::create(&self.choices, name)?))
    }

    /// The consumer of the channel `name` over plain named objects. Takes the place of a consumer that has closed or
    /// died, and goes on with the first record that one had not consumed. With
    /// [`until_there`](Self::until_there) this waits until there is a channel, and in it a producer or something to
    /// read.
    ///
    /// # Errors
    /// [`ChannelError::Missing`], [`ChannelError::Occupied`] while another consumer lives, and others of
    /// [`ChannelError`].
    ///
    /// # Source
    /// As [`Self::create_trusting`].
    pub fn open_trusting(&self, name: &Name) -> Result<Consumer, ChannelError> {
        Ok(Consumer::trusting(trusting::Consumer::open(&self.choices, name)?))
    }

    /// Looks at the channel `name` over plain named objects without taking part in it. Needs the right to read its
    /// objects.
    ///
    /// # Errors
    /// [`ChannelError::Missing`], [`ChannelError::NotAChannel`], and others of [`ChannelError`].
    ///
    /// # Source
    /// pread(2); fcntl(2), `F_OFD_GETLK`.
    pub fn look_trusting(&self, name: &Name) -> Result<ChannelGlance, ChannelError> {
        trusting::look(&self.choices, name)
    }
}
