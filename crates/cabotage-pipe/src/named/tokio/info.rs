// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a pipe tells about itself, in tokio's types.

use crate::named::rules::{PipeMode, Side};

/// What kind of pipe it is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PipeInfo {
    /// How writes are kept apart.
    pub mode: PipeMode,
    /// Which end was asked.
    pub end: PipeEnd,
    /// The most instances of the name; 255 for any number.
    pub max_instances: u32,
    /// The quota from server to client, in bytes.
    pub out_buffer_size: u32,
    /// The quota from client to server, in bytes.
    pub in_buffer_size: u32,
}

/// Which end of a pipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PipeEnd {
    /// The one that was opened.
    Client,
    /// Its creator's.
    Server,
}

impl From<crate::named::PipeInfo> for PipeInfo {
    fn from(info: crate::named::PipeInfo) -> Self {
        Self {
            mode: info.mode,
            end: match info.end {
                Side::Client => PipeEnd::Client,
                Side::Server => PipeEnd::Server,
            },
            max_instances: info.max_instances.number().into(),
            out_buffer_size: info.out_buffer_size,
            in_buffer_size: info.in_buffer_size,
        }
    }
}
