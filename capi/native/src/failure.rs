// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a call answers when it did not do what was asked: a code for programs, words for people.

use cabotage::alpc::{self, ConnectError as AlpcConnectError};
use cabotage::link::names::{ConnectError, PublishError};
use cabotage::link::{AcceptError, EndError, JoinError, LinkError};
use cabotage::mach::{self, BootstrapError, PollError, RequestError, Unanswered, Unsent};
use cabotage::os::map::MapError;
use cabotage::pipe::named::{PipeError, WriteError};
use cabotage::shm::{self, ChannelError, NameError, ObjectError};
use cabotage::{Fault, SystemError, link};

/// The codes of `cabotage.h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub(crate) enum Code {
    TimedOut = 1,
    Closed = 2,
    Died = 3,
    TooSmall = 4,
    Missing = 5,
    Exists = 6,
    Refused = 7,
    Invalid = 8,
    Peer = 9,
    System = 10,
    Forked = 11,
    Busy = 12,
    Internal = 13,
}

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: Code,
    pub(crate) words: String,
}

/// What a call answers inside.
pub(crate) type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    pub(crate) fn new(code: Code, words: impl std::fmt::Display) -> Self {
        Self { code, words: words.to_string() }
    }

    /// By whose fault it is, where no code says more.
    fn of(fault: Fault, words: impl std::fmt::Display) -> Self {
        let code = match fault {
            Fault::Caller => Code::Invalid,
            Fault::Peer => Code::Peer,
            Fault::System => Code::System,
        };
        Self::new(code, words)
    }
}

/// A conversion: the variants that have a code of their own, and the fault of the others.
macro_rules! failures {
    ($($error:ty { $($variant:pat => $code:ident),* $(,)? })*) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                match &error {
                    $($variant => Self::new(Code::$code, &error),)*
                    _ => Self::of(error.fault(), &error),
                }
            }
        })*
    };
}

failures! {
    LinkError {
        LinkError::Closed | LinkError::Discarded => Closed,
        LinkError::Died => Died,
        LinkError::Refused(_) => Refused,
        LinkError::Forked => Forked,
    }
    JoinError {
        JoinError::Connect(ConnectError::Absent { .. } | ConnectError::Refused { .. }) => Missing,
        JoinError::Connect(ConnectError::Busy { .. }) => TimedOut,
        JoinError::Publish(PublishError::Taken { .. }) => Exists,
        JoinError::Link(LinkError::Refused(_)) => Refused,
        JoinError::Link(LinkError::Forked) => Forked,
    }
    ObjectError {
        ObjectError::Missing { .. } => Missing,
        ObjectError::Exists { .. } => Exists,
        ObjectError::Denied { .. } => Refused,
    }
    ChannelError {
        ChannelError::Missing { .. } | ChannelError::Connect(ConnectError::Absent { .. } | ConnectError::Refused { .. }) => Missing,
        ChannelError::NobodyCame { .. } | ChannelError::NoAnswer { .. } => TimedOut,
        ChannelError::Occupied { .. } | ChannelError::Publish(PublishError::Taken { .. }) => Exists,
        ChannelError::Object(ObjectError::Missing { .. }) => Missing,
        ChannelError::Forked => Forked,
    }
    shm::SendError {
        shm::SendError::Full => TimedOut,
        shm::SendError::Closed => Closed,
        shm::SendError::Died => Died,
        shm::SendError::Forked => Forked,
    }
    shm::ReceiveError {
        shm::ReceiveError::Nothing => TimedOut,
        shm::ReceiveError::Closed => Closed,
        shm::ReceiveError::Died => Died,
        shm::ReceiveError::Forked => Forked,
    }
    BootstrapError {
        BootstrapError::Join(JoinError::Connect(ConnectError::Absent { .. } | ConnectError::Refused { .. })) => Missing,
        BootstrapError::Join(JoinError::Publish(PublishError::Taken { .. })) => Exists,
    }
    RequestError {
        RequestError::TimedOut => TimedOut,
        RequestError::NoAnswer => Died,
        RequestError::NotSent(_) => Closed,
    }
    alpc::CreateError {
        alpc::CreateError::Publish(PublishError::Taken { .. }) => Exists,
        alpc::CreateError::Forked => Forked,
    }
    AlpcConnectError {
        AlpcConnectError::Reach(ConnectError::Absent { .. } | ConnectError::Refused { .. }) => Missing,
        AlpcConnectError::Refused { .. } | AlpcConnectError::Crowded => Refused,
        AlpcConnectError::TimedOut => TimedOut,
    }
    alpc::SendError {
        alpc::SendError::Full => TimedOut,
        alpc::SendError::NoClient => Closed,
        alpc::SendError::Channel(alpc::ChannelError::Closed) => Closed,
        alpc::SendError::Channel(alpc::ChannelError::Died) => Died,
        alpc::SendError::Channel(alpc::ChannelError::Forked) => Forked,
    }
    alpc::RequestError {
        alpc::RequestError::TimedOut => TimedOut,
        alpc::RequestError::Canceled => Refused,
        alpc::RequestError::NotSent(alpc::SendError::Channel(alpc::ChannelError::Closed)) => Closed,
        alpc::RequestError::NotSent(alpc::SendError::Channel(alpc::ChannelError::Died)) => Died,
        alpc::RequestError::NotSent(alpc::SendError::Channel(alpc::ChannelError::Forked)) => Forked,
        alpc::RequestError::Lost(alpc::Loss::Gone(alpc::ChannelError::Closed)) => Closed,
        alpc::RequestError::Lost(alpc::Loss::Gone(_)) => Died,
        alpc::RequestError::Lost(_) => Refused,
    }
    alpc::ReceiveError {
        alpc::ReceiveError::Nothing => TimedOut,
        alpc::ReceiveError::Channel(alpc::ChannelError::Forked) => Forked,
    }
    alpc::ReplyError {
        alpc::ReplyError::Canceled => Closed,
        alpc::ReplyError::NotSent(alpc::SendError::Full) => TimedOut,
        alpc::ReplyError::NotSent(alpc::SendError::NoClient) => Closed,
    }
    PipeError {
        PipeError::TimedOut | PipeError::Empty => TimedOut,
        PipeError::Broken | PipeError::Closing | PipeError::Disconnected => Closed,
        PipeError::NotFound => Missing,
        PipeError::AllBusy => Busy,
        PipeError::AccessDenied(_) => Refused,
        PipeError::Forked => Forked,
    }
}

