// SPDX-License-Identifier: MIT OR Apache-2.0
//! Death: a process that is killed says nothing, and its peer is told all the same, after everything that it had sent.

use super::Case;
use crate::transport::{Ability, Side, Told};

pub(super) const fn what_was_sent_before_a_death_comes_and_then_the_news() -> Case {
    Case {
        victim: Some(Side::Sender),
        sender: |player| {
            player.send_numbers(0..20);
            player.die();
        },
        receiver: |player| {
            player.far().end();
            player.receive_numbers(0..20);
            player.receive_news(Told::Died);
        },
        ..Case::PLAIN
    }
}

pub(super) const fn a_wait_for_a_record_ends_when_the_sender_is_killed() -> Case {
    Case {
        victim: Some(Side::Sender),
        sender: |player| {
            player.send_numbers(0..3);
            player.hear("waiting");
            player.die();
        },
        receiver: |player| {
            player.receive_numbers(0..3);
            player.tell("waiting");
            player.receive_news(Told::Died);
        },
        ..Case::PLAIN
    }
}

pub(super) const fn a_sender_is_told_that_its_receiver_was_killed() -> Case {
    Case {
        needs: &[Ability::TellsSender],
        victim: Some(Side::Receiver),
        sender: |player| {
            player.send_numbers(0..3);
            player.far().end();
            player.send_until_news(Told::Died);
        },
        receiver: |player| {
            player.receive_numbers(0..3);
            player.die();
        },
        ..Case::PLAIN
    }
}

pub(super) const fn a_wait_for_room_ends_when_the_receiver_is_killed() -> Case {
    Case {
        needs: &[Ability::TellsSender],
        victim: Some(Side::Receiver),
        sender: |player| {
            player.fill();
            player.tell("full");
            player.send_until_news(Told::Died);
        },
        receiver: |player| {
            player.hear("full");
            player.die();
        },
        ..Case::PLAIN
    }
}
