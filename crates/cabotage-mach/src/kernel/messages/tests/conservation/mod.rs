// SPDX-License-Identifier: MIT OR Apache-2.0
//! Three tasks do anything, in any order, and no message or right is lost or doubled.
//!
//! Each task is one thread: while it waits to send it does nothing else. Each message carries a send-once right to a
//! witness, so that whatever becomes of it is told: it is received, it comes back, or the witness hears that the right was
//! destroyed.

mod acts;

use std::collections::{HashMap, HashSet};

use proptest::collection::vec;
use proptest::prelude::*;

use self::acts::{Act, Full, Picked, act};
use crate::Right;
use crate::kernel::calls::Notice;
use crate::kernel::ids::{PortId, SpaceId, Ticket};
use crate::kernel::message::{AuditToken, Capability, Item, Letter, Message};
use crate::kernel::messages::{Receipt, ReceiveOptions, SendFailed, SendOptions, Sent, WhenFull};
use crate::kernel::tests::audit::audit;
use crate::kernel::{Kernel, Step};
use crate::name::Name;
use crate::right::Disposition;

const TASKS: usize = 3;
/// The messages that the test sends have numbers from here on: above all notifications.
const ID_FIRST: i32 = 1000;

#[derive(Default)]
struct Thread {
    space: Option<SpaceId>,
    waits: Option<Ticket>,
}

struct Trial {
    kernel: Kernel,
    threads: [Thread; TASKS],
    witness: (SpaceId, Name),
    next: i32,
    /// Messages on their way, from which thread, to which port.
    under_way: HashMap<i32, (usize, PortId)>,
    /// The last message that was received of each thread by way of each port.
    last: HashMap<(usize, PortId), i32>,
}

impl Trial {
    fn new() -> Self {
        let mut kernel = Kernel::new();
        let space = kernel.create_space();
        let witness = (space, kernel.allocate(space, Right::Receive).unwrap());
        let threads = std::array::from_fn(|_| Thread { space: Some(kernel.create_space()), waits: None });
        let (under_way, last) = Default::default();
        let mut trial = Self { kernel, threads, witness, next: ID_FIRST, under_way, last };
        (0..TASKS).for_each(|thread| trial.equip(thread));
        trial
    }

    /// A task begins with a port that is soon full, and all have a right to send there.
    fn equip(&mut self, thread: usize) {
        let Some(space) = self.threads[thread].space else { return };
        let port = self.kernel.allocate(space, Right::Receive).unwrap();
        self.kernel.set_limit(space, port, 1).unwrap();
        for to in self.threads.iter().filter_map(|thread| thread.space) {
            let right = self.kernel.copy_in(space, port, Disposition::MakeSend).unwrap();
            self.kernel.copy_out(to, right).unwrap();
        }
    }

    fn act(&mut self, thread: usize, act: Act) {
        let Some(space) = self.threads[thread].space else { return };
        match (self.threads[thread].waits, act) {
            (Some(ticket), Act::GiveUp(why)) => {
                self.threads[thread].waits = None;
                let sent = self.kernel.give_up(ticket, why);
                self.sent(thread, space, sent);
            }
            (Some(_), _) | (None, Act::GiveUp(_)) => {}
            (None, Act::Send { to, reply, items, full }) => {
                self.send(thread, space, to, reply, &items, full);
            }
            (None, Act::Receive { from, small, leave }) => self.receive(space, from, small, leave),
            (None, Act::End) => {
                self.kernel.terminate_space(space);
                self.threads[thread].space = Some(self.kernel.create_space());
                self.equip(thread);
            }
            (None, act) => self.call(space, act),
        }
    }

    /// The calls on names; what they answer is not the question here.
    fn call(&mut self, space: SpaceId, act: Act) {
        match act {
            Act::Allocate(right) => drop(self.kernel.allocate(space, right)),
            Act::Give(right, to) => self.give(space, right, to),
            Act::Destroy(name) => drop(self.kernel.destroy(space, self.name(space, name))),
            Act::Deallocate(name) => drop(self.kernel.deallocate(space, self.name(space, name))),
            Act::Join(port, set) => {
                let _ = self.kernel.insert_member(space, self.name(space, port), self.name(space, set));
            }
            Act::Leave(port) => drop(self.kernel.move_member(space, self.name(space, port), Name::NULL)),
            Act::Ask(name, notice, notify) => self.ask(space, name, notice, notify),
            Act::Limit(port, limit) => {
                let _ = self.kernel.set_limit(space, self.name(space, port), u32::from(limit));
            }
            _ => {}
        }
    }

