// SPDX-License-Identifier: MIT OR Apache-2.0
//! One client after the other.

use cabotage_os::Deadline;

use super::NamedPipeServer;
use crate::named::error::PipeError;

/// An iterator over the clients of a pipe, each with the end that serves it: see [`NamedPipeServer::incoming`].
#[derive(Debug)]
pub struct Incoming<'server> {
    server: &'server mut NamedPipeServer,
}

impl<'server> Incoming<'server> {
    pub(super) fn new(server: &'server mut NamedPipeServer) -> Self {
        Self { server }
    }
}

impl Iterator for Incoming<'_> {
    type Item = Result<NamedPipeServer, PipeError>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.server.accept(Deadline::Never))
    }
}
