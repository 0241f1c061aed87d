// SPDX-License-Identifier: MIT OR Apache-2.0
//! Deadlines: now, long past, soon, never. How long a wait takes is nothing that a test may judge; that it ends, and that
//! nothing is lost by it, is.

use std::time::Instant;

use cabotage_os::Deadline;

use super::{Case, Player, body};
use crate::suite::shortly;
use crate::transport::{Ability, End, Told};

/// Deadlines that leave no time to wait.
fn without_patience() -> [Deadline; 2] {
    [Deadline::Now, Deadline::At(Instant::now())]
}

/// Receives nothing, at this deadline.
fn receive_nothing(end: &mut dyn End, deadline: Deadline) {
    assert_eq!(end.receive(deadline), Err(Told::Nothing));
}

pub(super) const fn a_receiver_without_patience_is_answered_at_once() -> Case {
    Case {
        sender: |player| {
            player.hear("nothing came");
            player.send_numbers(0..2);
            player.tell("sent");
            player.hear("nothing more");
        },
        receiver: |player| {
            for deadline in without_patience() {
                receive_nothing(player.end(), deadline);
            }
            player.tell("nothing came");
            player.hear("sent");
            for (number, deadline) in (0..).zip(without_patience()) {
                assert_eq!(player.end().receive(deadline), Ok(body(number)));
            }
            for deadline in without_patience() {
                receive_nothing(player.end(), deadline);
            }
            player.tell("nothing more");
            player.receive_news(Told::Closed);
        },
        ..Case::PLAIN
    }
}

pub(super) const fn a_receiver_waits_as_long_as_it_says() -> Case {
    Case {
        sender: |player| {
            player.hear("nothing came");
            player.send_numbers(0..1);
            player.hear("go on");
            player.send_numbers(1..2);
        },
        receiver: |player| {
            receive_nothing(player.end(), shortly());
            player.tell("nothing came");
            assert_eq!(player.end().receive(Deadline::Never), Ok(body(0)));
            receive_nothing(player.end(), shortly());
            player.tell("go on");
            player.receive_numbers(1..2);
            player.receive_news(Told::Closed);
        },
        ..Case::PLAIN
    }
}

pub(super) const fn a_sender_without_patience_is_answered_at_once() -> Case {
    Case {
        needs: &[Ability::WaitsForTheSlow],
        sender: |player| {
            let sent = player.fill();
            for deadline in without_patience() {
                refuse(player.end(), sent, deadline);
            }
            player.tell(&sent.to_string());
            player.hear("received");
            let [now, past] = without_patience();
            assert_eq!(player.end().send(&body(sent), now), Ok(()));
            assert_eq!(player.end().send(&body(sent + 1), past), Ok(()));
        },
        receiver: receive_what_filled,
        ..Case::PLAIN
    }
}

pub(super) const fn a_sender_waits_as_long_as_it_says() -> Case {
    Case {
        needs: &[Ability::WaitsForTheSlow],
        sender: |player| {
            let sent = player.fill();
            refuse(player.end(), sent, shortly());
            player.tell(&sent.to_string());
            assert_eq!(player.end().send(&body(sent), Deadline::Never), Ok(()));
            player.hear("received");
            player.send_numbers(sent + 1..sent + 2);
        },
        receiver: receive_what_filled,
        ..Case::PLAIN
    }
}

/// Sends nothing, at this deadline.
fn refuse(end: &mut dyn End, number: u64, deadline: Deadline) {
    assert_eq!(end.send(&body(number), deadline), Err(Told::Full));
}

/// Receives as many records as the sender says that it has sent, and two more.
fn receive_what_filled(player: &mut Player) {
    let sent = player.hear_number();
    player.receive_numbers(0..sent);
    player.tell("received");
    player.receive_numbers(sent..sent + 2);
    player.receive_news(Told::Closed);
}
