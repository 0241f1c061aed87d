// SPDX-License-Identifier: MIT OR Apache-2.0
//! A port set: ports to receive from, whichever has a message, in turn.

use std::collections::{HashSet, VecDeque};

use super::ids::{PortId, Ticket};

/// A port set of one space.
#[derive(Debug, Default)]
pub struct PortSet {
    pub(crate) members: HashSet<PortId>,
    /// Members that have messages: a port joins the tail when it gets its first one, and the head goes to the tail when
    /// a message is taken from it.
    pub(crate) ready: VecDeque<PortId>,
    /// Threads that wait for a message, first come first.
    pub(crate) receivers: VecDeque<Ticket>,
}
