// SPDX-License-Identifier: MIT OR Apache-2.0
//! Fork: a child that was forked and executes nothing has no part in its parent's ends, and harms them in no way.

use std::io::{Read, Write};
use std::os::fd::AsFd;

use cabotage_os::Deadline;
use cabotage_os::fork::child_answers;
use cabotage_os::poll::{self, Readiness};

use super::{Case, Player, soon};
use crate::transport::{Ability, Side, Told};

pub(super) const fn a_forked_child_is_refused_and_its_parent_goes_on() -> Case {
    Case {
        needs: &[Ability::RefusesForked],
        sender: |player| {
            let refused = || player.end().send(b"from the child", Deadline::Now) == Err(Told::Forked);
            assert!(child_answers(refused, soon()).expect("a child"), "before the first record");
            player.send_numbers(0..100);
            let refused = || player.end().send(b"from the child", Deadline::Now) == Err(Told::Forked);
            assert!(child_answers(refused, soon()).expect("a child"), "between two records");
            player.send_numbers(100..2_000);
        },
        receiver: |player| {
            player.receive_numbers(0..50);
            let refused = || {
                let end = player.end();
                end.receive(Deadline::Now) == Err(Told::Forked) && end.must_wait() == Err(Told::Forked)
            };
            assert!(child_answers(refused, soon()).expect("a child"), "between two records");
            player.receive_numbers(50..2_000);
            player.receive_news(Told::Closed);
        },
        ..Case::PLAIN
    }
}

pub(super) const fn a_forked_child_that_drops_its_copy_harms_nobody() -> Case {
    Case {
        sender: |player| {
            player.send_numbers(0..10);
            drop_in_a_child(player);
            player.send_numbers(10..500);
        },
        receiver: |player| {
            player.receive_numbers(0..10);
            drop_in_a_child(player);
            player.receive_numbers(10..500);
            player.receive_news(Told::Closed);
        },
        ..Case::PLAIN
    }
}

fn drop_in_a_child(player: &mut Player) {
    let in_child = || {
        drop(player.end.take());
        true
    };
    assert!(child_answers(in_child, soon()).expect("a child"));
}

pub(super) const fn a_child_that_lives_does_not_hide_a_close() -> Case {
    Case {
        needs: &[Ability::RefusesForked],
        near: Some(Side::Sender),
        sender: |player| {
            player.send_numbers(0..3);
            let (mut lives, live) = std::io::pipe().expect("a pipe");
            let (ending, end) = std::io::pipe().expect("a pipe");
            let child = std::thread::spawn(move || {
                let (mut live, ending) = (live, ending);
                // It has a copy of the other end too, so the end of file would never come.
                let ends = || poll::wait([(ending.as_fd(), Readiness::IN)], soon());
                let waits = || live.write_all(b"!").is_ok() && ends().is_ok_and(|[found]| !found.is_empty());
                child_answers(waits, soon()).expect("a child")
            });
            lives.read_exact(&mut [0]).expect("the child lives");
            player.take_end().close();
            player.hear("told");
            let mut end = end;
            end.write_all(b"!").expect("the child lives still");
            assert!(child.join().expect("a thread"), "the child was gone before");
        },
        receiver: |player| {
            player.receive_numbers(0..3);
            player.receive_news(Told::Closed);
            player.tell("told");
        },
        ..Case::PLAIN
    }
}
