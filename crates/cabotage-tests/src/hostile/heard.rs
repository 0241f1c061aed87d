// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a victim has said to a liar.

use std::collections::HashMap;
use std::sync::Arc;

use cabotage_os::map::Map;

use super::ring::Eye;

/// See the [module](self).
#[derive(Debug, Default)]
pub struct Heard {
    /// How often it has said HELLO.
    pub hellos: u32,
    /// Its outbox.
    pub outbox: Option<Arc<Map>>,
    /// Whether it refused.
    pub has_refused: bool,
    /// Whether it is gone, or has hung up.
    pub has_hung_up: bool,
    /// How many messages of its have come in all, and of those with a block and with descriptors.
    pub messages: u32,
    /// How many messages came before there was memory.
    pub early: u32,
    /// How many messages have begun with each byte, but for those with blocks or descriptors.
    begun_with: HashMap<u8, u32>,
    /// Those with a block.
    pub blocks: u32,
    /// Those with descriptors.
    pub parcels: u32,
    pub(super) segments: HashMap<u32, Arc<Map>>,
    pub(super) eye: Option<Eye>,
    /// How many bytes of writes have come.
    pub(super) bytes: u64,
}

impl Heard {
    /// How many messages have begun with this byte.
    pub fn count(&self, first: u8) -> u32 {
        self.begun_with.get(&first).copied().unwrap_or(0)
    }

    /// A message has come that begins with this byte, if it has one.
    pub(super) fn note(&mut self, first: Option<&u8>) {
        if let Some(first) = first {
            *self.begun_with.entry(*first).or_default() += 1;
        }
    }
}
