// SPDX-License-Identifier: MIT OR Apache-2.0
//! Channels between the processes of a measurement: one each way where answers come back, in a directory in memory.
//!
//! The far end's process makes the directory and the channel that it sends through; the near end comes at its first
//! use, and brings the channel for the way there. Both wait with every default of the library.

use std::path::Path;

use cabotage::Deadline;
use cabotage::link::names::Registry;
use cabotage::shm::{ChannelError, ChannelOptions, Consumer, Directory, Name, Producer, SendError};

use crate::bench::case::Result;
use crate::bench::meeting::{Invitation, LOOK_AROUND, Meeting};
use crate::exit::{Exit, Failure};

/// How a channel is created and opened.
pub(super) trait Form: 'static {
    /// Its producer.
    fn create(place: &Path, name: &Name) -> std::result::Result<Producer, ChannelError>;
    /// Its consumer, when there is a producer.
    fn open(place: &Path, name: &Name, deadline: Deadline) -> std::result::Result<Consumer, ChannelError>;
}

/// Over plain named objects, between processes that trust each other.
pub(super) struct Trusting;

impl Form for Trusting {
    fn create(place: &Path, name: &Name) -> std::result::Result<Producer, ChannelError> {
        options_in(place)?.create_trusting(name)
    }

    fn open(place: &Path, name: &Name, deadline: Deadline) -> std::result::Result<Consumer, ChannelError> {
        options_in(place)?.until_there(deadline).open_trusting(name)
    }
}

/// Through sealed memory, between processes that need not trust each other.
pub(super) struct Guarded;

impl Form for Guarded {
    fn create(place: &Path, name: &Name) -> std::result::Result<Producer, ChannelError> {
        guarded_in(place).create(name)
    }

    fn open(place: &Path, name: &Name, deadline: Deadline) -> std::result::Result<Consumer, ChannelError> {
        guarded_in(place).until_there(deadline).open(name)
    }
}

fn guarded_in(place: &Path) -> ChannelOptions {
    ChannelOptions::new().registry(&Registry::at(place.join("user"), place.join("system")))
}

fn options_in(place: &Path) -> std::result::Result<ChannelOptions, ChannelError> {
    Ok(ChannelOptions::new().directory(&Directory::open(place)?))
}

/// The near end's consumer of what the far end's process sends.
pub(super) fn come<F: Form>(invitation: &Invitation) -> Result<Consumer> {
    Ok(F::open(invitation.path(), &Name::parse(BACK)?, Deadline::Never)?)
}

/// The near end's producer on the way there; the far end's process is about to open its other end.
pub(super) fn bring<F: Form>(invitation: &Invitation) -> Result<Producer> {
    let mut producer = F::create(invitation.path(), &Name::parse(THERE)?)?;
    producer.wait_for_consumer(Deadline::Never)?;
    Ok(producer)
}

/// The far end's producer, before anybody comes.
pub(super) fn expect_company<F: Form>(meeting: &Meeting) -> Result<Producer> {
    Ok(F::create(meeting.path(), &Name::parse(BACK)?)?)
}

/// The near end has come to this producer.
pub(super) fn welcome(producer: &mut Producer, meeting: &Meeting) -> Result<()> {
    loop {
        match producer.wait_for_consumer(Deadline::within(LOOK_AROUND)) {
            Err(SendError::Full) => meeting.wait_on()?,
            outcome => return Ok(outcome?),
        }
    }
}

/// The far end's consumer of what the near end brings.
pub(super) fn follow<F: Form>(meeting: &Meeting) -> Result<Consumer> {
    let name = Name::parse(THERE)?;
    loop {
        match F::open(meeting.path(), &name, Deadline::within(LOOK_AROUND)) {
            Err(
                ChannelError::Missing { .. }
                | ChannelError::NobodyCame { .. }
                | ChannelError::NoAnswer { .. },
            ) => meeting.wait_on()?,
            outcome => return Ok(outcome?),
        }
    }
}

/// Whoever has met has its ends.
pub(super) fn unmet() -> Failure {
    Failure::new(Exit::Failed, "an end that has met has its channels")
}

const THERE: &str = "/there";
const BACK: &str = "/back";