    /// One of the names of the space.
    fn name(&self, space: SpaceId, which: u8) -> Name {
        let names: Vec<Name> = self.kernel.spaces.get(space).unwrap().names().map(|(name, _)| name).collect();
        names.get(usize::from(which) % names.len().max(1)).copied().unwrap_or(Name::NULL)
    }

    /// One of the receive rights of the space.
    fn received(&self, space: SpaceId, which: u8) -> Name {
        let names = self.kernel.spaces.get(space).unwrap().names();
        let names: Vec<Name> =
            names.filter(|(_, entry)| entry.held.receives().is_some()).map(|(name, _)| name).collect();
        names.get(usize::from(which) % names.len().max(1)).copied().unwrap_or(Name::NULL)
    }

    /// A right of the space and a disposition for it.
    fn right(&self, space: SpaceId, picked: Picked) -> (Name, Disposition) {
        let name = self.name(space, picked.name);
        let held = self.kernel.spaces.get(space).and_then(|space| space.get(name)).map(|entry| entry.held);
        (name, picked.disposition(held))
    }

    /// The same for a header.
    fn right_to_send(&self, space: SpaceId, picked: Picked) -> (Name, Option<Disposition>) {
        let (name, disposition) = self.right(space, picked);
        let moves = disposition == Disposition::MoveReceive && !picked.wild;
        (name, Some(if moves { Disposition::MakeSend } else { disposition }))
    }

    fn give(&mut self, space: SpaceId, right: Picked, to: usize) {
        let Some(to) = self.threads[to].space else { return };
        let (name, disposition) = self.right(space, right);
        if let Ok(right) = self.kernel.copy_in(space, name, disposition) {
            self.kernel.copy_out(to, right).unwrap();
        }
    }

    fn ask(&mut self, space: SpaceId, name: u8, notice: Notice, notify: u8) {
        let (name, notify) = (self.name(space, name), self.received(space, notify));
        let Ok(right) = self.kernel.copy_in(space, notify, Disposition::MakeSendOnce) else { return };
        let back = self.kernel.request_notification(space, name, notice, 0, right);
        self.kernel.destroy_capability(back.unwrap_or_else(|(_, right)| right));
    }

    fn send(
        &mut self,
        thread: usize,
        space: SpaceId,
        to: Picked,
        reply: Option<Picked>,
        items: &[Picked],
        full: Full,
    ) {
        let id = self.next;
        self.next += 1;
        let witness = self.kernel.copy_in(self.witness.0, self.witness.1, Disposition::MakeSendOnce).unwrap();
        let witness = self.kernel.copy_out(space, witness).unwrap();
        let mut carried = vec![Item::Port(witness, Disposition::MoveSendOnce)];
        carried.extend(items.iter().map(|&picked| {
            let (name, disposition) = self.right(space, picked);
            Item::Port(name, disposition)
        }));
        let letter = Letter {
            id,
            destination: self.right_to_send(space, to),
            reply: reply.map_or((Name::NULL, None), |reply| self.right_to_send(space, reply)),
            body: id.to_ne_bytes().to_vec(),
            items: carried,
            complex: false,
        };
        let port = self.kernel.look(space, letter.destination.0).ok().and_then(|entry| entry.held.port());
        if let Some(port) = port {
            self.under_way.insert(id, (thread, port));
        }
        let options = self.options(space, full);
        let sent = self.kernel.send(space, letter, &options);
        self.sent(thread, space, sent);
    }

    fn options(&self, space: SpaceId, full: Full) -> SendOptions {
        let (wait, when_full) = match full {
            Full::Wait => (true, WhenFull::GiveBack),
            Full::Refuse => (false, WhenFull::GiveBack),
            Full::Tell => (false, WhenFull::GiveBackAndTell),
            Full::Cache(notify) => (false, WhenFull::Cache(self.received(space, notify))),
            Full::WaitThenCache(notify) => (true, WhenFull::Cache(self.received(space, notify))),
        };
        SendOptions { sender: AuditToken::default(), wait, when_full }
    }

