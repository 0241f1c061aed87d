// SPDX-License-Identifier: MIT OR Apache-2.0
//! How a wait ended.

/// See the [module](self).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// This one of the signals was set; 0 for all of them.
    Signalled(usize),
    /// There are APCs to run.
    Apc,
    /// The thread was told to give its call up.
    Cancelled,
    /// What was waited for was closed.
    Closed,
    /// The time was up.
    TimedOut,
}
