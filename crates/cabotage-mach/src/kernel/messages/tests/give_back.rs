// SPDX-License-Identifier: MIT OR Apache-2.0
//! What comes back with a message that was not sent.

use super::world::{World, letter, replied, with};
use crate::kernel::message::{Item, Letter, Memory};
use crate::kernel::messages::{GaveUp, Sent};
use crate::kernel::space::Held;
use crate::name::Name;
use crate::right::Disposition::{self, *};

/// Sends to a queue that is full, with one right; gives what comes back.
fn refused(world: &mut World, name: Name, disposition: Disposition) -> Letter {
    let (_, right) = world.service();
    world.fill(right);
    let failed =
        world.send(with(letter(9, right, MoveSend), vec![Item::Port(name, disposition)])).unwrap_err();
    assert!(!failed.right_lost && failed.rest.is_empty());
    failed.letter.unwrap()
}

#[test]
fn each_disposition_comes_back_as_the_right_that_it_gives_and_can_be_sent_again() {
    for disposition in [MoveReceive, CopySend, MoveSend, MakeSend, MakeSendOnce, MoveSendOnce] {
        let mut world = World::new();
        let own = world.port(world.client);
        let id = world.id(world.client, own);
        let name = match disposition {
            MoveReceive | MakeSend | MakeSendOnce => own,
            CopySend | MoveSend => world.right(world.client, own, MakeSend, world.client),
            MoveSendOnce => world.right(world.client, own, MakeSendOnce, world.client),
        };
        let back = refused(&mut world, name, disposition);
        let [Item::Port(name, as_what)] = back.items[..] else { panic!() };
        assert_eq!(as_what, disposition.received());
        let (held, _) = world.held(world.client, name).unwrap();
        match disposition {
            MoveReceive => assert_eq!(held, Held::Receive(id)),
            MakeSendOnce | MoveSendOnce => assert_eq!(held, Held::SendOnce(id)),
            _ => assert_eq!(held, Held::SendReceive(id)),
        }
        let (port, right) = world.service();
        let again = Letter { destination: (right, Some(MoveSend)), ..back };
        world.send(again).unwrap();
        assert_eq!(world.receive(port).items.len(), 1);
    }
}

#[test]
fn destination_and_reply_port_come_back_where_they_were() {
    let mut world = World::new();
    let (port, right) = world.service();
    world.fill(right);
    let own = world.port(world.client);
    let failed = world.send(replied(letter(9, right, MoveSend), own, MakeSendOnce)).unwrap_err();
    let back = failed.letter.unwrap();
    assert_eq!(back.destination.1, Some(MoveSend));
    assert!(matches!(world.held(world.client, back.destination.0), Some((Held::Send(_), 1))));
    assert_eq!(back.reply.1, Some(MoveSendOnce));
    assert!(matches!(world.held(world.client, back.reply.0), Some((Held::SendOnce(_), 1))));
    world.receive(port);
    assert!(matches!(world.send(back), Ok(Sent::Queued)));
}

#[test]
fn a_moved_receive_right_comes_back_with_its_queue() {
    let mut world = World::new();
    let own = world.port(world.client);
    let senders = world.right(world.client, own, MakeSend, world.client);
    world.fill(senders);
    let back = refused(&mut world, own, MoveReceive);
    let [Item::Port(name, MoveReceive)] = back.items[..] else { panic!() };
    let port = world.port_of(world.client, name);
    assert_eq!((port.queue.len(), port.sequence, port.make_send_count), (5, 0, 0));
}

#[test]
fn memory_rights_of_one_kind_and_null_come_back() {
    let mut world = World::new();
    let (_, right) = world.service();
    let (_, other) = world.service();
    world.fill(right);
    let items = vec![
        Item::Memory(Memory::Bytes(vec![7; 10_000])),
        Item::Ports(vec![other, Name::NULL, Name::DEAD], CopySend),
        Item::Port(Name::NULL, MakeSend),
    ];
    let back = world.send(with(letter(9, right, CopySend), items)).unwrap_err().letter.unwrap();
    let [Item::Memory(Memory::Bytes(bytes)), Item::Ports(names, MoveSend), Item::Port(Name::NULL, MoveSend)] =
        &back.items[..]
    else {
        panic!("{back:?}")
    };
    assert_eq!((bytes.len(), &names[..]), (10_000, &[other, Name::NULL, Name::DEAD][..]));
    assert_eq!(world.held(world.client, other).unwrap().1, 2, "the copy came back");
}

#[test]
fn a_right_whose_port_has_died_meanwhile_comes_back_as_dead() {
    let mut world = World::new();
    let (_, right) = world.service();
    let (dying, other) = world.service();
    world.fill(right);
    let ticket = world.send_waiting(with(letter(9, right, CopySend), vec![Item::Port(other, MoveSend)]));
    world.kernel.destroy(world.server, dying).unwrap();
    let failed = world.kernel.give_up(ticket, GaveUp::TimedOut).unwrap_err();
    assert!(matches!(failed.letter.unwrap().items[..], [Item::Port(Name::DEAD, MoveSend)]));
}

#[test]
fn rights_for_which_there_is_no_name_any_more_are_destroyed_and_null_stands_for_them() {
    let mut world = World::new();
    let (answers, once) = world.once();
    let (_, right) = world.service();
    world.fill(right);
    let ticket = world.send_waiting(with(letter(9, right, CopySend), vec![Item::Port(once, MoveSendOnce)]));
    world.use_all_names(world.client);
    let failed = world.kernel.give_up(ticket, GaveUp::TimedOut).unwrap_err();
    assert!(failed.right_lost);
    let back = failed.letter.unwrap();
    assert_eq!(back.destination, (right, Some(MoveSend)));
    assert!(matches!(back.items[..], [Item::Port(Name::NULL, MoveSendOnce)]));
    assert_eq!(world.receive(answers).header.id, 71);
}

#[test]
fn a_message_of_a_task_that_has_ended_meanwhile_is_destroyed() {
    let mut world = World::new();
    let (answers, once) = world.once();
    let (_, right) = world.service();
    world.fill(right);
    let ticket = world.send_waiting(with(letter(9, right, CopySend), vec![Item::Port(once, MoveSendOnce)]));
    world.kernel.terminate_space(world.client);
    let failed = world.kernel.give_up(ticket, GaveUp::Interrupted).unwrap_err();
    assert!(failed.right_lost);
    assert_eq!(world.receive(answers).header.id, 71);
}
