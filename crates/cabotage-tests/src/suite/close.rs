// SPDX-License-Identifier: MIT OR Apache-2.0
//! Close: what was sent before stays readable, and whoever waits is told.

use super::{Case, Player};
use crate::transport::{Ability, Told};

pub(super) const fn what_was_sent_before_the_close_comes_and_then_the_end() -> Case {
    Case {
        sender: |player| {
            player.send_numbers(0..20);
            player.take_end().close();
            player.tell("closed");
            player.hear("told");
        },
        receiver: |player| {
            player.hear("closed");
            player.receive_numbers(0..20);
            player.receive_news(Told::Closed);
            player.tell("told");
        },
        ..Case::PLAIN
    }
}

pub(super) const fn a_wait_for_a_record_ends_when_the_sender_closes() -> Case {
    Case {
        sender: |player| {
            player.send_numbers(0..3);
            player.hear("waiting");
            player.take_end().close();
            player.hear("told");
        },
        receiver: |player| {
            player.receive_numbers(0..3);
            player.tell("waiting");
            player.receive_news(Told::Closed);
            player.tell("told");
        },
        ..Case::PLAIN
    }
}

pub(super) const fn a_sender_is_told_that_its_receiver_has_closed() -> Case {
    Case {
        needs: &[Ability::TellsSender],
        sender: |player| {
            player.send_numbers(0..3);
            player.hear("closed");
            player.send_until_news(Told::Closed);
        },
        receiver: |player| {
            player.receive_numbers(0..3);
            player.take_end().close();
            player.tell("closed");
        },
        ..Case::PLAIN
    }
}

pub(super) const fn a_wait_for_room_ends_when_the_receiver_closes() -> Case {
    Case {
        needs: &[Ability::TellsSender],
        sender: fill_and_wait,
        receiver: |player| {
            player.hear("full");
            player.take_end().close();
            player.hear("told");
        },
        ..Case::PLAIN
    }
}

/// Fills the transport and waits for room until the news comes.
fn fill_and_wait(player: &mut Player) {
    player.fill();
    player.tell("full");
    player.send_until_news(Told::Closed);
    player.tell("told");
}
