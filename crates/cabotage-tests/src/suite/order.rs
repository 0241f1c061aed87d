// SPDX-License-Identifier: MIT OR Apache-2.0
//! Order: what is sent first comes first, whole and once.

use super::{Case, Player};
use crate::record::{InOrder, Mark};
use crate::suite::soon;
use crate::transport::{Ability, Told};

const MANY: u64 = 2_000;

pub(super) const fn records_arrive_whole_once_and_in_order() -> Case {
    Case {
        sender: |player| player.send_numbers(0..MANY),
        receiver: |player| {
            player.receive_numbers(0..MANY);
            player.receive_news(Told::Closed);
        },
        ..Case::PLAIN
    }
}

pub(super) const fn both_ways_keep_their_order_at_once() -> Case {
    Case {
        needs: &[Ability::TwoWays],
        sender: |player| talk(player, 1, 2),
        receiver: |player| talk(player, 2, 1),
        ..Case::PLAIN
    }
}

/// Sends one stream and receives the other, whichever is possible.
fn talk(player: &mut Player, ours: u64, theirs: u64) {
    let mut order = InOrder::from(theirs, 0);
    let mut sent = 0;
    while sent < MANY || order.next() < MANY {
        if sent < MANY {
            let record = Mark { stream: ours, number: sent }.record(300);
            match player.end().send(&record, cabotage_os::Deadline::Now) {
                Ok(()) => sent += 1,
                Err(told) => assert_eq!(told, Told::Full),
            }
        }
        if order.next() < MANY {
            let patience = if sent < MANY { cabotage_os::Deadline::Now } else { soon() };
            match player.end().receive(patience) {
                Ok(record) => drop(order.take(&record).expect("the next record")),
                Err(told) => assert_eq!(told, Told::Nothing),
            }
        }
    }
}
