// SPDX-License-Identifier: MIT OR Apache-2.0
//! The kernel and the simple model, which are called alike and must answer alike.

use super::random::{Call, TASKS};
use super::state::{Model, What};
use crate::code::KernError;
use crate::kernel::Kernel;
use crate::kernel::calls::Notice;
use crate::kernel::ids::{PortId, SpaceId};
use crate::kernel::message::{Capability, Cargo, Message};
use crate::name::Name;
use crate::right::{Disposition, Right};

/// A name that nobody gets.
const NOTHING: Name = Name::from_raw(0x1234_5603);

fn any(_: What) -> bool {
    true
}

fn receives(what: What) -> bool {
    matches!(what, What::Port { receive: true, .. })
}

fn is_set(what: What) -> bool {
    matches!(what, What::Set(_))
}

/// Whether a right can be taken by this disposition.
fn gives(what: What, disposition: Disposition) -> bool {
    match disposition {
        Disposition::MakeSend | Disposition::MakeSendOnce | Disposition::MoveReceive => receives(what),
        Disposition::MoveSendOnce => matches!(what, What::Once(_)),
        Disposition::CopySend | Disposition::MoveSend => matches!(what, What::Port { send: true, .. }),
    }
}

fn is_of(what: What, right: Right) -> bool {
    match right {
        Right::Send => matches!(what, What::Port { send: true, .. }),
        Right::Receive => receives(what),
        Right::SendOnce => matches!(what, What::Once(_)),
        Right::PortSet => is_set(what),
        Right::DeadName => what == What::Dead,
    }
}

/// Both, and which port of one is which of the other.
pub(super) struct Pair {
    pub(super) kernel: Kernel,
    pub(super) spaces: Vec<SpaceId>,
    /// What is loose, in the model's order.
    pub(super) loose: Vec<Capability>,
    pub(super) model: Model,
    pub(super) ports: Vec<PortId>,
}

impl Pair {
    pub(super) fn new() -> Self {
        let mut kernel = Kernel::new();
        let spaces = (0..TASKS).map(|_| kernel.create_space()).collect();
        let model = Model { tasks: vec![Default::default(); TASKS], ..Model::default() };
        Self { kernel, spaces, loose: Vec::new(), model, ports: Vec::new() }
    }

    /// One of the names of the task that stand for something fit; now and then any, or one that stands for nothing.
    fn pick(&self, task: usize, at: usize, fits: impl Fn(What) -> bool) -> Name {
        let names = &self.model.tasks[task];
        let fitting: Vec<Name> =
            names.iter().filter(|(_, entry)| fits(entry.what)).map(|(name, _)| *name).collect();
        if fitting.is_empty() || at.is_multiple_of(16) {
            return names.keys().nth(at / 16 % (names.len() + 1)).copied().unwrap_or(NOTHING);
        }
        fitting[at / 16 % fitting.len()]
    }

    pub(super) fn call(&mut self, call: Call) {
        match call {
            Call::Allocate { task, right } => self.allocate(task, right),
            Call::CopyIn { task, name, disposition } => {
                self.copy_in(task, name, disposition);
            }

            Call::CopyOut { task, loose } => self.copy_out(task, loose),
            Call::Give { task, name, disposition, to } => {
                if self.copy_in(task, name, disposition) {
                    self.copy_out(to, self.loose.len() - 1);
                }
            }
            Call::Destroy { task, name } => {
                let name = self.pick(task, name, any);
                let expected = self.model.destroy(task, name);
                assert_eq!(self.kernel.destroy(self.spaces[task], name), expected);
            }
            Call::Deallocate { task, name } => {
                let name = self.pick(task, name, any);
                let expected = self.model.deallocate(task, name);
                assert_eq!(self.kernel.deallocate(self.spaces[task], name), expected);
            }
            Call::Modify { task, name, right, delta } => {
                let name = self.pick(task, name, |what| is_of(what, right));
                let expected = self.model.modify_references(task, name, right, delta);
                assert_eq!(self.kernel.modify_references(self.spaces[task], name, right, delta), expected);
            }
            Call::Request { task, name, notice, sync, teller, port } => {
                if self.copy_in(teller, port, Disposition::MakeSendOnce) {
                    self.request(task, name, notice, sync);
                }
            }
            Call::Member { task, member, set, how } => self.member(task, member, set, how),
            Call::Drain { task, name } => self.drain(task, self.pick(task, name, receives)),
            Call::DestroyLoose { loose } if !self.loose.is_empty() => {
                let at = loose % self.loose.len();
                self.model.destroy_loose(at);
                let right = self.loose.remove(at);
                self.kernel.destroy_capability(right);
            }
            Call::DestroyLoose { .. } => {}
            Call::Restart { task } => {
                self.model.restart(task);
                assert!(self.kernel.terminate_space(self.spaces[task]));
                self.spaces[task] = self.kernel.create_space();
            }
        }
    }

