// SPDX-License-Identifier: MIT OR Apache-2.0
//! The simple model: what each call answers, and does.

use super::state::{Entry, Index, Loose, Model, Port, Receiver, Told, What};
use crate::code::KernError;
use crate::kernel::calls::Notice;
use crate::name::Name;
use crate::right::{Disposition, Right};

type Answer<T = ()> = Result<T, KernError>;

impl Model {
    fn entry(&mut self, task: usize, name: Name) -> Answer<&mut Entry> {
        self.tasks[task].get_mut(&name).ok_or(KernError::InvalidName)
    }

    fn what(&self, task: usize, name: Name) -> Answer<What> {
        self.tasks[task].get(&name).map(|entry| entry.what).ok_or(KernError::InvalidName)
    }

    pub(super) fn receiver_of(&self, task: usize, name: Name) -> Answer<Index> {
        match self.what(task, name)? {
            What::Port { port, receive: true, .. } => Ok(port),
            _ => Err(KernError::InvalidRight),
        }
    }

    fn set_of(&self, task: usize, name: Name) -> Answer<Index> {
        match self.what(task, name)? {
            What::Set(set) => Ok(set),
            _ => Err(KernError::InvalidRight),
        }
    }

    /// The kernel gave a new name.
    pub(super) fn enter(&mut self, task: usize, name: Name, what: What) {
        let before = self.tasks[task].insert(name, Entry { what, references: 1, request: None });
        assert!(before.is_none(), "{name} was somebody's");
    }

    pub(super) fn allocate(&mut self, task: usize, name: Name, right: Right) {
        let what = match right {
            Right::Receive => {
                let (receiver, made, queue) = (Receiver::Task(task), 0, Vec::new());
                let (no_senders, port_destroyed, sets) = Default::default();
                self.ports.push(Port { receiver, made, queue, no_senders, port_destroyed, sets });
                What::Port { port: self.ports.len() - 1, send: false, receive: true }
            }
            Right::PortSet => {
                self.sets += 1;
                What::Set(self.sets)
            }
            _ => What::Dead,
        };
        self.enter(task, name, what);
    }

    /// Takes a right out; it is loose then, the last of them.
    pub(super) fn copy_in(&mut self, task: usize, name: Name, disposition: Disposition) -> Answer {
        let what = self.what(task, name)?;
        let loose = match (disposition, what) {
            (Disposition::MakeSend, What::Port { port, receive: true, .. }) => {
                self.ports[port].made += 1;
                Loose::Send(port)
            }
            (Disposition::MakeSendOnce, What::Port { port, receive: true, .. }) => Loose::Once(port),
            (Disposition::MoveReceive, What::Port { port, receive: true, .. }) => {
                self.leave_receiver(port);
                Loose::Receive(port)
            }
            (Disposition::CopySend, What::Port { port, send: true, .. }) => Loose::Send(port),
            (Disposition::MoveSend, What::Port { port, send: true, .. }) => {
                self.drop_reference(task, name);
                Loose::Send(port)
            }
            (Disposition::MoveSendOnce, What::Once(port)) => {
                self.remove(task, name);
                Loose::Once(port)
            }
            (Disposition::CopySend, What::Dead) => Loose::Dead,
            (Disposition::MoveSend | Disposition::MoveSendOnce, What::Dead) => {
                self.drop_reference(task, name);
                Loose::Dead
            }
            _ => return Err(KernError::InvalidRight),
        };
        self.loose.push(loose);
        Ok(())
    }

    /// One reference less of what has a count; pegged ones stay.
    fn drop_reference(&mut self, task: usize, name: Name) {
        let entry = self.tasks[task].get_mut(&name).expect("a name");
        match entry.references {
            65_535 => {}
            1 => self.drop_send_right(task, name),
            _ => entry.references -= 1,
        }
    }

    /// Puts a loose right in. The answer is the name that it must get, unless it must get a new one, which is `new`.
    pub(super) fn copy_out(&mut self, task: usize, at: usize, new: Name) -> Name {
        let right = self.loose.remove(at);
        let (port, what) = match right {
            Loose::Dead => return Name::DEAD,
            Loose::Send(port) => (port, What::Port { port, send: true, receive: false }),
            Loose::Receive(port) => (port, What::Port { port, send: false, receive: true }),
            Loose::Once(port) => (port, What::Once(port)),
        };
        if !self.is_alive(port) {
            return Name::DEAD;
        }
        if let Loose::Receive(port) = right {
            self.ports[port].receiver = Receiver::Task(task);
        }
        let known = if let Loose::Once(_) = right { None } else { self.name_of(task, port) };
        let Some(name) = known else {
            self.enter(task, new, what);
            return new;
        };
        let entry = self.tasks[task].get_mut(&name).expect("a name");
        match (&mut entry.what, right) {
            (What::Port { receive, .. }, Loose::Receive(_)) => *receive = true,
            (What::Port { send: send @ false, .. }, _) => *send = true,
            _ => entry.references = (entry.references + 1).min(65_535),
        }
        name
    }

    pub(super) fn deallocate(&mut self, task: usize, name: Name) -> Answer {
        match self.what(task, name)? {
            What::Port { send: false, .. } => return Err(KernError::InvalidRight),
            What::Port { port, .. } => {
                self.drop_reference(task, name);
                self.lost_sender(port);
            }
            What::Dead => self.drop_reference(task, name),
            What::Set(_) | What::Once(_) => self.destroy_name(task, name),
        }
        Ok(())
    }

