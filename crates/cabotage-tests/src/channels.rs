// SPDX-License-Identifier: MIT OR Apache-2.0
//! The forms of a channel, as everything that is tried with each of them needs them: in a scratch place, small, and
//! asleep when there is nothing to do.

use cabotage_link::Wait;
use cabotage_link::names::{Kind, Scope};
use cabotage_os::Deadline;
use cabotage_shm::{ChannelError, ChannelOptions, Consumer, Directory, Name, Producer};

use crate::Wrong;
use crate::scratch::Scratch;
use crate::watchdog::soon;

/// The ring: small enough to be full soon.
const CAPACITY_BYTES: usize = 8_192;

/// A form of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Over plain named objects: the channel and its records outlive both ends.
    Trusting,
    /// Over sealed memory, by a name: records live in their producer, and in the consumer that it has.
    Guarded,
}

impl Form {
    /// The producer of the place's channel, waiting for the end to be free at most until `deadline`.
    ///
    /// # Errors
    /// [`ChannelError`].
    pub fn create(self, place: &Scratch, deadline: Deadline) -> Result<Producer, ChannelError> {
        let options = options(place).until_there(deadline);
        match self {
            Self::Trusting => options.create_trusting(&name()),
            Self::Guarded => options.registry(&place.registry()).create(&name()),
        }
    }

    /// The consumer of the place's channel, waiting for it at most until `deadline`.
    ///
    /// # Errors
    /// [`ChannelError`].
    pub fn open(self, place: &Scratch, deadline: Deadline) -> Result<Consumer, ChannelError> {
        let options = options(place).until_there(deadline);
        match self {
            Self::Trusting => options.open_trusting(&name()),
            Self::Guarded => options.registry(&place.registry()).open(&name()),
        }
    }

    /// Whether records that no consumer has been handed outlive their producer.
    pub fn keeps_records(self) -> bool {
        self == Self::Trusting
    }

    /// How many records, of at least so many bytes on the average, may die with a producer that has handed them to nobody.
    pub fn kept_max(self, record_bytes: usize) -> u64 {
        if self.keeps_records() { 0 } else { (CAPACITY_BYTES / record_bytes) as u64 }
    }

    /// Takes away what dead processes have left half made; nothing is left then but whole channels.
    ///
    /// # Errors
    /// The system's refusal.
    pub fn clean(self, place: &Scratch) -> Result<(), Wrong> {
        match self {
            Self::Trusting => drop(directory(place).clean()?),
            Self::Guarded => {
                place.registry().remove_all_stale(Kind::Channel, Scope::User, soon())?;
                // The folder is made with the first name and stays: what is in it counts.
                let _ = std::fs::remove_dir(place.path("user").join(Kind::Channel.directory()));
            }
        }
        Ok(())
    }
}

fn name() -> Name {
    Name::parse("frames").expect("a name")
}

fn directory(place: &Scratch) -> Directory {
    Directory::open(place.memory()).expect("a folder in shared memory")
}

fn options(place: &Scratch) -> ChannelOptions {
    ChannelOptions::new().capacity_bytes(CAPACITY_BYTES).wait(Wait::Block).directory(&directory(place))
}
