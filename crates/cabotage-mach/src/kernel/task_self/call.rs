// SPDX-License-Identifier: MIT OR Apache-2.0
//! What can be asked of a task by messages, and how: numbers, words in bodies, and their parsing on both sides.
//!
//! A body is a row of words of four bytes as this machine orders them; that of an answer begins with Mach's code, 0 for
//! done. The numbers of calls are those of Mach's own interface definition, the layout of bodies is not.

use crate::code::KernError;
use crate::kernel::calls::PortStatus;
use crate::kernel::message::AuditToken;
use crate::name::Name;
use crate::right::{Disposition, Right, RightTypes, SpecialPort};

/// The number of an answer is that of its question and this.
pub const REPLY_ID_OFFSET: i32 = 100;

/// What can be asked of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskCall {
    /// Who it is.
    Identity,
    /// Its names, and what they stand for.
    Names,
    /// What a name stands for.
    Type(Name),
    /// A new port, set or dead name.
    Allocate(Right),
    /// One reference less.
    Deallocate(Name),
    /// User references more or less.
    ModifyReferences(Name, Right, i32),
    /// The state of a port that it receives from.
    Status(Name),
    /// It gets the right in the message, under this name, or under any if that is [`Name::NULL`].
    InsertRight(Name),
    /// The answer brings one of its rights.
    ExtractRight(Name, Disposition),
    /// The answer brings a right to one of its special ports.
    SpecialPort(SpecialPort),
    /// The right in the message is to this special port from now on.
    SetSpecialPort(SpecialPort),
}

/// What a task has answered, beside rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaskAnswer<'body>(&'body [u8]);

/// An answer that is none to what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the answer has no such shape")]
pub struct BadAnswer;

impl TaskCall {
    /// The number of the message.
    pub fn id(self) -> i32 {
        match self {
            Self::Names => 3200,
            Self::Type(_) => 3201,
            Self::Allocate(_) => 3204,
            Self::Deallocate(_) => 3206,
            Self::ModifyReferences(..) => 3208,
            Self::InsertRight(_) => 3214,
            Self::ExtractRight(..) => 3215,
            Self::Status(_) => 3217,
            Self::Identity => 3405,
            Self::SpecialPort(_) => 3409,
            Self::SetSpecialPort(_) => 3410,
        }
    }

    /// The body of the message.
    pub fn body(self) -> Vec<u8> {
        match self {
            Self::Identity | Self::Names => Vec::new(),
            Self::Type(name) | Self::Deallocate(name) | Self::Status(name) | Self::InsertRight(name) => {
                bytes([name.as_raw()])
            }
            Self::Allocate(right) => bytes([right as u32]),
            Self::SpecialPort(which) | Self::SetSpecialPort(which) => bytes([which as u32]),
            Self::ModifyReferences(name, right, delta) => {
                bytes([name.as_raw(), right as u32, delta.cast_unsigned()])
            }
            Self::ExtractRight(name, disposition) => bytes([name.as_raw(), disposition as u32]),
        }
    }

    /// What a message asks; `None` if it makes no sense.
    pub(super) fn parse(id: i32, body: &[u8]) -> Option<Self> {
        let words = words(body)?;
        Some(match (id, &words[..]) {
            (3405, []) => Self::Identity,
            (3200, []) => Self::Names,
            (3201, &[name]) => Self::Type(Name::from_raw(name)),
            (3204, &[right]) => Self::Allocate(Right::from_raw(right)?),
            (3206, &[name]) => Self::Deallocate(Name::from_raw(name)),
            (3208, &[name, right, delta]) => {
                Self::ModifyReferences(Name::from_raw(name), Right::from_raw(right)?, delta.cast_signed())
            }
            (3214, &[name]) => Self::InsertRight(Name::from_raw(name)),
            (3215, &[name, disposition]) => {
                Self::ExtractRight(Name::from_raw(name), Disposition::from_raw(disposition)?)
            }
            (3217, &[name]) => Self::Status(Name::from_raw(name)),
            (3409, &[which]) => Self::SpecialPort(SpecialPort::from_raw(which)?),
            (3410, &[which]) => Self::SetSpecialPort(SpecialPort::from_raw(which)?),
            _ => return None,
        })
    }
}

