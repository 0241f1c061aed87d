// SPDX-License-Identifier: MIT OR Apache-2.0
//! Ports that move while other processes hold send-once rights to them, as tokens or as links: each gives the new owner
//! one message or one notification.

use super::machine::{Machine, asking, brought, carrying, letter};
use super::moving::Move;
use crate::Disposition::{CopySend, MoveSendOnce};
use crate::Name;
use crate::kernel::messages::{GaveUp, WhenFull};

pub(super) const SEND_ONCE: i32 = 71;

/// A move, and a server that the old owner has asked something: it has a send-once right to the port.
pub(super) struct Asked {
    pub(super) all: Move,
    pub(super) server: Machine,
    /// Where the server answers.
    pub(super) answer: Name,
}

impl Asked {
    pub(super) fn new() -> Self {
        let (all, server) = (Move::new(), Machine::new());
        let door = server.port();
        let to_server = server.give(door, &all.old);
        all.old.send(asking(1, to_server, all.port));
        let question = server.until(|server| {
            all.look();
            server.try_receive(door)
        });
        Self { all, server, answer: question.reply.0 }
    }

    pub(super) fn look(&self) {
        self.all.look();
        self.server.look();
    }

    pub(super) fn settle(&self) {
        (0..50).for_each(|_| self.look());
    }

    /// Moves the port; its name at the new owner.
    pub(super) fn moved(&self) -> Name {
        self.all.set_out();
        self.arrive()
    }

    fn arrive(&self) -> Name {
        let received = self.all.new.until(|new| {
            self.look();
            new.try_receive(self.all.door)
        });
        brought(&received)[0]
    }

    /// The number of the next message at the new owner.
    pub(super) fn receive(&self, port: Name) -> i32 {
        let received = self.all.new.until(|new| {
            self.look();
            new.try_receive(port)
        });
        received.header.id
    }

    /// Nothing more comes.
    fn is_over(&self, port: Name) {
        self.settle();
        assert!(self.all.new.try_receive(port).is_none());
        let id = self.all.new.call(|kernel, space| kernel.receive_right(space, port)).unwrap();
        assert_eq!(self.all.new.kernel.lock().unwrap().ports.get(id).unwrap().send_once_rights, 0);
    }
}

#[test]
fn an_answer_that_is_owed_to_a_port_that_moves_comes_to_its_new_owner() {
    let asked = Asked::new();
    let port = asked.moved();
    asked.server.send(letter(5, (asked.answer, MoveSendOnce)));
    assert_eq!(asked.receive(port), 5);
    asked.is_over(port);
}

#[test]
fn an_answer_needs_the_old_owner_no_more_once_the_port_has_moved() {
    let asked = Asked::new();
    let port = asked.moved();
    asked.settle();
    let Asked { all: Move { old, new, .. }, server, answer, .. } = asked;
    drop(old);
    server.look();
    server.send(letter(5, (answer, MoveSendOnce)));
    let received = new.until(|new| {
        server.look();
        new.try_receive(port)
    });
    assert_eq!(received.header.id, 5);
}

#[test]
fn a_send_once_right_that_is_given_back_after_its_port_moved_is_told_to_the_new_owner() {
    let asked = Asked::new();
    let port = asked.moved();
    asked.server.deallocate(asked.answer);
    assert_eq!(asked.receive(port), SEND_ONCE);
    asked.is_over(port);
}

#[test]
fn a_holder_that_dies_after_the_port_moved_is_told_to_the_new_owner() {
    let asked = Asked::new();
    let port = asked.moved();
    let Asked { all, server, .. } = asked;
    drop(server);
    assert_eq!(all.receive(port), SEND_ONCE);
}

#[test]
fn whoever_answers_at_any_moment_of_a_move_is_heard_once() {
    for moment in 0..40 {
        let asked = Asked::new();
        asked.all.set_out();
        for turn in 0..60 {
            if turn == moment {
                asked.server.send(letter(5, (asked.answer, MoveSendOnce)));
            }
            match (turn + moment) % 4 {
                0 => asked.all.old.look(),
                1 => asked.all.new.look(),
                2 => asked.server.look(),
                _ => asked.all.holder.look(),
            }
        }
        let port = asked.arrive();
        assert_eq!(asked.receive(port), 5, "answered at {moment}");
        asked.is_over(port);
    }
}

