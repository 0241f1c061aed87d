// SPDX-License-Identifier: MIT OR Apache-2.0
//! The watch that tokio's reactor keeps on the descriptor of an end.

use std::io;
use std::os::fd::BorrowedFd;
use std::task::{Context, Poll};

use cabotage_os::tokio::Watched;

use crate::named::futures::Watch;

/// A descriptor that tokio watches: what [`AsyncPipe`](crate::named::AsyncPipe) needs of it.
#[derive(Debug)]
pub struct TokioWatch(Watched);

impl TokioWatch {
    /// Registers the descriptor with the runtime in which this is called.
    ///
    /// # Errors
    /// The system's refusal.
    ///
    /// # Panics
    /// Outside of a runtime of tokio, and in one without its driver of input and output.
    pub fn new(fd: BorrowedFd<'_>) -> io::Result<Self> {
        Watched::new(fd).map(Self)
    }
}

impl Watch for TokioWatch {
    fn poll_readable(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_readable(context)
    }
}
