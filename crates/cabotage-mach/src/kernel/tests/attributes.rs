// SPDX-License-Identifier: MIT OR Apache-2.0
//! `mach_port_get_attributes` and `_set_attributes`, counts, contexts and guards.

use super::World;
use crate::code::KernError;
use crate::kernel::calls::{GuardFlags, Notice};
use crate::kernel::message::{Capability, Message, Sender};
use crate::kernel::{Step, Ticket};
use crate::name::Name;
use crate::right::{Disposition, Right};

#[test]
fn a_limit_up_to_1024_can_be_set_and_got_by_the_receiver() {
    let mut world = World::new();
    let name = world.port();
    for limit in [0, 1, 1024] {
        assert_eq!(world.kernel.set_limit(world.task, name, limit), Ok(()));
        assert_eq!(world.kernel.limit(world.task, name), Ok(limit));
    }
    assert_eq!(world.kernel.set_limit(world.task, name, 1025), Err(KernError::InvalidValue));
    assert_eq!(world.kernel.limit(world.task, name), Ok(1024));
}

#[test]
fn what_only_a_receiver_may_is_refused_for_other_rights() {
    let mut world = World::new();
    let other = world.kernel.create_space();
    let name = world.port();
    let sender = world.give(other, name, Disposition::MakeSend);
    let set = world.kernel.allocate(other, Right::PortSet).expect("a set");
    let kernel = &mut world.kernel;
    for name in [sender, set, Name::NULL, Name::DEAD] {
        assert_eq!(kernel.limit(other, name), Err(KernError::InvalidRight));
        assert_eq!(kernel.set_limit(other, name, 1), Err(KernError::InvalidRight));
        assert_eq!(kernel.status(other, name), Err(KernError::InvalidRight));
        assert_eq!(kernel.dead_name_requests(other, name), Err(KernError::InvalidRight));
        assert_eq!(kernel.send_rights(other, name), Err(KernError::InvalidRight));
        assert_eq!(kernel.set_make_send_count(other, name, 1), Err(KernError::InvalidRight));
        assert_eq!(kernel.set_sequence(other, name, 1), Err(KernError::InvalidRight));
        assert_eq!(kernel.context(other, name), Err(KernError::InvalidRight));
        assert_eq!(kernel.set_context(other, name, 1), Err(KernError::InvalidRight));
    }
    let unknown = Name::from_raw(0x4403);
    assert_eq!(kernel.limit(other, unknown), Err(KernError::InvalidName));
    assert_eq!(kernel.context(other, unknown), Err(KernError::InvalidName));
}

#[test]
fn raising_the_limit_wakes_as_many_senders_as_there_is_more_room() {
    let mut world = World::new();
    let name = world.port_with_send();
    world.kernel.set_limit(world.task, name, 1).expect("a limit");
    for id in 0..4 {
        let destination = world.take(name, Disposition::CopySend);
        let (reply, body, cargo) = ((Capability::Null, None), Vec::new(), Vec::new());
        let sender = Sender::Task(Default::default());
        let message = Message { id, destination, reply, body, cargo, complex: false, sender, origin: None };
        let port = world.kernel.receive_port(world.task, name).expect("a port");
        if id == 0 {
            port.queue.push_back(message);
        } else {
            port.rare().senders.push_back((Ticket(id as u64), message));
        }
    }
    world.kernel.take_steps();
    world.kernel.set_limit(world.task, name, 3).expect("a limit");
    let woken: Vec<Ticket> = world
        .kernel
        .take_steps()
        .into_iter()
        .filter_map(|step| if let Step::Wake(ticket) = step { Some(ticket) } else { None })
        .collect();
    assert_eq!(woken, [Ticket(1), Ticket(2)]);
    assert_eq!(world.kernel.status(world.task, name).expect("a status").queued, 3);
}

