// SPDX-License-Identifier: MIT OR Apache-2.0
//! What both handles of a pipe have in common: the mark, the size that was asked for, and taking one as a child.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};

use cabotage_os::pipe::{self, Direction};
use cabotage_os::spawn::Handle;
use cabotage_os::{SystemError, inherited};

use super::error::InheritError;
use crate::{PipeEnd, ReadEnd, WriteEnd};

/// A handle, and what its pipe was asked to hold.
#[derive(Debug)]
pub(super) struct End {
    pub(super) handle: Handle,
    pub(super) size_bytes: usize,
}

impl End {
    /// Takes what the parent passed under `number`, if it is an end of a pipe for this direction.
    pub(super) fn inherited(number: RawFd, wanted: Direction) -> Result<Self, InheritError> {
        let fd = inherited::take(number)?;
        let Some(found) = pipe::direction(&fd)? else { return Err(InheritError::NoPipe { number }) };
        if found != wanted {
            return Err(InheritError::OtherEnd { number, wanted });
        }
        let size_bytes = pipe::capacity_bytes(&fd)?;
        Ok(Self { handle: Handle::new(fd), size_bytes })
    }

    pub(super) fn duplicate(&self, inherit: super::Inherit) -> Result<Self, SystemError> {
        Ok(Self { handle: self.handle.duplicate(inherit)?, size_bytes: self.size_bytes })
    }

    pub(super) fn into_fd(self) -> OwnedFd {
        self.handle.into()
    }
}

impl AsFd for End {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.handle.as_fd()
    }
}

// The unix face does the work; only what it answers is told in other words.
impl PipeEnd for End {}
impl ReadEnd for End {}
impl WriteEnd for End {}

/// Everything that the two kinds of handles say alike.
macro_rules! handle_of_a_pipe {
    ($handle:ident, $std:ty) => {
        impl $handle {
            /// Whether children that inherit handles get this one.
            pub fn set_inherit(&self, inherit: $crate::windows::Inherit) {
                self.end.handle.set_inherit(inherit);
            }

            /// What [`set_inherit`](Self::set_inherit) said last.
            pub fn inherit(&self) -> $crate::windows::Inherit {
                self.end.handle.inherit()
            }

            /// The number of the descriptor, here and in a child that inherits it: tell the child by an argument or
            /// a variable.
            pub fn number(&self) -> std::os::fd::RawFd {
                std::os::fd::AsRawFd::as_raw_fd(&self.end.handle)
            }

            /// The size in bytes that the pipe was made with; in a process that inherited the handle, what the
            /// kernel granted.
            pub fn size_bytes(&self) -> usize {
                self.end.size_bytes
            }

            /// How many bytes the kernel's pipe holds, when they come in whole pages.
            ///
            /// # Errors
            /// The system's refusal.
            ///
            /// # Source
            /// fcntl(2), `F_GETPIPE_SZ`.
            pub fn capacity_bytes(&self) -> Result<usize, cabotage_os::SystemError> {
                $crate::PipeEnd::capacity_bytes(&self.end)
            }

            /// A second handle to the same end, with a mark of its own. The end is closed when the last of them is.
            ///
            /// # Errors
            /// The system's refusal: the process is out of descriptors.
            ///
            /// # Source
            /// `DuplicateHandle` of the Windows API; fcntl(2), `F_DUPFD_CLOEXEC`.
            pub fn duplicate(
                &self,
                inherit: $crate::windows::Inherit,
            ) -> Result<Self, cabotage_os::SystemError> {
                Ok(Self { end: self.end.duplicate(inherit)? })
            }
        }

        impl $crate::windows::AsHandle for $handle {
            fn as_handle(&self) -> &$crate::windows::Handle {
                &self.end.handle
            }
        }

        impl std::os::fd::AsFd for $handle {
            fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
                self.end.as_fd()
            }
        }

        /// With its mark.
        impl From<$handle> for $crate::windows::Handle {
            fn from(handle: $handle) -> Self {
                handle.end.handle
            }
        }

        /// The unix face of the same end.
        impl From<$handle> for $std {
            fn from(handle: $handle) -> Self {
                handle.end.into_fd().into()
            }
        }

        impl From<$std> for $handle {
            /// An end that somebody else has made. No child inherits it; its size is not known and told as zero.
            fn from(end: $std) -> Self {
                Self::made(end.into(), 0)
            }
        }

        impl From<$handle> for std::os::fd::OwnedFd {
            fn from(handle: $handle) -> Self {
                handle.end.into_fd()
            }
        }

        impl From<$handle> for std::process::Stdio {
            /// As a child's standard stream, which is given by name and needs no mark.
            fn from(handle: $handle) -> Self {
                handle.end.into_fd().into()
            }
        }
    };
}

pub(super) use handle_of_a_pipe;