    pub(super) fn destroy(&mut self, task: usize, name: Name) -> Answer {
        self.what(task, name)?;
        self.destroy_name(task, name);
        Ok(())
    }

    pub(super) fn references(&self, task: usize, name: Name, right: Right) -> Answer<u32> {
        let what = self.what(task, name)?;
        let references = self.tasks[task][&name].references;
        Ok(match (right, what) {
            (Right::Send, What::Port { send: true, .. }) | (Right::DeadName, What::Dead) => references,
            (Right::Receive, What::Port { receive: true, .. })
            | (Right::SendOnce, What::Once(_))
            | (Right::PortSet, What::Set(_)) => 1,
            _ => 0,
        })
    }

    pub(super) fn modify_references(&mut self, task: usize, name: Name, right: Right, delta: i32) -> Answer {
        let held = self.references(task, name, right)?;
        if held == 0 {
            return Err(KernError::InvalidRight);
        }
        let left = i64::from(held) + i64::from(delta);
        match right {
            Right::Send | Right::DeadName if held == 65_535 && left != 0 => Ok(()),
            Right::Send | Right::DeadName => self.count_to(task, name, left),
            _ if delta == 0 => Ok(()),
            _ if delta != -1 => Err(KernError::InvalidValue),
            Right::Receive => {
                let port = self.receiver_of(task, name)?;
                self.destroy_receive(port);
                Ok(())
            }
            _ => self.destroy(task, name),
        }
    }

    fn count_to(&mut self, task: usize, name: Name, left: i64) -> Answer {
        let what = self.what(task, name)?;
        match u32::try_from(left) {
            Err(_) => return Err(KernError::InvalidValue),
            Ok(0) => self.drop_send_right(task, name),
            Ok(left) => self.entry(task, name)?.references = left.min(65_535),
        }
        if let What::Port { port, .. } = what {
            self.lost_sender(port);
        }
        Ok(())
    }

    /// Registers the loose right `at`, which is a send-once right; what was registered before takes its place. If that is
    /// refused, it stays loose.
    pub(super) fn request(
        &mut self,
        task: usize,
        name: Name,
        notice: Notice,
        sync: u32,
        at: usize,
    ) -> Answer {
        let Loose::Once(notify) = self.loose[at] else { return Err(KernError::InvalidCapability) };
        let before = match notice {
            Notice::PortDestroyed if sync != 0 => return Err(KernError::InvalidValue),
            Notice::PortDestroyed => {
                let port = self.receiver_of(task, name)?;
                // One to a port that has died since is in nobody's way.
                let is_alive = |told: Index| self.ports[told].receiver != Receiver::Nobody;
                if self.ports[port].port_destroyed.is_some_and(is_alive) {
                    return Err(KernError::Failure);
                }
                self.ports[port].port_destroyed = Some(notify);
                None
            }
            Notice::NoSenders => {
                let port = self.receiver_of(task, name)?;
                let before = self.ports[port].no_senders.replace(notify);
                if self.senders(port) == 0 && sync <= self.ports[port].made {
                    self.ports[port].no_senders = None;
                    self.tell(notify, Told::NoSenders(self.ports[port].made));
                }
                before
            }
            _ => match self.entry(task, name)? {
                Entry { what: What::Dead, .. } => return Err(KernError::InvalidArgument),
                Entry { what: What::Set(_), .. } => return Err(KernError::InvalidRight),
                entry => entry.request.replace(notify),
            },
        };
        self.loose.remove(at);
        self.loose.extend(before.map(Loose::Once));
        Ok(())
    }

    pub(super) fn insert_member(&mut self, task: usize, member: Name, set: Name) -> Answer {
        let (port, set) = (self.receiver_of(task, member)?, self.set_of(task, set)?);
        if self.ports[port].sets.insert(set) { Ok(()) } else { Err(KernError::AlreadyInSet) }
    }

    pub(super) fn extract_member(&mut self, task: usize, member: Name, set: Name) -> Answer {
        let (port, set) = (self.receiver_of(task, member)?, self.set_of(task, set)?);
        if self.ports[port].sets.remove(&set) { Ok(()) } else { Err(KernError::NotInSet) }
    }

    pub(super) fn move_member(&mut self, task: usize, member: Name, set: Name) -> Answer {
        let (port, set) = (self.receiver_of(task, member)?, self.set_of(task, set)?);
        self.ports[port].sets = [set].into();
        Ok(())
    }

    /// Takes all messages of a port; a receive right that one brought is loose then.
    pub(super) fn drain(&mut self, task: usize, name: Name) -> Answer<Vec<Told>> {
        let port = self.receiver_of(task, name)?;
        let told = std::mem::take(&mut self.ports[port].queue);
        for told in &told {
            if let Told::PortDestroyed(inner) = *told {
                self.ports[inner].receiver = Receiver::Hand;
                self.loose.push(Loose::Receive(inner));
            }
        }
        Ok(told)
    }

    /// A task ends, and another begins in its place.
    pub(super) fn restart(&mut self, task: usize) {
        while let Some(name) = self.tasks[task].keys().next().copied() {
            self.destroy_name(task, name);
        }
    }
}
