// SPDX-License-Identifier: MIT OR Apache-2.0
//! `mach_port_insert_right` and `_extract_right`.

use super::World;
use crate::code::KernError;
use crate::kernel::message::Capability;
use crate::name::Name;
use crate::right::{Disposition, Right};

const FREE: Name = Name::from_raw(0x2a03);

impl World {
    /// Inserts a right of the task under a name of the task; destroys it if that is refused.
    fn insert(&mut self, name: Name, port: Name, disposition: Disposition) -> Result<(), KernError> {
        let right = self.kernel.copy_in(self.task, port, disposition)?;
        self.kernel.insert_right(self.task, name, right).map_err(|(error, right)| {
            assert_ne!(right, Capability::Null, "what is refused comes back");
            self.kernel.destroy_capability(right);
            error
        })
    }
}

#[test]
fn insert_right_adds_a_send_right_to_the_name_of_its_port() {
    let mut world = World::new();
    let name = world.port();
    for references in 1..=3 {
        assert_eq!(world.insert(name, name, Disposition::MakeSend), Ok(()));
        assert_eq!(world.references(name, Right::Send), references);
    }
    assert_eq!(world.kernel.send_rights(world.task, name), Ok(1));
}

#[test]
fn insert_right_of_no_port_is_an_invalid_capability_and_under_no_name_an_invalid_value() {
    let mut world = World::new();
    let dead = world.port();
    let of_dead = world.take(dead, Disposition::MakeSend);
    world.kernel.destroy(world.task, dead).expect("dead");
    for right in [Capability::Null, Capability::Dead, of_dead] {
        let refused = world.kernel.insert_right(world.task, FREE, right);
        assert_eq!(refused.map_err(|(error, _)| error), Err(KernError::InvalidCapability));
    }
    let name = world.port();
    for no_name in [Name::NULL, Name::DEAD, Name::from_raw(122)] {
        assert_eq!(world.insert(no_name, name, Disposition::MakeSend), Err(KernError::InvalidValue));
    }
}

#[test]
fn insert_right_whose_port_has_another_name_is_told_that_the_right_exists() {
    let mut world = World::new();
    let name = world.port();
    assert_eq!(world.insert(FREE, name, Disposition::MakeSend), Err(KernError::RightExists));
    let busy = world.port();
    assert_eq!(world.insert(busy, name, Disposition::MakeSend), Err(KernError::RightExists));
    assert_eq!(world.kernel.type_of(world.task, FREE), Err(KernError::InvalidName));
}

#[test]
fn insert_right_under_the_name_of_another_right_is_told_that_the_name_exists() {
    let mut world = World::new();
    let other = world.kernel.create_space();
    let name = world.port();
    let set = world.kernel.allocate(other, Right::PortSet).expect("a set");
    for disposition in [Disposition::MakeSend, Disposition::MakeSendOnce] {
        let right = world.take(name, disposition);
        let (error, right) = world.kernel.insert_right(other, set, right).expect_err("busy");
        assert_eq!(error, KernError::NameExists);
        world.kernel.insert_right(other, FREE, right).expect("a free name");
        world.kernel.destroy(other, FREE).expect("gone");
    }
}

#[test]
fn insert_right_takes_no_right_of_a_port_set() {
    let mut world = World::new();
    let set = world.kernel.allocate(world.task, Right::PortSet).expect("a set");
    for disposition in [Disposition::MakeSend, Disposition::CopySend, Disposition::MoveReceive] {
        assert_eq!(world.insert(set, set, disposition), Err(KernError::InvalidRight));
    }
}

#[test]
fn insert_right_of_a_send_once_right_needs_a_free_name() {
    let mut world = World::new();
    let name = world.port_with_send();
    assert_eq!(world.insert(name, name, Disposition::MakeSendOnce), Err(KernError::NameExists));
    assert_eq!(world.insert(FREE, name, Disposition::MakeSendOnce), Ok(()));
    assert_eq!(world.references(FREE, Right::SendOnce), 1);
}

#[test]
fn insert_right_moves_a_receive_right_under_a_chosen_name() {
    let mut world = World::new();
    let other = world.kernel.create_space();
    let name = world.port();
    let right = world.take(name, Disposition::MoveReceive);
    world.kernel.insert_right(other, FREE, right).expect("inserted");
    assert_eq!(world.kernel.references(other, FREE, Right::Receive), Ok(1));
    assert_eq!(world.kernel.type_of(world.task, name), Err(KernError::InvalidName));
    let ended = world.kernel.create_space();
    world.kernel.terminate_space(ended);
    let refused = world.kernel.insert_right(ended, FREE, Capability::Null);
    assert_eq!(refused, Err((KernError::InvalidTask, Capability::Null)));
}

#[test]
fn insert_right_has_no_disposition_that_is_no_port_type() {
    for raw in [0, 15, 22, u32::MAX] {
        assert_eq!(Disposition::from_raw(raw), None, "the caller answers KERN_INVALID_VALUE");
    }
    for raw in 16..=21 {
        assert_eq!(Disposition::from_raw(raw).map(|disposition| disposition as u32), Some(raw));
    }
}

#[test]
fn extract_right_takes_each_of_the_six_dispositions() {
    let mut world = World::new();
    let name = world.port_with_send();
    let id = world.id(name);
    let once = world.take(name, Disposition::MakeSendOnce);
    let once = world.put(once);
    let mut extract =
        |name, disposition| world.kernel.extract_right(world.task, name, disposition).expect("a right");
    assert_eq!(extract(name, Disposition::MakeSend), Capability::Send(id));
    assert_eq!(extract(name, Disposition::MakeSendOnce), Capability::SendOnce(id));
    assert_eq!(extract(name, Disposition::CopySend), Capability::Send(id));
    assert_eq!(extract(once, Disposition::MoveSendOnce), Capability::SendOnce(id));
    assert_eq!(extract(name, Disposition::MoveSend), Capability::Send(id));
    assert_eq!(extract(name, Disposition::MoveReceive), Capability::Receive(id));
    assert_eq!(world.kernel.names(world.task).expect("names"), []);
}

#[test]
fn extract_right_of_no_name_or_by_a_disposition_that_does_not_fit_is_an_invalid_right() {
    let mut world = World::new();
    let name = world.port();
    for no_name in [Name::NULL, Name::DEAD] {
        let refused = world.kernel.extract_right(world.task, no_name, Disposition::CopySend);
        assert_eq!(refused, Err(KernError::InvalidRight));
    }
    for disposition in [Disposition::CopySend, Disposition::MoveSend, Disposition::MoveSendOnce] {
        let refused = world.kernel.extract_right(world.task, name, disposition);
        assert_eq!(refused, Err(KernError::InvalidRight));
    }
    let unknown = world.kernel.extract_right(world.task, FREE, Disposition::CopySend);
    assert_eq!(unknown, Err(KernError::InvalidName));
}

#[test]
fn the_name_of_an_extracted_right_obeys_coalescing() {
    let mut world = World::new();
    let other = world.kernel.create_space();
    let theirs = world.kernel.allocate(other, Right::Receive).expect("a port");
    let mut extract = |disposition| {
        let right = world.kernel.extract_right(other, theirs, disposition).expect("a right");
        world.kernel.copy_out(world.task, right).expect("a name")
    };
    let name = extract(Disposition::MakeSend);
    assert_eq!(extract(Disposition::MakeSend), name);
    assert_ne!(extract(Disposition::MakeSendOnce), name);
    assert_eq!(extract(Disposition::MoveReceive), name);
    assert_eq!(world.references(name, Right::Send), 2);
    assert_eq!(world.references(name, Right::Receive), 1);
}
