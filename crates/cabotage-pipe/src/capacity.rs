// SPDX-License-Identifier: MIT OR Apache-2.0
//! How much a pipe holds: asking for more, and learning why less was granted.

use std::fmt;
use std::os::fd::BorrowedFd;

use cabotage_os::pipe;
use cabotage_os::{Errno, SystemError};

/// What [`set_capacity`](crate::PipeEnd::set_capacity) came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity {
    /// How many bytes were asked for.
    pub asked_bytes: usize,
    /// How many the pipe holds now.
    pub granted_bytes: usize,
    /// Why these are two numbers, if they are.
    pub reason: Reason,
}

/// Why a pipe holds another number of bytes than was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// It does not.
    AsAsked,
    /// The kernel grants one page, two, four, …: it rounded up.
    RoundedUp,
    /// More was asked than a process without `CAP_SYS_RESOURCE` may have.
    MachineLimit {
        /// The sysctl `fs.pipe-max-size`.
        max_bytes: usize,
    },
    /// The user's pipes together are over the budget, so none of them may grow.
    UserBudget {
        /// The sysctl `fs.pipe-user-pages-soft`, where /proc tells.
        pages_max: Option<usize>,
    },
    /// What is in the pipe does not fit in less.
    UnreadData {
        /// How much that is.
        unread_bytes: usize,
    },
    /// The kernel has no memory for so large a table of pages, or no number for it.
    TooLarge,
}

impl fmt::Display for Capacity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { asked_bytes, granted_bytes, reason } = self;
        write!(f, "{granted_bytes} bytes granted, {asked_bytes} asked: {reason}")
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AsAsked => write!(f, "as asked"),
            Self::RoundedUp => write!(f, "rounded up to a power of two of pages"),
            Self::MachineLimit { max_bytes } => write!(
                f,
                "{max_bytes} is the machine's limit: raise the sysctl fs.pipe-max-size, or be CAP_SYS_RESOURCE"
            ),
            Self::UserBudget { pages_max } => {
                write!(f, "this user's pipes are over their budget")?;
                if let Some(pages) = pages_max {
                    write!(f, " of {pages} pages")?;
                }
                write!(f, ": close some or shrink them, or raise the sysctl fs.pipe-user-pages-soft")
            }
            Self::UnreadData { unread_bytes } => {
                write!(f, "{unread_bytes} unread bytes need the room: read first, then shrink")
            }
            Self::TooLarge => write!(f, "so large a pipe is beyond the kernel: use shared memory"),
        }
    }
}

pub(crate) fn set(end: BorrowedFd<'_>, asked_bytes: usize) -> Result<Capacity, SystemError> {
    let (granted_bytes, reason) = match pipe::set_capacity_bytes(end, asked_bytes) {
        Ok(granted) if granted == asked_bytes => (granted, Reason::AsAsked),
        Ok(granted) => (granted, Reason::RoundedUp),
        Err(error) => match error.errno() {
            Errno::BUSY => {
                (pipe::capacity_bytes(end)?, Reason::UnreadData { unread_bytes: pipe::unread_bytes(end)? })
            }
            Errno::PERM | Errno::INVAL | Errno::NOMEM => as_much_as_allowed(end, asked_bytes, &error)?,
            _ => return Err(error),
        },
    };
    Ok(Capacity { asked_bytes, granted_bytes, reason })
}

/// Takes the machine's limit if more was asked than that; otherwise the pipe stays as it is.
fn as_much_as_allowed(
    end: BorrowedFd<'_>,
    asked_bytes: usize,
    refusal: &SystemError,
) -> Result<(usize, Reason), SystemError> {
    let limits = pipe::limits()?;
    let present = pipe::capacity_bytes(end)?;
    let over = if refusal.errno() == Errno::PERM && asked_bytes <= MOST_BYTES {
        limits.bytes_max.map_or(Reason::TooLarge, |max_bytes| Reason::MachineLimit { max_bytes })
    } else {
        Reason::TooLarge
    };
    let budget = Reason::UserBudget { pages_max: limits.user_pages };
    match limits.bytes_max {
        Some(max) if asked_bytes > max && max > present => match pipe::set_capacity_bytes(end, max) {
            Ok(granted) => Ok((granted, over)),
            Err(error) if error.errno() == Errno::PERM => Ok((present, budget)),
            Err(error) => Err(error),
        },
        Some(max) if asked_bytes > max => Ok((present, over)),
        _ => Ok((present, budget)),
    }
}

/// The largest number the kernel can be asked for.
const MOST_BYTES: usize = i32::MAX as usize;
