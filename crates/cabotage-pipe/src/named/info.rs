// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a pipe tells about itself.

use std::time::Duration;

use super::place::{Definition, Shape};
use super::rules::{Direction, InstancesMax, PipeMode, Side};

/// What kind of pipe it is. The names are those of tokio, where it has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PipeInfo {
    /// How writes are kept apart in this instance.
    pub mode: PipeMode,
    /// Which end was asked.
    pub end: Side,
    /// Which way data flows.
    pub direction: Direction,
    /// The most instances of the name.
    pub max_instances: InstancesMax,
    /// How many there are now. 0 for a client whose servers are all gone.
    pub current_instances: usize,
    /// The quota from server to client, in bytes.
    pub out_buffer_size: u32,
    /// The quota from client to server, in bytes.
    pub in_buffer_size: u32,
    /// How long who waits for an instance waits, unless it says otherwise.
    pub default_timeout: Duration,
}

impl PipeInfo {
    pub(super) fn new(end: Side, definition: &Definition, shape: Shape, current_instances: usize) -> Self {
        Self {
            mode: shape.pipe_mode,
            end,
            direction: definition.direction,
            max_instances: definition.instances_max,
            current_instances,
            out_buffer_size: shape.out_quota_bytes,
            in_buffer_size: shape.in_quota_bytes,
            default_timeout: Duration::from_millis(definition.default_timeout_ms.into()),
        }
    }
}
