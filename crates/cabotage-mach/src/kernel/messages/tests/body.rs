// SPDX-License-Identifier: MIT OR Apache-2.0
//! The body of a message that is sent: taken item by item, and what each disposition makes of a right.

use super::world::{World, letter, rights, with};
use crate::code::KernError;
use crate::error::SendError;
use crate::kernel::Notification;
use crate::kernel::calls::{GuardFlags, Handover, Notice};
use crate::kernel::message::{Item, Memory};
use crate::kernel::messages::SendOptions;
use crate::kernel::port::Home;
use crate::kernel::space::Held;
use crate::name::Name;
use crate::right::Disposition::{self, *};

#[test]
fn a_wrong_right_in_the_body_costs_the_header_and_what_came_before() {
    let mut world = World::new();
    let (port, right) = world.service();
    let (_, first) = world.service();
    let (_, last) = world.service();
    let wrong = Name::from_raw(0x503);
    let items = vec![Item::Port(first, MoveSend), Item::Port(wrong, CopySend), Item::Port(last, MoveSend)];
    let failed = world.send(with(letter(0, right, MoveSend), items)).unwrap_err();
    assert_eq!((failed.error, failed.letter.is_none()), (SendError::InvalidRight, true));
    assert_eq!(world.held(world.client, right), None);
    assert_eq!(world.held(world.client, first), None);
    assert_eq!(world.port_of(world.server, port).send_rights, 0);
    let [Item::Port(name, CopySend), Item::Port(rest, MoveSend)] = failed.rest[..] else { panic!() };
    assert_eq!((name, rest), (wrong, last));
    assert!(world.held(world.client, last).is_some());
}

#[test]
fn rights_that_a_failed_body_has_cost_fire_their_notifications() {
    let mut world = World::new();
    let (port, right) = world.service();
    let notify = world.ask(port, Notice::NoSenders);
    let (answers, once) = world.once();
    let items = vec![Item::Port(once, MoveSendOnce), Item::Port(right, MoveReceive)];
    world.send(with(letter(0, right, MoveSend), items)).unwrap_err();
    assert_eq!(world.receive(notify).header.id, 70);
    assert_eq!(world.receive(answers).header.id, Notification::SendOnce.id());
}

#[test]
fn a_receive_right_that_may_not_move_is_an_invalid_right() {
    let mut world = World::new();
    let (_, right) = world.service();
    let own = world.port(world.client);
    world.kernel.guard_with_flags(world.client, own, 7, GuardFlags::IMMOVABLE_RECEIVE).unwrap();
    let failed =
        world.send(with(letter(0, right, CopySend), vec![Item::Port(own, MoveReceive)])).unwrap_err();
    assert_eq!(failed.error, SendError::InvalidRight);
    assert!(world.held(world.client, own).is_some());
}

#[test]
fn a_wrong_right_among_many_costs_those_before_it() {
    let mut world = World::new();
    let (_, right) = world.service();
    let (_, first) = world.service();
    let names = vec![first, Name::from_raw(0x503), right];
    let failed =
        world.send(with(letter(0, right, CopySend), vec![Item::Ports(names, MoveSend)])).unwrap_err();
    assert_eq!(world.held(world.client, first), None);
    let [Item::Ports(rest, MoveSend)] = &failed.rest[..] else { panic!() };
    assert_eq!(*rest, [Name::from_raw(0x503), right]);
    assert!(world.held(world.client, right).is_some());
}

/// Sends a right of the client by a disposition; gives how it arrived.
fn passed(world: &mut World, name: Name, disposition: Disposition) -> (Name, Disposition) {
    let (port, right) = world.service();
    world.send(with(letter(0, right, MoveSend), vec![Item::Port(name, disposition)])).unwrap();
    rights(&world.receive(port))[0]
}

#[test]
fn each_disposition_gives_the_receiver_its_right_and_leaves_the_sender_the_rest() {
    let mut world = World::new();
    for (disposition, arrives, stays) in [
        (MoveReceive, MoveReceive, false),
        (CopySend, MoveSend, true),
        (MakeSend, MoveSend, true),
        (MakeSendOnce, MoveSendOnce, true),
    ] {
        let port = world.port(world.client);
        let id = world.id(world.client, port);
        let name = if disposition == CopySend {
            world.right(world.client, port, MakeSend, world.client)
        } else {
            port
        };
        let (name_there, as_what) = passed(&mut world, name, disposition);
        assert_eq!(as_what, arrives);
        let held = match arrives {
            MoveReceive => Held::Receive(id),
            MoveSend => Held::Send(id),
            _ => Held::SendOnce(id),
        };
        assert_eq!(world.held(world.server, name_there), Some((held, 1)));
        assert_eq!(world.held(world.client, name).is_some(), stays, "{disposition:?}");
    }
}

#[test]
fn moved_send_and_send_once_rights_are_the_senders_no_more() {
    let mut world = World::new();
    let (port, right) = world.service();
    assert_eq!(passed(&mut world, right, MoveSend), (port, MoveSend));
    assert_eq!(world.held(world.client, right), None);
    let (_, once) = world.once();
    assert_eq!(passed(&mut world, once, MoveSendOnce).1, MoveSendOnce);
    assert_eq!(world.held(world.client, once), None);
}