#[test]
fn the_status_tells_what_is_registered_and_held() {
    let mut world = World::new();
    let (name, watch) = (world.port_with_send(), world.port());
    let set = world.kernel.allocate(world.task, Right::PortSet).expect("a set");
    let once = world.take(name, Disposition::MakeSendOnce);
    world.put(once);
    world.kernel.insert_member(world.task, name, set).expect("a member");
    world.ask(name, Notice::NoSenders, 0, watch);
    world.ask(name, Notice::PortDestroyed, 0, watch);
    world.ask(name, Notice::DeadName, 0, watch);
    world
        .kernel
        .guard_with_flags(world.task, name, 3, GuardFlags::STRICT.and(GuardFlags::IMMOVABLE_RECEIVE))
        .expect("guarded");
    let status = world.kernel.status(world.task, name).expect("a status");
    assert!(status.in_set && status.has_send_rights && status.has_no_senders_request);
    assert!(status.has_port_destroyed_request && status.is_guarded && status.is_strictly_guarded);
    assert!(status.is_immovable);
    assert_eq!((status.send_once_rights, status.make_send_count), (1, 1));
    assert_eq!(world.kernel.dead_name_requests(world.task, name), Ok(1));
}

#[test]
fn make_send_count_and_sequence_are_set_by_the_receiver_and_count_on_from_there() {
    let mut world = World::new();
    let name = world.port();
    world.kernel.set_make_send_count(world.task, name, 40).expect("set");
    world.kernel.set_sequence(world.task, name, 7).expect("set");
    let made = world.take(name, Disposition::MakeSend);
    world.put(made);
    let copied = world.take(name, Disposition::CopySend);
    world.put(copied);
    let status = world.kernel.status(world.task, name).expect("a status");
    assert_eq!((status.make_send_count, status.sequence), (41, 7), "a copy does not count");
}

#[test]
fn get_srights_counts_each_space_and_each_right_on_its_way_once() {
    let mut world = World::new();
    let other = world.kernel.create_space();
    let name = world.port();
    assert_eq!(world.kernel.send_rights(world.task, name), Ok(0));
    for _ in 0..2 {
        world.give(other, name, Disposition::MakeSend);
    }
    assert_eq!(world.kernel.send_rights(world.task, name), Ok(1));
    let on_its_way = world.take(name, Disposition::MakeSend);
    assert_eq!(world.kernel.send_rights(world.task, name), Ok(2));
    world.kernel.destroy_capability(on_its_way);
    assert_eq!(world.kernel.send_rights(world.task, name), Ok(1));
}

#[test]
fn a_strict_guard_hides_the_context_and_keeps_it() {
    let mut world = World::new();
    let (open, strict) = (world.port(), world.port());
    world.kernel.guard(world.task, open, 6, false).expect("guarded");
    world.kernel.guard(world.task, strict, 6, true).expect("guarded");
    assert_eq!(world.kernel.context(world.task, open), Ok(6));
    assert_eq!(world.kernel.set_context(world.task, open, 8), Ok(()));
    assert_eq!(world.kernel.unguard(world.task, open, 8), Ok(()), "the context is the guard");
    assert_eq!(world.kernel.context(world.task, strict), Ok(0));
    assert_eq!(world.kernel.set_context(world.task, strict, 8), Err(KernError::InvalidArgument));
    assert_eq!(world.kernel.unguard(world.task, strict, 6), Ok(()));
}

#[test]
fn a_port_with_a_guard_or_a_context_is_not_guarded_again() {
    let mut world = World::new();
    let (guarded, stored) = (world.port(), world.port());
    world.kernel.guard(world.task, guarded, 1, false).expect("guarded");
    world.kernel.set_context(world.task, stored, 1).expect("stored");
    for name in [guarded, stored] {
        assert_eq!(world.kernel.guard(world.task, name, 1, false), Err(KernError::InvalidArgument));
        assert_eq!(
            world.kernel.guard_with_flags(world.task, name, 1, GuardFlags::IMMOVABLE_RECEIVE),
            Err(KernError::InvalidArgument)
        );
    }
}

