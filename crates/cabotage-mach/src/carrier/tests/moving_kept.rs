// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the old owner of a port that moves keeps, and what its queue and requests have: rights to the very port, messages
//! beyond the limit.

use super::machine::{Machine, brought, carrying, letter};
use super::moving::{Move, send_waiting};
use super::moving_once::{Asked, SEND_ONCE};
use crate::Disposition::{CopySend, MakeSend, MakeSendOnce, MoveReceive, MoveSendOnce};
use crate::code::KernError;
use crate::kernel::calls::{GuardFlags, Handover, Notice};
use crate::kernel::message::Item;
use crate::kernel::messages::WhenFull;
use crate::{Name, Right};

const SEND_POSSIBLE: i32 = 66;

/// A send-once right of the old owner to its own port, which stays there.
fn own_once(all: &Move) -> Name {
    all.old.call(|kernel, space| {
        let right = kernel.copy_in(space, all.port, MakeSendOnce).unwrap();
        kernel.copy_out(space, right).unwrap()
    })
}

#[test]
fn send_once_rights_that_the_old_owner_keeps_lead_to_the_new_one() {
    let all = Move::new();
    let [used, dropped, late] = [(); 3].map(|()| own_once(&all));
    all.set_out();
    for _ in 0..5 {
        all.look();
    }
    // One is used while nobody can say where the port is.
    all.old.send(letter(4, (used, MoveSendOnce)));
    let port = all.arrive();
    assert_eq!(all.receive(port), 4);
    all.old.deallocate(dropped);
    assert_eq!(all.receive(port), SEND_ONCE);
    all.old.send(letter(6, (late, MoveSendOnce)));
    assert_eq!(all.receive(port), 6);
    all.settle();
    assert!(all.new.try_receive(port).is_none());
}

#[test]
fn a_send_once_right_that_the_old_owner_keeps_can_go_on_to_a_third() {
    let asked = Asked::new();
    let all = &asked.all;
    let kept = [own_once(all), own_once(all)];
    let port = asked.moved();
    asked.settle();
    let door = asked.server.port();
    let to_door = asked.server.give(door, &all.old);
    asked.settle();
    let rights = kept.map(|name| (name, MoveSendOnce));
    all.old.send(carrying(3, (to_door, CopySend), &rights));
    let passed = asked.server.until(|server| {
        all.look();
        server.try_receive(door)
    });
    for (id, name) in (7..).zip(brought(&passed)) {
        asked.server.send(letter(id, (name, MoveSendOnce)));
        assert_eq!(asked.receive(port), id);
    }
}

#[test]
fn an_old_owner_that_dies_leaves_a_notification_for_each_send_once_right_that_it_kept() {
    let all = Move::new();
    let kept = [own_once(&all), own_once(&all)];
    all.set_out();
    let port = all.arrive();
    all.settle();
    let Move { old, new, .. } = all;
    drop(old);
    for _ in kept {
        assert_eq!(new.receive(port).header.id, SEND_ONCE);
    }
}

#[test]
fn a_port_that_dies_at_its_new_owner_is_dead_for_the_send_once_rights_of_the_old_one() {
    let all = Move::new();
    let kept = own_once(&all);
    let port = {
        all.set_out();
        all.arrive()
    };
    all.settle();
    all.new.call(|kernel, space| kernel.destroy(space, port)).unwrap();
    all.old.until(|old| {
        all.new.look();
        old.type_of(kept).has(Right::DeadName).then_some(())
    });
}

