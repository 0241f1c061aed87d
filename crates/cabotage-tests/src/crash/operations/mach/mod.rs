// SPDX-License-Identifier: MIT OR Apache-2.0
//! Ports of Mach, in each role that may die: who sends, passes rights on and hands memory over; who gives a port away,
//! takes one or sends to it meanwhile; who has a name, or looks one up.

mod moves;
mod names;
mod other;
mod sends;
mod thirds;

pub(super) use moves::OPERATIONS as MOVES;
pub(super) use names::OPERATIONS as NAMES;
pub(super) use sends::OPERATIONS as SENDS;
pub(super) use thirds::OPERATIONS as THIRDS;

use cabotage_mach::{Notification, Outgoing, ReceiveRight};

use crate::Wrong;
use crate::record::{InOrder, Mark};
use crate::watchdog::soon;

const BYTES: usize = 100;

/// A record as a message.
fn message(number: u64) -> Outgoing {
    Outgoing::new(1_000).body(Mark { stream: 0, number }.record(BYTES))
}

/// Receives messages until nobody can send any more.
fn hear_out(port: &ReceiveRight, due: &mut InOrder) -> Result<(), Wrong> {
    port.notify_when_unused(0, port.make_send_once()?)?;
    loop {
        match port.receive_within(soon())?.into_notification() {
            Ok(Notification::NoSenders { .. }) => return Ok(()),
            Ok(news) => return Err(format!("the port is told {news:?}").into()),
            Err(message) => drop(due.take(message.body())?),
        }
    }
}
