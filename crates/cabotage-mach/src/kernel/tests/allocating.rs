// SPDX-License-Identifier: MIT OR Apache-2.0
//! `mach_port_allocate`, `_allocate_name` and `_construct`; the rules of names.

use super::World;
use crate::code::KernError;
use crate::kernel::calls::PortFlags;
use crate::kernel::space::NAMES_MAX;
use crate::name::Name;
use crate::right::{Disposition, Right};

#[test]
fn allocate_gives_ports_sets_and_dead_names_and_no_other_right() {
    let mut world = World::new();
    for right in Right::ALL {
        let answer = world.kernel.allocate(world.task, right);
        match right {
            Right::Send | Right::SendOnce => assert_eq!(answer, Err(KernError::InvalidValue)),
            _ => assert_eq!(world.references(answer.expect("a name"), right), 1),
        }
    }
}

#[test]
fn a_new_port_has_no_senders_no_counts_a_limit_of_5_and_is_in_no_set() {
    let mut world = World::new();
    let name = world.port();
    let status = world.kernel.status(world.task, name).expect("a status");
    assert!(!status.in_set && !status.has_send_rights);
    assert_eq!((status.make_send_count, status.sequence, status.queued), (0, 0, 0));
    assert_eq!((status.queue_limit, status.send_once_rights), (5, 0));
    assert!(!status.has_no_senders_request && !status.has_port_destroyed_request && !status.is_guarded);
}

#[test]
fn nothing_is_allocated_for_a_task_that_has_ended() {
    let mut world = World::new();
    assert!(world.kernel.terminate_space(world.task));
    assert!(!world.kernel.terminate_space(world.task));
    assert_eq!(world.kernel.allocate(world.task, Right::Receive), Err(KernError::InvalidTask));
    let constructed = world.kernel.construct(world.task, PortFlags::default(), 0, 0);
    assert_eq!(constructed, Err(KernError::InvalidTask));
    let both = PortFlags::REPLY_PORT.and(PortFlags::INSERT_SEND_RIGHT);
    assert_eq!(world.kernel.construct(world.task, both, 0, 0), Err(KernError::InvalidTask));
    assert_eq!(world.kernel.ports.len(), 0);
}

#[test]
fn a_space_that_is_full_has_no_space_and_takes_names_again_when_some_go() {
    let mut world = World::new();
    let last = Name::new(NAMES_MAX - 1, 3);
    world.kernel.allocate_name(world.task, Right::DeadName, last).expect("the last name");
    for _ in 2..NAMES_MAX {
        world.kernel.allocate(world.task, Right::DeadName).expect("a name");
    }
    assert_eq!(world.kernel.allocate(world.task, Right::Receive), Err(KernError::NoSpace));
    assert_eq!(world.kernel.allocate(world.task, Right::PortSet), Err(KernError::NoSpace));
    assert_eq!((world.kernel.ports.len(), world.kernel.sets.len()), (0, 0), "what had no name is gone");
    world.kernel.destroy(world.task, last).expect("gone");
    world.port();
}

#[test]
fn a_name_that_has_gone_is_not_soon_another() {
    let mut world = World::new();
    let first = world.port();
    world.kernel.destroy(world.task, first).expect("gone");
    for _ in 0..60 {
        let name = world.port();
        assert_ne!(name, first);
        assert_eq!(world.kernel.type_of(world.task, first), Err(KernError::InvalidName));
        world.kernel.destroy(world.task, name).expect("gone");
    }
}

