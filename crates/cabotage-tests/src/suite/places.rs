// SPDX-License-Identifier: MIT OR Apache-2.0
//! Places: a name serves again after those who met there were killed, and has one user of each side at a time.

use super::{Case, Player};
use crate::transport::{Ability, Side, Told};

pub(super) const fn a_place_whose_users_were_killed_serves_again() -> Case {
    Case {
        needs: &[Ability::Place],
        victim: Some(Side::Sender),
        sender: |player| {
            player.send_numbers(0..3);
            if player.number == 0 {
                player.die();
            }
        },
        receiver: |player| {
            player.receive_numbers(0..3);
            player.receive_news(Told::Died);
            drop(player.take_end());
            let again = player.open();
            player.end = Some(again);
            player.receive_numbers(0..3);
            player.receive_news(Told::Closed);
        },
        ..Case::PLAIN
    }
}

pub(super) const fn a_second_sender_is_refused_while_the_first_lives() -> Case {
    Case {
        needs: &[Ability::OneSender],
        near: Some(Side::Receiver),
        sender: |player| match player.number {
            0 => {
                player.send_numbers(0..3);
                player.tell("here");
                player.hear("refused");
                player.send_numbers(3..6);
            }
            _ => must_be_refused(player),
        },
        receiver: |player| {
            player.receive_numbers(0..3);
            see_a_second_one_refused(player);
            player.receive_numbers(3..6);
            player.receive_news(Told::Closed);
        },
        ..Case::PLAIN
    }
}

pub(super) const fn a_second_receiver_is_refused_while_the_first_lives() -> Case {
    Case {
        needs: &[Ability::OneReceiver],
        near: Some(Side::Sender),
        sender: |player| {
            player.send_numbers(0..4);
            see_a_second_one_refused(player);
            player.send_numbers(4..6);
        },
        receiver: |player| match player.number {
            0 => {
                player.receive_numbers(0..3);
                player.tell("here");
                player.hear("refused");
                player.receive_numbers(3..6);
                player.receive_news(Told::Closed);
            }
            _ => must_be_refused(player),
        },
        ..Case::PLAIN
    }
}

/// Starts a second far process, which must say that it was refused by the first.
fn see_a_second_one_refused(player: &mut Player) {
    player.hear("here");
    let first = player.far().pid();
    player.start_successor();
    player.tell(&first.to_string());
    player.hear_tending("refused");
    player.turn_to_the_first();
    player.tell("refused");
}

fn must_be_refused(player: &mut Player) {
    let first = player.hear_number();
    let answer = player.transport.take_over(&player.place, player.side);
    let Err(Told::Taken(who)) = answer else { panic!("not refused, though process {first} has the place") };
    assert!(who.contains(&first.to_string()), "process {first} has the place, and the refusal says: {who}");
    player.tell("refused");
}
