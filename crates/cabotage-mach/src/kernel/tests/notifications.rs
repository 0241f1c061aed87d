// SPDX-License-Identifier: MIT OR Apache-2.0
//! `mach_port_request_notification`, and when each notification comes.

use super::World;
use crate::code::KernError;
use crate::kernel::calls::Notice;
use crate::kernel::ids::SpaceId;
use crate::kernel::message::Capability;
use crate::kernel::notification::Notification;
use crate::kernel::port::QUEUE_CEILING;
use crate::name::Name;
use crate::right::{Disposition, Right};

impl World {
    /// A send right of the task to a port of another one.
    fn foreign(&mut self) -> (SpaceId, Name, Name) {
        let other = self.kernel.create_space();
        let theirs = self.kernel.allocate(other, Right::Receive).expect("a port");
        let right = self.kernel.copy_in(other, theirs, Disposition::MakeSend).expect("a right");
        (other, theirs, self.put(right))
    }

    fn refused(&mut self, name: Name, notice: Notice, sync: u32, to: Name) -> KernError {
        let notify = self.take(to, Disposition::MakeSendOnce);
        let asked = self.kernel.request_notification(self.task, name, notice, sync, notify);
        let (error, notify) = asked.expect_err("refused");
        self.kernel.destroy_capability(notify);
        assert_eq!(self.told(to), [Notification::SendOnce], "the right came back");
        error
    }

    fn cancel(&mut self, name: Name, notice: Notice) -> Capability {
        let asked = self.kernel.request_notification(self.task, name, notice, 0, Capability::Null);
        asked.expect("cancelled")
    }
}

#[test]
fn port_deleted_comes_when_a_name_with_a_request_is_freed() {
    let mut world = World::new();
    let watch = world.port();
    let (other, theirs, sent) = world.foreign();
    world.ask(sent, Notice::DeadName, 0, watch);
    world.kernel.deallocate(world.task, sent).expect("the last reference");
    assert_eq!(world.told(watch), [Notification::PortDeleted { name: sent }]);

    let once = world.kernel.copy_in(other, theirs, Disposition::MakeSendOnce).expect("a right");
    let once = world.put(once);
    world.ask(once, Notice::DeadName, 0, watch);
    let used = world.take(once, Disposition::MoveSendOnce);
    assert_eq!(world.told(watch), [Notification::PortDeleted { name: once }], "used up");
    world.kernel.destroy_capability(used);

    let own = world.port_with_send();
    world.ask(own, Notice::DeadName, 0, watch);
    world.kernel.deallocate(world.task, own).expect("the name stays, with the receive right");
    assert_eq!(world.told(watch), []);
    world.kernel.destroy(world.task, own).expect("gone");
    assert_eq!(world.told(watch), [Notification::PortDeleted { name: own }]);
}

#[test]
fn dead_name_comes_when_the_port_dies_and_carries_a_reference() {
    let mut world = World::new();
    let watch = world.port();
    let (other, theirs, name) = world.foreign();
    world.kernel.modify_references(world.task, name, Right::Send, 1).expect("two");
    world.ask(name, Notice::DeadName, 0, watch);
    world.kernel.destroy(other, theirs).expect("dead");
    assert_eq!(world.told(watch), [Notification::DeadName { name }]);
    assert_eq!(world.references(name, Right::DeadName), 3);
    world.kernel.destroy(world.task, name).expect("gone");
    assert_eq!(world.told(watch), [], "of a dead name nothing more is told");
}

#[test]
fn dead_name_comes_to_the_receiver_that_keeps_send_rights_of_its_own() {
    let mut world = World::new();
    let (name, watch) = (world.port_with_send(), world.port());
    world.ask(name, Notice::DeadName, 0, watch);
    world.kernel.modify_references(world.task, name, Right::Receive, -1).expect("dead");
    assert_eq!(world.told(watch), [Notification::DeadName { name }]);
    assert_eq!(world.references(name, Right::DeadName), 2);
}