#[test]
fn whoever_passes_its_send_once_right_on_at_any_moment_of_a_move_loses_it_to_the_third() {
    for moment in 0..40 {
        let asked = Asked::new();
        let third = Machine::new();
        let door = third.port();
        let to_third = third.give(door, &asked.server);
        for _ in 0..20 {
            asked.server.look();
            third.look();
        }
        asked.all.set_out();
        for turn in 0..60 {
            if turn == moment {
                let rights = [(asked.answer, MoveSendOnce)];
                asked.server.send(carrying(3, (to_third, CopySend), &rights));
            }
            match (turn + moment) % 4 {
                0 => asked.all.old.look(),
                1 => asked.all.new.look(),
                2 => asked.server.look(),
                _ => third.look(),
            }
        }
        let port = asked.all.new.until(|new| {
            asked.look();
            third.look();
            new.try_receive(asked.all.door)
        });
        let port = brought(&port)[0];
        let passed = third.until(|third| {
            asked.look();
            third.try_receive(door)
        });
        third.send(letter(6, (brought(&passed)[0], MoveSendOnce)));
        let answer = asked.all.new.until(|new| {
            asked.look();
            third.look();
            new.try_receive(port)
        });
        assert_eq!(answer.header.id, 6, "passed on at {moment}");
        asked.is_over(port);
    }
}

#[test]
fn a_send_once_right_that_is_a_link_follows_too() {
    let asked = Asked::new();
    let third = Machine::new();
    let door = third.port();
    let to_third = third.give(door, &asked.server);
    asked.server.until(|server| {
        third.look();
        asked.all.old.look();
        let rights = [(asked.answer, MoveSendOnce)];
        server.try_send(carrying(3, (to_third, CopySend), &rights), WhenFull::GiveBack).ok()
    });
    let passed = third.until(|third| {
        asked.look();
        third.try_receive(door)
    });
    asked.all.set_out();
    let port = asked.all.new.until(|new| {
        asked.look();
        third.look();
        new.try_receive(asked.all.door)
    });
    let port = brought(&port)[0];
    let Asked { all, server, .. } = asked;
    drop(server);
    let Move { old, new, holder, .. } = all;
    drop(old);
    third.send(letter(6, (brought(&passed)[0], MoveSendOnce)));
    let answer = new.until(|new| {
        holder.look();
        third.look();
        new.try_receive(port)
    });
    assert_eq!(answer.header.id, 6);
}

/// Gives a move up after `steps`, and lets the server answer: the old owner hears it.
fn given_up(steps: impl FnOnce(&Asked)) {
    let asked = Asked::new();
    let Asked { all, server, answer, .. } = &asked;
    let ticket = all.set_out();
    steps(&asked);
    let given_up = all.old.call(|kernel, _| kernel.give_up(ticket, GaveUp::TimedOut));
    let letter_back = given_up.unwrap_err().letter.unwrap();
    let crate::kernel::message::Item::Port(port, _) = letter_back.items[0] else { panic!("no right") };
    asked.settle();
    server.send(letter(5, (*answer, MoveSendOnce)));
    let received = all.old.until(|old| {
        server.look();
        old.try_receive(port)
    });
    assert_eq!(received.header.id, 5);
}

#[test]
fn a_move_that_is_given_up_leaves_send_once_rights_as_they_were() {
    // The server is asked, and has not answered.
    given_up(|asked| {
        asked.all.old.look();
        asked.all.new.look();
        asked.all.old.look();
    });
}

#[test]
fn a_send_once_right_that_has_become_a_link_stays_one_when_the_move_is_given_up() {
    given_up(|asked| {
        asked.all.old.look();
        asked.all.new.look();
        for _ in 0..10 {
            asked.all.old.look();
            asked.server.look();
            asked.all.holder.look();
        }
    });
}

#[test]
fn the_new_owner_may_be_who_owes_the_answer() {
    let all = Move::new();
    all.old.send(asking(1, all.to_new, all.port));
    let question = all.new.until(|new| {
        all.old.look();
        new.try_receive(all.door)
    });
    all.set_out();
    let port = all.arrive();
    all.new.send(letter(5, (question.reply.0, MoveSendOnce)));
    assert_eq!(all.receive(port), 5);
}
