// SPDX-License-Identifier: MIT OR Apache-2.0
//! One conformance suite over every transport: what a case says must hold for each of them, between real processes.
//!
//! A case has two parts, one for each side. The *near* process opens its end, starts the *far* one, and each plays its
//! part; most cases are played twice, so that either process sends once. The two agree on what comes next by
//! words beside the transport. Where a side is to be killed, that is the far one. A case that needs an ability which a
//! transport lacks is not applicable to it, and counted as such, with the reason.

mod backpressure;
mod blocks;
mod close;
mod command;
mod deadlines;
mod death;
mod descriptors;
mod far;
mod fork;
mod loss;
mod near;
mod order;
mod places;
mod player;
mod run;
mod sizes;
mod table;
mod takeover;
mod threads;
mod waiting;

use std::time::Duration;

use cabotage_os::Deadline;

pub use crate::watchdog::soon;
pub use command::Suite;
pub use far::play_far;
pub use near::play_near;
pub use player::Player;
use player::body;
pub use run::{Answer, run};
pub use table::{CASES, Count, case, count};

use crate::transport::{Ability, Side, Transport};

/// What must hold for every transport that can do what it needs.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// A sentence of behaviour.
    pub name: &'static str,
    /// What a transport must be able to do for it to apply.
    pub needs: &'static [Ability],
    /// Which side is killed in it, if one is: the far one then.
    pub victim: Option<Side>,
    /// Which side the near process must be, where it matters.
    pub near: Option<Side>,
    /// What the sending process does.
    pub sender: fn(&mut Player),
    /// What the receiving process does.
    pub receiver: fn(&mut Player),
}

impl Case {
    /// One that needs nothing and kills nobody; its parts are empty.
    const PLAIN: Self =
        Self { name: "", needs: &[], victim: None, near: None, sender: |_| {}, receiver: |_| {} };

    /// Why it says nothing about this transport, if it does not.
    pub fn is_not_applicable(&self, transport: &dyn Transport) -> Option<&'static str> {
        self.needs.iter().find_map(|ability| transport.lacks(*ability))
    }

    /// Which sides the near process plays, one after the other.
    fn sides_of_the_near_one(&self) -> &'static [Side] {
        match self.near.or(self.victim.map(Side::other)) {
            None => &[Side::Sender, Side::Receiver],
            Some(Side::Sender) => &[Side::Sender],
            Some(Side::Receiver) => &[Side::Receiver],
        }
    }
}

/// Long enough for what is not to happen.
pub fn shortly() -> Deadline {
    Deadline::within(Duration::from_millis(3))
}
