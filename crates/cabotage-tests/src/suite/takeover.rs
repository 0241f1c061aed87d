// SPDX-License-Identifier: MIT OR Apache-2.0
//! Taking over: where one side was killed, another process goes on in its place, and the peer stays.

use super::{Case, Player, soon};
use crate::transport::{Ability, Side, Told};

pub(super) const fn a_new_sender_goes_on_for_a_killed_one() -> Case {
    Case {
        needs: &[Ability::TakeOverBySender],
        victim: Some(Side::Sender),
        sender: |player| match player.number {
            0 => {
                player.send_numbers(0..10);
                player.die();
            }
            _ => {
                take_over(player);
                player.send_numbers(10..20);
                player.end().settle(soon()).expect("everything is taken");
                player.hear("seen");
            }
        },
        receiver: |player| {
            player.receive_numbers(0..10);
            player.receive_news(Told::Died);
            player.start_successor();
            player.hear("here");
            player.end().wait_for_successor(soon()).expect("the successor is here");
            player.receive_numbers(10..20);
            player.tell("seen");
            player.receive_news(Told::Closed);
        },
        ..Case::PLAIN
    }
}

pub(super) const fn a_new_receiver_goes_on_where_a_killed_one_was() -> Case {
    Case {
        needs: &[Ability::TakeOverByReceiver],
        victim: Some(Side::Receiver),
        sender: |player| {
            player.send_numbers(0..30);
            player.far().end();
            player.start_successor();
            player.hear_tending("here");
            player.end().wait_for_successor(soon()).expect("the successor is here");
            player.send_numbers(30..50);
        },
        receiver: |player| match player.number {
            0 => {
                player.receive_numbers(0..10);
                player.die();
            }
            _ => {
                take_over(player);
                player.receive_numbers(10..50);
                player.receive_news(Told::Closed);
            }
        },
        ..Case::PLAIN
    }
}

fn take_over(player: &mut Player) {
    let end = player.transport.take_over(&player.place, player.side);
    player.end = Some(end.expect("the place of a killed one"));
    player.tell("here");
}
