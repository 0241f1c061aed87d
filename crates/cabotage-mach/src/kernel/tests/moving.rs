// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rights out of a space and into one: `ipc_right_copyin` and `ipc_right_copyout`.

use super::World;
use crate::code::KernError;
use crate::kernel::message::Capability;
use crate::kernel::notification::Notification;
use crate::name::Name;
use crate::right::{Disposition, Right};

#[test]
fn send_and_receive_rights_of_one_port_have_one_name_and_each_send_once_right_has_its_own() {
    let mut world = World::new();
    let name = world.port();
    let send = world.take(name, Disposition::MakeSend);
    assert_eq!(world.put(send), name);
    let again = world.take(name, Disposition::CopySend);
    assert_eq!(world.put(again), name);
    assert_eq!(world.references(name, Right::Send), 2);
    let [first, second] = [(); 2].map(|()| {
        let once = world.take(name, Disposition::MakeSendOnce);
        world.put(once)
    });
    assert!(first != name && second != name && first != second);
    assert_eq!(world.references(first, Right::SendOnce), 1);
}

#[test]
fn a_receive_right_that_comes_goes_under_the_name_of_the_send_rights() {
    let mut world = World::new();
    let name = world.port_with_send();
    let receive = world.take(name, Disposition::MoveReceive);
    assert_eq!(world.references(name, Right::Receive), 0);
    assert_eq!(world.references(name, Right::Send), 1);
    assert_eq!(world.put(receive), name);
    assert_eq!(world.references(name, Right::Receive), 1);
}

#[test]
fn the_holder_of_a_send_right_alone_can_make_and_receive_nothing() {
    let mut world = World::new();
    let other = world.kernel.create_space();
    let name = world.port();
    let theirs = world.give(other, name, Disposition::MakeSend);
    for disposition in [Disposition::MakeSend, Disposition::MakeSendOnce, Disposition::MoveReceive] {
        assert_eq!(world.kernel.copy_in(other, theirs, disposition), Err(KernError::InvalidRight));
    }
}

#[test]
fn copying_and_moving_a_dead_name_gives_a_dead_right() {
    let mut world = World::new();
    let name = world.port_with_send();
    world.kernel.modify_references(world.task, name, Right::Receive, -1).expect("the port dies");
    assert_eq!(world.references(name, Right::DeadName), 1);
    assert_eq!(world.take(name, Disposition::CopySend), Capability::Dead);
    assert_eq!(world.put(Capability::Dead), Name::DEAD);
    assert_eq!(world.take(name, Disposition::MoveSendOnce), Capability::Dead);
    let gone = world.kernel.copy_in(world.task, name, Disposition::CopySend);
    assert_eq!(gone, Err(KernError::InvalidName));
}

#[test]
fn a_send_once_right_that_is_destroyed_unused_tells_its_port() {
    let mut world = World::new();
    let name = world.port();
    let once = world.take(name, Disposition::MakeSendOnce);
    world.kernel.destroy_capability(once);
    assert_eq!(world.told(name), [Notification::SendOnce]);
}
