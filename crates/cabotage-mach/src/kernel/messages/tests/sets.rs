// SPDX-License-Identifier: MIT OR Apache-2.0
//! Port sets: whose turn it is.

use super::world::{World, letter, with};
use crate::kernel::message::Item;
use crate::kernel::messages::{Receipt, ReceiveOptions, SendOptions};
use crate::name::Name;
use crate::right::Disposition::*;

/// Three ports of the server in one set, and the client's send rights to them.
fn three(world: &mut World) -> (Name, [Name; 3], [Name; 3]) {
    let services = [(); 3].map(|()| world.service());
    let set = world.set_with(services[0].0);
    for (port, _) in &services[1..] {
        world.kernel.insert_member(world.server, *port, set).unwrap();
    }
    (set, services.map(|(port, _)| port), services.map(|(_, right)| right))
}

fn ports(world: &mut World, set: Name) -> Vec<Name> {
    std::iter::from_fn(|| world.try_receive(world.server, set)).map(|received| received.header.port).collect()
}

#[test]
fn ports_with_messages_are_received_from_in_turn() {
    let mut world = World::new();
    let (set, [a, b, c], rights) = three(&mut world);
    for right in rights {
        for id in 0..2 {
            world.send(letter(id, right, CopySend)).unwrap();
        }
    }
    assert_eq!(ports(&mut world, set), [a, b, c, a, b, c]);
}

#[test]
fn a_port_joins_the_end_of_the_row_when_its_first_message_comes() {
    let mut world = World::new();
    let (set, [a, b, c], rights) = three(&mut world);
    for at in [1, 1, 1, 0, 2] {
        world.send(letter(0, rights[at], CopySend)).unwrap();
    }
    assert_eq!(ports(&mut world, set), [b, a, c, b, b]);
}

#[test]
fn a_port_that_was_emptied_directly_loses_its_place() {
    let mut world = World::new();
    let (set, [a, b, c], rights) = three(&mut world);
    for right in rights {
        world.send(letter(0, right, CopySend)).unwrap();
    }
    assert_eq!(world.drain(b).len(), 1);
    world.send(letter(0, rights[1], CopySend)).unwrap();
    assert_eq!(ports(&mut world, set), [a, c, b]);
}

#[test]
fn a_member_can_be_received_from_directly() {
    let mut world = World::new();
    let (set, [a, ..], rights) = three(&mut world);
    world.fill(rights[0]);
    assert_eq!(world.drain(a), [0, 1, 2, 3, 4]);
    assert!(ports(&mut world, set).is_empty());
}

#[test]
fn a_port_in_two_sets_has_its_message_taken_once() {
    let mut world = World::new();
    let (set, [a, b, _], rights) = three(&mut world);
    let other = world.set_with(a);
    world.send(letter(0, rights[0], CopySend)).unwrap();
    world.send(letter(0, rights[1], CopySend)).unwrap();
    assert_eq!(ports(&mut world, other), [a]);
    assert_eq!(ports(&mut world, set), [b]);
}

#[test]
fn what_is_queued_can_be_received_from_a_set_as_soon_as_its_port_is_in() {
    let mut world = World::new();
    let (port, right) = world.service();
    world.fill(right);
    let set = world.set_with(port);
    assert_eq!(world.drain(set), [0, 1, 2, 3, 4]);
}

#[test]
fn what_is_queued_can_no_more_be_received_from_a_set_that_its_port_has_left() {
    let mut world = World::new();
    let (set, [a, b, _], rights) = three(&mut world);
    world.send(letter(0, rights[0], CopySend)).unwrap();
    world.send(letter(1, rights[1], CopySend)).unwrap();
    world.kernel.extract_member(world.server, a, set).unwrap();
    assert_eq!(ports(&mut world, set), [b]);
    assert_eq!(world.drain(a), [0]);
}

#[test]
fn a_port_whose_receive_right_moves_leaves_its_sets() {
    let mut world = World::new();
    let (set, [a, b, _], rights) = three(&mut world);
    world.send(letter(0, rights[0], CopySend)).unwrap();
    let message = with(letter(1, b, MakeSend), vec![Item::Port(a, MoveReceive)]);
    world.kernel.send(world.server, message, &SendOptions::default()).unwrap();
    assert_eq!(ports(&mut world, set), [b]);
}

#[test]
fn a_message_too_large_keeps_its_ports_turn() {
    let mut world = World::new();
    let (set, [a, b, c], rights) = three(&mut world);
    for right in rights {
        world.send(letter(0, right, CopySend)).unwrap();
    }
    let small = ReceiveOptions { bytes_max: 24, ..ReceiveOptions::default() };
    for _ in 0..2 {
        let left = world.kernel.receive(world.server, set, &small).unwrap();
        assert!(matches!(left, Receipt::TooLarge { port, .. } if port == a));
    }
    assert_eq!(ports(&mut world, set), [a, b, c]);
}

#[test]
fn an_empty_set_has_no_message() {
    let mut world = World::new();
    let set = world.kernel.allocate(world.server, crate::Right::PortSet).unwrap();
    assert!(world.try_receive(world.server, set).is_none());
}
