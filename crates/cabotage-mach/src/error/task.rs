// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why a task did not do what it was asked by a message.

use cabotage_os::Fault;

use super::RequestError;
use crate::code::KernError;
use crate::kernel::task_self::BadAnswer;

/// Why a task did not do what it was asked by a message.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TaskError {
    /// The call answered so.
    #[error(transparent)]
    Refused(KernError),
    /// There is no answer; for a task that has ended, the message is not sent.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// What answered is no task.
    #[error("what answered is no task: the right leads to somebody else")]
    BadAnswer,
}

impl From<BadAnswer> for TaskError {
    fn from(_: BadAnswer) -> Self {
        Self::BadAnswer
    }
}

impl TaskError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Refused(error) => error.fault(),
            Self::Request(error) => error.fault(),
            Self::BadAnswer => Fault::Peer,
        }
    }
}
