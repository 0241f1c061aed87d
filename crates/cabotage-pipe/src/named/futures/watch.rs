// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a program's reactor does for an end of a pipe: it tells when one descriptor is readable.

use std::io;
use std::task::{Context, Poll};

/// A descriptor that a reactor watches: the only thing that the futures of a pipe need of a runtime.
///
/// It is one descriptor, and the same for the life of the end, so it is registered once; it stays open for as long as
/// this exists. An edge is enough: the end is asked before each wait, and reads all that is on the descriptor.
pub trait Watch {
    /// Ready when the descriptor may have become readable since this last said so. Otherwise the waker of `context` is
    /// woken when it does; of several, that of the last call.
    ///
    /// # Errors
    /// The reactor cannot watch any more; it is told to whoever waits.
    fn poll_readable(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>>;
}
