// SPDX-License-Identifier: MIT OR Apache-2.0
//! Loss: where the slow lose records, they are told how many, exactly where those are missing; what comes is whole.

use super::{Case, Player, body, soon};
use crate::record::InOrder;
use crate::transport::{Ability, Told};

/// Many times what a ring holds.
const MANY: u64 = 3_000;

pub(super) const fn who_is_slow_is_told_what_it_lost_and_gets_the_rest_in_order() -> Case {
    Case {
        needs: &[Ability::TellsLoss],
        sender: |player| {
            send_to_anybody(player, 0..MANY);
            player.tell("sent");
            player.hear("racing");
            send_to_anybody(player, MANY..2 * MANY);
        },
        receiver: |player| {
            player.hear("sent");
            let lost = receive_the_rest(player, 0..MANY);
            assert!(lost > MANY / 2, "only {lost} of {MANY} records are lost, and a ring holds few");
            player.tell("racing");
            receive_the_rest(player, MANY..2 * MANY);
            player.receive_news(Told::Closed);
        },
        ..Case::PLAIN
    }
}

/// Waits for nobody.
fn send_to_anybody(player: &mut Player, numbers: std::ops::Range<u64>) {
    for number in numbers {
        player.send(&body(number));
    }
}

/// Receives to the last record, which is never lost; answers how many are.
fn receive_the_rest(player: &mut Player, numbers: std::ops::Range<u64>) -> u64 {
    let (mut order, mut lost) = (InOrder::from(1, numbers.start), 0);
    while order.next() < numbers.end {
        match player.end().receive(soon()) {
            Ok(record) => drop(order.take(&record).expect("the next record")),
            Err(Told::Lost(more)) => {
                lost += more;
                order = InOrder::from(1, order.next() + more);
            }
            Err(told) => panic!("{told:?} after record {}", order.next()),
        }
    }
    assert_eq!(order.next(), numbers.end, "more is lost than was sent");
    lost
}