impl<'body> TaskAnswer<'body> {
    /// The answer, if the call did what was asked.
    ///
    /// # Errors
    /// [`BadAnswer`], or in it what the call has answered.
    pub fn parse(body: &'body [u8]) -> Result<Result<Self, KernError>, BadAnswer> {
        let (code, rest) = body.split_first_chunk().ok_or(BadAnswer)?;
        match i32::from_ne_bytes(*code) {
            0 => Ok(Ok(Self(rest))),
            code => KernError::from_code(code).map(Err).ok_or(BadAnswer),
        }
    }

    /// Nothing more.
    ///
    /// # Errors
    /// [`BadAnswer`]
    pub fn nothing(self) -> Result<(), BadAnswer> {
        if self.0.is_empty() { Ok(()) } else { Err(BadAnswer) }
    }

    /// A name.
    ///
    /// # Errors
    /// [`BadAnswer`]
    pub fn name(self) -> Result<Name, BadAnswer> {
        self.words().map(|[name]| Name::from_raw(name))
    }

    /// What a name stands for.
    ///
    /// # Errors
    /// [`BadAnswer`]
    pub fn types(self) -> Result<RightTypes, BadAnswer> {
        self.words().map(|[types]| RightTypes::from_raw(types))
    }

    /// Who it is.
    ///
    /// # Errors
    /// [`BadAnswer`]
    pub fn identity(self) -> Result<AuditToken, BadAnswer> {
        self.words().map(AuditToken)
    }

    /// Names, and what they stand for.
    ///
    /// # Errors
    /// [`BadAnswer`]
    pub fn names(self) -> Result<Vec<(Name, RightTypes)>, BadAnswer> {
        let words = words(self.0).ok_or(BadAnswer)?;
        let (pairs, []) = words.as_chunks() else { return Err(BadAnswer) };
        Ok(pairs.iter().map(|&[name, types]| (Name::from_raw(name), RightTypes::from_raw(types))).collect())
    }

    /// The state of a port.
    ///
    /// # Errors
    /// [`BadAnswer`]
    pub fn status(self) -> Result<PortStatus, BadAnswer> {
        let [sequence, make_send_count, queue_limit, queued, send_once_rights, flags] = self.words()?;
        let has = |bit: u32| flags & 1 << bit != 0;
        Ok(PortStatus {
            in_set: has(0),
            sequence,
            make_send_count,
            queue_limit,
            queued,
            send_once_rights,
            has_send_rights: has(1),
            has_port_destroyed_request: has(2),
            has_no_senders_request: has(3),
            is_guarded: has(4),
            is_strictly_guarded: has(5),
            is_immovable: has(6),
        })
    }

    fn words<const COUNT: usize>(self) -> Result<[u32; COUNT], BadAnswer> {
        words(self.0).and_then(|words| words.try_into().ok()).ok_or(BadAnswer)
    }
}

/// What [`TaskAnswer::status`] reads.
pub(super) fn status_words(status: PortStatus) -> [u32; 6] {
    let flags = [
        status.in_set,
        status.has_send_rights,
        status.has_port_destroyed_request,
        status.has_no_senders_request,
        status.is_guarded,
        status.is_strictly_guarded,
        status.is_immovable,
    ];
    let flags = flags.into_iter().rev().fold(0, |word, flag| word << 1 | u32::from(flag));
    let PortStatus { sequence, make_send_count, queue_limit, queued, send_once_rights, .. } = status;
    [sequence, make_send_count, queue_limit, queued, send_once_rights, flags]
}

pub(super) fn bytes(words: impl IntoIterator<Item = u32>) -> Vec<u8> {
    words.into_iter().flat_map(u32::to_ne_bytes).collect()
}

fn words(body: &[u8]) -> Option<Vec<u32>> {
    let (words, []) = body.as_chunks() else { return None };
    Some(words.iter().map(|word| u32::from_ne_bytes(*word)).collect())
}
