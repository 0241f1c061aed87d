// SPDX-License-Identifier: MIT OR Apache-2.0
//! How a link behaves: values with defaults that fit most.

use std::time::Duration;

use crate::quota::Quota;
use crate::wait::Wait;

/// Choices for a link, made before it says HELLO.
#[derive(Debug, Clone)]
pub struct Options {
    pub(crate) wait: Wait,
    pub(crate) message_bytes_max: u32,
    pub(crate) membarrier: bool,
    pub(crate) hello_within: Option<Duration>,
    pub(crate) quota: Option<Quota>,
}

impl Default for Options {
    /// Adaptive waiting, messages up to 256 MiB, membarrier where both ends have it, no quota, and for accepted
    /// links ten seconds to say HELLO.
    fn default() -> Self {
        Self {
            wait: Wait::Adaptive,
            message_bytes_max: 256 << 20,
            membarrier: true,
            hello_within: None,
            quota: None,
        }
    }
}

impl Options {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// How waiting calls wait.
    #[must_use]
    pub fn wait(mut self, wait: Wait) -> Self {
        self.wait = wait;
        self
    }

    /// The longest message that the peer may send, in bytes; also the longest block.
    #[must_use]
    pub fn message_bytes_max(mut self, bytes: u32) -> Self {
        self.message_bytes_max = bytes;
        self
    }

    /// Without membarrier each send fences, and going to sleep costs less: for links that mostly sleep.
    #[must_use]
    pub fn without_membarrier(mut self) -> Self {
        self.membarrier = false;
        self
    }

    /// How long the peer may take to say HELLO before waiting calls give it up; accepted links get ten seconds
    /// unless told otherwise, others for ever.
    #[must_use]
    pub fn hello_within(mut self, patience: Duration) -> Self {
        self.hello_within = Some(patience);
        self
    }

    /// What the peer takes of this process is charged here, and the link is refused when that is too much.
    #[must_use]
    pub fn quota(mut self, quota: &Quota) -> Self {
        self.quota = Some(quota.clone());
        self
    }
}
