// SPDX-License-Identifier: MIT OR Apache-2.0
//! An auditor: counts every right that spaces, messages and the kernel itself hold, and compares that with what the
//! tables say about it.

use std::collections::{HashMap, HashSet};

use crate::kernel::Kernel;
use crate::kernel::ids::{PortId, SetId};
use crate::kernel::message::{Capability, Cargo, Message};
use crate::kernel::port::{Home, Port, Rare};
use crate::kernel::space::{Entry, Held};

/// What was found of each port.
#[derive(Default)]
struct Found {
    send: HashMap<PortId, u32>,
    send_once: HashMap<PortId, u32>,
    /// Ports whose receive right a message carries, and to which port that goes.
    receive: HashMap<PortId, Option<PortId>>,
}

/// Panics unless everything in the tables agrees.
pub(crate) fn audit(kernel: &Kernel) {
    audit_beside(kernel, &[]);
}

/// The same while some rights, which count at their ports, are in nobody's space and in no message.
pub(super) fn audit_beside(kernel: &Kernel, loose: &[Capability]) {
    let mut found = Found::default();
    for right in loose.iter().filter(|right| !matches!(right, Capability::Receive(_))) {
        found.capability(None, right);
    }
    for id in kernel.spaces.ids() {
        for right in kernel.spaces.get(id).unwrap().special.rights() {
            found.capability(None, &right);
        }
        for (name, entry) in kernel.spaces.get(id).unwrap().names() {
            found.entry(entry);
            if let Some(port) = entry.held.receives().and_then(|port| kernel.ports.get(port)) {
                assert_eq!(port.home, Home::Space(id, name), "the port knows its receiver");
            }
            if let Held::Send(port) = entry.held {
                assert!(kernel.ports.get(port).is_none() || kernel.name_of(id, port) == Some(name));
            }
            if entry.request.is_some() {
                let rare = entry.held.port().and_then(|port| kernel.ports.get(port)?.rare.as_ref());
                assert!(rare.is_some_and(|rare| rare.watched.contains(&(id, name))), "a request is known");
            }
            assert!(entry.references > 0, "a name without references is gone");
            let is_counted = matches!(entry.held, Held::Send(_) | Held::SendReceive(_) | Held::Dead);
            assert!(is_counted || entry.references == 1, "what has no count has one reference");
            if let Held::Set(set) = entry.held {
                assert!(kernel.sets.get(set).is_some());
            }
        }
    }
    for id in kernel.spaces.ids() {
        let is_own = |port: &&PortId| matches!(kernel.ports.get(**port), Some(Port { home: Home::Space(space, _), .. }) if *space == id);
        let ports: Vec<PortId> = kernel.ports.ids().collect();
        let once: u32 =
            ports.iter().filter(is_own).map(|port| kernel.ports.get(*port).unwrap().send_once_rights).sum();
        assert_eq!(
            kernel.spaces.get(id).unwrap().send_once_rights,
            once,
            "send-once rights to ports of {id:?}"
        );
    }
    for id in kernel.ports.ids() {
        found.port(id, kernel.ports.get(id).unwrap());
    }
    for id in kernel.ports.ids() {
        check_port(kernel, &found, id, kernel.ports.get(id).unwrap());
    }
    for id in kernel.sets.ids() {
        check_set(kernel, id);
    }
}

impl Found {
    fn entry(&mut self, entry: &Entry) {
        match entry.held {
            Held::Send(port) | Held::SendReceive(port) => *self.send.entry(port).or_default() += 1,
            Held::SendOnce(port) => *self.send_once.entry(port).or_default() += 1,
            Held::Receive(_) | Held::Set(_) | Held::Dead => {}
        }
        if let Some(request) = &entry.request {
            *self.send_once.entry(request.notify.0).or_default() += 1;
        }
    }

    fn port(&mut self, id: PortId, port: &Port) {
        port.queue.iter().for_each(|message| self.message(id, message));
        let Some(rare) = &port.rare else { return };
        rare.senders.iter().for_each(|(_, message)| self.message(id, message));
        let notify = rare.cached.iter().map(|cached| &cached.notify);
        for once in notify.chain(&rare.no_senders).chain(&rare.port_destroyed) {
            *self.send_once.entry(once.0).or_default() += 1;
        }
    }

