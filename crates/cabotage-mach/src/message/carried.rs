// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a message takes along beside its inline data, with typed rights.

use std::os::fd::OwnedFd;

use crate::kernel::message::{Item, Memory};
use crate::right::{Disposition, Right};
use crate::rights::AnyRight;
use crate::task::Names;

/// What a message takes along beside its inline data.
#[derive(Debug)]
pub enum Carried {
    /// A right.
    Right(AnyRight),
    /// Rights of one kind, each of which may be null or dead.
    Rights(Right, Vec<AnyRight>),
    /// Memory.
    Memory(Memory),
    /// An open file.
    File(OwnedFd),
}

impl Carried {
    /// What arrived, or came back.
    pub(crate) fn arrived(names: Names, item: Item) -> Self {
        match item {
            Item::Port(name, disposition) => Self::Right(AnyRight::arrived(names, name, disposition)),
            // Whose value it is, may drop it.
            Item::Guarded(name, _) => Self::Right(AnyRight::arrived(names, name, Disposition::MoveReceive)),
            Item::Ports(ports, disposition) => Self::Rights(
                disposition.gives(),
                ports.into_iter().map(|name| AnyRight::arrived(names, name, disposition)).collect(),
            ),
            Item::Memory(memory) => Self::Memory(memory),
            Item::File(file) => Self::File(file),
        }
    }

    /// As it goes into a message.
    pub(crate) fn into_item(self) -> Item {
        match self {
            Self::Right(right) => {
                let (name, disposition) = right.into_message();
                Item::Port(name, disposition)
            }
            Self::Rights(kind, rights) => {
                let names = rights.into_iter().map(|right| right.into_message().0).collect();
                Item::Ports(names, moving(kind))
            }
            Self::Memory(memory) => Item::Memory(memory),
            Self::File(file) => Item::File(file),
        }
    }

    /// Whether it could be sent from the task of `names`: its rights are of it, and each is of the kind that it says.
    pub(crate) fn is_of(&self, names: Names) -> bool {
        let is_own = |right: &AnyRight| right.names().is_none_or(|own| own == names);
        match self {
            Self::Right(right) => is_own(right),
            Self::Rights(kind, rights) => {
                rights.iter().all(|right| is_own(right) && right.kind().is_none_or(|own| own == *kind))
            }
            Self::Memory(_) | Self::File(_) => true,
        }
    }
}

impl<R: Into<AnyRight>> From<R> for Carried {
    fn from(right: R) -> Self {
        Self::Right(right.into())
    }
}

/// How a right of this kind goes along.
fn moving(kind: Right) -> Disposition {
    match kind {
        Right::Receive => Disposition::MoveReceive,
        Right::SendOnce => Disposition::MoveSendOnce,
        _ => Disposition::MoveSend,
    }
}
