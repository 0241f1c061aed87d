// SPDX-License-Identifier: MIT OR Apache-2.0
//! The same for the errors of channels and topics.

use std::error::Error;
use std::io::ErrorKind;

use cabotage::shm::{ChannelError, ReceiveError, SendError, TopicError};

use super::links;

/// The kind of this error itself, if it is one of these and tells one.
pub(super) fn kind_of(error: &(dyn Error + 'static)) -> Option<ErrorKind> {
    None.or_else(|| error.downcast_ref().and_then(of_channel))
        .or_else(|| error.downcast_ref().and_then(of_topic))
        .or_else(|| error.downcast_ref().and_then(of_sending))
        .or_else(|| error.downcast_ref().and_then(of_receiving))
}

fn of_channel(error: &ChannelError) -> Option<ErrorKind> {
    match error {
        ChannelError::Missing { .. } => Some(ErrorKind::NotFound),
        ChannelError::NobodyCame { .. } | ChannelError::NoAnswer { .. } => Some(ErrorKind::TimedOut),
        ChannelError::Publish(error) => links::of_publishing(error),
        ChannelError::Connect(error) => links::of_connecting(error),
        ChannelError::Remove(error) => links::of_removal(error),
        ChannelError::Link(error) => links::of_link(error),
        ChannelError::Object(error) => super::of_object(error),
        ChannelError::System(refusal) => Some(refusal.kind()),
        _ => None,
    }
}

fn of_topic(error: &TopicError) -> Option<ErrorKind> {
    match error {
        TopicError::Missing { .. } => Some(ErrorKind::NotFound),
        TopicError::NobodyCame { .. } => Some(ErrorKind::TimedOut),
        TopicError::Object(error) => super::of_object(error),
        TopicError::System(refusal) => Some(refusal.kind()),
        _ => None,
    }
}

fn of_sending(error: &SendError) -> Option<ErrorKind> {
    match error {
        SendError::Full => Some(ErrorKind::TimedOut),
        SendError::Closed | SendError::Died => Some(ErrorKind::ConnectionReset),
        SendError::System(refusal) => Some(refusal.kind()),
        _ => None,
    }
}

fn of_receiving(error: &ReceiveError) -> Option<ErrorKind> {
    match error {
        ReceiveError::Nothing => Some(ErrorKind::TimedOut),
        ReceiveError::Closed | ReceiveError::Died => Some(ErrorKind::ConnectionReset),
        ReceiveError::System(refusal) => Some(refusal.kind()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use cabotage::os::{Errno, SystemError};
    use cabotage::shm::{Name, ObjectError};

    use super::*;

    #[test]
    fn a_refusal_shows_through_every_layer() {
        let refusal = || SystemError::new("openat", "x", Errno::ACCESS);
        let errors: [Box<dyn Error>; 4] = [
            Box::new(ChannelError::System(refusal())),
            Box::new(ChannelError::Object(ObjectError::System(refusal()))),
            Box::new(SendError::System(refusal())),
            Box::new(ReceiveError::System(refusal())),
        ];
        for error in errors {
            assert_eq!(kind_of(&*error), Some(ErrorKind::PermissionDenied), "{error}");
        }
    }

    #[test]
    fn absence_lateness_and_death_are_told_apart() {
        let name = Name::parse("/x").unwrap();
        assert_eq!(kind_of(&ChannelError::Missing { name }), Some(ErrorKind::NotFound));
        assert_eq!(kind_of(&ReceiveError::Nothing), Some(ErrorKind::TimedOut));
        assert_eq!(kind_of(&SendError::Died), Some(ErrorKind::ConnectionReset));
    }
}
