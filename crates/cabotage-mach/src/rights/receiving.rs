// SPDX-License-Identifier: MIT OR Apache-2.0
//! Receiving, as a port and a set of ports have it alike: written once, and given to both by a macro.

use std::marker::PhantomData;

use cabotage_os::Deadline;

use crate::error::ReceiveError;
use crate::message::Message;
use crate::name::Name;
use crate::task::Names;

/// The calls of whoever receives, for a type with the fields `owned` and `bell`.
macro_rules! receives {
    ($Type:ident) => {
        impl $Type {
            /// The next message; waits for one as long as it takes.
            ///
            /// # Errors
            /// [`ReceiveError`](crate::ReceiveError)
            pub fn receive(&self) -> Result<$crate::Message, $crate::ReceiveError> {
                self.receive_within(::cabotage_os::Deadline::Never)
            }

            /// The next message, if there is one.
            ///
            /// # Errors
            /// [`ReceiveError::TimedOut`](crate::ReceiveError::TimedOut) if there is none.
            pub fn try_receive(&self) -> Result<$crate::Message, $crate::ReceiveError> {
                self.receive_within(::cabotage_os::Deadline::Now)
            }

            /// The next message; waits for one until `deadline`.
            ///
            /// # Errors
            /// [`ReceiveError::TimedOut`](crate::ReceiveError::TimedOut) if none came.
            pub fn receive_within(
                &self,
                deadline: impl Into<::cabotage_os::Deadline>,
            ) -> Result<$crate::Message, $crate::ReceiveError> {
                self.names().take(self.name(), deadline.into())
            }

            /// Messages as they come, for ever; an error is told and ends it.
            pub fn messages(&self) -> super::Messages<'_> {
                super::Messages::of(self.names(), self.name())
            }

            /// Whether there is a message now. If not, the [descriptor](Self::descriptor) becomes readable when there
            /// may be one: wait on it only after [`Ready::Armed`](cabotage_link::Ready::Armed), and ask again after it
            /// was readable.
            ///
            /// # Errors
            /// [`PollError`](crate::PollError)
            pub fn ready(&self) -> Result<::cabotage_link::Ready, $crate::PollError> {
                self.bell.ready(self.names(), self.name())
            }

            /// A descriptor for epoll and its like, the same for as long as this is in its task: see
            /// [`ready`](Self::ready). It costs nothing until it is asked for.
            ///
            /// # Errors
            /// [`PollError`](crate::PollError)
            pub fn descriptor(&self) -> Result<::std::os::fd::BorrowedFd<'_>, $crate::PollError> {
                self.bell.descriptor(self.names())
            }
        }
    };
}
pub(super) use receives;

/// Messages as they come: see [`ReceiveRight::messages`](super::ReceiveRight::messages).
#[derive(Debug)]
pub struct Messages<'right> {
    names: Names,
    name: Name,
    is_over: bool,
    right: PhantomData<&'right ()>,
}

impl Messages<'_> {
    pub(super) fn of(names: Names, name: Name) -> Self {
        Self { names, name, is_over: false, right: PhantomData }
    }
}

impl Iterator for Messages<'_> {
    type Item = Result<Message, ReceiveError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let received = self.names.take(self.name, Deadline::Never);
        self.is_over = received.is_err();
        Some(received)
    }
}