    fn allocate(&mut self, task: usize, right: Right) {
        let name = self.kernel.allocate(self.spaces[task], right).expect("a name");
        self.model.allocate(task, name, right);
        if right == Right::Receive {
            self.ports.push(self.kernel.receive_right(self.spaces[task], name).expect("a port"));
        }
    }

    /// Whether the right is loose now, the last one.
    fn copy_in(&mut self, task: usize, name: usize, disposition: Disposition) -> bool {
        let name = self.pick(task, name, |what| gives(what, disposition));
        let expected = self.model.copy_in(task, name, disposition);
        let got = self.kernel.copy_in(self.spaces[task], name, disposition);
        assert_eq!(got.as_ref().map(|_| ()).map_err(|error| *error), expected);
        self.loose.extend(got);
        expected.is_ok()
    }

    fn copy_out(&mut self, task: usize, loose: usize) {
        if self.loose.is_empty() {
            return;
        }
        let at = loose % self.loose.len();
        let right = self.loose.remove(at);
        let name = self.kernel.copy_out(self.spaces[task], right).expect("a name");
        assert_eq!(self.model.copy_out(task, at, name), name);
    }

    /// Registers the last loose right.
    fn request(&mut self, task: usize, name: usize, notice: Notice, sync: u32) {
        let fits = |what| match notice {
            Notice::NoSenders | Notice::PortDestroyed => receives(what),
            _ => matches!(what, What::Port { .. } | What::Once(_)),
        };
        let name = self.pick(task, name, fits);
        let Some(notify) = self.loose.pop() else { return };
        let expected = self.model.request(task, name, notice, sync, self.loose.len());
        match self.kernel.request_notification(self.spaces[task], name, notice, sync, notify) {
            Ok(Capability::Null) => assert_eq!(expected, Ok(())),
            Ok(before) => {
                assert_eq!(expected, Ok(()));
                self.loose.push(before);
            }
            Err((error, notify)) => {
                assert_eq!(expected, Err(error));
                self.loose.push(notify);
            }
        }
    }

    fn member(&mut self, task: usize, member: usize, set: usize, how: usize) {
        let (member, set) = (self.pick(task, member, receives), self.pick(task, set, is_set));
        let space = self.spaces[task];
        let (expected, got) = match how {
            0 => (self.model.insert_member(task, member, set), self.kernel.insert_member(space, member, set)),
            1 => {
                (self.model.extract_member(task, member, set), self.kernel.extract_member(space, member, set))
            }
            _ => (self.model.move_member(task, member, set), self.kernel.move_member(space, member, set)),
        };
        assert_eq!(got, expected);
    }

    fn drain(&mut self, task: usize, name: Name) {
        let Ok(expected) = self.model.drain(task, name) else {
            let refused = self.kernel.receive_right(self.spaces[task], name);
            return assert!(matches!(refused, Err(KernError::InvalidName | KernError::InvalidRight)));
        };
        let port = self.kernel.receive_right(self.spaces[task], name).expect("a port");
        for told in expected {
            let message = self.kernel.take_notification(port).expect("a message");
            assert_eq!(self.read(&message), told);
            for cargo in message.cargo {
                let Cargo::Port(right, _) = cargo else { panic!("{cargo:?}") };
                self.loose.push(right);
            }
        }
    }
}

impl Kernel {
    /// Takes the first message of a queue as its receiver does, but its rights stay loose.
    fn take_notification(&mut self, port: PortId) -> Option<Message> {
        let (message, _) = self.take(port)?;
        self.spend_send_once(port);
        if let Some(Cargo::Port(Capability::Receive(inner), _)) = message.cargo.first() {
            self.clear_receiver(*inner);
        }
        Some(message)
    }
}
