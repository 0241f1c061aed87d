// SPDX-License-Identifier: MIT OR Apache-2.0
//! The header of a message that is sent: taken as a whole or not at all.

use super::world::{World, error, letter, replied};
use crate::error::SendError;
use crate::kernel::Notification;
use crate::kernel::calls::Notice;
use crate::kernel::message::Item;
use crate::kernel::messages::{MESSAGE_BYTES_MAX, RIGHTS_MAX};
use crate::kernel::space::Held;
use crate::name::Name;
use crate::right::Disposition::{self, *};

#[test]
fn a_destination_without_a_disposition_or_with_that_of_a_receive_right_is_an_invalid_header() {
    let mut world = World::new();
    let (_, right) = world.service();
    for disposition in [None, Some(MoveReceive)] {
        let mut message = letter(0, right, CopySend);
        message.destination.1 = disposition;
        assert_eq!(error(world.send(message)), SendError::InvalidHeader);
    }
}

#[test]
fn a_reply_port_and_its_disposition_come_together_or_the_header_is_invalid() {
    let mut world = World::new();
    let (_, right) = world.service();
    let own = world.port(world.client);
    for reply in [(own, None), (own, Some(MoveReceive))] {
        let mut message = letter(0, right, CopySend);
        message.reply = reply;
        assert_eq!(error(world.send(message)), SendError::InvalidHeader);
    }
    assert!(world.send(replied(letter(0, right, CopySend), Name::NULL, MakeSendOnce)).is_ok());
}

#[test]
fn null_dead_unknown_and_dead_names_are_invalid_destinations() {
    let mut world = World::new();
    let (port, right) = world.service();
    for name in [Name::NULL, Name::DEAD, Name::from_raw(0xABCD_EF03)] {
        assert_eq!(error(world.send(letter(0, name, CopySend))), SendError::InvalidDestination);
    }
    world.kernel.destroy(world.server, port).unwrap();
    assert_eq!(error(world.send(letter(0, right, CopySend))), SendError::InvalidDestination);
    assert_eq!(error(world.send(letter(0, right, MoveSend))), SendError::InvalidDestination);
    assert_eq!(world.held(world.client, right), Some((Held::Dead, 1)));
}

#[test]
fn a_destination_of_another_right_than_its_disposition_needs_is_invalid() {
    let mut world = World::new();
    let (_, right) = world.service();
    let (_, once) = world.once();
    let wrong =
        [(right, MakeSend), (right, MakeSendOnce), (right, MoveSendOnce), (once, CopySend), (once, MoveSend)];
    for (name, disposition) in wrong {
        assert_eq!(
            error(world.send(letter(0, name, disposition))),
            SendError::InvalidDestination,
            "{disposition:?}"
        );
    }
}

#[test]
fn a_header_error_leaves_space_and_rights_untouched_and_gives_the_letter_back() {
    let mut world = World::new();
    let (port, right) = world.service();
    let (_, once) = world.once();
    for (destination, disposition) in [(right, MoveSend), (once, MoveSendOnce)] {
        let before = world.held(world.client, destination);
        let failed =
            world.send(replied(letter(7, destination, disposition), Name::from_raw(0x503), CopySend));
        let failed = failed.unwrap_err();
        assert_eq!(failed.error, SendError::InvalidReply);
        assert_eq!(failed.letter.unwrap().destination, (destination, Some(disposition)));
        assert_eq!(world.held(world.client, destination), before);
    }
    assert_eq!(world.port_of(world.server, port).send_rights, 1);
}

#[test]
fn a_reply_port_of_another_right_than_its_disposition_needs_is_invalid() {
    let mut world = World::new();
    let (_, right) = world.service();
    let (_, other) = world.service();
    let own = world.port(world.client);
    for (name, disposition) in
        [(own, CopySend), (own, MoveSendOnce), (other, MakeSend), (other, MakeSendOnce)]
    {
        let message = replied(letter(0, right, CopySend), name, disposition);
        assert_eq!(error(world.send(message)), SendError::InvalidReply, "{disposition:?}");
    }
}

#[test]
fn of_a_wrong_destination_and_a_wrong_reply_port_the_reply_port_is_told() {
    let mut world = World::new();
    let (_, right) = world.service();
    let message = replied(letter(0, right, MakeSend), Name::from_raw(0x503), CopySend);
    assert_eq!(error(world.send(message)), SendError::InvalidReply);
    let message = replied(letter(0, Name::from_raw(0x503), CopySend), Name::from_raw(0x603), CopySend);
    assert_eq!(error(world.send(message)), SendError::InvalidDestination);
}

