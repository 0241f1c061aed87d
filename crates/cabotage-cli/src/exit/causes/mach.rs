// SPDX-License-Identifier: MIT OR Apache-2.0
//! The same for the errors of Mach.

use std::error::Error;
use std::io::ErrorKind;

use cabotage::mach::bootstrap::{BootstrapCode, ServerError};
use cabotage::mach::{
    BootstrapError, KernError, OutsideError, PollError, ReceiveError, RequestError, SendError, TaskError,
    Unanswered, Unsent,
};

use super::links;

/// The kind of this error itself, if it is one of these and tells one.
pub(super) fn kind_of(error: &(dyn Error + 'static)) -> Option<ErrorKind> {
    None.or_else(|| error.downcast_ref().and_then(of_bootstrap))
        .or_else(|| error.downcast_ref().and_then(of_server))
        .or_else(|| error.downcast_ref().and_then(of_outside))
        .or_else(|| error.downcast_ref().and_then(of_call))
        .or_else(|| error.downcast_ref().and_then(of_receiving))
        .or_else(|| error.downcast_ref().and_then(of_request))
        .or_else(|| error.downcast_ref().and_then(of_unsent))
        .or_else(|| error.downcast_ref().and_then(of_answer))
        .or_else(|| error.downcast_ref().and_then(of_task))
        .or_else(|| error.downcast_ref().and_then(of_polling))
}

fn of_bootstrap(error: &BootstrapError) -> Option<ErrorKind> {
    match error {
        BootstrapError::Join(error) => links::kind_of(error),
        BootstrapError::Outside(error) => of_outside(error),
        BootstrapError::Request(error) => of_request(error),
        BootstrapError::Refused(BootstrapCode::UnknownService) => Some(ErrorKind::NotFound),
        BootstrapError::Refused(BootstrapCode::NotPrivileged) => Some(ErrorKind::PermissionDenied),
        BootstrapError::Refused(BootstrapCode::NameInUse | BootstrapCode::ServiceActive) => {
            Some(ErrorKind::AlreadyExists)
        }
        BootstrapError::ServerGone => Some(ErrorKind::ConnectionReset),
        _ => None,
    }
}

fn of_server(error: &ServerError) -> Option<ErrorKind> {
    match error {
        ServerError::Name(error) => of_bootstrap(error),
        ServerError::System(refusal) => Some(refusal.kind()),
        _ => None,
    }
}

fn of_outside(error: &OutsideError) -> Option<ErrorKind> {
    match error {
        OutsideError::Kern(error) => of_call(error),
        OutsideError::System(refusal) => Some(refusal.kind()),
        _ => None,
    }
}

fn of_call(error: &KernError) -> Option<ErrorKind> {
    (*error == KernError::InvalidCapability).then_some(ErrorKind::ConnectionReset)
}

fn of_receiving(error: &ReceiveError) -> Option<ErrorKind> {
    match error {
        ReceiveError::TimedOut => Some(ErrorKind::TimedOut),
        _ => None,
    }
}

fn of_request(error: &RequestError) -> Option<ErrorKind> {
    match error {
        RequestError::NotSent(unsent) => of_unsent(unsent),
        RequestError::TimedOut => Some(ErrorKind::TimedOut),
        RequestError::NoAnswer => Some(ErrorKind::ConnectionReset),
        RequestError::NotReceived(error) => of_receiving(error),
        _ => None,
    }
}

fn of_unsent(unsent: &Unsent) -> Option<ErrorKind> {
    match unsent.error() {
        SendError::InvalidDestination => Some(ErrorKind::ConnectionReset),
        SendError::TimedOut => Some(ErrorKind::TimedOut),
        _ => None,
    }
}

fn of_answer(error: &Unanswered) -> Option<ErrorKind> {
    match error {
        Unanswered::Dead => Some(ErrorKind::ConnectionReset),
        Unanswered::NotSent(unsent) => of_unsent(unsent),
        _ => None,
    }
}

fn of_task(error: &TaskError) -> Option<ErrorKind> {
    match error {
        TaskError::Refused(error) => of_call(error),
        TaskError::Request(error) => of_request(error),
        _ => None,
    }
}

fn of_polling(error: &PollError) -> Option<ErrorKind> {
    match error {
        PollError::System(refusal) => Some(refusal.kind()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::exit::{Exit, Failure};
    use cabotage::mach::ReceiveRight;

    #[test]
    fn a_port_that_is_dead_is_a_peer_that_is_gone() {
        let task = cabotage::mach::Task::create().unwrap();
        let port = ReceiveRight::new().unwrap();
        let right = port.make_send().unwrap().move_to(&task).unwrap();
        assert_eq!(Failure::from(port.try_receive().unwrap_err()).exit(), Exit::TimedOut);
        drop(port);
        assert_eq!(Failure::from(right.send("x").unwrap_err()).exit(), Exit::PeerGone);
        assert_eq!(Failure::from(right.request("x").unwrap_err()).exit(), Exit::PeerGone);
    }
}