#[test]
fn a_dead_name_in_the_body_arrives_as_dead_and_moving_it_takes_a_reference() {
    let mut world = World::new();
    let (port, right) = world.service();
    assert_eq!(world.right(world.server, port, MakeSend, world.client), right);
    world.kernel.destroy(world.server, port).unwrap();
    assert_eq!(passed(&mut world, right, CopySend), (Name::DEAD, MoveSend));
    assert_eq!(world.held(world.client, right), Some((Held::Dead, 2)));
    assert_eq!(passed(&mut world, right, MoveSend), (Name::DEAD, MoveSend));
    assert_eq!(world.held(world.client, right), Some((Held::Dead, 1)));
    assert_eq!(passed(&mut world, right, MoveSendOnce), (Name::DEAD, MoveSendOnce));
    assert_eq!(world.held(world.client, right), None);
}

#[test]
fn null_and_dead_are_legal_names_of_every_disposition() {
    let mut world = World::new();
    for disposition in [MoveReceive, MoveSend, MoveSendOnce, CopySend, MakeSend, MakeSendOnce] {
        for name in [Name::NULL, Name::DEAD] {
            assert_eq!(passed(&mut world, name, disposition), (name, disposition.received()));
        }
    }
}

#[test]
fn a_right_whose_port_dies_while_its_message_waits_arrives_as_dead() {
    let mut world = World::new();
    let (port, right) = world.service();
    let (dying, other) = world.service();
    world.send(with(letter(0, right, CopySend), vec![Item::Port(other, MoveSend)])).unwrap();
    world.kernel.destroy(world.server, dying).unwrap();
    assert_eq!(rights(&world.receive(port)), [(Name::DEAD, MoveSend)]);
}

#[test]
fn a_receive_right_that_moves_keeps_its_queue_and_send_rights_and_starts_anew() {
    let mut world = World::new();
    let (port, right) = world.service();
    let (moving, senders) = world.service();
    let set = world.set_with(moving);
    world.fill(senders);
    world.receive(moving);
    assert_eq!(world.port_of(world.server, moving).sequence, 1);
    let item = Item::Port(moving, MoveReceive);
    let own = world.right(world.client, senders, CopySend, world.server);
    assert_eq!(own, moving, "send rights have the name of the receive right");
    let to = world.right(world.client, right, CopySend, world.server);
    let message = with(letter(0, to, CopySend), vec![item]);
    world.kernel.send(world.server, message, &SendOptions::default()).unwrap();
    assert!(matches!(world.held(world.server, moving), Some((Held::Send(_), 1))), "the sender's stay");
    assert!(world.kernel.set_members(world.server, set).unwrap().is_empty());
    world.send(letter(5, senders, CopySend)).unwrap();
    let received = world.receive(port);
    assert_eq!(rights(&received), [(moving, MoveReceive)], "they come together again");
    let port = world.port_of(world.server, moving);
    assert_eq!(
        (port.sequence, port.make_send_count, port.send_rights),
        (0, 0, 2 + 5),
        "both tasks' and those of the messages"
    );
    assert!(matches!(port.home, Home::Space(..)));
    assert_eq!(world.drain(moving), [1, 2, 3, 4, 5]);
}

#[test]
fn memory_arrives_as_it_was_and_of_any_length() {
    let mut world = World::new();
    let (port, right) = world.service();
    let items = vec![
        Item::Memory(Memory::Bytes(Vec::new())),
        Item::Memory(Memory::Bytes(vec![1, 2, 3])),
        Item::Memory(Memory::Bytes(vec![9; 70_001])),
    ];
    world.send(with(letter(0, right, CopySend), items)).unwrap();
    let received = world.receive(port);
    assert!(received.complex);
    let bytes = received.items.iter().map(|item| match item {
        Item::Memory(Memory::Bytes(bytes)) => bytes.as_slice(),
        _ => panic!("no memory"),
    });
    assert_eq!(bytes.collect::<Vec<_>>(), [&[][..], &[1, 2, 3], &[9; 70_001]]);
}

#[test]
fn an_open_file_arrives_as_an_open_file() {
    let mut world = World::new();
    let (port, right) = world.service();
    let file = std::fs::File::open("/dev/null").unwrap();
    world.send(with(letter(0, right, CopySend), vec![Item::File(file.into())])).unwrap();
    assert!(matches!(world.receive(port).items[..], [Item::File(_)]));
}

#[test]
fn rights_of_one_kind_arrive_as_such_in_their_order() {
    let mut world = World::new();
    let (port, right) = world.service();
    let (first, one) = world.service();
    let (second, two) = world.service();
    let names = vec![one, Name::NULL, two, Name::DEAD];
    world.send(with(letter(0, right, CopySend), vec![Item::Ports(names, CopySend)])).unwrap();
    let received = world.receive(port);
    let [Item::Ports(names, MoveSend)] = &received.items[..] else { panic!() };
    assert_eq!(*names, [first, Name::NULL, second, Name::DEAD]);
}

