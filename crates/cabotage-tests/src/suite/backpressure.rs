// SPDX-License-Identifier: MIT OR Apache-2.0
//! Backpressure: a full transport refuses, loses nothing, and goes on when there is room.

use cabotage_os::Deadline;

use super::{Case, body};
use crate::record::{InOrder, Mark};
use crate::transport::{Ability, Told};

const ROUNDS: u64 = 3;

pub(super) const fn a_full_transport_loses_nothing_and_goes_on_when_there_is_room() -> Case {
    Case {
        needs: &[Ability::WaitsForTheSlow],
        sender: |player| {
            let mut sent = player.fill();
            for _ in 0..ROUNDS {
                player.tell(&sent.to_string());
                // Some room at least, after that many were received.
                player.hear("received");
                let before = sent;
                while let Ok(()) = player.end().send(&body(sent), Deadline::Now) {
                    sent += 1;
                }
                assert!(sent > before, "everything was received, and there is no room");
            }
            player.tell("done");
            player.tell(&sent.to_string());
        },
        receiver: |player| {
            let mut received = 0;
            for _ in 0..ROUNDS {
                let sent = player.hear_number();
                player.receive_numbers(received..sent);
                received = sent;
                player.tell("received");
            }
            player.hear("done");
            let sent = player.hear_number();
            player.receive_numbers(received..sent);
            player.receive_news(Told::Closed);
        },
        ..Case::PLAIN
    }
}

/// Long ones, of which few fit at a time.
const LONG: u64 = 12;

pub(super) const fn long_records_pass_a_slow_receiver_whole() -> Case {
    Case {
        needs: &[Ability::WaitsForTheSlow],
        sender: |player| {
            let bytes = player.transport.record_bytes_max() / 3;
            for number in 0..LONG {
                player.send(&Mark { stream: 1, number }.record(bytes));
            }
        },
        receiver: |player| {
            let mut order = InOrder::from(1, 0);
            for _ in 0..LONG {
                // The sender runs ahead until it finds no room.
                std::thread::yield_now();
                let record = player.receive();
                order.take(&record).expect("the next record");
            }
            player.receive_news(Told::Closed);
        },
        ..Case::PLAIN
    }
}