#[test]
fn a_dead_name_request_for_a_dead_name_is_an_invalid_argument_whatever_sync_says() {
    let mut world = World::new();
    let watch = world.port();
    let (other, _, name) = world.foreign();
    world.kernel.terminate_space(other);
    for sync in [0, 1] {
        assert_eq!(world.refused(name, Notice::DeadName, sync, watch), KernError::InvalidArgument);
    }
    assert_eq!(world.references(name, Right::DeadName), 1);
    assert_eq!(world.cancel(name, Notice::DeadName), Capability::Null);
}

#[test]
fn a_send_possible_request_for_a_dead_name_is_answered_at_once() {
    let mut world = World::new();
    let watch = world.port();
    let (other, _, name) = world.foreign();
    world.kernel.terminate_space(other);
    assert_eq!(world.ask(name, Notice::SendPossible, 0, watch), Capability::Null);
    assert_eq!(world.told(watch), [Notification::DeadName { name }]);
    assert_eq!(world.references(name, Right::DeadName), 2);
}

#[test]
fn send_possible_comes_at_once_where_there_is_room_and_sync_asks_for_it() {
    let mut world = World::new();
    let watch = world.port();
    let (other, theirs, name) = world.foreign();
    world.ask(name, Notice::SendPossible, 0, watch);
    assert_eq!(world.told(watch), [], "not before a send has failed");
    assert!(matches!(world.ask(name, Notice::SendPossible, 1, watch), Capability::SendOnce(_)));
    assert_eq!(world.told(watch), [Notification::SendPossible { name }]);
    assert_eq!(world.cancel(name, Notice::SendPossible), Capability::Null, "it was used up");
    world.kernel.set_limit(other, theirs, 0).expect("full");
    world.ask(name, Notice::SendPossible, 1, watch);
    assert_eq!(world.told(watch), []);
    let once = world.kernel.copy_in(other, theirs, Disposition::MakeSendOnce).expect("a right");
    let once = world.put(once);
    world.ask(once, Notice::SendPossible, 1, watch);
    assert_eq!(world.told(watch), [Notification::SendPossible { name: once }], "no limit holds it back");
}

#[test]
fn dead_name_and_send_possible_share_one_place_and_a_new_request_returns_the_old_right() {
    let mut world = World::new();
    let (name, watch, second) = (world.port_with_send(), world.port(), world.port());
    let ids = [world.id(watch), world.id(second)];
    assert_eq!(world.ask(name, Notice::DeadName, 0, watch), Capability::Null);
    assert_eq!(world.ask(name, Notice::SendPossible, 0, second), Capability::SendOnce(ids[0]));
    assert_eq!(world.kernel.dead_name_requests(world.task, name), Ok(1));
    assert_eq!(world.cancel(name, Notice::DeadName), Capability::SendOnce(ids[1]));
    assert_eq!(world.kernel.dead_name_requests(world.task, name), Ok(0));
    assert_eq!(world.cancel(name, Notice::DeadName), Capability::Null);
}

#[test]
fn port_destroyed_brings_the_receive_right_and_the_port_lives_on() {
    let mut world = World::new();
    let (name, watch, senders) = (world.port_with_send(), world.port(), world.port());
    let id = world.id(name);
    let once = world.take(name, Disposition::MakeSendOnce);
    world.kernel.destroy_capability(once);
    world.ask(name, Notice::PortDestroyed, 0, watch);
    world.ask(name, Notice::NoSenders, 0, senders);
    world.kernel.modify_references(world.task, name, Right::Receive, -1).expect("given away");
    assert_eq!(world.references(name, Right::Send), 1, "send rights are what they were");
    let told = world.told(watch);
    assert_eq!(told, [Notification::PortDestroyed { right: Capability::Receive(id) }]);
    assert_eq!(world.put(Capability::Receive(id)), name);
    world.kernel.modify_references(world.task, name, Right::Send, -1).expect("the last sender");
    assert_eq!(world.told(senders), [Notification::NoSenders { make_send_count: 0 }]);
    assert_eq!(world.told(name), [Notification::SendOnce], "the queue came along");
    world.kernel.destroy(world.task, name).expect("it dies now");
    assert_eq!(world.told(watch), []);
}

