// SPDX-License-Identifier: MIT OR Apache-2.0
//! A right of any kind that a message can carry.

use super::{ReceiveRight, SendOnceRight, SendRight};
use crate::name::Name;
use crate::right::{Disposition, Right};
use crate::task::Names;

/// A right that a message carries.
#[derive(Debug, PartialEq, Eq)]
pub enum AnyRight {
    /// To send any number of messages.
    Send(SendRight),
    /// To send one.
    SendOnce(SendOnceRight),
    /// To receive.
    Receive(ReceiveRight),
    /// None was sent.
    Null,
    /// Its port died on the way.
    Dead,
}

impl AnyRight {
    /// What arrived under this name, made by this disposition.
    pub(crate) fn arrived(names: Names, name: Name, disposition: Disposition) -> Self {
        match disposition.gives() {
            _ if name == Name::NULL => Self::Null,
            _ if name == Name::DEAD => Self::Dead,
            Right::Receive => Self::Receive(ReceiveRight::own(names, name)),
            Right::SendOnce => Self::SendOnce(SendOnceRight::own(names, name)),
            _ => Self::Send(SendRight::own(names, name)),
        }
    }

    /// The task that has it; `None` if there is nothing to have.
    pub(crate) fn names(&self) -> Option<Names> {
        match self {
            Self::Send(right) => Some(right.names()),
            Self::SendOnce(right) => Some(right.names()),
            Self::Receive(right) => Some(right.names()),
            Self::Null | Self::Dead => None,
        }
    }

    /// Which kind it is; `None` if there is nothing.
    pub fn kind(&self) -> Option<Right> {
        match self {
            Self::Send(_) => Some(Right::Send),
            Self::SendOnce(_) => Some(Right::SendOnce),
            Self::Receive(_) => Some(Right::Receive),
            Self::Null | Self::Dead => None,
        }
    }

    /// As it goes into a message: moved.
    pub(crate) fn into_message(self) -> (Name, Disposition) {
        match self {
            Self::Send(right) => (right.into_raw(), Disposition::MoveSend),
            Self::SendOnce(right) => (right.into_raw(), Disposition::MoveSendOnce),
            Self::Receive(right) => (right.into_raw(), Disposition::MoveReceive),
            Self::Null => (Name::NULL, Disposition::MoveSend),
            Self::Dead => (Name::DEAD, Disposition::MoveSend),
        }
    }

    /// The send right, if it is one.
    pub fn into_send(self) -> Option<SendRight> {
        if let Self::Send(right) = self { Some(right) } else { None }
    }

    /// The send-once right, if it is one.
    pub fn into_send_once(self) -> Option<SendOnceRight> {
        if let Self::SendOnce(right) = self { Some(right) } else { None }
    }

    /// The receive right, if it is one.
    pub fn into_receive(self) -> Option<ReceiveRight> {
        if let Self::Receive(right) = self { Some(right) } else { None }
    }
}

impl From<SendRight> for AnyRight {
    fn from(right: SendRight) -> Self {
        Self::Send(right)
    }
}

impl From<SendOnceRight> for AnyRight {
    fn from(right: SendOnceRight) -> Self {
        Self::SendOnce(right)
    }
}

impl From<ReceiveRight> for AnyRight {
    fn from(right: ReceiveRight) -> Self {
        Self::Receive(right)
    }
}
