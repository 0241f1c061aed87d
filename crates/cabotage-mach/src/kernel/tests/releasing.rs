// SPDX-License-Identifier: MIT OR Apache-2.0
//! `mach_port_destroy`, `_deallocate` and `_destruct`; the end of a task.

use super::World;
use crate::code::KernError;
use crate::kernel::calls::Notice;
use crate::kernel::notification::Notification;
use crate::name::Name;
use crate::right::{Disposition, Right};

#[test]
fn destroy_and_deallocate_of_no_name_succeed() {
    let mut world = World::new();
    for name in [Name::NULL, Name::DEAD] {
        assert_eq!(world.kernel.destroy(world.task, name), Ok(()));
        assert_eq!(world.kernel.deallocate(world.task, name), Ok(()));
    }
    let unknown = Name::from_raw(0x903);
    assert_eq!(world.kernel.destroy(world.task, unknown), Err(KernError::InvalidName));
    assert_eq!(world.kernel.deallocate(world.task, unknown), Err(KernError::InvalidName));
}

#[test]
fn destroy_removes_all_rights_under_a_name_at_once() {
    let mut world = World::new();
    let other = world.kernel.create_space();
    let name = world.port_with_send();
    world.kernel.modify_references(world.task, name, Right::Send, 7).expect("more");
    let theirs = world.give(other, name, Disposition::CopySend);
    assert_eq!(world.kernel.destroy(world.task, name), Ok(()));
    assert_eq!(world.kernel.type_of(world.task, name), Err(KernError::InvalidName));
    assert_eq!(world.kernel.references(other, theirs, Right::DeadName), Ok(1));
    assert_eq!(world.kernel.ports.len(), 0);
}

#[test]
fn a_guarded_receive_right_is_not_destroyed_by_destroy_or_by_references() {
    let mut world = World::new();
    let name = world.port();
    world.kernel.guard(world.task, name, 5, false).expect("guarded");
    assert_eq!(world.kernel.destroy(world.task, name), Err(KernError::InvalidRight));
    let dropped = world.kernel.modify_references(world.task, name, Right::Receive, -1);
    assert_eq!(dropped, Err(KernError::InvalidRight));
    assert_eq!(world.references(name, Right::Receive), 1);
}

#[test]
fn deallocate_takes_one_reference_of_a_send_right_and_keeps_the_receive_right() {
    let mut world = World::new();
    let name = world.port_with_send();
    world.kernel.modify_references(world.task, name, Right::Send, 1).expect("two");
    assert_eq!(world.kernel.deallocate(world.task, name), Ok(()));
    assert_eq!(world.references(name, Right::Send), 1);
    assert_eq!(world.kernel.deallocate(world.task, name), Ok(()));
    assert_eq!(world.references(name, Right::Send), 0);
    assert_eq!(
        world.kernel.deallocate(world.task, name),
        Err(KernError::InvalidRight),
        "a bare receive right"
    );
    assert_eq!(world.references(name, Right::Receive), 1);
}

#[test]
fn deallocate_destroys_send_once_rights_dead_names_and_sets() {
    let mut world = World::new();
    let name = world.port();
    let once = world.take(name, Disposition::MakeSendOnce);
    let once = world.put(once);
    let [dead, set] = [Right::DeadName, Right::PortSet]
        .map(|right| world.kernel.allocate(world.task, right).expect("a name"));
    world.kernel.insert_member(world.task, name, set).expect("a member");
    for name in [once, dead, set] {
        assert_eq!(world.kernel.deallocate(world.task, name), Ok(()));
        assert_eq!(world.kernel.type_of(world.task, name), Err(KernError::InvalidName));
    }
    assert_eq!(world.told(name), [Notification::SendOnce], "its port is told");
    assert!(!world.kernel.status(world.task, name).expect("a status").in_set);
}

#[test]
fn deallocate_does_not_count_down_what_is_pegged() {
    let mut world = World::new();
    let name = world.port_with_send();
    world.kernel.modify_references(world.task, name, Right::Send, 70_000).expect("pegged");
    assert_eq!(world.kernel.deallocate(world.task, name), Ok(()));
    assert_eq!(world.references(name, Right::Send), 65_535);
}

#[test]
fn destruct_drops_send_references_and_the_receive_right_in_one_step() {
    let mut world = World::new();
    let name = world.port_with_send();
    world.kernel.modify_references(world.task, name, Right::Send, 2).expect("three");
    assert_eq!(world.kernel.destruct(world.task, name, -1, 0), Ok(()));
    assert_eq!(world.references(name, Right::DeadName), 2, "what is left of the send right is a dead name");
    let name = world.port_with_send();
    assert_eq!(world.kernel.destruct(world.task, name, -1, 0), Ok(()));
    assert_eq!(world.kernel.type_of(world.task, name), Err(KernError::InvalidName));
}

#[test]
fn destruct_refuses_wrong_names_rights_counts_and_guards() {
    let mut world = World::new();
    let (name, watch) = (world.port_with_send(), world.port());
    let set = world.kernel.allocate(world.task, Right::PortSet).expect("a set");
    let mut destruct = |name, delta, guard| world.kernel.destruct(world.task, name, delta, guard);
    assert_eq!(destruct(Name::NULL, 0, 0), Err(KernError::InvalidName));
    assert_eq!(destruct(Name::DEAD, 0, 0), Err(KernError::InvalidName));
    assert_eq!(destruct(set, 0, 0), Err(KernError::InvalidRight));
    assert_eq!(destruct(name, 1, 0), Err(KernError::InvalidValue));
    assert_eq!(destruct(name, -2, 0), Err(KernError::InvalidValue), "there are not as many");
    assert_eq!(destruct(watch, -1, 0), Err(KernError::InvalidValue), "there is none");
    world.kernel.guard(world.task, name, 4, false).expect("guarded");
    assert_eq!(world.kernel.destruct(world.task, name, -1, 3), Err(KernError::InvalidArgument));
    assert_eq!(world.references(name, Right::Send), 1, "what is refused changes nothing");
}

#[test]
fn the_end_of_a_task_destroys_every_right_that_it_had() {
    let mut world = World::new();
    let other = world.kernel.create_space();
    let (mine, watch) = (world.port(), world.port());
    let sent = world.give(other, mine, Disposition::MakeSend);
    world.give(other, mine, Disposition::MakeSendOnce);
    let theirs = world.kernel.allocate(other, Right::Receive).expect("a port");
    world.kernel.allocate(other, Right::PortSet).expect("a set");
    let right = world.kernel.copy_in(other, theirs, Disposition::MakeSend).expect("a right");
    let theirs = world.put(right);
    world.ask(mine, Notice::NoSenders, 1, watch);
    world.ask(theirs, Notice::DeadName, 0, watch);
    assert!(world.kernel.terminate_space(other));
    let mut told = world.told(watch);
    told.sort_by_key(Notification::id);
    assert_eq!(
        told,
        [Notification::NoSenders { make_send_count: 1 }, Notification::DeadName { name: theirs }]
    );
    assert_eq!(world.told(mine), [Notification::SendOnce]);
    assert_eq!(world.kernel.type_of(other, sent), Err(KernError::InvalidTask));
    assert_eq!((world.kernel.ports.len(), world.kernel.sets.len()), (2, 0));
}