#[test]
fn port_destroyed_is_requested_once_and_with_sync_0() {
    let mut world = World::new();
    let (name, watch) = (world.port(), world.port());
    assert_eq!(world.refused(name, Notice::PortDestroyed, 1, watch), KernError::InvalidValue);
    world.ask(name, Notice::PortDestroyed, 0, watch);
    assert_eq!(world.refused(name, Notice::PortDestroyed, 0, watch), KernError::Failure);
    let (_, _, foreign) = world.foreign();
    assert_eq!(world.refused(foreign, Notice::PortDestroyed, 0, watch), KernError::InvalidRight);
}

#[test]
fn a_port_whose_destruction_nobody_alive_wants_to_know_dies() {
    let mut world = World::new();
    let (name, watch) = (world.port(), world.port());
    let other = world.kernel.create_space();
    let theirs = world.give(other, name, Disposition::MakeSend);
    world.ask(name, Notice::PortDestroyed, 0, watch);
    world.kernel.destroy(world.task, watch).expect("gone");
    world.kernel.destroy(world.task, name).expect("gone");
    assert_eq!(world.kernel.references(other, theirs, Right::DeadName), Ok(1));
    let own = world.port();
    world.ask(own, Notice::PortDestroyed, 0, own);
    world.kernel.destroy(world.task, own).expect("gone");
    assert_eq!(world.kernel.ports.len(), 0, "a port that would wait in its own queue dies");
}

#[test]
fn no_senders_comes_when_the_last_send_right_goes_and_tells_the_make_send_count() {
    let mut world = World::new();
    let (name, watch) = (world.port(), world.port());
    let other = world.kernel.create_space();
    let sent = [(); 2].map(|()| world.give(other, name, Disposition::MakeSend))[0];
    world.give(other, name, Disposition::MakeSendOnce);
    world.ask(name, Notice::NoSenders, 0, watch);
    world.kernel.deallocate(other, sent).expect("one of two");
    assert_eq!(world.told(watch), []);
    world.kernel.deallocate(other, sent).expect("the last");
    let told = world.told(watch);
    assert_eq!(told, [Notification::NoSenders { make_send_count: 2 }], "send-once rights do not count");
    let again = world.give(other, name, Disposition::MakeSend);
    world.kernel.deallocate(other, again).expect("the last");
    assert_eq!(world.told(watch), [], "it comes once");
}

#[test]
fn no_senders_comes_at_once_without_send_rights_unless_sync_is_above_the_make_send_count() {
    let mut world = World::new();
    let (name, watch) = (world.port(), world.port());
    assert_eq!(world.ask(name, Notice::NoSenders, 0, watch), Capability::Null);
    assert_eq!(world.told(watch), [Notification::NoSenders { make_send_count: 0 }]);
    world.ask(name, Notice::NoSenders, 1, watch);
    assert_eq!(world.told(watch), []);
    let id = world.id(watch);
    assert_eq!(
        world.cancel(name, Notice::NoSenders),
        Capability::SendOnce(id),
        "the right before is returned"
    );
}

#[test]
fn a_no_senders_request_at_a_port_that_dies_is_told_as_an_unused_send_once_right() {
    let mut world = World::new();
    let (name, watch) = (world.port_with_send(), world.port());
    world.ask(name, Notice::NoSenders, 0, watch);
    world.kernel.modify_references(world.task, name, Right::Receive, -1).expect("dead");
    assert_eq!(world.told(watch), [Notification::SendOnce]);
}

