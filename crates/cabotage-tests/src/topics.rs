// SPDX-License-Identifier: MIT OR Apache-2.0
//! Topics as everything that is tried with them needs them: in a scratch place, small, and asleep when there is nothing
//! to do.

use cabotage_link::Wait;
use cabotage_os::Deadline;
use cabotage_shm::topic::{Publisher, Subscriber, TopicError, TopicOptions, WhenSlow};
use cabotage_shm::{Directory, Name};

use crate::Wrong;
use crate::scratch::Scratch;

/// The ring: small enough to be full soon.
pub const CAPACITY_BYTES: usize = 8_192;
/// So many of the last records are there for those who come late.
pub const HISTORY: u64 = 64;

/// A topic of this policy in each place.
#[derive(Debug, Clone, Copy)]
pub struct Policy(pub WhenSlow);

impl Policy {
    /// The publisher of the place's topic, waiting for its place at most until `deadline`.
    ///
    /// # Errors
    /// [`TopicError`].
    pub fn create(self, place: &Scratch, deadline: Deadline) -> Result<Publisher, TopicError> {
        self.options(place).until_there(deadline).create_trusting(&name())
    }

    /// A subscriber of the place's topic, waiting for it at most until `deadline`.
    ///
    /// # Errors
    /// [`TopicError`].
    pub fn subscribe(self, place: &Scratch, deadline: Deadline) -> Result<Subscriber, TopicError> {
        self.options(place).until_there(deadline).subscribe_trusting(&name())
    }

    /// Takes away what dead processes have left half made; nothing is left then but whole topics.
    ///
    /// # Errors
    /// The system's refusal.
    pub fn clean(self, place: &Scratch) -> Result<(), Wrong> {
        directory(place).clean()?;
        Ok(())
    }

    fn options(self, place: &Scratch) -> TopicOptions {
        let options = TopicOptions::new().when_slow(self.0).history(HISTORY).subscribers_max(8);
        options.capacity_bytes(CAPACITY_BYTES).wait(Wait::Block).directory(&directory(place))
    }
}

fn name() -> Name {
    Name::parse("news").expect("a name")
}

fn directory(place: &Scratch) -> Directory {
    Directory::open(place.memory()).expect("a folder in shared memory")
}
