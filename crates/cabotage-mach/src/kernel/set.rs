// SPDX-License-Identifier: MIT OR Apache-2.0
//! A port set: ports to receive from, whichever has a message, in turn.

use std::collections::VecDeque;

use super::ids::{PortId, SpaceId, Ticket};
use crate::name::Name;

/// A port set of one space.
#[derive(Debug)]
pub struct PortSet {
    pub(crate) space: SpaceId,
    pub(crate) name: Name,
    pub(crate) members: Vec<PortId>,
    /// Members that have messages: a port joins the tail when it gets its first one, and the head goes to the tail when
    /// a message is taken from it.
    pub(crate) ready: VecDeque<PortId>,
    /// Threads that wait for a message, first come first.
    pub(crate) receivers: VecDeque<Ticket>,
}

impl PortSet {
    /// An empty set, which has no name yet.
    pub(crate) fn new(space: SpaceId) -> Self {
        let (members, ready, receivers) = Default::default();
        Self { space, name: Name::NULL, members, ready, receivers }
    }
}
