// SPDX-License-Identifier: MIT OR Apache-2.0
//! Receive rights on their way to themselves.

use super::world::{World, letter, rights, with};
use crate::kernel::message::Item;
use crate::kernel::messages::{SendOptions, Sent};
use crate::kernel::space::Held;
use crate::name::Name;
use crate::right::Disposition::*;

/// Sends the receive right of one port of the server to another of the server's.
fn put_into(world: &mut World, port: Name, into: Name) {
    let to = letter(0, into, MakeSendOnce);
    let sent = world.kernel.send(
        world.server,
        with(to, vec![Item::Port(port, MoveReceive)]),
        &SendOptions::default(),
    );
    assert!(matches!(sent, Ok(Sent::Queued)));
}

#[test]
fn a_receive_right_sent_to_itself_is_sent_and_the_message_destroyed() {
    let mut world = World::new();
    let (port, right) = world.service();
    put_into(&mut world, port, port);
    assert_eq!(world.held(world.client, right), Some((Held::Dead, 1)));
    assert_eq!(world.kernel.ports.len(), 0);
}

#[test]
fn a_circle_of_receive_rights_is_destroyed_when_it_would_close() {
    let mut world = World::new();
    let rights: Vec<_> = (0..3).map(|_| world.service()).collect();
    let sends: Vec<_> =
        rights.iter().map(|&(_, right)| world.right(world.client, right, CopySend, world.client)).collect();
    put_into(&mut world, rights[0].0, rights[1].0);
    put_into(&mut world, rights[1].0, rights[2].0);
    assert_eq!(world.kernel.ports.len(), 3);
    // The last receive right to the port at the other end of the chain: that has only send rights now.
    let to = with(letter(0, sends[0], CopySend), Vec::new());
    world.send(to).unwrap();
    let moved = world.right(world.server, rights[2].0, MoveReceive, world.client);
    let last = with(letter(0, sends[0], CopySend), vec![Item::Port(moved, MoveReceive)]);
    assert!(matches!(world.send(last), Ok(Sent::Queued)));
    assert_eq!(world.kernel.ports.len(), 0);
    for right in sends {
        assert!(matches!(world.held(world.client, right), Some((Held::Dead, _))));
    }
}

#[test]
fn a_chain_of_a_hundred_thousand_ports_in_queues_of_each_other_dies_without_recursion() {
    let mut world = World::new();
    let first = world.port(world.server);
    let mut outermost = first;
    for _ in 0..100_000 {
        let next = world.port(world.server);
        put_into(&mut world, outermost, next);
        outermost = next;
    }
    assert_eq!(world.kernel.ports.len(), 100_001);
    world.kernel.destroy(world.server, outermost).unwrap();
    assert_eq!(world.kernel.ports.len(), 0);
}

#[test]
fn a_message_with_another_ports_receive_right_to_a_port_on_its_way_is_no_circle() {
    let mut world = World::new();
    let (moving, right) = world.service();
    let outer = world.port(world.server);
    put_into(&mut world, moving, outer);
    let other = world.port(world.client);
    world.send(with(letter(1, right, CopySend), vec![Item::Port(other, MoveReceive)])).unwrap();
    let [(moved, MoveReceive)] = rights(&world.receive(outer))[..] else { panic!() };
    assert_eq!(rights(&world.receive(moved)).len(), 1);
}
