// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rights that other processes hold, and ports of other processes.

use super::World;
use super::audit::audit;
use crate::kernel::calls::Notice;
use crate::kernel::ids::PortId;
use crate::kernel::message::Capability;
use crate::kernel::notification::Notification;
use crate::kernel::{Kernel, Step};
use crate::name::Name;
use crate::right::{Disposition, Right};

/// Which ways nobody here has a right to any more, by the steps since the last time.
fn released(kernel: &mut Kernel) -> Vec<u64> {
    let steps = kernel.take_steps().into_iter();
    steps.filter_map(|step| if let Step::Release(route) = step { Some(route) } else { None }).collect()
}

impl World {
    /// A port of another process, and the name of a send right to it.
    fn imported(&mut self, route: u64) -> (PortId, Name) {
        let port = self.kernel.import(route);
        assert!(self.kernel.grant_send(port));
        (port, self.put(Capability::Send(port)))
    }
}

#[test]
fn a_port_of_another_process_is_known_until_the_last_right_of_either_kind_goes() {
    let mut world = World::new();
    let (port, name) = world.imported(8);
    assert!(world.kernel.grant_send_once(port));
    let once = world.put(Capability::SendOnce(port));
    audit(&world.kernel);
    world.kernel.deallocate(world.task, name).expect("the last send right");
    assert!(released(&mut world.kernel).is_empty());
    let used = world.take(once, Disposition::MoveSendOnce);
    assert_eq!(used, Capability::SendOnce(port));
    world.kernel.withdraw_send_once(port);
    assert_eq!(released(&mut world.kernel), [8]);
    assert_eq!(world.kernel.ports.len(), 0);
    assert!(!world.kernel.grant_send(port), "it is forgotten");
}

#[test]
fn rights_to_a_port_of_another_process_coalesce_and_count_once_for_each_task() {
    let mut world = World::new();
    let other = world.kernel.create_space();
    let (port, name) = world.imported(8);
    assert!(world.kernel.grant_send(port));
    assert_eq!(world.put(Capability::Send(port)), name);
    assert_eq!(world.references(name, Right::Send), 2);
    let theirs = world.give(other, name, Disposition::MoveSend);
    world.kernel.destroy(world.task, name).expect("gone");
    assert!(released(&mut world.kernel).is_empty());
    world.kernel.deallocate(other, theirs).expect("the last");
    assert_eq!(released(&mut world.kernel), [8]);
}

#[test]
fn a_port_of_another_process_that_dies_is_told_as_one_here_and_released_by_nobody() {
    let mut world = World::new();
    let (port, name) = world.imported(8);
    let watch = world.port();
    world.ask(name, Notice::DeadName, 0, watch);
    world.kernel.port_died(port);
    assert_eq!(world.told(watch), [Notification::DeadName { name }]);
    assert_eq!(world.references(name, Right::DeadName), 2);
    assert!(released(&mut world.kernel).is_empty());
}

#[test]
fn a_right_that_another_process_holds_keeps_no_senders_back_until_it_is_withdrawn() {
    let mut world = World::new();
    let (name, watch) = (world.port_with_send(), world.port());
    let port = world.id(name);
    world.ask(name, Notice::NoSenders, 0, watch);
    assert!(world.kernel.grant_send(port));
    world.kernel.deallocate(world.task, name).expect("the last one here");
    assert_eq!(world.told(watch), []);
    world.kernel.withdraw_send(port);
    assert_eq!(world.told(watch), [Notification::NoSenders { make_send_count: 1 }]);
}

#[test]
fn the_death_of_a_port_is_a_step_for_those_who_gave_rights_to_it_away() {
    let mut world = World::new();
    let name = world.port_with_send();
    let port = world.id(name);
    world.kernel.destroy(world.task, name).expect("dead");
    let steps = world.kernel.take_steps();
    assert!(matches!(steps.as_slice(), [Step::Died(dead)] if *dead == port), "{steps:?}");
}