#[test]
fn unguard_and_swap_guard_need_the_guard_and_swapping_one_that_is_not_strict() {
    let mut world = World::new();
    let name = world.port();
    let kernel = &mut world.kernel;
    assert_eq!(kernel.unguard(world.task, name, 0), Err(KernError::InvalidArgument), "not guarded");
    assert_eq!(kernel.swap_guard(world.task, name, 0, 1), Err(KernError::InvalidArgument));
    kernel.guard(world.task, name, 5, false).expect("guarded");
    assert_eq!(kernel.unguard(world.task, name, 4), Err(KernError::InvalidArgument));
    assert_eq!(kernel.swap_guard(world.task, name, 4, 6), Err(KernError::InvalidArgument));
    assert_eq!(kernel.swap_guard(world.task, name, 5, 6), Ok(()));
    assert_eq!(kernel.unguard(world.task, name, 6), Ok(()));
    assert_eq!(kernel.context(world.task, name), Ok(0));
    kernel.guard(world.task, name, 5, true).expect("guarded");
    assert_eq!(kernel.swap_guard(world.task, name, 5, 6), Err(KernError::InvalidArgument));
    for no_name in [Name::NULL, Name::DEAD] {
        assert_eq!(kernel.guard(world.task, no_name, 1, false), Err(KernError::InvalidName));
    }
}

#[test]
fn an_immovable_receive_right_stays_so_without_its_guard() {
    let mut world = World::new();
    let name = world.port();
    world.kernel.guard_with_flags(world.task, name, 2, GuardFlags::IMMOVABLE_RECEIVE).expect("guarded");
    world.kernel.unguard(world.task, name, 2).expect("not guarded");
    let moved = world.kernel.copy_in(world.task, name, Disposition::MoveReceive);
    assert_eq!(moved, Err(KernError::InvalidCapability));
    assert_eq!(world.references(name, Right::Receive), 1);
}

#[test]
fn guard_context_counts_and_sets_are_cleared_when_the_receive_right_moves() {
    let mut world = World::new();
    let name = world.port();
    let set = world.kernel.allocate(world.task, Right::PortSet).expect("a set");
    world.kernel.insert_member(world.task, name, set).expect("a member");
    world.kernel.guard(world.task, name, 2, true).expect("guarded");
    world.kernel.set_make_send_count(world.task, name, 3).expect("set");
    world.kernel.set_sequence(world.task, name, 3).expect("set");
    let right = world.take(name, Disposition::MoveReceive);
    let name = world.put(right);
    let status = world.kernel.status(world.task, name).expect("a status");
    assert_eq!((status.make_send_count, status.sequence), (0, 0));
    assert!(!status.in_set && !status.is_guarded);
    assert_eq!(world.kernel.context(world.task, name), Ok(0));
    assert_eq!(world.kernel.set_members(world.task, set), Ok(vec![]));
}

#[test]
fn a_guarded_port_is_abandoned_by_who_owns_its_receive_right_as_a_value() {
    let mut world = World::new();
    let name = world.port();
    let port = world.id(name);
    world.kernel.guard(world.task, name, 5, true).expect("guarded");
    assert_eq!(
        world.kernel.modify_references(world.task, name, Right::Receive, -1),
        Err(KernError::InvalidRight)
    );
    world.kernel.abandon(world.task, name).expect("gone");
    assert!(world.kernel.ports.get(port).is_none());
    assert_eq!(world.kernel.abandon(world.task, name), Err(KernError::InvalidName));
}

#[test]
fn flags_of_guards_are_those_of_mach_and_no_other() {
    assert_eq!(GuardFlags::from_raw(3), Some(GuardFlags::STRICT.and(GuardFlags::IMMOVABLE_RECEIVE)));
    assert_eq!(GuardFlags::from_raw(0), Some(GuardFlags::default()));
    assert_eq!(GuardFlags::from_raw(4), None);
}
