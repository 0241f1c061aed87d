// SPDX-License-Identifier: MIT OR Apache-2.0
//! Receiving: what fits, what is told about a message, and where its rights go.

use super::world::{World, letter, replied, rights, with};
use crate::error::ReceiveError;
use crate::kernel::Notification;
use crate::kernel::calls::Notice;
use crate::kernel::message::{AuditToken, Item, Sender};
use crate::kernel::messages::{Receipt, ReceiveOptions, SendOptions, TrailerFormat};
use crate::kernel::space::Held;
use crate::name::Name;
use crate::right::Disposition::*;

#[test]
fn what_is_no_receive_right_and_no_set_is_an_invalid_name() {
    let mut world = World::new();
    let (_, right) = world.service();
    let (_, once) = world.once();
    for name in [Name::NULL, Name::DEAD, Name::from_raw(0x503), right, once] {
        let received = world.kernel.receive(world.client, name, &ReceiveOptions::default());
        assert_eq!(received.unwrap_err(), ReceiveError::InvalidName);
    }
}

#[test]
fn a_message_that_is_too_large_stays_in_the_queue_and_its_size_and_port_are_told() {
    let mut world = World::new();
    let (port, right) = world.service();
    let mut large = letter(1, right, CopySend);
    large.body = vec![0; 100];
    world.send(large).unwrap();
    let options = ReceiveOptions { bytes_max: 131, ..ReceiveOptions::default() };
    let left = world.kernel.receive(world.server, port, &options).unwrap();
    assert!(matches!(left, Receipt::TooLarge { bytes: 124, port: told } if told == port));
    assert_eq!(world.receive(port).header.sequence, 0, "no number was used");
}

#[test]
fn the_trailer_that_is_asked_for_counts_in_the_size() {
    let sizes = [
        (TrailerFormat::Null, 8),
        (TrailerFormat::Sequence, 12),
        (TrailerFormat::Sender, 20),
        (TrailerFormat::Audit, 52),
        (TrailerFormat::Context, 60),
        (TrailerFormat::Labels, 68),
    ];
    for (trailer, bytes) in sizes {
        let mut world = World::new();
        let (port, right) = world.service();
        world.send(letter(1, right, CopySend)).unwrap();
        let mut options = ReceiveOptions { bytes_max: 24 + bytes - 1, trailer, leave_large: true };
        let left = world.kernel.receive(world.server, port, &options).unwrap();
        assert!(matches!(left, Receipt::TooLarge { bytes: 24, .. }), "{trailer:?}");
        options.bytes_max += 1;
        assert!(matches!(world.kernel.receive(world.server, port, &options), Ok(Receipt::Letter(_))));
    }
}

#[test]
fn a_message_that_is_too_large_and_not_to_be_left_is_destroyed_and_a_bare_header_comes() {
    let mut world = World::new();
    let (port, right) = world.service();
    let (answers, once) = world.once();
    let (others, other) = world.once();
    let message = replied(letter(7, right, MoveSend), once, MoveSendOnce);
    world.send(with(message, vec![Item::Port(other, MoveSendOnce)])).unwrap();
    let header = world.receive_small(port);
    assert_eq!((header.id, header.port, header.sent_by, header.sequence), (7, port, MoveSend, 0));
    assert_eq!(world.receive(answers).header.id, Notification::SendOnce.id());
    assert_eq!(world.receive(others).header.id, Notification::SendOnce.id());
    assert_eq!(world.port_of(world.server, port).send_rights, 0);
}

#[test]
fn a_message_destroyed_as_too_large_uses_a_number_and_its_send_once_right_silently() {
    let mut world = World::new();
    let (port, once) = world.once();
    let right = world.right(world.server, port, MakeSend, world.client);
    world.send(letter(7, once, MoveSendOnce)).unwrap();
    world.receive_small(port);
    assert!(world.try_receive(world.server, port).is_none());
    world.send(letter(8, right, CopySend)).unwrap();
    assert_eq!(world.receive(port).header.sequence, 1);
}

#[test]
fn messages_of_a_port_are_numbered_as_they_are_taken_from_0_on() {
    let mut world = World::new();
    let (port, right) = world.service();
    let (other, to_other) = world.service();
    world.fill(right);
    world.fill(to_other);
    let numbers: Vec<_> = (0..3).map(|_| world.receive(port).header.sequence).collect();
    assert_eq!(numbers, [0, 1, 2]);
    assert_eq!(world.receive(other).header.sequence, 0);
}

#[test]
fn a_message_tells_its_sender_as_it_was_when_it_was_sent_and_the_context_as_it_is() {
    let mut world = World::new();
    let (port, right) = world.service();
    let token = AuditToken([1, 1000, 100, 4, 5, 6, 7, 8]);
    let options = SendOptions { sender: token, ..Default::default() };
    world.kernel.send(world.client, letter(0, right, CopySend), &options).unwrap();
    world.kernel.set_context(world.server, port, 99).unwrap();
    let header = world.receive(port).header;
    assert_eq!((header.sender, header.context), (Sender::Task(token), 99));
    assert_eq!((header.sender.audit(), header.sender.user_and_group()), (token, (1000, 100)));
}

#[test]
fn a_notification_says_that_the_kernel_has_sent_it() {
    let mut world = World::new();
    let (port, right) = world.service();
    let notify = world.ask(port, Notice::NoSenders);
    world.kernel.destroy(world.client, right).unwrap();
    let sender = world.receive(notify).header.sender;
    assert_eq!(
        (sender, sender.audit(), sender.user_and_group()),
        (Sender::Kernel, AuditToken::default(), (0, 1))
    );
}