    /// A message that comes back brings its witness back, as its first right.
    fn sent(&mut self, thread: usize, space: SpaceId, sent: Result<Sent, Box<SendFailed>>) {
        match sent {
            Ok(Sent::Waits(ticket)) => self.threads[thread].waits = Some(ticket),
            Ok(Sent::Queued | Sent::WillNotify) => {}
            Ok(Sent::Away(..)) => panic!("no port is away"),
            Err(failed) => {
                assert!(!failed.right_lost);
                if let Some(letter) = failed.letter {
                    self.under_way.remove(&letter.id);
                    self.dismiss(space, &letter.items);
                } else if let [Item::Port(name, _), ..] = failed.rest[..] {
                    assert!(name.is_valid() || name == Name::NULL);
                }
            }
        }
    }

    /// The witness of a message that has arrived is used up without a word.
    fn dismiss(&mut self, space: SpaceId, items: &[Item]) {
        let [Item::Port(name, Disposition::MoveSendOnce), ..] = items else {
            panic!("no witness: {items:?}")
        };
        match self.kernel.copy_in(space, *name, Disposition::MoveSendOnce) {
            Ok(Capability::SendOnce(port)) => self.kernel.withdraw_send_once(port),
            other => panic!("no witness: {other:?}"),
        }
    }

    fn receive(&mut self, space: SpaceId, from: u8, small: bool, leave_large: bool) {
        let from = self.name(space, from);
        let bytes_max = if small { 0 } else { usize::MAX };
        let options = ReceiveOptions { bytes_max, leave_large, ..ReceiveOptions::default() };
        if let Ok(Receipt::Letter(received)) = self.kernel.receive(space, from, &options)
            && received.header.id >= ID_FIRST
        {
            let id = received.header.id;
            assert_eq!(received.body, id.to_ne_bytes());
            assert_eq!(received.fault, None);
            let way = self.under_way.remove(&id).expect("a message that is under way");
            let last = self.last.insert(way, id);
            assert!(last < Some(id), "{id} after {last:?} of thread and port {way:?}");
            self.dismiss(space, &received.items);
        }
    }

    /// Who was woken waits no more; and what the witness hears is as many messages as have gone.
    fn settle(&mut self) {
        for step in self.kernel.take_steps() {
            let Step::Wake(woken) = step else { continue };
            for thread in &mut self.threads {
                thread.waits = thread.waits.filter(|&ticket| ticket != woken);
            }
        }
        let there = self.messages();
        let before = self.under_way.len();
        self.under_way.retain(|id, _| there.contains(id));
        let (mut told, options) = (0, ReceiveOptions::default());
        while let Ok(Receipt::Letter(_)) = self.kernel.receive(self.witness.0, self.witness.1, &options) {
            told += 1;
        }
        assert_eq!(before - self.under_way.len(), told, "each message that has gone is told of");
        assert_eq!(there.len(), self.under_way.len(), "no message came from nowhere");
    }

    /// The numbers of all messages that are queued or wait.
    fn messages(&self) -> HashSet<i32> {
        let mut found = HashSet::new();
        let mut add = |message: &Message| {
            assert!(message.id < ID_FIRST || found.insert(message.id), "{} is there twice", message.id);
        };
        for port in self.kernel.ports.ids().filter_map(|id| self.kernel.ports.get(id)) {
            port.queue.iter().for_each(&mut add);
            let rare = port.rare.as_ref();
            rare.into_iter().flat_map(|rare| &rare.senders).for_each(|(_, message)| add(message));
        }
        found
    }

    /// All tasks end: nothing is left but the witness's.
    fn end(mut self) {
        for thread in 0..TASKS {
            if let Some(space) = self.threads[thread].space.take() {
                self.kernel.terminate_space(space);
            }
        }
        self.settle();
        assert_eq!((self.kernel.ports.len(), self.kernel.sets.len()), (1, 0));
        assert!(self.under_way.is_empty());
        assert!(self.kernel.waits.is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn whatever_tasks_do_no_message_and_no_right_is_lost_or_doubled(acts in vec((0..TASKS, act()), 1..200)) {
        let mut trial = Trial::new();
        for (thread, act) in acts {
            trial.act(thread, act);
            trial.settle();
            audit(&trial.kernel);
        }
        trial.end();
    }
}
