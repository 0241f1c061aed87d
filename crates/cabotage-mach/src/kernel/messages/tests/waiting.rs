// SPDX-License-Identifier: MIT OR Apache-2.0
//! Threads that wait for a message: who is woken, and that no message is left lying.

use super::world::{World, letter, with};
use crate::error::ReceiveError;
use crate::kernel::ids::{SpaceId, Ticket};
use crate::kernel::message::Item;
use crate::kernel::messages::{Receipt, ReceiveOptions, SendOptions};
use crate::name::Name;
use crate::right::Disposition::*;

fn wait(world: &mut World, name: Name) -> Ticket {
    world.kernel.wait_to_receive(world.server, name).unwrap()
}

fn take(world: &mut World, ticket: Ticket) -> Option<i32> {
    match world.kernel.receive_after(ticket, &ReceiveOptions::default()).unwrap() {
        Receipt::Letter(received) => Some(received.header.id),
        Receipt::Nothing => None,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_thread_waits_only_where_it_could_receive() {
    let mut world = World::new();
    let (_, right) = world.service();
    let client = world.client;
    let wait = |name| world.kernel.wait_to_receive(client, name).unwrap_err();
    assert_eq!([right, Name::NULL].map(wait), [ReceiveError::InvalidName; 2]);
}

#[test]
fn each_message_wakes_one_thread_first_come_first_served() {
    let mut world = World::new();
    let (port, right) = world.service();
    let tickets = [(); 3].map(|()| wait(&mut world, port));
    world.send(letter(0, right, CopySend)).unwrap();
    assert_eq!(world.woken(), tickets[..1]);
    world.send(letter(1, right, CopySend)).unwrap();
    assert_eq!(world.woken(), tickets[1..2]);
    assert_eq!(take(&mut world, tickets[1]), Some(0));
    assert_eq!(take(&mut world, tickets[0]), Some(1));
}

#[test]
fn a_thread_whose_time_has_passed_looks_once_more() {
    let mut world = World::new();
    let (port, right) = world.service();
    let ticket = wait(&mut world, port);
    assert_eq!(take(&mut world, ticket), None);
    world.send(letter(0, right, CopySend)).unwrap();
    assert_eq!(world.woken(), [], "nobody waits");
    let ticket = wait(&mut world, port);
    assert_eq!(take(&mut world, ticket), Some(0));
}

#[test]
fn a_woken_thread_that_was_interrupted_passes_the_message_on() {
    let mut world = World::new();
    let (port, right) = world.service();
    let tickets = [(); 2].map(|()| wait(&mut world, port));
    world.send(letter(0, right, CopySend)).unwrap();
    assert_eq!(world.woken(), tickets[..1]);
    world.kernel.stop_waiting(tickets[0]);
    assert_eq!(world.woken(), tickets[1..]);
    assert_eq!(take(&mut world, tickets[1]), Some(0));
}

#[test]
fn a_thread_that_finds_the_message_too_large_passes_it_on() {
    let mut world = World::new();
    let (port, right) = world.service();
    let tickets = [(); 2].map(|()| wait(&mut world, port));
    world.send(letter(0, right, CopySend)).unwrap();
    assert_eq!(world.woken(), tickets[..1]);
    let small = ReceiveOptions { bytes_max: 24, ..ReceiveOptions::default() };
    assert!(matches!(
        world.kernel.receive_after(tickets[0], &small),
        Ok(Receipt::TooLarge { bytes: 24, .. })
    ));
    assert_eq!(world.woken(), tickets[1..]);
    assert_eq!(take(&mut world, tickets[1]), Some(0));
}

#[test]
fn a_message_that_another_took_before_the_woken_thread_is_gone() {
    let mut world = World::new();
    let (port, right) = world.service();
    let ticket = wait(&mut world, port);
    world.send(letter(0, right, CopySend)).unwrap();
    assert_eq!(world.drain(port), [0]);
    assert_eq!(take(&mut world, ticket), None);
}

#[test]
fn a_thread_that_was_not_woken_yet_rests_in_its_place_when_the_message_is_gone() {
    let mut world = World::new();
    let (port, right) = world.service();
    let tickets = [(); 2].map(|()| wait(&mut world, port));
    world.send(letter(0, right, CopySend)).unwrap();
    assert_eq!(world.woken(), tickets[..1]);
    assert!(!world.kernel.rest_again(tickets[0]), "the message is there");
    assert_eq!(world.drain(port), [0]);
    assert!(world.kernel.rest_again(tickets[0]));
    assert!(!world.kernel.rest_again(tickets[1]), "it was not to be woken");
    world.send(letter(1, right, CopySend)).unwrap();
    assert_eq!(world.woken(), tickets[..1], "it is the first still");
    world.kernel.destroy(world.server, port).unwrap();
    assert!(!world.kernel.rest_again(tickets[1]), "it is to be told that the port has gone");
}

#[test]
fn a_message_wakes_a_thread_at_its_port_before_one_at_a_set() {
    let mut world = World::new();
    let (port, right) = world.service();
    let set = world.set_with(port);
    let at_set = wait(&mut world, set);
    let at_port = wait(&mut world, port);
    world.send(letter(0, right, CopySend)).unwrap();
    world.send(letter(1, right, CopySend)).unwrap();
    assert_eq!(world.woken(), [at_port, at_set]);
}

#[test]
fn a_thread_of_a_set_that_takes_another_ports_message_wakes_one_for_its_own() {
    let mut world = World::new();
    let (busy, to_busy) = world.service();
    let (port, right) = world.service();
    let set = world.set_with(port);
    let other_set = world.set_with(port);
    world.kernel.insert_member(world.server, busy, set).unwrap();
    let at_set = wait(&mut world, set);
    let at_other = wait(&mut world, other_set);
    world.send(letter(1, right, CopySend)).unwrap();
    assert_eq!(world.woken(), [at_set]);
    // It was woken for this port, but it is the turn of the busy one, which was emptied and filled meanwhile.
    world.send(letter(2, to_busy, CopySend)).unwrap();
    world.kernel.extract_member(world.server, port, set).unwrap();
    assert_eq!(take(&mut world, at_set), Some(2));
    assert_eq!(world.woken(), [at_other]);
    assert_eq!(take(&mut world, at_other), Some(1));
}

#[test]
fn a_port_with_messages_that_comes_into_a_set_wakes_a_thread_there() {
    let mut world = World::new();
    let (port, right) = world.service();
    let (first, _) = world.service();
    let set = world.set_with(first);
    world.send(letter(0, right, CopySend)).unwrap();
    let tickets = [(); 2].map(|()| wait(&mut world, set));
    world.send(letter(1, right, CopySend)).unwrap();
    world.kernel.insert_member(world.server, port, set).unwrap();
    assert_eq!(world.woken(), tickets[..1]);
    assert_eq!(take(&mut world, tickets[0]), Some(0));
    assert_eq!(world.woken(), tickets[1..]);
}

/// Lets something happen to a port or set at which a thread waits; gives what that thread is told.
fn told(happens: fn(&mut World, Name, Name)) -> Option<ReceiveError> {
    let mut world = World::new();
    let (port, _) = world.service();
    let set = world.set_with(port);
    let at_port = wait(&mut world, port);
    let at_set = wait(&mut world, set);
    happens(&mut world, port, set);
    let woken = world.woken();
    let [ticket] = woken[..] else { return None };
    assert!(ticket == at_port || ticket == at_set);
    world.kernel.receive_after(ticket, &ReceiveOptions::default()).err()
}

#[test]
fn when_the_port_dies_the_receive_right_moves_or_the_set_goes_the_port_has_changed() {
    let changes: [fn(&mut World, Name, Name); 4] = [
        |world, port, _| world.kernel.destroy(world.server, port).unwrap(),
        |world, port, _| {
            let to = world.port(world.server);
            let message = with(letter(0, to, MakeSend), vec![Item::Port(port, MoveReceive)]);
            world.kernel.send(world.server, message, &SendOptions::default()).unwrap();
        },
        |world, port, _| {
            let right = world.kernel.copy_in(world.server, port, MoveReceive).unwrap();
            world.kernel.copy_out(world.client, right).unwrap();
        },
        |world, _, set| world.kernel.destroy(world.server, set).unwrap(),
    ];
    for change in changes {
        assert_eq!(told(change), Some(ReceiveError::PortChanged));
    }
}

#[test]
fn when_a_task_ends_all_its_threads_are_told() {
    let mut world = World::new();
    let (port, _) = world.service();
    let set = world.set_with(port);
    let mut tickets = vec![wait(&mut world, port), wait(&mut world, set)];
    let server: SpaceId = world.server;
    assert!(world.kernel.terminate_space(server));
    let mut woken = world.woken();
    woken.sort_unstable();
    tickets.sort_unstable();
    assert_eq!(woken, tickets);
}

#[test]
fn a_port_that_leaves_a_set_takes_no_thread_along() {
    assert_eq!(told(|world, port, set| world.kernel.extract_member(world.server, port, set).unwrap()), None);
}

#[test]
fn a_thread_that_ends_its_wait_twice_gets_nothing() {
    let mut world = World::new();
    let (port, right) = world.service();
    let ticket = wait(&mut world, port);
    world.kernel.stop_waiting(ticket);
    world.send(letter(0, right, CopySend)).unwrap();
    assert_eq!(take(&mut world, ticket), None);
    assert_eq!(world.drain(port), [0]);
}