#[test]
fn a_message_counts_as_complex_when_it_says_so_or_carries_something() {
    let mut world = World::new();
    let (port, right) = world.service();
    let mut complex = letter(0, right, CopySend);
    complex.complex = true;
    world.send(complex).unwrap();
    world.send(letter(1, right, CopySend)).unwrap();
    world.send(with(letter(2, right, CopySend), vec![Item::Port(Name::NULL, CopySend)])).unwrap();
    let received = [world.receive(port), world.receive(port), world.receive(port)];
    assert_eq!(received.each_ref().map(|received| received.complex), [true, false, true]);
    assert_eq!(received.map(|received| received.header.bytes), [28, 24, 40]);
}

/// A port with this guard, of the client.
fn guarded(world: &mut World, guard: u64, flags: GuardFlags) -> Name {
    let own = world.port(world.client);
    world.kernel.guard_with_flags(world.client, own, guard, flags).unwrap();
    own
}

#[test]
fn a_guarded_port_arrives_with_its_guard_and_as_strict_as_it_was() {
    for (flags, shown) in [(GuardFlags::default(), 7), (GuardFlags::STRICT, 0)] {
        let mut world = World::new();
        let (port, right) = world.service();
        let own = guarded(&mut world, 7, flags);
        let handover = Handover { guard: 7, ..Handover::default() };
        world.send(with(letter(0, right, MoveSend), vec![Item::Guarded(own, handover)])).unwrap();
        let received = world.receive(port);
        let [Item::Guarded(name, came)] = received.items[..] else { panic!("{received:?}") };
        assert_eq!(came, handover);
        assert_eq!(world.kernel.context(world.server, name), Ok(shown));
        assert_eq!(world.kernel.unguard(world.server, name, 6), Err(KernError::InvalidArgument));
        world.kernel.unguard(world.server, name, 7).unwrap();
    }
}

#[test]
fn a_guarded_port_is_sent_only_by_who_knows_its_guard() {
    let mut world = World::new();
    let (_, right) = world.service();
    let own = guarded(&mut world, 7, GuardFlags::default());
    let bare = world.port(world.client);
    let unguarded = Handover { guard: 7, unguarded_on_send: true, immovable: false };
    let wrong = [
        (own, Handover { guard: 8, ..Handover::default() }),
        (own, unguarded),
        (bare, Handover { guard: 7, ..Handover::default() }),
        (right, unguarded),
    ];
    for (name, handover) in wrong {
        let failed =
            world.send(with(letter(0, right, CopySend), vec![Item::Guarded(name, handover)])).unwrap_err();
        assert_eq!(failed.error, SendError::InvalidRight);
        assert!(matches!(failed.rest[..], [Item::Guarded(back, _)] if back == name));
        assert!(world.held(world.client, name).is_some());
    }
}

#[test]
fn a_port_may_get_its_guard_on_the_way_and_be_moved_no_more() {
    let mut world = World::new();
    let (port, right) = world.service();
    let bare = world.port(world.client);
    let handover = Handover { guard: 9, unguarded_on_send: true, immovable: true };
    world.send(with(letter(0, right, MoveSend), vec![Item::Guarded(bare, handover)])).unwrap();
    let received = world.receive(port);
    let [Item::Guarded(name, came)] = received.items[..] else { panic!("{received:?}") };
    assert_eq!(received.header.bytes, 24 + 4 + 16, "its descriptor is longer than another's");
    assert_eq!(came, Handover { unguarded_on_send: false, ..handover });
    assert_eq!(world.kernel.copy_in(world.server, name, MoveReceive), Err(KernError::InvalidCapability));
    assert_eq!(world.kernel.destruct(world.server, name, 0, 9), Ok(()));
}

#[test]
fn a_guarded_port_that_was_not_sent_comes_back_guarded() {
    let mut world = World::new();
    let (_, right) = world.service();
    world.fill(right);
    let own = guarded(&mut world, 7, GuardFlags::STRICT);
    let handover = Handover { guard: 7, ..Handover::default() };
    let failed =
        world.send(with(letter(0, right, MoveSend), vec![Item::Guarded(own, handover)])).unwrap_err();
    let [Item::Guarded(back, came)] = failed.letter.as_ref().unwrap().items[..] else { panic!() };
    assert_eq!(came, handover);
    assert_eq!(world.kernel.destroy(world.client, back), Err(KernError::InvalidRight));
    assert_eq!(world.kernel.destruct(world.client, back, 0, 7), Ok(()));
}

#[test]
fn null_and_dead_are_legal_names_of_a_guarded_port() {
    let mut world = World::new();
    let (port, right) = world.service();
    let items = [Name::NULL, Name::DEAD].map(|name| Item::Guarded(name, Handover::default()));
    world.send(with(letter(0, right, MoveSend), items.into())).unwrap();
    assert_eq!(rights(&world.receive(port)), [(Name::NULL, MoveReceive), (Name::DEAD, MoveReceive)]);
}
