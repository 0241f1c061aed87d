// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whether the kernel and the simple model say the same about everything.

use super::pair::Pair;
use super::state::{Entry, Index, Loose, Receiver, Told, What};
use crate::kernel::Notification;
use crate::kernel::ids::{PortId, SpaceId};
use crate::kernel::message::{Capability, Cargo, Message};
use crate::kernel::tests::audit::audit_beside;
use crate::name::Name;
use crate::right::Right;

impl Pair {
    /// Both say the same about everything, and the kernel's own tables agree with each other.
    pub(super) fn compare(&mut self) {
        audit_beside(&self.kernel, &self.loose);
        for (task, space) in self.spaces.clone().into_iter().enumerate() {
            self.compare_space(task, space);
        }
        for (index, id) in self.ports.iter().enumerate() {
            let Some(port) = self.kernel.ports.get(*id) else {
                assert_eq!(self.model.ports[index].receiver, Receiver::Nobody, "{id:?} is dead");
                continue;
            };
            assert!(self.model.is_alive(index), "{id:?} lives");
            assert_eq!(port.send_rights as usize, self.model.senders(index));
            assert_eq!(port.send_once_rights as usize, self.model.onces(index));
            assert_eq!(port.make_send_count, self.model.ports[index].made);
            assert_eq!(port.sets.len(), self.model.ports[index].sets.len());
            let mut told: Vec<Told> = port.queue.iter().map(|message| self.read(message)).collect();
            let expected = &mut self.model.ports[index].queue;
            // What one call tells one port comes in no order that anybody promised: the kernel's counts from here.
            let unsorted = told.clone();
            told.sort_unstable();
            expected.sort_unstable();
            assert_eq!(told, *expected);
            *expected = unsorted;
        }
    }

    fn compare_space(&mut self, task: usize, space: SpaceId) {
        let mut names = self.kernel.names(space).expect("names");
        names.sort_unstable_by_key(|(name, _)| *name);
        let known: Vec<Name> = self.model.tasks[task].keys().copied().collect();
        assert_eq!(names.iter().map(|(name, _)| *name).collect::<Vec<_>>(), known);
        for (name, types) in names {
            for right in Right::ALL {
                let expected = self.model.references(task, name, right);
                assert_eq!(self.kernel.references(space, name, right), expected);
                assert_eq!(types.has(right), expected != Ok(0));
            }
            let requested = self.model.tasks[task][&name].request.is_some();
            assert_eq!(types.has_dead_name_request(), requested);
        }
        for (name, entry) in &self.model.tasks[task] {
            if let What::Set(set) = entry.what {
                let is_in = |(name, entry): (&Name, &Entry)| match entry.what {
                    What::Port { port, receive: true, .. } => {
                        self.model.ports[port].sets.contains(&set).then_some(*name)
                    }
                    _ => None,
                };
                let members: Vec<Name> = self.model.tasks[task].iter().filter_map(is_in).collect();
                assert_eq!(self.kernel.set_members(space, *name), Ok(members));
            }
        }
    }

    pub(super) fn of_loose(&self, right: &Capability) -> Loose {
        match right {
            Capability::Null | Capability::Dead => Loose::Dead,
            Capability::Send(port) => Loose::Send(self.index(*port)),
            Capability::SendOnce(port) => Loose::Once(self.index(*port)),
            Capability::Receive(port) => Loose::Receive(self.index(*port)),
        }
    }

    /// What a notification says, in the model's words.
    pub(super) fn read(&self, message: &Message) -> Told {
        let number = Notification::number_in(&message.body);
        match (message.id, number, message.cargo.as_slice()) {
            (65, Some(name), _) => Told::PortDeleted(Name::from_raw(name)),
            (72, Some(name), _) => Told::DeadName(Name::from_raw(name)),
            (70, Some(count), _) => Told::NoSenders(count),
            (71, ..) => Told::SendOnce,
            (69, _, [Cargo::Port(Capability::Receive(port), _)]) => Told::PortDestroyed(self.index(*port)),
            other => panic!("no notification: {other:?}"),
        }
    }

    fn index(&self, port: PortId) -> Index {
        self.ports.iter().position(|known| *known == port).expect("a port that both know")
    }
}
