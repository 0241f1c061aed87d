// SPDX-License-Identifier: MIT OR Apache-2.0
//! A full queue, fourth way: one message more, and a notification when it is taken.

use super::world::{World, error, letter, with};
use crate::error::SendError;
use crate::kernel::Notification;
use crate::kernel::ids::SpaceId;
use crate::kernel::message::{Item, Letter};
use crate::kernel::messages::{GaveUp, Received, SendFailed, SendOptions, Sent, WhenFull};
use crate::name::Name;
use crate::right::Disposition::*;

struct Cached {
    world: World,
    /// The server's name, and the client's, of a port whose queue is full.
    port: Name,
    right: Name,
    /// Where the client is told.
    notify: Name,
}

impl Cached {
    fn new() -> Self {
        let mut world = World::new();
        let (port, right) = world.service();
        world.fill(right);
        let notify = world.port(world.client);
        Self { world, port, right, notify }
    }

    fn options(&self) -> SendOptions {
        SendOptions { when_full: WhenFull::Cache(self.notify), ..Default::default() }
    }

    fn send(&mut self, letter: Letter) -> Result<Sent, Box<SendFailed>> {
        let options = self.options();
        self.world.kernel.send(self.world.client, letter, &options)
    }

    fn told(&mut self) -> Option<Received> {
        self.world.try_receive(self.world.client, self.notify)
    }
}

/// Whether a message says that the cached one was taken, and by which name that was sent.
fn accepted(received: &Received) -> Option<Name> {
    let name = Name::from_raw(Notification::number_in(&received.body)?);
    (received.header.id == Notification::SendPossible { name }.id()).then_some(name)
}

#[test]
fn one_message_goes_beyond_the_limit_and_its_sender_is_told_when_it_is_received() {
    let mut at = Cached::new();
    assert!(matches!(at.send(letter(5, at.right, CopySend)), Ok(Sent::WillNotify)));
    for id in 0..5 {
        assert_eq!(at.world.receive(at.port).header.id, id);
        assert!(at.told().is_none());
    }
    assert_eq!(at.world.receive(at.port).header.id, 5);
    assert_eq!(accepted(&at.told().unwrap()), Some(at.right));
    assert!(at.told().is_none());
}

#[test]
fn a_message_that_fits_is_sent_as_any_other() {
    let mut at = Cached::new();
    at.world.receive(at.port);
    assert!(matches!(at.send(letter(5, at.right, CopySend)), Ok(Sent::Queued)));
    at.world.drain(at.port);
    assert!(at.told().is_none());
}

#[test]
fn a_second_one_before_the_first_is_taken_comes_back() {
    let mut at = Cached::new();
    at.send(letter(5, at.right, CopySend)).unwrap();
    let failed = at.send(letter(6, at.right, CopySend)).unwrap_err();
    assert_eq!((failed.error, failed.letter.unwrap().id), (SendError::NotifyInProgress, 6));
    at.world.drain(at.port);
    at.world.fill(at.right);
    assert!(matches!(at.send(letter(6, at.right, CopySend)), Ok(Sent::WillNotify)));
}

#[test]
fn each_task_has_one_of_its_own() {
    let mut at = Cached::new();
    let server = at.world.server;
    at.send(letter(5, at.right, CopySend)).unwrap();
    let notify = at.world.port(server);
    let options = SendOptions { when_full: WhenFull::Cache(notify), ..Default::default() };
    let sent = at.world.kernel.send(server, letter(6, at.port, MakeSend), &options);
    assert!(matches!(sent, Ok(Sent::WillNotify)));
    for _ in 0..6 {
        at.world.receive(at.port);
    }
    assert_eq!(accepted(&at.told().unwrap()), Some(at.right));
    assert!(at.world.try_receive(server, notify).is_none());
    at.world.receive(at.port);
    assert_eq!(accepted(&at.world.receive(notify)), Some(at.port));
}

#[test]
fn a_sender_may_wait_for_a_while_before_its_message_is_cached() {
    let mut at = Cached::new();
    let options = SendOptions { wait: true, ..at.options() };
    let wait = |at: &mut Cached, id| match at.world.kernel.send(
        at.world.client,
        letter(id, at.right, CopySend),
        &options,
    ) {
        Ok(Sent::Waits(ticket)) => ticket,
        other => panic!("did not wait: {other:?}"),
    };
    let (first, second, third) = (wait(&mut at, 5), wait(&mut at, 6), wait(&mut at, 7));
    assert!(matches!(at.world.kernel.give_up(first, GaveUp::TimedOut), Ok(Sent::WillNotify)));
    assert_eq!(error(at.world.kernel.give_up(second, GaveUp::Interrupted)), SendError::Interrupted);
    assert_eq!(error(at.world.kernel.give_up(third, GaveUp::TimedOut)), SendError::NotifyInProgress);
    assert_eq!(at.world.drain(at.port), [0, 1, 2, 3, 4, 5]);
}

