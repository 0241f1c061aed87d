// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which task a call is about: this one, whose names are at hand, or one that a right leads to, which is asked by a
//! message.

use cabotage_mach::{
    AnyRight, Disposition, Name, Names, ReceiveRight, Right, SendOnceRight, SendRight, TaskPort,
};

use crate::code::{Code, INVALID_VALUE, NOT_SUPPORTED, SEND_INVALID_DEST, of_kern};
use crate::here::{TASK_SELF, names};

/// Whom a call is about.
#[derive(Debug)]
pub(crate) enum Of {
    /// The caller's own.
    Own(Names),
    /// Whoever answers at a port.
    Other(Names, TaskPort),
}

/// The task that `task` is the self port of.
pub(crate) fn of(task: u32) -> Result<Of, Code> {
    let names = names()?;
    match task {
        TASK_SELF => Ok(Of::Own(names)),
        task => {
            let name = Name::from_raw(task);
            let copy = names.transfer(name, Disposition::CopySend, names).map_err(|_| SEND_INVALID_DEST)?;
            let right = SendRight::from_raw(names, copy).map_err(|_| SEND_INVALID_DEST)?;
            Ok(Of::Other(names, TaskPort::new(right)))
        }
    }
}

/// The names of `task`, which must be the caller's own: what this is for, no message asks.
pub(crate) fn own(task: u32) -> Result<Names, Code> {
    match of(task)? {
        Of::Own(names) => Ok(names),
        Of::Other(..) => Err(NOT_SUPPORTED),
    }
}

/// The kind of this number.
pub(crate) fn kind(right: u32) -> Result<Right, Code> {
    Right::from_raw(right).ok_or(INVALID_VALUE)
}

/// The disposition of this number.
pub(crate) fn disposition(number: u32) -> Result<Disposition, Code> {
    Disposition::from_raw(number).ok_or(INVALID_VALUE)
}

/// A right of the caller's, taken, copied or made, to be given away.
pub(crate) fn take(names: Names, name: Name, disposition: Disposition) -> Result<AnyRight, Code> {
    let name = names.transfer(name, disposition, names).map_err(of_kern)?;
    let right = match disposition.gives() {
        Right::Receive => ReceiveRight::from_raw(names, name).map(AnyRight::from),
        Right::SendOnce => SendOnceRight::from_raw(names, name).map(AnyRight::from),
        _ => SendRight::from_raw(names, name).map(AnyRight::from),
    };
    right.map_err(of_kern)
}

/// A right that came, by its name and the number of what it is.
pub(crate) fn name_of(right: AnyRight) -> (Name, Disposition) {
    match right {
        AnyRight::Send(right) => (right.into_raw(), Disposition::MoveSend),
        AnyRight::SendOnce(right) => (right.into_raw(), Disposition::MoveSendOnce),
        AnyRight::Receive(right) => (right.into_raw(), Disposition::MoveReceive),
        AnyRight::Null => (Name::NULL, Disposition::MoveSend),
        AnyRight::Dead => (Name::DEAD, Disposition::MoveSend),
    }
}
