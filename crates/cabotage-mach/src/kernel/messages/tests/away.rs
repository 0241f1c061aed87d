// SPDX-License-Identifier: MIT OR Apache-2.0
//! Messages to ports whose receive right another process has.

use super::world::{World, error, letter, waiting, with};
use crate::error::SendError;
use crate::kernel::Step;
use crate::kernel::message::{Capability, Item};
use crate::kernel::messages::{GaveUp, Outgoing, SendOptions, Sent, WhenFull};
use crate::kernel::{PortId, Ticket};
use crate::name::Name;
use crate::right::Disposition::*;

const ROUTE: u64 = 7;

/// A send right of the client to a port that is away.
fn away(world: &mut World) -> (PortId, Name) {
    let port = world.kernel.import(ROUTE);
    assert!(world.kernel.grant_send(port));
    let right = world.kernel.copy_out(world.client, Capability::Send(port)).unwrap();
    (port, right)
}

fn outgoing(sent: Result<Sent, impl std::fmt::Debug>) -> Outgoing {
    match sent.unwrap() {
        Sent::Away(ROUTE, outgoing) => outgoing,
        other => panic!("{other:?}"),
    }
}

/// What is to be carried away, and who is woken.
fn steps(world: &mut World) -> (Vec<i32>, Vec<Ticket>, bool) {
    let (mut carried, mut woken, mut released) = (Vec::new(), Vec::new(), false);
    for step in world.kernel.take_steps() {
        match step {
            Step::Carry(ROUTE, message) => carried.push(message.id),
            Step::Wake(ticket) => woken.push(ticket),
            Step::Release(ROUTE) => released = true,
            other => panic!("{other:?}"),
        }
    }
    (carried, woken, released)
}

#[test]
fn a_message_to_a_port_that_is_away_is_handed_out_and_its_right_used_up_when_it_departs() {
    let mut world = World::new();
    let (_, right) = away(&mut world);
    let (_, other) = world.service();
    let sent = world.send(with(letter(0, right, MoveSend), vec![Item::Port(other, CopySend)]));
    let outgoing = outgoing(sent);
    assert_eq!(outgoing.message().id, 0);
    assert!(!steps(&mut world).2);
    let message = world.kernel.depart(outgoing);
    assert!(steps(&mut world).2, "it was the last right");
    assert_eq!((message.destination, message.cargo.len()), (Capability::Null, 1));
}

#[test]
fn a_message_for_which_there_is_no_room_comes_back() {
    let mut world = World::new();
    let (_, right) = away(&mut world);
    let outgoing = outgoing(world.send(letter(0, right, MoveSend)));
    let failed = world.kernel.no_room(outgoing).unwrap_err();
    assert_eq!((failed.error, failed.letter.unwrap().destination.1), (SendError::TimedOut, Some(MoveSend)));
    assert!(!steps(&mut world).2, "the right is here again");
}

#[test]
fn messages_that_wait_are_carried_when_there_is_room_before_any_later_one() {
    let mut world = World::new();
    let (port, right) = away(&mut world);
    let mut tickets = Vec::new();
    let first = outgoing(world.kernel.send(world.client, letter(0, right, CopySend), &waiting()));
    for sent in
        [world.kernel.no_room(first), world.kernel.send(world.client, letter(1, right, CopySend), &waiting())]
    {
        let Ok(Sent::Waits(ticket)) = sent else { panic!("{sent:?}") };
        tickets.push(ticket);
    }
    assert_eq!(
        error(world.send(letter(2, right, CopySend))),
        SendError::TimedOut,
        "it would be before the others"
    );
    world.kernel.carry_waiting(port, 1);
    assert_eq!(steps(&mut world), (vec![0], tickets[..1].to_vec(), false));
    world.kernel.carry_waiting(port, 5);
    assert_eq!(steps(&mut world), (vec![1], tickets[1..].to_vec(), false));
    outgoing(world.send(letter(3, right, CopySend)));
}

#[test]
fn a_sender_gives_up_as_it_does_here() {
    let mut world = World::new();
    let (_, right) = away(&mut world);
    let outgoing = outgoing(world.kernel.send(world.client, letter(0, right, CopySend), &waiting()));
    let Ok(Sent::Waits(ticket)) = world.kernel.no_room(outgoing) else { panic!("did not wait") };
    assert_eq!(error(world.kernel.give_up(ticket, GaveUp::TimedOut)), SendError::TimedOut);
}

#[test]
fn one_message_is_kept_for_later_and_its_sender_told_when_it_is_carried() {
    let mut world = World::new();
    let (port, right) = away(&mut world);
    let notify = world.port(world.client);
    let cache = SendOptions { when_full: WhenFull::Cache(notify), ..Default::default() };
    let first = outgoing(world.kernel.send(world.client, letter(0, right, CopySend), &cache));
    assert!(matches!(world.kernel.no_room(first), Ok(Sent::WillNotify)));
    assert_eq!(
        error(world.kernel.send(world.client, letter(1, right, CopySend), &cache)),
        SendError::NotifyInProgress
    );
    assert!(world.try_receive(world.client, notify).is_none());
    world.kernel.carry_waiting(port, 1);
    assert_eq!(steps(&mut world).0, [0]);
    assert_eq!(world.try_receive(world.client, notify).unwrap().header.id, 66);
}

#[test]
fn a_send_once_right_does_not_wait_behind_others() {
    let mut world = World::new();
    let (port, right) = away(&mut world);
    let first = outgoing(world.kernel.send(world.client, letter(0, right, CopySend), &waiting()));
    assert!(matches!(world.kernel.no_room(first), Ok(Sent::Waits(_))));
    assert!(world.kernel.grant_send_once(port));
    let once = world.kernel.copy_out(world.client, Capability::SendOnce(port)).unwrap();
    outgoing(world.send(letter(1, once, MoveSendOnce)));
}

#[test]
fn messages_that_wait_for_a_port_that_dies_are_destroyed() {
    let mut world = World::new();
    let (port, right) = away(&mut world);
    let (answers, once) = world.once();
    let message = with(letter(0, right, CopySend), vec![Item::Port(once, MoveSendOnce)]);
    let first = outgoing(world.kernel.send(world.client, message, &waiting()));
    let Ok(Sent::Waits(ticket)) = world.kernel.no_room(first) else { panic!("did not wait") };
    world.kernel.port_died(port);
    assert_eq!(world.woken(), [ticket]);
    assert_eq!(world.receive(answers).header.id, 71);
    let late = letter(1, right, CopySend);
    assert_eq!(error(world.send(late)), SendError::InvalidDestination);
}
