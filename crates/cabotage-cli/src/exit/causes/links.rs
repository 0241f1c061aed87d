// SPDX-License-Identifier: MIT OR Apache-2.0
//! The same for the errors of links and of the names by which they are found.

use std::error::Error;
use std::io::ErrorKind;

use cabotage::link::names::{ConnectError, PlaceError, PublishError, RemoveError};
use cabotage::link::{AcceptError, JoinError, LinkError, PeerFault, ReceiveError, SendError};
use cabotage::os::directory::DirectoryError;

/// The kind of this error itself, if it is one of these and tells one.
pub(super) fn kind_of(error: &(dyn Error + 'static)) -> Option<ErrorKind> {
    None.or_else(|| error.downcast_ref().and_then(of_link))
        .or_else(|| error.downcast_ref().and_then(of_sending))
        .or_else(|| error.downcast_ref().and_then(of_receiving))
        .or_else(|| error.downcast_ref().and_then(of_accepting))
        .or_else(|| error.downcast_ref().and_then(of_joining))
        .or_else(|| error.downcast_ref().and_then(of_connecting))
        .or_else(|| error.downcast_ref().and_then(of_publishing))
        .or_else(|| error.downcast_ref().and_then(of_removal))
        .or_else(|| error.downcast_ref().and_then(of_place))
}

pub(super) fn of_link(error: &LinkError) -> Option<ErrorKind> {
    match error {
        LinkError::Closed | LinkError::Died => Some(ErrorKind::ConnectionReset),
        LinkError::Fault(PeerFault::Silent) => Some(ErrorKind::TimedOut),
        LinkError::System(refusal) => Some(refusal.kind()),
        _ => None,
    }
}

fn of_sending(error: &SendError) -> Option<ErrorKind> {
    match error {
        SendError::Full => Some(ErrorKind::TimedOut),
        SendError::Link(error) => of_link(error),
        _ => None,
    }
}

fn of_receiving(error: &ReceiveError) -> Option<ErrorKind> {
    match error {
        ReceiveError::Nothing => Some(ErrorKind::TimedOut),
        ReceiveError::Link(error) => of_link(error),
        _ => None,
    }
}

fn of_accepting(error: &AcceptError) -> Option<ErrorKind> {
    match error {
        AcceptError::Nobody => Some(ErrorKind::TimedOut),
        AcceptError::System(refusal) => Some(refusal.kind()),
        _ => None,
    }
}

fn of_joining(error: &JoinError) -> Option<ErrorKind> {
    match error {
        JoinError::Connect(error) => of_connecting(error),
        JoinError::Publish(error) => of_publishing(error),
        JoinError::Link(error) => of_link(error),
        _ => None,
    }
}

pub(super) fn of_connecting(error: &ConnectError) -> Option<ErrorKind> {
    match error {
        // A name whose server has ended leads to nobody either.
        ConnectError::Absent { .. } | ConnectError::Refused { .. } => Some(ErrorKind::NotFound),
        ConnectError::Busy { .. } => Some(ErrorKind::TimedOut),
        ConnectError::NoPermission { .. } => Some(ErrorKind::PermissionDenied),
        ConnectError::UnsafeDirectory(error) => of_directory(error),
        ConnectError::System(refusal) => Some(refusal.kind()),
        _ => None,
    }
}

pub(super) fn of_publishing(error: &PublishError) -> Option<ErrorKind> {
    match error {
        PublishError::Contended { .. } => Some(ErrorKind::TimedOut),
        PublishError::Place(error) => of_place(error),
        PublishError::System(refusal) => Some(refusal.kind()),
        _ => None,
    }
}

pub(super) fn of_removal(error: &RemoveError) -> Option<ErrorKind> {
    match error {
        RemoveError::NotOurs { .. } => Some(ErrorKind::PermissionDenied),
        RemoveError::Contended { .. } => Some(ErrorKind::TimedOut),
        RemoveError::Place(error) => of_place(error),
        RemoveError::System(refusal) => Some(refusal.kind()),
        _ => None,
    }
}

fn of_place(error: &PlaceError) -> Option<ErrorKind> {
    match error {
        PlaceError::NoPermission { .. } | PlaceError::NotMade { .. } => Some(ErrorKind::PermissionDenied),
        PlaceError::Unsafe(error) => of_directory(error),
        PlaceError::System(refusal) => Some(refusal.kind()),
        _ => None,
    }
}

fn of_directory(error: &DirectoryError) -> Option<ErrorKind> {
    match error {
        DirectoryError::Missing { .. } => Some(ErrorKind::NotFound),
        DirectoryError::System(refusal) => Some(refusal.kind()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use cabotage::os::{Errno, SystemError};

    use super::*;

    #[test]
    fn a_refusal_shows_through_every_layer() {
        let refusal = || SystemError::new("connect", "x", Errno::ACCESS);
        let errors: [Box<dyn Error>; 5] = [
            Box::new(SendError::Link(refusal().into())),
            Box::new(ReceiveError::Link(refusal().into())),
            Box::new(JoinError::Connect(refusal().into())),
            Box::new(JoinError::Publish(PlaceError::System(refusal()).into())),
            Box::new(AcceptError::System(refusal())),
        ];
        for error in errors {
            assert_eq!(kind_of(&*error), Some(ErrorKind::PermissionDenied), "{error}");
        }
    }

    #[test]
    fn absence_silence_and_death_are_told_apart() {
        let name = "x".parse().unwrap();
        let absent = ConnectError::Absent { name, searched: Vec::new() };
        assert_eq!(kind_of(&JoinError::Connect(absent)), Some(ErrorKind::NotFound));
        assert_eq!(kind_of(&AcceptError::Nobody), Some(ErrorKind::TimedOut));
        assert_eq!(kind_of(&ReceiveError::Link(LinkError::Died)), Some(ErrorKind::ConnectionReset));
    }
}
