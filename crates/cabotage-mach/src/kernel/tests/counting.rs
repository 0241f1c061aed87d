// SPDX-License-Identifier: MIT OR Apache-2.0
//! `mach_port_get_refs`, `_mod_refs`, `_type` and `_names`.

use super::World;
use super::audit::audit;
use crate::code::KernError;
use crate::kernel::calls::Notice;
use crate::kernel::message::Capability;
use crate::kernel::messages::ReceiveOptions;
use crate::kernel::notification::Notification;
use crate::kernel::space::SEND_ONCE_RIGHTS_MAX;
use crate::name::Name;
use crate::right::{Disposition, Right, RightTypes};

impl World {
    fn change(&mut self, name: Name, right: Right, delta: i32) -> Result<(), KernError> {
        self.kernel.modify_references(self.task, name, right, delta)
    }

    /// A name of a dead port, which nobody has looked at since.
    fn unseen_dead(&mut self) -> Name {
        let other = self.kernel.create_space();
        let theirs = self.kernel.allocate(other, Right::Receive).expect("a port");
        let right = self.kernel.copy_in(other, theirs, Disposition::MakeSend).expect("a right");
        let name = self.put(right);
        self.kernel.terminate_space(other);
        name
    }
}

#[test]
fn get_refs_of_a_right_that_is_not_held_is_0_and_of_no_name_1_for_rights_to_send() {
    let mut world = World::new();
    let name = world.port();
    for right in Right::ALL {
        assert_eq!(world.references(name, right), u32::from(right == Right::Receive));
    }
    for name in [Name::NULL, Name::DEAD] {
        for right in Right::ALL {
            let sends = matches!(right, Right::Send | Right::SendOnce);
            let expected = if sends { Ok(1) } else { Err(KernError::InvalidName) };
            assert_eq!(world.kernel.references(world.task, name, right), expected);
        }
    }
    let unknown = world.kernel.references(world.task, Name::from_raw(0x703), Right::Send);
    assert_eq!(unknown, Err(KernError::InvalidName));
}

#[test]
fn a_task_that_has_ended_has_no_references_not_even_of_no_name() {
    let mut world = World::new();
    world.kernel.terminate_space(world.task);
    for name in [Name::NULL, Name::DEAD, Name::from_raw(0x103)] {
        let counted = world.kernel.references(world.task, name, Right::Send);
        assert_eq!(counted, Err(KernError::InvalidTask));
        assert_eq!(world.change(name, Right::Send, 0), Err(KernError::InvalidTask));
        assert_eq!(world.kernel.type_of(world.task, name), Err(KernError::InvalidTask));
    }
    assert_eq!(world.kernel.names(world.task), Err(KernError::InvalidTask));
}

#[test]
fn mod_refs_of_receive_set_and_send_once_rights_takes_0_or_minus_1() {
    let mut world = World::new();
    let port = world.port();
    let once = world.take(port, Disposition::MakeSendOnce);
    let once = world.put(once);
    let set = world.kernel.allocate(world.task, Right::PortSet).expect("a set");
    for (name, right) in [(once, Right::SendOnce), (port, Right::Receive), (set, Right::PortSet)] {
        for delta in [1, -2, i32::MAX, i32::MIN] {
            assert_eq!(world.change(name, right, delta), Err(KernError::InvalidValue));
        }
        assert_eq!(world.change(name, right, 0), Ok(()));
        assert_eq!(world.references(name, right), 1);
        assert_eq!(world.change(name, right, -1), Ok(()));
        assert_eq!(world.kernel.type_of(world.task, name), Err(KernError::InvalidName));
    }
}

#[test]
fn mod_refs_of_the_wrong_right_or_of_no_name_is_refused() {
    let mut world = World::new();
    let port = world.port();
    for right in Right::ALL {
        if right != Right::Receive {
            assert_eq!(world.change(port, right, 0), Err(KernError::InvalidRight));
        }
        let sends = matches!(right, Right::Send | Right::SendOnce);
        let expected = if sends { Ok(()) } else { Err(KernError::InvalidName) };
        assert_eq!(world.change(Name::NULL, right, -5), expected);
        assert_eq!(world.change(Name::DEAD, right, 5), expected);
    }
}

#[test]
fn mod_refs_below_0_is_an_invalid_value_and_to_0_the_right_goes() {
    let mut world = World::new();
    let (name, dead) = (world.port_with_send(), world.kernel.allocate(world.task, Right::DeadName));
    let dead = dead.expect("a dead name");
    assert_eq!(world.change(name, Right::Send, 4), Ok(()));
    assert_eq!(world.change(name, Right::Send, -6), Err(KernError::InvalidValue));
    assert_eq!(world.references(name, Right::Send), 5);
    assert_eq!(world.change(name, Right::Send, -5), Ok(()));
    assert_eq!(world.kernel.send_rights(world.task, name), Ok(0));
    assert_eq!(world.change(dead, Right::DeadName, i32::MIN), Err(KernError::InvalidValue));
    assert_eq!(world.change(dead, Right::DeadName, -1), Ok(()));
    assert_eq!(world.kernel.type_of(world.task, dead), Err(KernError::InvalidName));
}

#[test]
fn a_send_delta_on_a_name_whose_port_died_is_refused_after_it_became_a_dead_name() {
    let mut world = World::new();
    let name = world.unseen_dead();
    assert_eq!(world.change(name, Right::Send, 1), Err(KernError::InvalidRight));
    assert_eq!(world.change(name, Right::DeadName, 1), Ok(()));
    assert_eq!(world.references(name, Right::DeadName), 2);
}

