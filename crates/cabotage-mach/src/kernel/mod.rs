// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the Mach kernel does for its tasks, for the tasks of one process: a state machine without system calls,
//! clock, threads or locks.
//!
//! A call takes a space and names, changes the tables, and answers at once. What it leads to outside them stands in
//! [`Step`]s, which whoever runs the kernel takes out after each call and carries out: wake a thread, tell another
//! process. A thread that must wait gets a [`Ticket`] and is told by a step when it is its turn.
//!
//! A port whose receive right another process has is a port here too, [away](port::Home::Away): it has no queue, and
//! messages to it are handed out to be carried there.

pub mod calls;
mod copy_in;
mod copy_out;
mod count;
mod death;
mod destroy;
pub(crate) mod fresh;
pub mod ids;
mod lookup;
pub mod memory;
pub mod message;
pub mod messages;
mod moving;
pub mod notification;
pub(crate) mod number_map;
pub mod port;
pub mod set;
pub mod space;
pub mod step;
pub mod task_self;

use destroy::Doomed;
use ids::Table;
pub use ids::{PortId, SetId, SpaceId, Ticket};
use messages::Waits;
pub use moving::Parting;
pub use notification::Notification;
use port::Port;
use set::PortSet;
use space::Space;
pub use step::Step;

/// The tables of one process: see the [module](self).
#[derive(Debug, Default)]
pub struct Kernel {
    pub(crate) spaces: Table<Space>,
    pub(crate) ports: Table<Port>,
    pub(crate) sets: Table<PortSet>,
    pub(crate) doomed: Doomed,
    pub(crate) waits: Waits,
    pub(crate) tickets: u64,
    pub(crate) steps: Vec<Step>,
}

impl Kernel {
    /// No task, no port.
    pub fn new() -> Self {
        Self::default()
    }

    /// What the calls since the last time have led to, in order.
    pub fn drain_steps(&mut self) -> impl Iterator<Item = Step> {
        self.steps.drain(..)
    }

    #[cfg(test)]
    pub(crate) fn take_steps(&mut self) -> Vec<Step> {
        self.exchange_steps(Vec::new())
    }

    /// The same, for who needs the kernel meanwhile: an empty list for the full one.
    pub(crate) fn exchange_steps(&mut self, empty: Vec<Step>) -> Vec<Step> {
        std::mem::replace(&mut self.steps, empty)
    }
}

#[cfg(test)]
mod tests;