#[test]
fn a_port_goes_on_to_a_third_owner_with_all_that_is_owed_to_it() {
    let asked = Asked::new();
    let kept = own_once(&asked.all);
    let port = asked.moved();
    asked.settle();
    let last = Machine::new();
    let door = last.port();
    let to_last = last.give(door, &asked.all.new);
    asked.settle();
    let all = &asked.all;
    let letter_on = carrying(9, (to_last, CopySend), &[(port, MoveReceive)]);
    send_waiting(&all.new, letter_on);
    let received = last.until(|last| {
        asked.look();
        last.try_receive(door)
    });
    let port = brought(&received)[0];
    let next = || {
        let next = last.until(|last| {
            asked.look();
            last.try_receive(port)
        });
        next.header.id
    };
    all.old.send(letter(4, (kept, MoveSendOnce)));
    assert_eq!(next(), 4);
    asked.server.send(letter(5, (asked.answer, MoveSendOnce)));
    assert_eq!(next(), 5);
    all.holder.send(letter(6, (all.right, CopySend)));
    assert_eq!(next(), 6);
}

#[test]
fn rights_to_the_port_itself_in_its_own_queue_go_along() {
    let all = Move::new();
    let own = all.port;
    let right = all.old.call(|kernel, space| {
        let right = kernel.copy_in(space, own, MakeSend).unwrap();
        kernel.copy_out(space, right).unwrap()
    });
    all.old.send(carrying(1, (right, CopySend), &[(own, MakeSend), (own, MakeSendOnce)]));
    all.old.deallocate(right);
    all.set_out();
    let port = all.arrive();
    all.settle();
    let message = all.new.receive(port);
    let [send, once] = brought(&message)[..] else { panic!("two rights") };
    assert_eq!(send, port, "it is the port's own name");
    all.new.send(letter(2, (once, MoveSendOnce)));
    assert_eq!(all.new.receive(port).header.id, 2);
    assert_eq!(all.new.send_rights(port), 2);
}

#[test]
fn a_port_that_asks_to_be_told_of_its_own_last_sender_is_told_after_it_has_moved() {
    let all = Move::new();
    all.old.call(|kernel, space| {
        let notify = kernel.copy_in(space, all.port, MakeSendOnce).unwrap();
        kernel.request_notification(space, all.port, Notice::NoSenders, 0, notify).unwrap()
    });
    all.set_out();
    let port = all.arrive();
    all.settle();
    let Move { holder, new, old, .. } = all;
    drop(holder);
    let news = new.until(|new| {
        old.look();
        new.try_receive(port)
    });
    assert_eq!(news.header.id, 70);
}

#[test]
fn a_cached_message_goes_along_and_its_sender_is_told_that_it_was_taken() {
    let all = Move::new();
    let (own, told) = (all.port, all.old.port());
    let right = all.old.call(|kernel, space| {
        kernel.set_limit(space, own, 0).unwrap();
        let right = kernel.copy_in(space, own, MakeSend).unwrap();
        kernel.copy_out(space, right).unwrap()
    });
    all.old.try_send(letter(1, (right, CopySend)), WhenFull::Cache(told)).unwrap();
    all.set_out();
    let port = all.arrive();
    assert_eq!(all.receive(port), 1);
    assert_eq!(all.old.receive(told).header.id, SEND_POSSIBLE);
}

#[test]
fn a_guarded_port_goes_to_another_process_with_its_guard() {
    let all = Move::new();
    let flags = GuardFlags::STRICT;
    all.old.call(|kernel, space| kernel.guard_with_flags(space, all.port, 7, flags)).unwrap();
    let handover = Handover { guard: 7, unguarded_on_send: false, immovable: true };
    let mut letter = carrying(9, (all.to_new, CopySend), &[]);
    letter.items.push(Item::Guarded(all.port, handover));
    send_waiting(&all.old, letter);
    let received = all.new.until(|new| {
        all.look();
        new.try_receive(all.door)
    });
    let [Item::Guarded(port, came)] = received.items[..] else { panic!("{received:?}") };
    assert_eq!(came, handover);
    all.new.call(|kernel, space| {
        assert_eq!(kernel.context(space, port), Ok(0), "it is strict");
        assert_eq!(kernel.copy_in(space, port, MoveReceive), Err(KernError::InvalidCapability));
        assert_eq!(kernel.destruct(space, port, 0, 7), Ok(()));
    });
}