#[test]
fn a_send_right_in_flight_keeps_no_senders_back() {
    let mut world = World::new();
    let (name, watch) = (world.port_with_send(), world.port());
    world.ask(name, Notice::NoSenders, 0, watch);
    let moved = world.take(name, Disposition::MoveSend);
    assert_eq!(world.told(watch), []);
    world.kernel.destroy_capability(moved);
    assert_eq!(world.told(watch), [Notification::NoSenders { make_send_count: 1 }]);
}

#[test]
fn send_once_comes_for_each_right_that_is_destroyed_unused_even_to_a_full_queue() {
    let mut world = World::new();
    let name = world.port();
    world.kernel.set_limit(world.task, name, 0).expect("full");
    let other = world.kernel.create_space();
    for _ in 0..7 {
        world.give(other, name, Disposition::MakeSendOnce);
    }
    world.kernel.terminate_space(other);
    assert_eq!(world.told(name), [const { Notification::SendOnce }; 7]);
    assert_eq!(world.kernel.status(world.task, name).expect("a status").send_once_rights, 0);
}

#[test]
fn notifications_beyond_what_a_queue_ever_holds_are_dropped() {
    let mut world = World::new();
    let name = world.port();
    for _ in 0..QUEUE_CEILING + 3 {
        let once = world.take(name, Disposition::MakeSendOnce);
        world.kernel.destroy_capability(once);
    }
    assert_eq!(world.told(name).len(), QUEUE_CEILING as usize);
    assert_eq!(world.kernel.status(world.task, name).expect("a status").send_once_rights, 0);
}

#[test]
fn a_request_needs_a_send_once_right_and_a_name_of_the_right_kind() {
    let mut world = World::new();
    let (name, watch) = (world.port_with_send(), world.port());
    let set = world.kernel.allocate(world.task, Right::PortSet).expect("a set");
    for notice in [Notice::SendPossible, Notice::PortDestroyed, Notice::NoSenders, Notice::DeadName] {
        let dead = world.kernel.request_notification(world.task, name, notice, 0, Capability::Dead);
        assert_eq!(dead, Err((KernError::InvalidCapability, Capability::Dead)));
        assert_eq!(world.refused(set, notice, 0, watch), KernError::InvalidRight);
        let unknown = Name::from_raw(0x7703);
        assert_eq!(world.refused(unknown, notice, 0, watch), KernError::InvalidName);
    }
    assert_eq!(world.refused(Name::NULL, Notice::DeadName, 0, watch), KernError::InvalidArgument);
    assert_eq!(world.refused(Name::DEAD, Notice::SendPossible, 0, watch), KernError::InvalidArgument);
}

#[test]
fn what_can_be_asked_for_has_the_ids_of_its_notifications() {
    for id in Notification::ID_MIN - 1..=Notification::ID_MAX + 1 {
        let asked = Notice::from_raw(id).is_some();
        assert_eq!(asked, [66, 69, 70, 72].contains(&id), "{id}: else the caller answers KERN_INVALID_VALUE");
    }
}

#[test]
fn ports_in_messages_in_ports_nest_as_deep_as_they_like_and_die_together() {
    let mut world = World::new();
    let outer = world.port();
    let mut at = outer;
    for _ in 0..4_000 {
        let inner = world.port();
        world.ask(inner, Notice::PortDestroyed, 0, at);
        world.kernel.destroy(world.task, inner).expect("it goes into the queue");
        let Some(Notification::PortDestroyed { right }) = world.told(at).pop() else { panic!("no right") };
        // Both names live; the inner port is put into the outer one's queue for good.
        let inner = world.put(right);
        world.ask(inner, Notice::PortDestroyed, 0, at);
        at = inner;
    }
    assert_eq!(world.kernel.ports.len(), 4_001);
    let names = world.kernel.names(world.task).expect("names");
    for (name, _) in names.into_iter().filter(|(name, _)| *name != outer) {
        world.kernel.destroy(world.task, name).expect("into the queue of the one before");
    }
    assert_eq!(world.kernel.ports.len(), 4_001);
    world.kernel.destroy(world.task, outer).expect("all die");
    assert_eq!(world.kernel.ports.len(), 0);
}
