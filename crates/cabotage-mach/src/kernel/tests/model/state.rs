// SPDX-License-Identifier: MIT OR Apache-2.0
//! The simple model's state: tasks are maps of names, ports are lists.

use std::collections::{BTreeMap, BTreeSet};

use crate::name::Name;

/// A port or a set, by the order of creation.
pub(super) type Index = usize;

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Port { port: Index, send: bool, receive: bool },
    Once(Index),
    Set(Index),
    Dead,
}

#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) what: What,
    pub(super) references: u32,
    /// The port that is told of the death.
    pub(super) request: Option<Index>,
}

/// A right that is in nobody's space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Loose {
    Dead,
    Send(Index),
    Once(Index),
    Receive(Index),
}

/// A notification in a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Told {
    PortDeleted(Name),
    DeadName(Name),
    PortDestroyed(Index),
    NoSenders(u32),
    SendOnce,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Receiver {
    /// A task has the receive right.
    Task(usize),
    /// A message in the queue of a port.
    Queue(Index),
    /// It is loose.
    Hand,
    /// The port is dead.
    Nobody,
}

#[derive(Debug, Clone)]
pub(super) struct Port {
    pub(super) receiver: Receiver,
    pub(super) made: u32,
    pub(super) queue: Vec<Told>,
    pub(super) no_senders: Option<Index>,
    pub(super) port_destroyed: Option<Index>,
    pub(super) sets: BTreeSet<Index>,
}

#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) tasks: Vec<BTreeMap<Name, Entry>>,
    pub(super) ports: Vec<Port>,
    pub(super) sets: usize,
    /// What was taken out of spaces.
    pub(super) loose: Vec<Loose>,
}

impl Model {
    pub(super) fn is_alive(&self, port: Index) -> bool {
        self.ports[port].receiver != Receiver::Nobody
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.tasks.iter().flat_map(BTreeMap::values)
    }

    /// Send rights to a port, counted wherever they are.
    pub(super) fn senders(&self, port: Index) -> usize {
        let sends =
            |entry: &&Entry| matches!(entry.what, What::Port { port: at, send: true, .. } if at == port);
        let loose = self.loose.iter().filter(|right| **right == Loose::Send(port)).count();
        self.entries().filter(sends).count() + loose
    }

    /// Send-once rights to a port, counted wherever they are: those of messages, which came by one each, too.
    pub(super) fn onces(&self, port: Index) -> usize {
        let of_entry = |entry: &Entry| {
            usize::from(entry.what == What::Once(port)) + usize::from(entry.request == Some(port))
        };
        let of_port = |other: &Port| {
            usize::from(other.no_senders == Some(port)) + usize::from(other.port_destroyed == Some(port))
        };
        let loose = self.loose.iter().filter(|right| **right == Loose::Once(port)).count();
        let named: usize = self.entries().map(of_entry).sum();
        named + self.ports.iter().map(of_port).sum::<usize>() + loose + self.ports[port].queue.len()
    }

    /// The name under which a task has send or receive rights to a port.
    pub(super) fn name_of(&self, task: usize, port: Index) -> Option<Name> {
        let is_it = |entry: &Entry| matches!(entry.what, What::Port { port: at, .. } if at == port);
        self.tasks[task].iter().find(|(_, entry)| is_it(entry)).map(|(name, _)| *name)
    }
}
