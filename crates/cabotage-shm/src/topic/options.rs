// SPDX-License-Identifier: MIT OR Apache-2.0
//! How a topic is created or subscribed to: values with defaults that fit most.

pub use cabotage_lane::topic::WhenSlow;

use super::{Publisher, Subscriber, TopicError, TopicGlance, look};
use crate::meeting::choices::{Choices, choice_setters};
use crate::name::Name;

/// How a topic is created or subscribed to. The default: a ring of 64 KiB in /dev/shm, mode 0600, room for 64 subscribers
/// of which the slow lose records, no history, adaptive waiting.
///
/// What a topic is like is decided when it is made: who takes the place of an earlier publisher finds everything as it
/// is. How much history a subscriber gets is for the subscriber to say.
#[derive(Debug, Clone)]
pub struct TopicOptions {
    choices: Choices,
    subscribers_max: u32,
    history: u64,
    when_slow: WhenSlow,
}

choice_setters!(TopicOptions);

/// The most subscribers that a topic may have at a time.
const SUBSCRIBERS_MAX: u32 = 4096;

impl Default for TopicOptions {
    fn default() -> Self {
        Self { choices: Choices::default(), subscribers_max: 64, history: 0, when_slow: WhenSlow::Drop }
    }
}

impl TopicOptions {
    /// The default choices.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many subscribers there may be at a time, from 1 to 4096; each takes 128 bytes of the roster, whether it comes
    /// or not.
    #[must_use]
    pub fn subscribers_max(self, places: u32) -> Self {
        Self { subscribers_max: places.clamp(1, SUBSCRIBERS_MAX), ..self }
    }

    /// A publisher that makes the topic keeps so many of the last records for those who come late, as far as the ring
    /// holds them; a subscriber begins with so many of them, as far as they are there.
    #[must_use]
    pub fn history(self, records: u64) -> Self {
        Self { history: records, ..self }
    }

    /// What happens when a subscriber is slow: the publisher waits for it, or it loses records and is told how many.
    #[must_use]
    pub fn when_slow(self, when_slow: WhenSlow) -> Self {
        Self { when_slow, ..self }
    }

    /// The publisher of the topic `name` over plain named objects, among processes that **trust** each other. Makes the
    /// topic if it is not there, with all of its memory; takes the place of a publisher that has closed or died, and goes
    /// on behind its last record.
    ///
    /// # Errors
    /// [`TopicError::Occupied`] while another publisher lives, [`TopicError::NotATopic`], [`TopicError::Object`] with
    /// `NoSpace` when the file system is full, and others of [`TopicError`]. Nothing is left behind then.
    ///
    /// # Source
    /// shm_open(3); fcntl(2), `F_OFD_SETLK`; fifo(7).
    pub fn create_trusting(&self, name: &Name) -> Result<Publisher, TopicError> {
        Publisher::create(self, name)
    }

    /// A subscriber of the topic `name`, which begins [`history`](Self::history) records before the end, or with the next
    /// one. With [`until_there`](Self::until_there) this waits until there is a topic, and in it a publisher or something
    /// to read.
    ///
    /// # Errors
    /// [`TopicError::Missing`], [`TopicError::Crowded`] when all places are taken, and others of [`TopicError`].
    ///
    /// # Source
    /// As [`Self::create_trusting`].
    pub fn subscribe_trusting(&self, name: &Name) -> Result<Subscriber, TopicError> {
        Subscriber::open(self, name)
    }

    /// Looks at the topic `name` without taking part in it. Needs the right to read its objects.
    ///
    /// # Errors
    /// [`TopicError::Missing`], [`TopicError::NotATopic`], and others of [`TopicError`].
    ///
    /// # Source
    /// pread(2); fcntl(2), `F_OFD_GETLK`.
    pub fn look_trusting(&self, name: &Name) -> Result<TopicGlance, TopicError> {
        look::look(&self.choices.directory, name)
    }

    pub(super) fn choices(&self) -> &Choices {
        &self.choices
    }

    pub(super) fn places(&self) -> u32 {
        self.subscribers_max
    }

    pub(super) fn records_kept(&self) -> u64 {
        self.history
    }

    pub(super) fn policy(&self) -> WhenSlow {
        self.when_slow
    }
}
