// SPDX-License-Identifier: MIT OR Apache-2.0
//! `mach_port_insert_member`, `_extract_member`, `_move_member` and `_get_set_status`.

use super::World;
use crate::code::KernError;
use crate::kernel::ids::SpaceId;
use crate::kernel::notification::Notification;
use crate::kernel::{Kernel, Step};
use crate::name::Name;
use crate::right::{Disposition, Right};

type Call = fn(&mut Kernel, SpaceId, Name, Name) -> Result<(), KernError>;

impl World {
    fn set(&mut self) -> Name {
        self.kernel.allocate(self.task, Right::PortSet).expect("a set")
    }

    fn members(&mut self, set: Name) -> Vec<Name> {
        self.kernel.set_members(self.task, set).expect("names")
    }
}

#[test]
fn a_port_may_be_in_many_sets_but_in_each_once() {
    let mut world = World::new();
    let port = world.port();
    let sets = [(); 3].map(|()| world.set());
    for set in sets {
        assert_eq!(world.kernel.insert_member(world.task, port, set), Ok(()));
        assert_eq!(world.kernel.insert_member(world.task, port, set), Err(KernError::AlreadyInSet));
        assert_eq!(world.members(set), [port]);
    }
    assert_eq!(world.kernel.extract_member(world.task, port, sets[1]), Ok(()));
    assert_eq!(world.kernel.extract_member(world.task, port, sets[1]), Err(KernError::NotInSet));
    assert_eq!([world.members(sets[0]).len(), world.members(sets[1]).len()], [1, 0]);
}

#[test]
fn move_member_leaves_all_sets_and_joins_the_new_one() {
    let mut world = World::new();
    let port = world.port();
    let [first, second, third] = [(); 3].map(|()| world.set());
    world.kernel.insert_member(world.task, port, first).expect("in");
    world.kernel.insert_member(world.task, port, second).expect("in");
    assert_eq!(world.kernel.move_member(world.task, port, third), Ok(()));
    assert_eq!([first, second, third].map(|set| world.members(set).len()), [0, 0, 1]);
    assert_eq!(world.kernel.move_member(world.task, port, third), Ok(()));
    assert_eq!(world.members(third), [port], "it stays where it is");
    assert_eq!(world.kernel.move_member(world.task, port, Name::NULL), Ok(()));
    assert_eq!(world.members(third), []);
    assert_eq!(world.kernel.move_member(world.task, port, Name::NULL), Err(KernError::NotInSet));
}

#[test]
fn members_are_receive_rights_and_sets_are_sets() {
    let mut world = World::new();
    let other = world.kernel.create_space();
    let (port, set) = (world.port(), world.set());
    let sender = world.give(other, port, Disposition::MakeSend);
    let theirs = world.kernel.allocate(other, Right::PortSet).expect("a set");
    let unknown = Name::from_raw(0x3303);
    for call in [Kernel::insert_member as Call, Kernel::extract_member, Kernel::move_member] {
        assert_eq!(call(&mut world.kernel, other, sender, theirs), Err(KernError::InvalidRight));
        assert_eq!(call(&mut world.kernel, world.task, set, set), Err(KernError::InvalidRight));
        assert_eq!(call(&mut world.kernel, world.task, port, port), Err(KernError::InvalidRight));
        assert_eq!(call(&mut world.kernel, world.task, Name::NULL, set), Err(KernError::InvalidRight));
        assert_eq!(call(&mut world.kernel, world.task, port, Name::DEAD), Err(KernError::InvalidRight));
        assert_eq!(call(&mut world.kernel, world.task, unknown, set), Err(KernError::InvalidName));
        assert_eq!(call(&mut world.kernel, world.task, port, unknown), Err(KernError::InvalidName));
    }
}

#[test]
fn set_status_tells_the_members_ascending() {
    let mut world = World::new();
    let set = world.set();
    assert_eq!(world.members(set), [], "an empty set has none");
    let mut ports = [(); 4].map(|()| world.port());
    for port in [2, 0, 3, 1].map(|at| ports[at]) {
        world.kernel.insert_member(world.task, port, set).expect("in");
    }
    ports.sort_unstable();
    assert_eq!(world.members(set), ports);
    let no_set = world.kernel.set_members(world.task, ports[0]);
    assert_eq!(no_set, Err(KernError::InvalidRight));
    assert_eq!(world.kernel.set_members(world.task, Name::NULL), Err(KernError::InvalidRight));
}

#[test]
fn what_is_queued_can_be_received_from_a_set_that_the_port_joins_at_once() {
    let mut world = World::new();
    let (port, set) = (world.port(), world.set());
    let once = world.take(port, Disposition::MakeSendOnce);
    world.kernel.destroy_capability(once);
    let id = world.kernel.set_right(world.task, set).expect("a set");
    let ticket = world.kernel.wait_to_receive(world.task, set).expect("a ticket");
    world.kernel.move_member(world.task, port, set).expect("in");
    let woken = world.kernel.take_steps();
    assert!(matches!(woken.as_slice(), [Step::Wake(woken)] if *woken == ticket), "{woken:?}");
    let port_id = world.id(port);
    assert_eq!(world.kernel.sets.get(id).expect("a set").ready, [port_id]);
    world.kernel.extract_member(world.task, port, set).expect("out");
    assert!(world.kernel.sets.get(id).expect("a set").ready.is_empty());
    assert_eq!(world.told(port), [Notification::SendOnce]);
}

#[test]
fn a_set_that_is_destroyed_leaves_its_members_alive() {
    let mut world = World::new();
    let (port, set) = (world.port(), world.set());
    world.kernel.insert_member(world.task, port, set).expect("in");
    world.kernel.destroy(world.task, set).expect("gone");
    assert_eq!(world.kernel.move_member(world.task, port, Name::NULL), Err(KernError::NotInSet));
    assert_eq!(world.references(port, Right::Receive), 1);
}
