// SPDX-License-Identifier: MIT OR Apache-2.0
//! Taking part in a topic that may not be there yet, or whose publisher is to end.

use super::create::{BELL, create};
use super::{Publisher, Subscriber, TopicError, TopicOptions};
use crate::meeting::companion::Companions;
use crate::meeting::opening::{Attempt, attempt_by, attempt_or_make};
use crate::name::Name;

/// The publisher of a topic that is made now if need be. The inner error of `take` says that another publishes.
pub(super) fn publish(
    options: &TopicOptions,
    name: &Name,
    take: impl Fn() -> Result<Result<Publisher, (Companions, TopicError)>, TopicError>,
) -> Result<Publisher, TopicError> {
    let choices = options.choices();
    attempt_or_make(
        &choices.directory,
        choices.until_there,
        || match take() {
            Ok(Ok(publisher)) => Attempt::Done(publisher),
            Ok(Err((companions, error))) => Attempt::Occupied(companions.file(BELL), error),
            Err(error) => refused(error),
        },
        || create(options, name),
        |refusal| TopicError::of(name, refusal),
    )
}

/// A subscriber of a topic that is there.
pub(super) fn subscribe(
    options: &TopicOptions,
    join: impl Fn() -> Result<Subscriber, TopicError>,
) -> Result<Subscriber, TopicError> {
    let choices = options.choices();
    attempt_by(&choices.directory, choices.until_there, || join().map_or_else(refused, Attempt::Done))
}

fn refused<T>(error: TopicError) -> Attempt<T, TopicError> {
    match error {
        TopicError::Missing { .. } => Attempt::Missing(error),
        error => Attempt::Failed(error),
    }
}