#[test]
fn beyond_65535_references_are_counted_no_more_and_only_all_at_once_go() {
    let mut world = World::new();
    let dead = world.kernel.allocate(world.task, Right::DeadName).expect("a dead name");
    for (name, right) in [(world.port_with_send(), Right::Send), (dead, Right::DeadName)] {
        assert_eq!(world.change(name, right, i32::MAX), Ok(()));
        assert_eq!(world.references(name, right), 65_535);
        for delta in [-1, 1, -65_534, -65_536] {
            assert_eq!(world.change(name, right, delta), Ok(()));
            assert_eq!(world.references(name, right), 65_535);
        }
        assert_eq!(world.change(name, right, -65_535), Ok(()));
        assert!(world.kernel.references(world.task, name, right) != Ok(65_535));
    }
}

#[test]
fn moving_and_copying_a_pegged_send_right_leaves_it_pegged() {
    let mut world = World::new();
    let name = world.port_with_send();
    world.change(name, Right::Send, 70_000).expect("pegged");
    let moved = world.take(name, Disposition::MoveSend);
    assert_eq!(world.references(name, Right::Send), 65_535);
    assert_eq!(world.put(moved), name);
    assert_eq!(world.references(name, Right::Send), 65_535);
    assert_eq!(world.kernel.send_rights(world.task, name), Ok(1));
}

#[test]
fn looking_at_a_dead_right_turns_it_into_a_dead_name() {
    let mut world = World::new();
    let name = world.unseen_dead();
    let dead = RightTypes::of(Right::DeadName);
    assert_eq!(world.kernel.type_of(world.task, name), Ok(dead));
    assert_eq!(world.kernel.type_of(world.task, Name::DEAD), Ok(dead));
    assert_eq!(world.kernel.type_of(world.task, Name::NULL), Err(KernError::InvalidName));
}

#[test]
fn the_reference_of_a_dead_name_notification_is_added_once() {
    let mut world = World::new();
    let other = world.kernel.create_space();
    let theirs = world.kernel.allocate(other, Right::Receive).expect("a port");
    let right = world.kernel.copy_in(other, theirs, Disposition::MakeSend).expect("a right");
    let (name, watch) = (world.put(right), world.port());
    world.change(name, Right::Send, 1).expect("two");
    world.ask(name, Notice::DeadName, 0, watch);
    world.kernel.destroy(other, theirs).expect("dead");
    for _ in 0..2 {
        assert_eq!(world.references(name, Right::DeadName), 3);
    }
    assert_eq!(world.told(watch), [Notification::DeadName { name }]);
}

#[test]
fn type_shows_that_a_request_is_registered_and_not_which() {
    let mut world = World::new();
    let (name, watch) = (world.port_with_send(), world.port());
    let plain = world.kernel.type_of(world.task, name).expect("types");
    assert_eq!(plain.as_raw(), 0x3_0000, "MACH_PORT_TYPE_SEND_RECEIVE");
    for notice in [Notice::DeadName, Notice::SendPossible] {
        world.ask(name, notice, 0, watch);
        let types = world.kernel.type_of(world.task, name).expect("types");
        assert_eq!(types.as_raw(), 0x8003_0000);
    }
}

#[test]
fn names_tells_every_name_with_its_types() {
    let mut world = World::new();
    let port = world.port_with_send();
    let once = world.take(port, Disposition::MakeSendOnce);
    let once = world.put(once);
    let set = world.kernel.allocate(world.task, Right::PortSet).expect("a set");
    let gone = world.unseen_dead();
    let of = RightTypes::of;
    let mut expected = vec![
        (port, of(Right::Send).and(of(Right::Receive))),
        (once, of(Right::SendOnce)),
        (set, of(Right::PortSet)),
        (gone, of(Right::DeadName)),
    ];
    let mut names = world.kernel.names(world.task).expect("names");
    names.sort_unstable_by_key(|(name, _)| *name);
    expected.sort_unstable_by_key(|(name, _)| *name);
    assert_eq!(names, expected);
}

#[test]
fn a_task_has_as_many_send_once_rights_open_as_names_and_no_more() {
    let mut world = World::new();
    let (one, other) = (world.port(), world.port());
    let kept = world.take(one, Disposition::MakeSendOnce);
    // As if all others were made, too.
    world.kernel.count_once(world.task, |_| SEND_ONCE_RIGHTS_MAX);
    for name in [one, other] {
        let made = world.kernel.copy_in(world.task, name, Disposition::MakeSendOnce);
        assert_eq!(made, Err(KernError::ResourceShortage));
    }
    let another = world.kernel.create_space();
    assert!(world.kernel.may_make_send_once(another), "each task has its own count");
    world.kernel.destroy_capability(kept);
    world.kernel.receive(world.task, one, &ReceiveOptions::default()).expect("told that it was destroyed");
    let made = world.kernel.copy_in(world.task, other, Disposition::MakeSendOnce);
    assert_eq!(made, Ok(Capability::SendOnce(world.id(other))));
}

#[test]
fn send_once_rights_count_at_the_task_that_receives_wherever_the_receive_right_goes() {
    let mut world = World::new();
    let other = world.kernel.create_space();
    let name = world.port();
    let right = world.take(name, Disposition::MakeSendOnce);
    let count = |world: &World, task| world.kernel.spaces.get(task).unwrap().send_once_rights;
    assert_eq!((count(&world, world.task), count(&world, other)), (1, 0));
    let theirs = world.give(other, name, Disposition::MoveReceive);
    assert_eq!((count(&world, world.task), count(&world, other)), (0, 1));
    world.kernel.destroy(other, theirs).expect("dead");
    assert_eq!(count(&world, other), 0);
    world.kernel.destroy_capability(right);
    audit(&world.kernel);
}
