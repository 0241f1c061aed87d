// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whether somebody is at the other end, in the words of the caller.

use std::fmt;

/// Who is at an end of a channel, at the moment of the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Presence {
    /// Nobody has come yet.
    Nobody,
    /// A living process holds the end.
    Here {
        /// Its number; `None` where that would mean another process here, as in another pid namespace.
        pid: Option<i32>,
        /// Its user.
        uid: u32,
    },
    /// The last one has closed its end, and nobody has come since.
    Left,
    /// The last one has died without closing its end, and nobody has come since.
    Died,
}

impl Presence {
    /// Whether a living process holds the end.
    pub fn is_here(self) -> bool {
        matches!(self, Self::Here { .. })
    }
}

impl fmt::Display for Presence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody => f.write_str("nobody"),
            Self::Here { pid: Some(pid), uid } => write!(f, "process {pid} of user {uid}"),
            Self::Here { pid: None, uid } => write!(f, "a process of user {uid} that has no number here"),
            Self::Left => f.write_str("nobody any more"),
            Self::Died => f.write_str("one that has died"),
        }
    }
}