    fn message(&mut self, to: PortId, message: &Message) {
        assert!(
            matches!(message.destination, Capability::Send(port) | Capability::SendOnce(port) if port == to)
        );
        let to = Some(to);
        self.capability(to, &message.destination);
        self.capability(to, &message.reply.0);
        for cargo in &message.cargo {
            match cargo {
                Cargo::Port(right, _) => self.capability(to, right),
                Cargo::Ports(rights, _) => rights.iter().for_each(|right| self.capability(to, right)),
                Cargo::Memory(_) | Cargo::File(_) => {}
            }
        }
    }

    fn capability(&mut self, to: Option<PortId>, right: &Capability) {
        match *right {
            Capability::Send(port) => *self.send.entry(port).or_default() += 1,
            Capability::SendOnce(port) => *self.send_once.entry(port).or_default() += 1,
            Capability::Receive(port) => assert_eq!(self.receive.insert(port, to), None, "one receive right"),
            Capability::Null | Capability::Dead => {}
        }
    }
}

fn check_port(kernel: &Kernel, found: &Found, id: PortId, port: &Port) {
    let count = |of: &HashMap<PortId, u32>| of.get(&id).copied().unwrap_or(0);
    assert_eq!(port.send_rights, count(&found.send), "send rights of {id:?}");
    assert_eq!(port.send_once_rights, count(&found.send_once), "send-once rights of {id:?}");
    match port.home {
        Home::Space(space, name) => {
            let held = kernel.spaces.get(space).and_then(|space| space.get(name)).map(|entry| entry.held);
            assert_eq!(held.and_then(Held::receives), Some(id), "the receiver knows its port");
            assert_eq!(found.receive.get(&id), None);
        }
        Home::Transit(to) => {
            assert_eq!(found.receive.get(&id).copied().flatten(), to, "where {id:?} is on its way to");
        }
        Home::Task(space) => {
            let own = kernel.spaces.get(space).and_then(|space| space.task_self.as_ref());
            assert!(
                own.is_some_and(|own| [own.port, own.name_port].contains(&Some(id))) && port.queue.is_empty(),
                "answered at once"
            );
        }
        Home::File => assert!(port.send_rights > 0 && port.queue.is_empty(), "somebody has the file"),
        Home::Away(_) => {
            assert!(port.send_rights + port.send_once_rights > 0, "somebody has a right to {id:?}")
        }
    }
    let in_sets: HashSet<SetId> = port.sets.iter().copied().collect();
    assert_eq!(in_sets.len(), port.sets.len(), "in each set once");
    for set in in_sets {
        assert!(kernel.sets.get(set).is_some_and(|set| set.members.contains(&id)));
    }
    if let Some(rare) = &port.rare {
        check_rare(kernel, id, port, rare);
    }
}

fn check_rare(kernel: &Kernel, id: PortId, port: &Port, rare: &Rare) {
    let is_away = matches!(port.home, Home::Away(_));
    assert!(rare.senders.is_empty() || port.is_full() || is_away, "nobody waits for room that there is");
    for (space, name) in &rare.watched {
        let entry = kernel.spaces.get(*space).and_then(|space| space.get(*name)).expect("a watched name");
        assert!(entry.request.is_some() && entry.held.port() == Some(id));
    }
    let cachers: HashSet<_> = rare.cached.iter().map(|cached| cached.space).collect();
    assert_eq!(cachers.len(), rare.cached.len(), "one cached message of each task");
    assert!(rare.cached.iter().all(|cached| cached.ahead < port.queue.len()));
}

fn check_set(kernel: &Kernel, id: SetId) {
    let set = kernel.sets.get(id).unwrap();
    let has_messages = |port: &&PortId| kernel.ports.get(**port).is_some_and(|port| !port.queue.is_empty());
    let expected: HashSet<PortId> = set.members.iter().filter(has_messages).copied().collect();
    let ready: HashSet<PortId> = set.ready.iter().copied().collect();
    assert_eq!(ready.len(), set.ready.len(), "in the row once");
    assert_eq!(ready, expected, "in the row are those with messages");
    for port in &set.members {
        assert!(
            kernel.ports.get(*port).is_some_and(|port| port.sets.contains(&id)),
            "{port:?} knows its set"
        );
    }
}
