// SPDX-License-Identifier: MIT OR Apache-2.0
//! The same for the errors of ALPC.

use std::error::Error;
use std::io::ErrorKind;

use cabotage::alpc::{
    AdmitError, CallbackError, ChannelError, ConnectError, CopyError, CreateError, Loss, ReceiveError,
    ReplyError, RequestError, SendError, ServeError,
};

use super::links;

/// The kind of this error itself, if it is one of these and tells one.
pub(super) fn kind_of(error: &(dyn Error + 'static)) -> Option<ErrorKind> {
    None.or_else(|| error.downcast_ref().and_then(of_channel))
        .or_else(|| error.downcast_ref().and_then(of_connecting))
        .or_else(|| error.downcast_ref().and_then(of_creation))
        .or_else(|| error.downcast_ref().and_then(of_request))
        .or_else(|| error.downcast_ref().and_then(of_loss))
        .or_else(|| error.downcast_ref().and_then(of_sending))
        .or_else(|| error.downcast_ref().and_then(of_receiving))
        .or_else(|| error.downcast_ref().and_then(of_reply))
        .or_else(|| of_other(error))
}

fn of_channel(error: &ChannelError) -> Option<ErrorKind> {
    match error {
        ChannelError::Closed | ChannelError::Died => Some(ErrorKind::ConnectionReset),
        ChannelError::System(refusal) => Some(refusal.kind()),
        _ => None,
    }
}

fn of_connecting(error: &ConnectError) -> Option<ErrorKind> {
    match error {
        ConnectError::Reach(error) => links::of_connecting(error),
        ConnectError::Refused { .. } => Some(ErrorKind::PermissionDenied),
        ConnectError::TimedOut => Some(ErrorKind::TimedOut),
        ConnectError::Channel(error) => of_channel(error),
        _ => None,
    }
}

fn of_creation(error: &CreateError) -> Option<ErrorKind> {
    match error {
        CreateError::Publish(error) => links::of_publishing(error),
        CreateError::System(refusal) => Some(refusal.kind()),
        _ => None,
    }
}

fn of_request(error: &RequestError) -> Option<ErrorKind> {
    match error {
        RequestError::NotSent(error) => of_sending(error),
        RequestError::TimedOut => Some(ErrorKind::TimedOut),
        RequestError::Lost(loss) => of_loss(loss),
        _ => None,
    }
}

fn of_loss(loss: &Loss) -> Option<ErrorKind> {
    match loss {
        Loss::Gone(error) => of_channel(error),
        _ => None,
    }
}

fn of_sending(error: &SendError) -> Option<ErrorKind> {
    match error {
        SendError::Full => Some(ErrorKind::TimedOut),
        SendError::NoClient => Some(ErrorKind::ConnectionReset),
        SendError::Channel(error) => of_channel(error),
        _ => None,
    }
}

fn of_receiving(error: &ReceiveError) -> Option<ErrorKind> {
    match error {
        ReceiveError::Nothing => Some(ErrorKind::TimedOut),
        ReceiveError::Channel(error) => of_channel(error),
        _ => None,
    }
}

fn of_reply(error: &ReplyError) -> Option<ErrorKind> {
    match error {
        ReplyError::NotSent(error) => of_sending(error),
        _ => None,
    }
}

fn of_other(error: &(dyn Error + 'static)) -> Option<ErrorKind> {
    None.or_else(|| match error.downcast_ref()? {
        AdmitError::Gone(error) => of_channel(error),
        _ => None,
    })
    .or_else(|| match error.downcast_ref()? {
        CallbackError::Request(error) => of_request(error),
        _ => None,
    })
    .or_else(|| match error.downcast_ref()? {
        CopyError::Busy => Some(ErrorKind::TimedOut),
        CopyError::NotSent(error) => of_sending(error),
        CopyError::Channel(error) => of_channel(error),
        _ => None,
    })
    .or_else(|| match error.downcast_ref()? {
        ServeError::Port(error) => of_channel(error),
        _ => None,
    })
}