#[test]
fn a_received_header_is_turned_round_the_own_port_and_where_to_answer() {
    let mut world = World::new();
    let (port, right) = world.service();
    let own = world.port(world.client);
    let id = world.id(world.client, own);
    world.send(replied(letter(0, right, CopySend), own, MakeSendOnce)).unwrap();
    let received = world.receive(port);
    assert_eq!(received.header.port, port);
    let (reply, Some(MoveSendOnce)) = received.reply else { panic!() };
    assert_eq!(world.held(world.server, reply), Some((Held::SendOnce(id), 1)));
    world.kernel.send(world.server, letter(1, reply, MoveSendOnce), &SendOptions::default()).unwrap();
    assert_eq!(world.try_receive(world.client, own).unwrap().header.id, 1);
}

#[test]
fn a_reply_port_that_is_the_very_port_is_counted_before_the_destination_goes() {
    let mut world = World::new();
    let (port, right) = world.service();
    let notify = world.ask(port, Notice::NoSenders);
    world.send(replied(letter(0, right, CopySend), right, MoveSend)).unwrap();
    assert_eq!(world.receive(port).reply, (port, Some(MoveSend)));
    assert!(world.try_receive(world.server, notify).is_none());
    world.kernel.deallocate(world.server, port).unwrap();
    assert_eq!(world.receive(notify).header.id, 70);
}

#[test]
fn without_a_name_for_the_reply_right_the_message_is_destroyed_and_a_bare_header_comes() {
    let mut world = World::new();
    let (port, right) = world.service();
    let own = world.port(world.client);
    let message = replied(letter(7, right, CopySend), own, MakeSendOnce);
    let carried = world.right(world.client, own, MakeSendOnce, world.client);
    world.send(with(message, vec![Item::Port(carried, MoveSendOnce)])).unwrap();
    world.use_all_names(world.server);
    let receipt = world.kernel.receive(world.server, port, &ReceiveOptions::default()).unwrap();
    let Receipt::Destroyed(error, header) = receipt else { panic!("{receipt:?}") };
    assert_eq!((error, header.id, header.port), (ReceiveError::NoNameForReply, 7, port));
    for _ in 0..2 {
        assert_eq!(world.try_receive(world.client, own).unwrap().header.id, 71);
    }
}

#[test]
fn without_a_name_for_rights_of_the_body_the_message_is_delivered_with_what_there_is_a_name_for() {
    let mut world = World::new();
    let (port, right) = world.service();
    let (known, to_known) = world.service();
    let own = world.port(world.client);
    let items =
        vec![Item::Port(own, MakeSendOnce), Item::Port(to_known, CopySend), Item::Port(own, MakeSend)];
    world.send(with(letter(7, right, CopySend), items)).unwrap();
    world.use_all_names(world.server);
    let received = world.receive(port);
    assert_eq!(received.fault, Some(ReceiveError::NoNameForRight));
    assert_eq!(rights(&received), [(Name::NULL, MoveSendOnce), (known, MoveSend), (Name::NULL, MoveSend)]);
    assert_eq!(world.try_receive(world.client, own).unwrap().header.id, 71);
    assert_eq!(world.port_of(world.client, own).send_rights, 0);
}

#[test]
fn messages_of_a_port_that_dies_are_destroyed_with_the_rights_in_them() {
    let mut world = World::new();
    let (port, right) = world.service();
    let (answers, once) = world.once();
    let (sent, send) = world.service();
    let notify = world.ask(sent, Notice::NoSenders);
    let dying = world.port(world.client);
    let to_dying = world.right(world.client, dying, MakeSend, world.server);
    let items =
        vec![Item::Port(once, MoveSendOnce), Item::Port(send, MoveSend), Item::Port(dying, MoveReceive)];
    world.send(with(letter(0, right, CopySend), items)).unwrap();
    world.kernel.destroy(world.server, port).unwrap();
    assert_eq!(world.receive(answers).header.id, 71);
    assert_eq!(world.receive(notify).header.id, 70);
    assert_eq!(world.held(world.server, to_dying), Some((Held::Dead, 1)));
}

#[test]
fn a_message_sent_by_a_send_once_right_that_is_destroyed_tells_its_living_port() {
    let mut world = World::new();
    let (port, right) = world.service();
    let (answers, once) = world.once();
    let message = with(letter(0, once, MoveSendOnce), vec![Item::Port(Name::from_raw(0x503), CopySend)]);
    world.send(message).unwrap_err();
    assert_eq!(world.receive(answers).header.id, Notification::SendOnce.id());
    world.send(letter(0, right, CopySend)).unwrap();
    world.kernel.destroy(world.server, port).unwrap();
    assert_eq!(world.kernel.ports.len(), 1);
}

#[test]
fn a_receive_right_in_a_message_that_is_destroyed_goes_to_who_asked_for_it_with_its_queue() {
    let mut world = World::new();
    let (port, right) = world.service();
    let (moving, senders) = world.service();
    let notify = world.ask(moving, Notice::PortDestroyed);
    world.fill(senders);
    let to = world.right(world.client, right, MoveSend, world.server);
    assert_eq!(to, port);
    let message = with(letter(0, to, MoveSend), vec![Item::Port(moving, MoveReceive)]);
    world.kernel.send(world.server, message, &SendOptions::default()).unwrap();
    world.kernel.destroy(world.server, port).unwrap();
    let received = world.receive(notify);
    assert_eq!(received.header.id, 69);
    let [(back, MoveReceive)] = rights(&received)[..] else { panic!() };
    assert_eq!(world.drain(back), [0, 1, 2, 3, 4]);
}
