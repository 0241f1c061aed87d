// SPDX-License-Identifier: MIT OR Apache-2.0
//! A full queue, XNU's way: the message comes back, and a notification tells when one can be sent.

use super::world::{World, error, letter};
use crate::error::SendError;
use crate::kernel::Notification;
use crate::kernel::calls::Notice;
use crate::kernel::message::Capability;
use crate::kernel::messages::{SendOptions, WhenFull};
use crate::name::Name;
use crate::right::Disposition::*;

/// Sends to a queue that is full, and asks to be told.
fn fail(world: &mut World, right: Name) {
    let options = SendOptions { when_full: WhenFull::GiveBackAndTell, ..Default::default() };
    let sent = world.kernel.send(world.client, letter(9, right, CopySend), &options);
    assert_eq!(error(sent), SendError::TimedOut);
}

/// Has the client told of the name; gives the name of the port where.
fn ask(world: &mut World, right: Name) -> Name {
    let notify = world.port(world.client);
    let once = world.kernel.copy_in(world.client, notify, MakeSendOnce).unwrap();
    let before =
        world.kernel.request_notification(world.client, right, Notice::SendPossible, 0, once).unwrap();
    assert_eq!(before, Capability::Null);
    notify
}

fn told(world: &mut World, notify: Name) -> Option<(i32, Name)> {
    let received = world.try_receive(world.client, notify)?;
    let name = Notification::number_in(&received.body).unwrap();
    Some((received.header.id, Name::from_raw(name)))
}

#[test]
fn a_send_that_fails_arms_the_request_which_fires_when_the_next_message_is_taken() {
    let mut world = World::new();
    let (port, right) = world.service();
    let notify = ask(&mut world, right);
    world.fill(right);
    fail(&mut world, right);
    assert_eq!(told(&mut world, notify), None);
    world.receive(port);
    assert_eq!(told(&mut world, notify), Some((66, right)));
}

#[test]
fn a_request_fires_once() {
    let mut world = World::new();
    let (port, right) = world.service();
    let notify = ask(&mut world, right);
    world.fill(right);
    fail(&mut world, right);
    world.receive(port);
    world.send(letter(5, right, CopySend)).unwrap();
    fail(&mut world, right);
    world.drain(port);
    assert_eq!(told(&mut world, notify), Some((66, right)));
    assert_eq!(told(&mut world, notify), None);
}

#[test]
fn all_armed_requests_fire_and_no_other() {
    let mut world = World::new();
    let (port, right) = world.service();
    let notify = ask(&mut world, right);
    let other = world.kernel.create_space();
    let theirs = world.right(world.server, port, MakeSend, other);
    let their_notify = world.port(other);
    let once = world.kernel.copy_in(other, their_notify, MakeSendOnce).unwrap();
    world.kernel.request_notification(other, theirs, Notice::SendPossible, 0, once).unwrap();
    world.fill(right);
    fail(&mut world, right);
    world.receive(port);
    assert_eq!(told(&mut world, notify), Some((66, right)));
    assert!(world.try_receive(other, their_notify).is_none(), "no send of theirs has failed");
    world.send(letter(5, right, CopySend)).unwrap();
    let options = SendOptions { when_full: WhenFull::GiveBackAndTell, ..Default::default() };
    world.kernel.send(other, letter(9, theirs, CopySend), &options).unwrap_err();
    let again = ask(&mut world, right);
    fail(&mut world, right);
    world.receive(port);
    assert_eq!(told(&mut world, again), Some((66, right)));
    assert!(world.try_receive(other, their_notify).is_some());
}

#[test]
fn senders_that_wait_come_before_those_who_are_told() {
    let mut world = World::new();
    let (port, right) = world.service();
    let notify = ask(&mut world, right);
    world.fill(right);
    fail(&mut world, right);
    world.send_waiting(letter(5, right, CopySend));
    world.receive(port);
    assert_eq!(told(&mut world, notify), None, "the queue is full again");
    world.receive(port);
    assert_eq!(told(&mut world, notify), Some((66, right)));
}

#[test]
fn a_send_that_is_not_to_be_told_arms_nothing() {
    let mut world = World::new();
    let (port, right) = world.service();
    let notify = ask(&mut world, right);
    world.fill(right);
    world.send(letter(9, right, CopySend)).unwrap_err();
    world.drain(port);
    assert_eq!(told(&mut world, notify), None);
}

#[test]
fn a_higher_limit_fires_too() {
    let mut world = World::new();
    let (port, right) = world.service();
    let notify = ask(&mut world, right);
    world.fill(right);
    fail(&mut world, right);
    world.set_limit(port, 6);
    assert_eq!(told(&mut world, notify), Some((66, right)));
}

#[test]
fn an_armed_request_whose_port_dies_tells_of_the_dead_name() {
    let mut world = World::new();
    let (port, right) = world.service();
    let notify = ask(&mut world, right);
    world.fill(right);
    fail(&mut world, right);
    world.kernel.destroy(world.server, port).unwrap();
    assert_eq!(told(&mut world, notify), Some((72, right)));
}

#[test]
fn the_message_comes_back_whole() {
    let mut world = World::new();
    let (_, right) = world.service();
    world.fill(right);
    let options = SendOptions { when_full: WhenFull::GiveBackAndTell, ..Default::default() };
    let mut message = letter(9, right, CopySend);
    message.body = b"again".to_vec();
    let failed = world.kernel.send(world.client, message, &options).unwrap_err();
    assert_eq!(failed.letter.unwrap().body, b"again");
}