impl From<link::SendError> for Failure {
    fn from(error: link::SendError) -> Self {
        match error {
            link::SendError::Full => Self::new(Code::TimedOut, error),
            link::SendError::Link(error) => error.into(),
            error => Self::new(Code::Invalid, error),
        }
    }
}

impl From<link::ReceiveError> for Failure {
    fn from(error: link::ReceiveError) -> Self {
        match error {
            link::ReceiveError::Nothing => Self::new(Code::TimedOut, error),
            link::ReceiveError::Link(error) => error.into(),
            error => Self::new(Code::Invalid, error),
        }
    }
}

impl From<AcceptError> for Failure {
    fn from(error: AcceptError) -> Self {
        let code = match error {
            AcceptError::Nobody => Code::TimedOut,
            AcceptError::Forked => Code::Forked,
            _ => Code::System,
        };
        Self::new(code, error)
    }
}

impl From<EndError> for Failure {
    fn from(error: EndError) -> Self {
        Self::new(Code::Invalid, error)
    }
}

impl From<NameError> for Failure {
    fn from(error: NameError) -> Self {
        Self::new(Code::Invalid, error)
    }
}

impl From<MapError> for Failure {
    fn from(error: MapError) -> Self {
        Self::new(Code::Invalid, error)
    }
}

impl From<SystemError> for Failure {
    fn from(error: SystemError) -> Self {
        Self::new(Code::System, error)
    }
}

impl From<mach::ReceiveError> for Failure {
    fn from(error: mach::ReceiveError) -> Self {
        match error {
            mach::ReceiveError::TimedOut => Self::new(Code::TimedOut, error),
            mach::ReceiveError::Forked => Self::new(Code::Forked, error),
            error => Self::of(error.fault(), error),
        }
    }
}

impl From<mach::SendError> for Failure {
    fn from(error: mach::SendError) -> Self {
        match error {
            mach::SendError::TimedOut | mach::SendError::NoBuffer => Self::new(Code::TimedOut, error),
            mach::SendError::InvalidDestination => Self::new(Code::Closed, error),
            mach::SendError::Forked => Self::new(Code::Forked, error),
            error => Self::of(error.fault(), error),
        }
    }
}

impl From<Unsent> for Failure {
    fn from(unsent: Unsent) -> Self {
        unsent.error().into()
    }
}

impl From<Unanswered> for Failure {
    fn from(unanswered: Unanswered) -> Self {
        Self::new(Code::Closed, unanswered)
    }
}

impl From<mach::KernError> for Failure {
    fn from(error: mach::KernError) -> Self {
        Self::of(error.fault(), error)
    }
}

impl From<PollError> for Failure {
    fn from(error: PollError) -> Self {
        Self::of(error.fault(), error)
    }
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        let words = error.to_string();
        Self { words, ..Self::from(error.source) }
    }
}
