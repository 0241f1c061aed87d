// SPDX-License-Identifier: MIT OR Apache-2.0
//! A client's whole life in one call, and the wait for an instance by itself.

use cabotage_os::Deadline;

use super::ClientOptions;
use crate::named::error::PipeError;
use crate::named::name::PipeName;
use crate::named::place::Patience;

/// Waits until an instance of the pipe listens. It reserves nothing: another client may come first, so
/// [`ClientOptions::open_within`] is what most want. `patience` is how long, or [`Patience::Default`] for as long as
/// the pipe's creator says.
///
/// # Errors
/// [`PipeError::NotFound`] at once when there is no such pipe; [`PipeError::TimedOut`].
///
/// # Source
/// `WaitNamedPipe` of the Windows API.
pub fn wait_named_pipe(name: impl AsRef<str>, patience: Patience) -> Result<(), PipeError> {
    ClientOptions::new().wait_for_instance(name, patience)
}

/// Opens a pipe of messages, writes `question`, reads the answer, and closes the pipe: answers the answer's length.
/// When all instances are busy it waits for one until `deadline`.
///
/// # Errors
/// [`PipeError::MoreData`] when the answer is longer than `answer`: its rest is lost with the pipe. As
/// [`ClientOptions::open_within`] and [`NamedPipeClient::transact`](super::NamedPipeClient::transact).
///
/// # Source
/// `CallNamedPipe` of the Windows API.
pub fn call_named_pipe(
    name: impl AsRef<str>,
    question: &[u8],
    answer: &mut [u8],
    deadline: impl Into<Deadline>,
) -> Result<usize, PipeError> {
    ClientOptions::messages().call(name, question, answer, deadline)
}

impl ClientOptions {
    /// As [`wait_named_pipe`], with these choices: where names are, in which scope, and whether to wait for a pipe that
    /// does not exist yet.
    ///
    /// # Errors
    /// As there.
    pub fn wait_for_instance(&self, name: impl AsRef<str>, patience: Patience) -> Result<(), PipeError> {
        self.wait_for_instance_at(&PipeName::parse(name.as_ref())?, patience)
    }

    /// As [`call_named_pipe`], with these choices.
    ///
    /// # Errors
    /// As there.
    pub fn call(
        &self,
        name: impl AsRef<str>,
        question: &[u8],
        answer: &mut [u8],
        deadline: impl Into<Deadline>,
    ) -> Result<usize, PipeError> {
        let deadline = deadline.into();
        self.open_within(name, deadline)?.transact(question, answer, deadline)
    }
}
