// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whose turn it is in a port set: the ports that have messages stand in a row, and whoever has given one goes to its end.
//!
//! # Source
//! XNU, osfmk/kern/waitq.c: `waitq_set` select; osfmk/ipc/ipc_pset.c.

use crate::kernel::Kernel;
use crate::kernel::ids::{PortId, SetId};

impl Kernel {
    /// A port has come into a set. What is in its queue can be received from the set at once.
    pub(crate) fn list_in_set(&mut self, port: PortId, set: SetId) {
        if self.queued(port) == 0 {
            return;
        }
        if let Some(set) = self.sets.get_mut(set) {
            set.ready.push_back(port);
        }
        self.rouse_set(set, port);
    }

    /// A port has left a set.
    pub(crate) fn unlist_in_set(&mut self, port: PortId, set: SetId) {
        let Some(set) = self.sets.get_mut(set) else { return };
        let place = match (set.ready.front(), set.ready.back()) {
            (Some(&first), _) if first == port => Some(0),
            (_, Some(&last)) if last == port => Some(set.ready.len() - 1),
            _ => set.ready.iter().position(|&ready| ready == port),
        };
        place.map(|place| set.ready.remove(place));
    }

    /// The first message has come into the queue of a port.
    pub(super) fn list_in_sets(&mut self, id: PortId) {
        let Some(port) = self.ports.get(id) else { return };
        for &set in &port.sets {
            if let Some(set) = self.sets.get_mut(set) {
                set.ready.push_back(id);
            }
        }
    }

    /// The last message has left the queue of a port.
    pub(super) fn unlist_in_sets(&mut self, id: PortId) {
        let sets = self.ports.get(id).map_or(0, |port| port.sets.len());
        for at in 0..sets {
            if let Some(&set) = self.ports.get(id).and_then(|port| port.sets.get(at)) {
                self.unlist_in_set(id, set);
            }
        }
    }

    /// The port whose turn it is.
    pub(super) fn first_in_set(&self, set: SetId) -> Option<PortId> {
        self.sets.get(set)?.ready.front().copied()
    }

    /// The port has had its turn, and gives a message.
    pub(super) fn had_its_turn(&mut self, set: SetId) {
        if let Some(set) = self.sets.get_mut(set)
            && let Some(port) = set.ready.pop_front()
        {
            set.ready.push_back(port);
        }
    }
}
