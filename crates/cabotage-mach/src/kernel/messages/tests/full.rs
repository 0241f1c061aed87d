// SPDX-License-Identifier: MIT OR Apache-2.0
//! A full queue: wait, wait for a while, come back at once; and who is never held back.

use super::world::{World, error, letter, waiting, with};
use crate::error::SendError;
use crate::kernel::message::Item;
use crate::kernel::messages::{GaveUp, SendOptions, Sent, WhenFull};
use crate::kernel::port::QUEUE_CEILING;
use crate::kernel::space::Held;
use crate::right::Disposition::*;

#[test]
fn a_queue_is_full_when_it_holds_as_many_messages_as_its_limit() {
    let mut world = World::new();
    let (port, right) = world.service();
    world.fill(right);
    assert_eq!(error(world.send(letter(5, right, CopySend))), SendError::TimedOut);
    assert_eq!(world.drain(port), [0, 1, 2, 3, 4]);
}

#[test]
fn a_sender_that_waits_gets_the_place_that_becomes_free() {
    let mut world = World::new();
    let (port, right) = world.service();
    world.fill(right);
    let ticket = world.send_waiting(letter(5, right, CopySend));
    assert_eq!(world.woken(), []);
    assert_eq!(world.receive(port).header.id, 0);
    assert_eq!(world.woken(), [ticket]);
    assert_eq!(error(world.send(letter(6, right, CopySend))), SendError::TimedOut, "the place is taken");
    assert_eq!(world.drain(port), [1, 2, 3, 4, 5]);
}

