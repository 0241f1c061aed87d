// SPDX-License-Identifier: MIT OR Apache-2.0
//! Three tasks do anything, in any order, and no message or right is lost or doubled.
//!
//! Each task is one thread: while it waits to send it does nothing else. Each message carries a send-once right to a
//! witness, so that whatever becomes of it is told: it is received, it comes back, or the witness hears that the right was
//! destroyed.

use std::collections::{HashMap, HashSet};

use proptest::collection::vec;
use proptest::prelude::*;

use crate::Right;
use crate::kernel::calls::Notice;
use crate::kernel::ids::{PortId, SpaceId, Ticket};
use crate::kernel::message::{AuditToken, Capability, Item, Letter, Message};
use crate::kernel::messages::{GaveUp, Receipt, ReceiveOptions, SendFailed, SendOptions, Sent, WhenFull};
use crate::kernel::tests::audit::audit;
use crate::kernel::{Kernel, Step};
use crate::name::Name;
use crate::right::Disposition;

const TASKS: usize = 3;
/// The messages that the test sends have numbers from here on: above all notifications.
const ID_FIRST: i32 = 1000;

/// What a task does. The numbers choose one of its names.
#[derive(Debug, Clone)]
enum Act {
    Allocate(Right),
    Give(u8, Disposition, usize),
    Send {
        to: u8,
        by: Disposition,
        reply: Option<(u8, Disposition)>,
        items: Vec<(u8, Disposition)>,
        full: Full,
    },
    Receive {
        from: u8,
        small: bool,
        leave: bool,
    },
    GiveUp(GaveUp),
    Destroy(u8),
    Deallocate(u8),
    Join(u8, u8),
    Leave(u8),
    Ask(u8, Notice, u8),
    Limit(u8, u8),
    End,
}

#[derive(Debug, Clone, Copy)]
enum Full {
    Wait,
    Refuse,
    Tell,
    Cache(u8),
    WaitThenCache(u8),
}

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
        Self { kernel, threads, witness, next: ID_FIRST, under_way, last }
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
            (None, Act::Send { to, by, reply, items, full }) => {
                self.send(thread, space, (to, by), reply, &items, full);
            }
            (None, Act::Receive { from, small, leave }) => self.receive(space, from, small, leave),
            (None, Act::End) => {
                self.kernel.terminate_space(space);
                self.threads[thread].space = Some(self.kernel.create_space());
            }
            (None, act) => self.call(space, act),
        }
    }

    /// The calls on names; what they answer is not the question here.
    fn call(&mut self, space: SpaceId, act: Act) {
        match act {
            Act::Allocate(right) => drop(self.kernel.allocate(space, right)),
            Act::Give(name, disposition, to) => self.give(space, name, disposition, to),
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

    fn give(&mut self, space: SpaceId, name: u8, disposition: Disposition, to: usize) {
        let Some(to) = self.threads[to].space else { return };
        let name = self.name(space, name);
        if let Ok(right) = self.kernel.copy_in(space, name, disposition) {
            self.kernel.copy_out(to, right).unwrap();
        }
    }

    fn ask(&mut self, space: SpaceId, name: u8, notice: Notice, notify: u8) {
        let (name, notify) = (self.name(space, name), self.name(space, notify));
        let Ok(right) = self.kernel.copy_in(space, notify, Disposition::MakeSendOnce) else { return };
        let back = self.kernel.request_notification(space, name, notice, 0, right);
        self.kernel.destroy_capability(back.unwrap_or_else(|(_, right)| right));
    }

    fn send(
        &mut self,
        thread: usize,
        space: SpaceId,
        (to, by): (u8, Disposition),
        reply: Option<(u8, Disposition)>,
        items: &[(u8, Disposition)],
        full: Full,
    ) {
        let id = self.next;
        self.next += 1;
        let witness = self.kernel.copy_in(self.witness.0, self.witness.1, Disposition::MakeSendOnce).unwrap();
        let witness = self.kernel.copy_out(space, witness).unwrap();
        let mut carried = vec![Item::Port(witness, Disposition::MoveSendOnce)];
        carried.extend(items.iter().map(|&(name, as_what)| Item::Port(self.name(space, name), as_what)));
        let letter = Letter {
            id,
            destination: (self.name(space, to), Some(by)),
            reply: reply.map_or((Name::NULL, None), |(name, by)| (self.name(space, name), Some(by))),
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
            Full::Cache(notify) => (false, WhenFull::Cache(self.name(space, notify))),
            Full::WaitThenCache(notify) => (true, WhenFull::Cache(self.name(space, notify))),
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
            self.threads[thread].waits = None;
            self.act(thread, Act::End);
        }
        self.settle();
        assert_eq!((self.kernel.ports.len(), self.kernel.sets.len()), (1, 0));
        assert!(self.under_way.is_empty());
        assert!(self.kernel.waits.is_empty());
    }
}

fn disposition() -> impl Strategy<Value = Disposition> {
    (16..=21_u32).prop_map(|raw| Disposition::from_raw(raw).unwrap())
}

fn full() -> impl Strategy<Value = Full> {
    prop_oneof![
        Just(Full::Wait),
        Just(Full::Refuse),
        Just(Full::Tell),
        any::<u8>().prop_map(Full::Cache),
        any::<u8>().prop_map(Full::WaitThenCache),
    ]
}

fn notice() -> impl Strategy<Value = Notice> {
    prop_oneof![
        Just(Notice::SendPossible),
        Just(Notice::PortDestroyed),
        Just(Notice::NoSenders),
        Just(Notice::DeadName),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    let right = prop_oneof![4 => Just(Right::Receive), 1 => Just(Right::PortSet)];
    let named = || (any::<u8>(), disposition());
    let send = (any::<u8>(), disposition(), proptest::option::of(named()), vec(named(), 0..3), full());
    let give_up = prop_oneof![Just(GaveUp::TimedOut), Just(GaveUp::Interrupted)];
    prop_oneof![
        4 => right.prop_map(Act::Allocate),
        4 => (any::<u8>(), disposition(), 0..TASKS).prop_map(|(name, by, to)| Act::Give(name, by, to)),
        20 => send.prop_map(|(to, by, reply, items, full)| Act::Send { to, by, reply, items, full }),
        8 => (any::<u8>(), any::<bool>(), any::<bool>()).prop_map(|(from, small, leave)| Act::Receive { from, small, leave }),
        4 => give_up.prop_map(Act::GiveUp),
        1 => any::<u8>().prop_map(Act::Destroy),
        2 => any::<u8>().prop_map(Act::Deallocate),
        2 => (any::<u8>(), any::<u8>()).prop_map(|(port, set)| Act::Join(port, set)),
        1 => any::<u8>().prop_map(Act::Leave),
        3 => (any::<u8>(), notice(), any::<u8>()).prop_map(|(name, notice, notify)| Act::Ask(name, notice, notify)),
        2 => (any::<u8>(), 0..3_u8).prop_map(|(port, limit)| Act::Limit(port, limit)),
        1 => Just(Act::End),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

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