#[test]
fn a_reply_port_that_is_null_dead_or_has_died_is_legal() {
    let mut world = World::new();
    let (port, right) = world.service();
    let (gone, dying) = world.service();
    world.kernel.destroy(world.server, gone).unwrap();
    for (reply, arrives) in [(Name::NULL, Name::NULL), (Name::DEAD, Name::DEAD), (dying, Name::DEAD)] {
        world.send(replied(letter(0, right, CopySend), reply, MoveSend)).unwrap();
        assert_eq!(world.receive(port).reply, (arrives, Some(MoveSend)));
    }
    assert_eq!(world.held(world.client, dying), None);
}

#[test]
fn one_name_for_destination_and_reply_port_needs_as_many_references_as_are_moved() {
    let enough = |references: u16, to: Disposition, back: Disposition| {
        let mut world = World::new();
        let (port, right) = world.service();
        for _ in 1..references {
            assert_eq!(world.right(world.server, port, MakeSend, world.client), right);
        }
        let sent = world.send(replied(letter(0, right, to), right, back));
        match &sent {
            Err(failed) => assert_eq!(failed.error, SendError::InvalidDestination),
            Ok(_) => assert_eq!(world.receive(port).reply, (port, Some(MoveSend))),
        }
        sent.is_ok()
    };
    assert!(!enough(1, MoveSend, MoveSend));
    assert!(enough(2, MoveSend, MoveSend));
    assert!(enough(1, MoveSend, CopySend));
    assert!(enough(1, CopySend, MoveSend));
    assert!(enough(1, CopySend, CopySend));
}

#[test]
fn one_name_for_destination_and_reply_port_can_make_both_rights() {
    let mut world = World::new();
    let port = world.port(world.server);
    let message = replied(letter(0, port, MakeSend), port, MakeSendOnce);
    world.kernel.send(world.server, message, &Default::default()).unwrap();
    let received = world.receive(port);
    assert_eq!(received.header.sent_by, MoveSend);
    assert_eq!(received.reply.1, Some(MoveSendOnce));
    assert_ne!(received.reply.0, port);
    assert_eq!(world.port_of(world.server, port).send_rights, 0);
}

#[test]
fn a_send_once_right_is_never_destination_and_reply_port_at_once() {
    let mut world = World::new();
    let (_, once) = world.once();
    let message = replied(letter(0, once, MoveSendOnce), once, MoveSendOnce);
    assert_eq!(error(world.send(message)), SendError::InvalidDestination);
    assert!(world.held(world.client, once).is_some());
}

#[test]
fn sending_by_each_disposition_leaves_what_it_says_to_the_sender() {
    let mut world = World::new();
    let (port, right) = world.service();
    world.send(letter(0, right, CopySend)).unwrap();
    assert!(world.held(world.client, right).is_some());
    world.send(letter(1, right, MoveSend)).unwrap();
    assert_eq!(world.held(world.client, right), None);
    let once = world.right(world.server, port, MakeSendOnce, world.client);
    world.send(letter(2, once, MoveSendOnce)).unwrap();
    assert_eq!(world.held(world.client, once), None);
    let by: Vec<_> = (0..3).map(|_| world.receive(port).header.sent_by).collect();
    assert_eq!(by, [MoveSend, MoveSend, MoveSendOnce]);
    let port = world.port_of(world.server, port);
    assert_eq!((port.send_rights, port.send_once_rights), (0, 0));
}

#[test]
fn a_right_in_a_queue_counts_and_the_last_one_is_told_when_its_message_is_received() {
    let mut world = World::new();
    let (port, right) = world.service();
    let notify = world.ask(port, Notice::NoSenders);
    world.send(letter(0, right, MoveSend)).unwrap();
    assert!(world.try_receive(world.server, notify).is_none());
    world.receive(port);
    assert_eq!(world.receive(notify).header.id, Notification::NoSenders { make_send_count: 1 }.id());
}

#[test]
fn a_message_of_too_many_bytes_or_rights_is_too_large() {
    let mut world = World::new();
    let (_, right) = world.service();
    let mut message = letter(0, right, MoveSend);
    message.body = vec![0; MESSAGE_BYTES_MAX - 24 + 1];
    assert_eq!(error(world.send(message)), SendError::TooLarge);
    let mut message = letter(0, right, MoveSend);
    message.items =
        vec![Item::Ports(vec![Name::NULL; RIGHTS_MAX], CopySend), Item::Port(Name::NULL, CopySend)];
    let failed = world.send(message).unwrap_err();
    assert_eq!(failed.error, SendError::TooLarge);
    let mut message = failed.letter.unwrap();
    message.items.pop();
    assert!(world.send(message).is_ok());
}

#[test]
fn a_task_that_has_ended_sends_nothing() {
    let mut world = World::new();
    let (_, right) = world.service();
    world.kernel.terminate_space(world.client);
    assert_eq!(error(world.send(letter(0, right, CopySend))), SendError::InvalidDestination);
}