#[test]
fn allocate_name_takes_a_free_name_with_its_lowest_bits_set() {
    let mut world = World::new();
    let task = world.task;
    let mut allocate = |raw| world.kernel.allocate_name(task, Right::Receive, Name::from_raw(raw));
    assert_eq!(allocate(0x507), Ok(()));
    assert_eq!(allocate(0x507), Err(KernError::NameExists));
    assert_eq!(allocate(0x50b), Err(KernError::Failure), "the place is taken under another name");
    assert_eq!(allocate(122), Err(KernError::InvalidValue), "the lowest bits are not set");
    assert_eq!(allocate(0x03), Err(KernError::Failure), "the first place is never given away");
    assert_eq!(allocate(0), Err(KernError::InvalidValue));
    assert_eq!(allocate(u32::MAX), Err(KernError::InvalidValue));
    assert_eq!(allocate(NAMES_MAX << 8 | 3), Err(KernError::NoSpace));
    let right = world.kernel.allocate_name(task, Right::Send, Name::from_raw(0x603));
    assert_eq!(right, Err(KernError::InvalidValue));
    assert_eq!(world.references(Name::from_raw(0x507), Right::Receive), 1);
}

#[test]
fn the_places_below_a_chosen_name_stay_free_for_others() {
    let mut world = World::new();
    world.kernel.allocate_name(world.task, Right::PortSet, Name::from_raw(0x303)).expect("a set");
    let names = [(); 3].map(|()| world.port().as_raw() >> 8);
    assert_eq!(names, [1, 2, 4]);
}

#[test]
fn construct_sets_the_limit_the_context_and_a_send_right_at_once() {
    let mut world = World::new();
    let flags = PortFlags::QUEUE_LIMIT.and(PortFlags::INSERT_SEND_RIGHT);
    let name = world.kernel.construct(world.task, flags, 1024, 77).expect("a port");
    assert_eq!(world.kernel.limit(world.task, name), Ok(1024));
    assert_eq!(world.kernel.context(world.task, name), Ok(77), "without a guard it is just stored");
    assert_eq!(world.references(name, Right::Send), 1);
    assert_eq!(world.kernel.send_rights(world.task, name), Ok(1));
    assert_eq!(world.kernel.destroy(world.task, name), Ok(()), "a context is no guard");
}

#[test]
fn construct_refuses_limits_above_1024_and_flags_that_exclude_each_other() {
    let mut world = World::new();
    let mut construct = |flags, limit| world.kernel.construct(world.task, flags, limit, 0);
    assert_eq!(construct(PortFlags::QUEUE_LIMIT, 1025), Err(KernError::InvalidValue));
    assert!(construct(PortFlags::default(), 1025).is_ok(), "a limit that is not given is not looked at");
    let both = PortFlags::REPLY_PORT.and(PortFlags::INSERT_SEND_RIGHT);
    assert_eq!(construct(both, 0), Err(KernError::InvalidArgument));
    assert_eq!(PortFlags::from_raw(0x2000_0000), None);
    assert_eq!(PortFlags::from_raw(0x12), Some(PortFlags::QUEUE_LIMIT.and(PortFlags::INSERT_SEND_RIGHT)));
}

#[test]
fn constructed_with_the_context_as_guard_a_port_is_destructed_only_by_who_knows_it() {
    let mut world = World::new();
    let flags = PortFlags::CONTEXT_AS_GUARD.and(PortFlags::STRICT);
    let name = world.kernel.construct(world.task, flags, 0, 9).expect("a port");
    assert_eq!(world.kernel.destroy(world.task, name), Err(KernError::InvalidRight));
    assert_eq!(world.kernel.destruct(world.task, name, 0, 8), Err(KernError::InvalidArgument));
    assert_eq!(world.kernel.destruct(world.task, name, 0, 9), Ok(()));
    assert_eq!(world.kernel.type_of(world.task, name), Err(KernError::InvalidName));
}

#[test]
fn a_reply_port_does_not_move_and_makes_send_once_rights_only() {
    let mut world = World::new();
    let name = world.kernel.construct(world.task, PortFlags::REPLY_PORT, 0, 0).expect("a port");
    for disposition in [Disposition::MakeSend, Disposition::MoveReceive] {
        let refused = world.kernel.copy_in(world.task, name, disposition);
        assert_eq!(refused, Err(KernError::InvalidCapability));
    }
    assert!(world.kernel.copy_in(world.task, name, Disposition::MakeSendOnce).is_ok());
    assert_eq!(world.kernel.send_rights(world.task, name), Ok(0));
}
