// SPDX-License-Identifier: MIT OR Apache-2.0
//! What calls on names, rights and ports answer when they do not do what was asked.

use cabotage_os::Fault;

/// Why a call on a name, a right or a port did nothing. [`KernError::code`] gives Mach's number.
///
/// # Source
/// XNU, osfmk/mach/kern_return.h; when each is given: osfmk/ipc/mach_port.c.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KernError {
    /// `KERN_NO_SPACE`
    #[error("the task has as many names as a space can hold: give some back")]
    NoSpace,
    /// `KERN_INVALID_ARGUMENT`
    #[error(
        "an argument does not fit the others or the port as it is: a guarded port takes its own guard, and one that has a \
         guard or a context takes no other"
    )]
    InvalidArgument,
    /// `KERN_FAILURE`
    #[error("what was asked is not there, or is done already and may not be done twice")]
    Failure,
    /// `KERN_RESOURCE_SHORTAGE`
    #[error(
        "there is no memory for this now, no room at another process, or the task is owed as many answers as it may be: \
         try again later"
    )]
    ResourceShortage,
    /// `KERN_ALREADY_IN_SET`
    #[error("the port is in that set already")]
    AlreadyInSet,
    /// `KERN_NOT_IN_SET`
    #[error("the port is not in that set")]
    NotInSet,
    /// `KERN_NAME_EXISTS`
    #[error("the name stands for another right already: choose another")]
    NameExists,
    /// `KERN_INVALID_NAME`
    #[error("the name stands for nothing in this task: it was never given, or is given back")]
    InvalidName,
    /// `KERN_INVALID_TASK`
    #[error("the task has ended")]
    InvalidTask,
    /// `KERN_INVALID_RIGHT`
    #[error(
        "the name stands for another kind of right than the call needs, or for one that is guarded: ask `type_of` what it is"
    )]
    InvalidRight,
    /// `KERN_INVALID_VALUE`
    #[error(
        "a value is out of range: queues take up to 1,024 messages, references stay between 0 and 65,535, and rights without \
         a count go by -1 alone"
    )]
    InvalidValue,
    /// `KERN_INVALID_CAPABILITY`
    #[error(
        "the port that the right is to is null, dead, or may not be moved: give the name of a living one"
    )]
    InvalidCapability,
    /// `KERN_RIGHT_EXISTS`
    #[error("the task has the right already, under another name: use that one")]
    RightExists,
    /// `KERN_INVALID_TASK`
    #[error("the task stayed with the parent at the fork: the child is a task of its own, `Task::current`")]
    Forked,
}

impl KernError {
    /// The error of this number; `None` if no call gives it.
    pub fn from_code(code: i32) -> Option<Self> {
        use KernError::*;
        let all = [
            NoSpace,
            InvalidArgument,
            Failure,
            ResourceShortage,
            AlreadyInSet,
            NotInSet,
            NameExists,
            InvalidName,
            InvalidTask,
            InvalidRight,
            InvalidValue,
            InvalidCapability,
            RightExists,
        ];
        all.into_iter().find(|error| error.code() == code)
    }

    /// Mach's number of it.
    pub fn code(self) -> i32 {
        match self {
            Self::NoSpace => 3,
            Self::InvalidArgument => 4,
            Self::Failure => 5,
            Self::ResourceShortage => 6,
            Self::AlreadyInSet => 11,
            Self::NotInSet => 12,
            Self::NameExists => 13,
            Self::InvalidName => 15,
            Self::InvalidTask | Self::Forked => 16,
            Self::InvalidRight => 17,
            Self::InvalidValue => 18,
            Self::InvalidCapability => 20,
            Self::RightExists => 21,
        }
    }

    /// Whose fault it is.
    pub fn fault(self) -> Fault {
        match self {
            Self::NoSpace | Self::ResourceShortage => Fault::System,
            _ => Fault::Caller,
        }
    }
}
