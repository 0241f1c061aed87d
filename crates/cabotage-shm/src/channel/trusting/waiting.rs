// SPDX-License-Identifier: MIT OR Apache-2.0
//! Taking an end of a channel that may not be there yet, or whose holder is to end.

use super::create::create;
use super::seat::Seat;
use crate::channel::error::{ChannelError, Role};
use crate::meeting::choices::Choices;
use crate::meeting::opening::{attempt_by, attempt_or_make};
use crate::name::Name;

/// The producer's end, of a channel that is made now if need be.
pub(super) fn create_and_take(choices: &Choices, name: &Name) -> Result<Seat, ChannelError> {
    attempt_or_make(
        &choices.directory,
        choices.until_there,
        || Seat::take(choices, name, Role::Producer),
        || create(choices, name),
        |refusal| ChannelError::of(name, refusal),
    )
}

/// The consumer's end, of a channel that is there.
pub(super) fn take(choices: &Choices, name: &Name) -> Result<Seat, ChannelError> {
    attempt_by(&choices.directory, choices.until_there, || Seat::take(choices, name, Role::Consumer))
}