#[test]
fn senders_that_wait_go_in_the_order_in_which_they_came() {
    let mut world = World::new();
    let (port, right) = world.service();
    world.fill(right);
    let tickets = [5, 6, 7].map(|id| world.send_waiting(letter(id, right, CopySend)));
    assert_eq!(world.drain(port), [0, 1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(world.woken(), tickets);
}

#[test]
fn a_sender_whose_time_has_passed_gets_its_message_back() {
    let mut world = World::new();
    let (port, right) = world.service();
    world.fill(right);
    let tickets = [5, 6, 7].map(|id| world.send_waiting(letter(id, right, CopySend)));
    let failed = world.kernel.give_up(tickets[1], GaveUp::TimedOut).unwrap_err();
    assert_eq!((failed.error, failed.letter.unwrap().id), (SendError::TimedOut, 6));
    let failed = world.kernel.give_up(tickets[0], GaveUp::Interrupted).unwrap_err();
    assert_eq!((failed.error, failed.letter.unwrap().id), (SendError::Interrupted, 5));
    assert_eq!(world.drain(port), [0, 1, 2, 3, 4, 7]);
}

#[test]
fn a_sender_whose_message_has_gone_meanwhile_gives_up_nothing() {
    let mut world = World::new();
    let (port, right) = world.service();
    world.fill(right);
    let ticket = world.send_waiting(letter(5, right, CopySend));
    world.receive(port);
    assert!(matches!(world.kernel.give_up(ticket, GaveUp::TimedOut), Ok(Sent::Queued)));
    assert_eq!(world.drain(port), [1, 2, 3, 4, 5]);
}

#[test]
fn a_send_once_right_ignores_the_limit() {
    let mut world = World::new();
    let (port, right) = world.service();
    world.fill(right);
    let once = world.right(world.server, port, MakeSendOnce, world.client);
    world.send(letter(5, once, MoveSendOnce)).unwrap();
    assert_eq!(world.drain(port), [0, 1, 2, 3, 4, 5]);
}

#[test]
fn a_limit_of_none_lets_only_send_once_rights_in_even_if_a_receiver_waits() {
    let mut world = World::new();
    let (port, right) = world.service();
    world.set_limit(port, 0);
    world.kernel.wait_to_receive(world.server, port).unwrap();
    assert_eq!(error(world.send(letter(0, right, CopySend))), SendError::TimedOut);
    assert_eq!(world.woken(), []);
    let once = world.right(world.server, port, MakeSendOnce, world.client);
    world.send(letter(1, once, MoveSendOnce)).unwrap();
    assert_eq!(world.drain(port), [1]);
}

#[test]
fn no_queue_holds_more_than_the_ceiling_not_even_by_send_once_rights() {
    let mut world = World::new();
    let (port, right) = world.service();
    let send_once = |world: &mut World| {
        let once = world.right(world.server, port, MakeSendOnce, world.client);
        (once, world.kernel.send(world.client, letter(0, once, MoveSendOnce), &waiting()))
    };
    for _ in 0..QUEUE_CEILING {
        assert!(matches!(send_once(&mut world).1, Ok(Sent::Queued)));
    }
    let (once, sent) = send_once(&mut world);
    let failed = sent.unwrap_err();
    assert_eq!(failed.error, SendError::NoBuffer);
    let (name, disposition) = failed.letter.unwrap().destination;
    assert_eq!(disposition, Some(MoveSendOnce));
    assert!(
        world.held(world.client, name).is_some()
            && (name == once || world.held(world.client, once).is_none())
    );
    assert_eq!(
        error(world.kernel.send(world.client, letter(0, right, CopySend), &waiting())),
        SendError::NoBuffer
    );
    assert_eq!(error(world.send(letter(0, right, CopySend))), SendError::TimedOut);
    let cache = SendOptions { when_full: WhenFull::Cache(world.port(world.client)), ..Default::default() };
    assert_eq!(
        error(world.kernel.send(world.client, letter(0, right, CopySend), &cache)),
        SendError::NoBuffer
    );
}

#[test]
fn a_higher_limit_lets_as_many_in_as_wait() {
    let mut world = World::new();
    let (port, right) = world.service();
    world.fill(right);
    let tickets = [5, 6, 7].map(|id| world.send_waiting(letter(id, right, CopySend)));
    world.set_limit(port, 7);
    assert_eq!(world.woken(), tickets[..2]);
    world.set_limit(port, 1);
    for _ in 0..6 {
        world.receive(port);
    }
    assert_eq!(world.woken(), [], "there are as many left as the limit");
    world.receive(port);
    assert_eq!(world.woken(), tickets[2..]);
}

#[test]
fn senders_that_wait_at_a_port_that_dies_have_sent_and_their_messages_are_destroyed() {
    let mut world = World::new();
    let (port, right) = world.service();
    let (answers, once) = world.once();
    world.fill(right);
    let ticket = world.send_waiting(with(letter(5, right, CopySend), vec![Item::Port(once, MoveSendOnce)]));
    world.kernel.destroy(world.server, port).unwrap();
    assert_eq!(world.woken(), [ticket]);
    assert!(matches!(world.kernel.give_up(ticket, GaveUp::TimedOut), Ok(Sent::Queued)));
    assert_eq!(world.receive(answers).header.id, 71);
    assert_eq!(world.held(world.client, right), Some((Held::Dead, 1)));
}

#[test]
fn senders_keep_waiting_while_the_receive_right_moves() {
    let mut world = World::new();
    let (port, right) = world.service();
    let (other, to) = world.service();
    world.fill(right);
    let ticket = world.send_waiting(letter(5, right, CopySend));
    let to = world.right(world.client, to, MoveSend, world.server);
    let message = with(letter(9, to, MoveSend), vec![Item::Port(port, MoveReceive)]);
    world.kernel.send(world.server, message, &SendOptions::default()).unwrap();
    let received = world.receive(other);
    let [Item::Port(port, MoveReceive)] = received.items[..] else { panic!() };
    assert_eq!(world.drain(port), [0, 1, 2, 3, 4, 5]);
    assert_eq!(world.woken(), [ticket]);
}

#[test]
fn a_message_with_a_receive_right_that_waits_for_room_can_close_a_circle() {
    let mut world = World::new();
    let (port, right) = world.service();
    world.fill(right);
    let inner = world.port(world.client);
    let back = world.right(world.client, inner, MakeSend, world.server);
    world.send_waiting(with(letter(5, right, CopySend), vec![Item::Port(inner, MoveReceive)]));
    let circle = with(letter(6, back, CopySend), vec![Item::Port(port, MoveReceive)]);
    assert!(matches!(world.kernel.send(world.server, circle, &SendOptions::default()), Ok(Sent::Queued)));
    assert_eq!(world.kernel.ports.len(), 0);
}
