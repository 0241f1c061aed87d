// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rights that go on to a third machine, and what is told when one of the three ends.

use super::machine::{Machine, asking, brought, carrying, letter};
use crate::Disposition::{CopySend, MoveSend, MoveSendOnce};
use crate::kernel::Notification;
use crate::{Name, Right};

/// An owner with a port, a giver with a right to it, and a taker to which the giver can send.
struct Three {
    owner: Machine,
    port: Name,
    giver: Machine,
    right: Name,
    taker: Machine,
    door: Name,
    to_taker: Name,
}

impl Three {
    fn new() -> Self {
        let (owner, giver, taker) = (Machine::new(), Machine::new(), Machine::new());
        let (port, door) = (owner.port(), taker.port());
        let (right, to_taker) = (owner.give(port, &giver), taker.give(door, &giver));
        Self { owner, port, giver, right, taker, door, to_taker }
    }

    /// What the giver passes on, by the taker's name.
    fn pass(&self, name: Name, disposition: crate::Disposition) -> Name {
        self.giver.look();
        self.giver.send(carrying(1, (self.to_taker, CopySend), &[(name, disposition)]));
        let received = self.taker.until(|taker| {
            self.giver.look();
            taker.try_receive(self.door)
        });
        brought(&received)[0]
    }
}

#[test]
fn a_copied_right_is_a_link_of_its_own_to_the_owner() {
    let three = Three::new();
    let copy = three.pass(three.right, CopySend);
    three.taker.send(letter(7, (copy, CopySend)));
    let received = three.owner.until(|owner| {
        three.giver.look();
        three.taker.look();
        owner.try_receive(three.port)
    });
    assert_eq!(received.header.id, 7);
    assert_eq!(three.owner.send_rights(three.port), 2);
    drop(three.giver);
    three.owner.until_send_rights(three.port, 1);
    three.taker.send(letter(8, (copy, CopySend)));
    assert_eq!(three.owner.receive(three.port).header.id, 8);
}

#[test]
fn a_moved_right_leaves_the_giver_and_no_sender_is_lost_in_between() {
    let three = Three::new();
    let moved = three.pass(three.right, MoveSend);
    three.owner.until(|owner| {
        three.giver.look();
        assert!(owner.send_rights(three.port) >= 1, "somebody always has it");
        (owner.send_rights(three.port) == 1 && owner.counts().1 == 1).then_some(())
    });
    three.taker.deallocate(moved);
    three.owner.until(|owner| {
        three.taker.look();
        (owner.send_rights(three.port) == 0).then_some(())
    });
}

#[test]
fn a_right_in_a_message_that_nobody_takes_is_gone_with_its_receiver() {
    let three = Three::new();
    three.giver.look();
    three.giver.send(carrying(1, (three.to_taker, CopySend), &[(three.right, MoveSend)]));
    drop(three.taker);
    three.owner.until(|owner| {
        three.giver.look();
        (owner.send_rights(three.port) == 0).then_some(())
    });
}

#[test]
fn the_owner_s_death_is_a_dead_name_at_each_holder() {
    let three = Three::new();
    let copy = three.pass(three.right, CopySend);
    three.owner.look();
    drop(three.owner);
    three.giver.until_dead(three.right);
    three.taker.until_dead(copy);
}

#[test]
fn copies_of_a_right_that_has_proved_its_port_come_together() {
    let three = Three::new();
    let first = three.pass(three.right, CopySend);
    three.owner.until(|owner| {
        three.giver.look();
        (owner.send_rights(three.port) == 2).then_some(())
    });
    three.taker.until(|taker| {
        three.owner.look();
        (!taker.carrier.desk().verified.is_empty()).then_some(())
    });
    let second = three.pass(three.right, CopySend);
    assert_eq!(first, second);
    three.owner.until(|owner| {
        three.giver.look();
        (owner.send_rights(three.port) == 2 && owner.counts().1 == 2).then_some(())
    });
}

#[test]
fn a_send_once_right_that_goes_on_is_used_by_the_third() {
    let three = Three::new();
    let reply = three.owner.port();
    // The owner asks the giver, which lets the taker answer.
    let giver_port = three.giver.port();
    let to_giver = three.giver.give(giver_port, &three.owner);
    three.owner.send(asking(1, to_giver, reply));
    let asked = three.giver.receive(giver_port);
    three.owner.look();
    let once = three.pass(asked.reply.0, MoveSendOnce);
    assert!(three.taker.type_of(once).has(Right::SendOnce));
    three.taker.send(letter(9, (once, MoveSendOnce)));
    let answer = three.owner.until(|owner| {
        three.giver.look();
        three.taker.look();
        owner.try_receive(reply)
    });
    assert_eq!(answer.header.id, 9);
    three.taker.until(|taker| {
        three.owner.look();
        (taker.counts() == (1, 1)).then_some(())
    });
}

#[test]
fn a_send_once_right_that_goes_on_and_is_lost_is_told_to_its_port() {
    for dies in [false, true] {
        let three = Three::new();
        let reply = three.owner.port();
        let giver_port = three.giver.port();
        let to_giver = three.giver.give(giver_port, &three.owner);
        three.owner.send(asking(1, to_giver, reply));
        let asked = three.giver.receive(giver_port);
        three.owner.look();
        let once = three.pass(asked.reply.0, MoveSendOnce);
        let Three { owner, giver, taker, .. } = three;
        if dies {
            drop(taker);
        } else {
            taker.deallocate(once);
        }
        let told = owner.until(|owner| {
            giver.look();
            owner.try_receive(reply)
        });
        assert_eq!(told.header.id, Notification::SEND_ONCE_ID);
    }
}
