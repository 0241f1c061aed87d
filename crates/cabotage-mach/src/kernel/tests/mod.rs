// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the tests of the kernel's part share: a world of a few tasks, looked at from above.

mod allocating;
mod attributes;
pub(super) mod audit;
mod cost;
mod counting;
mod exporting;
mod inserting;
mod members;
mod model;
mod moving;
mod notifications;
mod peeking;
mod releasing;

use super::Kernel;
use super::calls::Notice;
use super::ids::{PortId, SpaceId};
use super::message::{Capability, Cargo, Message, Sender};
use super::notification::Notification;
use crate::name::Name;
use crate::right::{Disposition, Right};

/// A kernel, and one task in it.
pub(super) struct World {
    pub(super) kernel: Kernel,
    pub(super) task: SpaceId,
}

impl World {
    pub(super) fn new() -> Self {
        let mut kernel = Kernel::new();
        let task = kernel.create_space();
        Self { kernel, task }
    }

    /// A new port of the task.
    pub(super) fn port(&mut self) -> Name {
        self.kernel.allocate(self.task, Right::Receive).expect("a port")
    }

    /// A new port of the task, with one send right under the same name.
    pub(super) fn port_with_send(&mut self) -> Name {
        let name = self.port();
        let right = self.take(name, Disposition::MakeSend);
        self.put(right);
        name
    }

    pub(super) fn take(&mut self, name: Name, disposition: Disposition) -> Capability {
        self.kernel.copy_in(self.task, name, disposition).expect("a right")
    }

    pub(super) fn put(&mut self, right: Capability) -> Name {
        self.kernel.copy_out(self.task, right).expect("a name")
    }

    /// Gives another task a right of this one.
    pub(super) fn give(&mut self, other: SpaceId, name: Name, disposition: Disposition) -> Name {
        let right = self.take(name, disposition);
        self.kernel.copy_out(other, right).expect("a name")
    }

    /// How many user references `name` has as `right`.
    pub(super) fn references(&mut self, name: Name, right: Right) -> u32 {
        self.kernel.references(self.task, name, right).expect("a count")
    }

    /// Asks to be told at port `to` of the task.
    pub(super) fn ask(&mut self, name: Name, notice: Notice, sync: u32, to: Name) -> Capability {
        let notify = self.take(to, Disposition::MakeSendOnce);
        self.kernel.request_notification(self.task, name, notice, sync, notify).expect("registered")
    }

    pub(super) fn id(&mut self, name: Name) -> PortId {
        self.kernel.look(self.task, name).expect("a name").held.port().expect("a port")
    }

    /// What the kernel has told at a port of the task since the last time.
    pub(super) fn told(&mut self, name: Name) -> Vec<Notification> {
        let port = self.kernel.receive_port(self.task, name).expect("a receive right");
        let messages = std::mem::take(&mut port.queue);
        messages.into_iter().map(|message| self.read(message)).collect()
    }

    fn read(&mut self, message: Message) -> Notification {
        assert_eq!(message.sender, Sender::Kernel, "every notification is the kernel's own");
        assert_eq!(message.reply, (Capability::Null, None));
        if let Capability::SendOnce(port) = message.destination {
            self.kernel.spend_send_once(port);
        }
        let number = Notification::number_in(&message.body);
        let name = number.map(Name::from_raw);
        match (message.id, message.cargo.into_iter().next()) {
            (65, None) => Notification::PortDeleted { name: name.expect("a name") },
            (66, None) => Notification::SendPossible { name: name.expect("a name") },
            (69, Some(Cargo::Port(right, Disposition::MoveReceive))) => Notification::PortDestroyed { right },
            (70, None) => Notification::NoSenders { make_send_count: number.expect("a number") },
            (71, None) => Notification::SendOnce,
            (72, None) => Notification::DeadName { name: name.expect("a name") },
            other => panic!("no notification: {other:?}"),
        }
    }
}
