// SPDX-License-Identifier: MIT OR Apache-2.0
//! The direct way does what the long way does: random scripts go through both, and everything that can be seen is compared.

use proptest::collection::vec;
use proptest::prelude::*;

use super::machine::{Machine, asking, carrying, letter};
use crate::Disposition::{CopySend, MakeSend, MoveSendOnce};
use crate::kernel::messages::WhenFull;
use crate::{Name, Right};

/// What one of the two tasks does.
#[derive(Debug, Clone, Copy)]
enum Act {
    /// The holder sends a message, which is plain, or asks, or carries a right, or is longer.
    Send,
    Ask,
    Carry,
    Longer,
    /// The owner receives.
    Receive,
    /// The owner answers a question, or lets go of the right to.
    Answer(usize),
    Drop(usize),
    /// The holder takes an answer.
    Take,
    /// The owner changes how many messages wait.
    Limit(u32),
    /// Either looks around.
    OwnerLooks,
    HolderLooks,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => Just(Act::Send),
        6 => Just(Act::Ask),
        1 => Just(Act::Carry),
        1 => Just(Act::Longer),
        8 => Just(Act::Receive),
        5 => any::<prop::sample::Index>().prop_map(|at| Act::Answer(at.index(8))),
        1 => any::<prop::sample::Index>().prop_map(|at| Act::Drop(at.index(8))),
        5 => Just(Act::Take),
        1 => (0_u32..9).prop_map(Act::Limit),
        1 => Just(Act::OwnerLooks),
        1 => Just(Act::HolderLooks),
    ]
}

/// Two tasks, and what they have seen.
struct World {
    owner: Machine,
    holder: Machine,
    port: Name,
    right: Name,
    reply: Name,
    open: Vec<Name>,
    seen: Vec<String>,
}

impl World {
    fn new(make: fn() -> Machine) -> Self {
        let (owner, holder) = (make(), make());
        let port = owner.port();
        let right = owner.give(port, &holder);
        let reply = holder.port();
        // Both have met, so that what goes and what does not is not a question of time.
        holder.send(letter(-1, (right, CopySend)));
        owner.receive(port);
        holder.look();
        owner.look();
        Self { owner, holder, port, right, reply, open: Vec::new(), seen: Vec::new() }
    }

    fn act(&mut self, id: i32, act: Act) {
        match act {
            Act::Send => self.send(letter(id, (self.right, CopySend))),
            Act::Ask => self.send(asking(id, self.right, self.reply)),
            Act::Carry => {
                self.meet();
                self.send(carrying(id, (self.right, CopySend), &[(self.reply, MakeSend)]));
                self.meet();
            }
            Act::Longer => {
                let mut longer = letter(id, (self.right, CopySend));
                longer.body = vec![7; 200];
                self.send(longer);
            }
            Act::Receive => self.receive(),
            Act::Answer(at) if !self.open.is_empty() => {
                let right = self.open.remove(at % self.open.len());
                let sent = self.owner.try_send(letter(id, (right, MoveSendOnce)), WhenFull::GiveBack);
                self.seen.push(format!("{id}: answered {:?}", sent.map_err(|(error, _)| error)));
            }
            Act::Drop(at) if !self.open.is_empty() => {
                let right = self.open.remove(at % self.open.len());
                self.owner.deallocate(right);
            }
            Act::Answer(_) | Act::Drop(_) => {}
            Act::Take => {
                let taken = self.holder.try_receive(self.reply).map(|received| {
                    (
                        received.header.id,
                        received.header.sequence,
                        received.header.sent_by,
                        sum(&received.body),
                    )
                });
                self.seen.push(format!("{id}: took {taken:?}"));
            }
            Act::Limit(limit) => {
                self.owner.call(|kernel, space| kernel.set_limit(space, self.port, limit)).unwrap();
                // When the holder hears of it is a question of time.
                self.meet();
            }
            Act::OwnerLooks => self.owner.look(),
            Act::HolderLooks => self.holder.look(),
        }
    }

    /// Both look until nothing stands in the way of a message that is not common: what does is a question of time.
    fn meet(&self) {
        for _ in 0..4 {
            self.holder.look();
            self.owner.look();
        }
    }