#[test]
fn senders_that_wait_get_no_place_before_the_queue_is_below_its_limit_again() {
    let mut at = Cached::new();
    at.send(letter(5, at.right, CopySend)).unwrap();
    let ticket = at.world.send_waiting(letter(6, at.right, CopySend));
    at.world.receive(at.port);
    assert_eq!(at.world.woken(), []);
    at.world.receive(at.port);
    assert_eq!(at.world.woken(), [ticket]);
    assert_eq!(at.world.drain(at.port), [2, 3, 4, 5, 6]);
}

#[test]
fn what_is_no_receive_right_of_the_task_is_an_invalid_notify_port_and_nothing_is_taken() {
    let mut at = Cached::new();
    for notify in [Name::NULL, Name::DEAD, at.right, Name::from_raw(0x503)] {
        let options = SendOptions { when_full: WhenFull::Cache(notify), ..Default::default() };
        let failed =
            at.world.kernel.send(at.world.client, letter(5, at.right, MoveSend), &options).unwrap_err();
        assert_eq!(
            (failed.error, failed.letter.unwrap().destination.0),
            (SendError::InvalidNotify, at.right)
        );
        assert!(at.world.held(at.world.client, at.right).is_some());
    }
}

#[test]
fn a_notify_port_that_has_gone_while_the_sender_waited_is_invalid() {
    let mut at = Cached::new();
    let options = SendOptions { wait: true, ..at.options() };
    let sent = at.world.kernel.send(at.world.client, letter(5, at.right, CopySend), &options);
    let Ok(Sent::Waits(ticket)) = sent else { panic!("did not wait") };
    at.world.kernel.destroy(at.world.client, at.notify).unwrap();
    let failed = at.world.kernel.give_up(ticket, GaveUp::TimedOut).unwrap_err();
    assert_eq!((failed.error, failed.letter.unwrap().id), (SendError::InvalidNotify, 5));
}

#[test]
fn no_name_is_told_when_the_right_that_it_was_sent_by_is_gone() {
    let mut at = Cached::new();
    at.send(letter(5, at.right, MoveSend)).unwrap();
    at.world.drain(at.port);
    assert_eq!(accepted(&at.told().unwrap()), Some(Name::NULL));
}

#[test]
fn when_the_port_dies_with_the_cached_message_a_send_once_notification_comes() {
    let mut at = Cached::new();
    at.send(letter(5, at.right, CopySend)).unwrap();
    at.world.kernel.destroy(at.world.server, at.port).unwrap();
    assert_eq!(at.told().unwrap().header.id, Notification::SendOnce.id());
    assert!(at.told().is_none());
}

#[test]
fn a_cached_message_that_is_destroyed_as_too_large_has_been_taken() {
    let mut at = Cached::new();
    let mut large = letter(5, at.right, CopySend);
    large.body = vec![0; 1000];
    at.send(large).unwrap();
    for _ in 0..5 {
        at.world.receive(at.port);
    }
    at.world.receive_small(at.port);
    assert_eq!(accepted(&at.told().unwrap()), Some(at.right));
}

#[test]
fn a_cached_message_goes_along_when_the_receive_right_moves() {
    let mut at = Cached::new();
    at.send(letter(5, at.right, CopySend)).unwrap();
    let (server, client): (SpaceId, SpaceId) = (at.world.server, at.world.client);
    let there = at.world.port(client);
    let to = at.world.right(client, there, MakeSend, server);
    let message = with(letter(9, to, MoveSend), vec![Item::Port(at.port, MoveReceive)]);
    at.world.kernel.send(server, message, &SendOptions::default()).unwrap();
    let received = at.world.try_receive(client, there).unwrap();
    let [Item::Port(moved, MoveReceive)] = received.items[..] else { panic!() };
    for id in 0..6 {
        assert!(at.told().is_none());
        assert_eq!(at.world.try_receive(client, moved).unwrap().header.id, id);
    }
    assert_eq!(accepted(&at.told().unwrap()), Some(at.right));
}
