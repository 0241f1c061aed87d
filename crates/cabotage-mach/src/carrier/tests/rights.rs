// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rights that go along with messages between two machines.

use super::machine::{Machine, brought, carrying, letter};
use crate::Disposition::{CopySend, MakeSend, MakeSendOnce, MoveSend, MoveSendOnce};
use crate::kernel::Notification;
use crate::kernel::message::Item;
use crate::{Name, Right};

#[test]
fn a_send_right_in_a_message_is_one_at_its_receiver() {
    let (owner, holder) = (Machine::new(), Machine::new());
    let port = owner.port();
    let right = owner.give(port, &holder);
    let back = holder.port();
    holder.send(carrying(1, (right, CopySend), &[(back, MakeSend)]));
    let received = owner.receive(port);
    let [theirs] = brought(&received)[..] else { panic!("{received:?}") };
    assert!(owner.type_of(theirs).has(Right::Send));
    owner.send(letter(2, (theirs, CopySend)));
    assert_eq!(holder.receive(back).header.id, 2);
    assert_eq!(holder.send_rights(back), 1);
    owner.deallocate(theirs);
    holder.until_send_rights(back, 0);
}

#[test]
fn rights_to_one_port_come_together_under_one_name() {
    let (owner, holder) = (Machine::new(), Machine::new());
    let port = owner.port();
    let right = owner.give(port, &holder);
    let back = holder.port();
    for _ in 0..3 {
        holder.send(carrying(1, (right, CopySend), &[(back, MakeSend)]));
        owner.look();
    }
    let names: Vec<Name> = (0..3).flat_map(|_| brought(&owner.receive(port))).collect();
    assert_eq!(names[1], names[2]);
    holder.until(|holder| {
        owner.look();
        (holder.send_rights(back) <= 2).then_some(())
    });
}

#[test]
fn the_owner_knows_its_own_port_when_it_comes_back_over_its_own_link() {
    let (owner, holder) = (Machine::new(), Machine::new());
    let port = owner.port();
    let right = owner.give(port, &holder);
    holder.send(carrying(1, (right, CopySend), &[(right, CopySend)]));
    assert_eq!(brought(&owner.receive(port)), [port]);
    assert!(owner.type_of(port).has(Right::Send));
    assert_eq!(owner.send_rights(port), 2);
    owner.call(|kernel, space| kernel.modify_references(space, port, Right::Send, -1)).unwrap();
    holder.deallocate(right);
    owner.until_send_rights(port, 0);
}

#[test]
fn the_owner_knows_its_own_port_when_it_comes_back_over_another_link() {
    let (owner, holder) = (Machine::new(), Machine::new());
    let (first, second) = (owner.port(), owner.port());
    let (to_first, to_second) = (owner.give(first, &holder), owner.give(second, &holder));
    // The links have met: then a fork goes at once.
    holder.send(letter(1, (to_first, CopySend)));
    owner.receive(first);
    holder.look();
    holder.send(carrying(2, (to_second, CopySend), &[(to_first, CopySend)]));
    assert_eq!(brought(&owner.receive(second)), [first]);
    assert_eq!(owner.send_rights(first), 2);
    holder.send(carrying(3, (to_second, MoveSend), &[(to_first, MoveSend)]));
    assert_eq!(brought(&owner.receive(second)), [first]);
    owner.call(|kernel, space| kernel.destroy(space, second)).unwrap();
    owner.until_send_rights(first, 1);
    owner.until(|owner| (owner.counts() == (1, 0)).then_some(()));
}

#[test]
fn a_send_once_right_in_a_body_works_once_and_comes_home_as_what_it_is() {
    let (owner, holder) = (Machine::new(), Machine::new());
    let port = owner.port();
    let right = owner.give(port, &holder);
    let back = holder.port();
    holder.send(carrying(1, (right, CopySend), &[(back, MakeSendOnce), (back, MakeSendOnce)]));
    let received = brought(&owner.receive(port));
    let reply = owner.port();
    let home = owner.give(reply, &holder);
    owner.send(letter(5, (received[0], MoveSendOnce)));
    assert_eq!(holder.receive(back).header.id, 5);
    holder.send(carrying(6, (right, CopySend), &[(reply_right(&holder, home), CopySend)]));
    owner.receive(port);
    owner.deallocate(received[1]);
    assert_eq!(holder.receive(back).header.id, Notification::SEND_ONCE_ID);
}

fn reply_right(_: &Machine, name: Name) -> Name {
    name
}

#[test]
fn arrays_of_rights_and_dead_and_null_ones_arrive_as_what_they_are() {
    let (owner, holder) = (Machine::new(), Machine::new());
    let port = owner.port();
    let right = owner.give(port, &holder);
    let dead = holder.call(|kernel, space| kernel.allocate(space, Right::DeadName)).unwrap();
    let back = holder.port();
    let mut sent = carrying(1, (right, CopySend), &[(Name::NULL, MoveSend), (dead, CopySend)]);
    sent.items.push(Item::Ports(vec![back; 70], MakeSend));
    holder.look();
    holder.send(sent);
    let received = owner.until(|owner| {
        holder.look();
        owner.try_receive(port)
    });
    assert_eq!(brought(&received), [Name::NULL, Name::DEAD]);
    let Some(Item::Ports(names, MoveSend)) = received.items.last() else { panic!("{received:?}") };
    assert!(names.len() == 70 && names.iter().all(|name| name.is_valid()));
    drop(owner);
    holder.until_send_rights(back, 0);
}