    fn send(&mut self, letter: crate::kernel::message::Letter) {
        let id = letter.id;
        let sent = self.holder.try_send(letter, WhenFull::GiveBack).map_err(|(error, back)| {
            // The right to answer was made, and came back with the message.
            let rights = back.into_iter().filter(|back| back.reply.1.is_some());
            rights.for_each(|back| self.holder.deallocate(back.reply.0));
            error
        });
        self.seen.push(format!("{id}: sent {sent:?}"));
    }

    fn receive(&mut self) {
        let received = self.owner.try_receive(self.port);
        let seen = received.as_ref().map(|received| {
            let header = &received.header;
            let reply = received.reply.1;
            (
                header.id,
                header.sequence,
                header.bytes,
                header.sent_by,
                header.port,
                reply,
                sum(&received.body),
            )
        });
        self.seen.push(format!("received {seen:?}"));
        self.open
            .extend(received.filter(|received| received.reply.1.is_some()).map(|received| received.reply.0));
    }

    /// Receives everything, and lets go of every question.
    fn finish(&mut self) {
        for _ in 0..8 {
            self.counts();
            while let Some(received) = self.owner.try_receive(self.port) {
                self.open.extend(received.reply.1.map(|_| received.reply.0));
            }
            self.open.drain(..).for_each(|right| self.owner.deallocate(right));
            while self.holder.try_receive(self.reply).is_some() {}
        }
    }

    /// What the kernels count, when everything is where it goes.
    fn counts(&self) -> String {
        self.meet();
        let status = |machine: &Machine, name| machine.call(|kernel, space| kernel.status(space, name));
        let names = |machine: &Machine| machine.call(|kernel, space| kernel.names(space)).unwrap().len();
        format!(
            "{:?} {:?} {:?} {:?} {} {} {:?}",
            status(&self.owner, self.port),
            status(&self.holder, self.reply),
            self.owner.counts(),
            self.holder.counts(),
            names(&self.owner),
            names(&self.holder),
            self.holder.call(|kernel, space| kernel.references(space, self.right, Right::Send)),
        )
    }
}

/// What tells two bodies apart.
fn sum(body: &[u8]) -> u64 {
    body.iter().fold(body.len() as u64, |sum, byte| sum * 31 % 1_000_003 + u64::from(*byte))
}

#[test]
fn questions_answers_and_messages_go_the_direct_way() {
    let mut world = World::new(Machine::direct);
    let script = [Act::Ask, Act::Receive, Act::Answer(0), Act::Take, Act::Send, Act::Receive];
    for (act, id) in script.into_iter().cycle().take(60).zip(0..) {
        world.act(id, act);
    }
    let (sent, received) = world.holder.went_directly();
    assert!(sent >= 10 && received >= 9, "{sent} of the holder's messages went, {received} came");
    let (sent, received) = world.owner.went_directly();
    assert!(sent >= 10 && received >= 19, "{sent} of the owner's messages went, {received} came");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn both_ways_show_the_same(acts in vec(act(), 1..60)) {
        let (mut long, mut direct) = (World::new(Machine::new), World::new(Machine::direct));
        for (act, id) in acts.into_iter().zip(0..) {
            // Nobody but these two looks in the one world, and in the other nobody but who receives.
            long.holder.look();
            long.owner.look();
            long.act(id, act);
            direct.act(id, act);
        }
        let differs = long.seen.iter().zip(&direct.seen).find(|(long, direct)| long != direct);
        prop_assert_eq!(differs, None);
        prop_assert_eq!(long.counts(), direct.counts());
    }

    #[test]
    fn the_direct_way_alone_loses_and_changes_nothing(acts in vec(act(), 1..60)) {
        let mut world = World::new(Machine::direct);
        for (act, id) in acts.into_iter().zip(0..) {
            world.act(id, act);
        }
        world.finish();
        let rights = |machine: &Machine, name| {
            machine.call(|kernel, space| {
                let port = kernel.receive_right(space, name).unwrap();
                let port = kernel.ports.get(port).unwrap();
                let of_task = kernel.spaces.get(space).unwrap().send_once_rights;
                (port.send_once_rights, of_task, port.queue.len())
            })
        };
        prop_assert_eq!(rights(&world.holder, world.reply), (0, 0, 0));
        prop_assert_eq!(rights(&world.owner, world.port), (0, 0, 0));
    }
}
