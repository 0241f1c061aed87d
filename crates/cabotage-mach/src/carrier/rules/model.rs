// SPDX-License-Identifier: MIT OR Apache-2.0
//! Two honest ends that do anything in any order, and of which one may die at any step: neither finds a fault with the
//! other, each send-once right ends once, and the link closes when nothing is left on it.

use std::collections::{HashMap, VecDeque};

use proptest::prelude::*;

use super::{Granted, Held, Role};

/// What goes over the link. A message may go by a send-once right, and bring one to answer by.
#[derive(Debug, Clone, Copy)]
enum Said {
    Message { by: Option<u64>, reply: Option<u64>, taken: u32 },
    Unused(u64),
    Release,
    Taken(u32),
    Died,
}

/// One end, and what it has still to do with what it heard.
struct End {
    role: Role,
    granted: Granted<u64>,
    held: Held<()>,
    /// Tokens of the other's that may be answered.
    open: Vec<u64>,
    /// Messages in the queue, by the right itself.
    queued: usize,
    out: VecDeque<Said>,
    is_gone: bool,
}

/// How often each right that was granted has ended, by its end and number.
type Ends = HashMap<(bool, u64), u32>;

impl End {
    fn new(role: Role) -> Self {
        let (granted, held) = (Granted::default(), Held::default());
        Self { role, granted, held, open: Vec::new(), queued: 0, out: VecDeque::new(), is_gone: false }
    }

    fn grant(&mut self, ends: &mut Ends) -> u64 {
        let token = self.granted.grant(0).unwrap();
        ends.insert((self.role.is_owner(), token), 0);
        token
    }

    fn say(&mut self, by: Option<u64>, reply: Option<u64>) {
        let taken = self.role.tell();
        self.out.push_back(Said::Message { by, reply, taken });
    }

    /// Does something of its own; `what` says which thing.
    fn act(&mut self, what: u8, ends: &mut Ends) {
        match what {
            0 | 1 if self.role.room() > 0 => {
                let reply = (what == 1).then(|| self.grant(ends));
                self.role.send();
                self.say(None, reply);
            }
            2 | 3 => {
                if let Some(token) = self.open.pop() {
                    let reply = (what == 3).then(|| self.grant(ends));
                    self.held.end(token).unwrap();
                    self.say(Some(token), reply);
                }
            }
            4 => {
                if let Some(token) = self.open.pop() {
                    self.held.end(token).unwrap();
                    self.out.push_back(Said::Unused(token));
                }
            }
            5 if self.role.release() => self.out.push_back(Said::Release),
            6 if self.queued > 0 => {
                self.queued -= 1;
                let Role::Owner { ration, .. } = &mut self.role else { unreachable!() };
                if ration.take() {
                    self.out.push_back(Said::Taken(ration.tell()));
                }
            }
            7 if self.role.is_owner() => {
                self.role.kill();
                self.queued = 0;
                self.out.push_back(Said::Died);
            }
            _ => {}
        }
    }

    fn hear(&mut self, said: Said, ends: &mut Ends) {
        let own = self.role.is_owner();
        let mut end_one = |token| *ends.get_mut(&(own, token)).unwrap() += 1;
        match said {
            Said::Message { by, reply, taken } => {
                self.role.hear_taken(taken).unwrap();
                match by {
                    Some(token) => {
                        self.granted.end(token).unwrap();
                        end_one(token);
                    }
                    None => {
                        self.role.hear_message().unwrap();
                        self.queued += 1;
                    }
                }
                if let Some(token) = reply {
                    self.held.admit(token).unwrap();
                    self.held.hold(token, ());
                    self.open.push(token);
                }
            }
            Said::Unused(token) => {
                self.granted.end(token).unwrap();
                end_one(token);
            }
            Said::Release => self.role.hear_release().unwrap(),
            Said::Taken(taken) => drop(self.role.hear_taken(taken).unwrap()),
            Said::Died => drop(self.role.hear_death().unwrap()),
        }
    }

    /// The link is over.
    fn lose(&mut self) -> bool {
        self.is_gone = true;
        let ending = self.role.end(&mut self.granted, &mut self.held);
        self.open.clear();
        ending.had_right
    }
}

/// Hands over what one end has said; closes the link where that end is done.
fn deliver(from: &mut End, to: &mut End, ends: &mut Ends) -> bool {
    match from.out.pop_front() {
        Some(said) if !to.is_gone => to.hear(said, ends),
        Some(_) => {}
        None => return false,
    }
    true
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn honest_ends_find_no_fault_and_each_right_ends_once(
        steps in proptest::collection::vec((any::<bool>(), 0_u8..12), 0..120),
        death in proptest::option::of((any::<proptest::sample::Index>(), any::<bool>())),
    ) {
        let (mut holder, mut owner) = (End::new(Role::holder(5)), End::new(Role::owner(5)));
        let mut ends = Ends::new();
        let death = death.map(|(at, whose)| (at.index(steps.len() + 1), whose));
        for (at, (is_holder, what)) in steps.into_iter().enumerate() {
            if death.is_some_and(|(when, _)| when == at) {
                break;
            }
            let (near, far) = if is_holder { (&mut holder, &mut owner) } else { (&mut owner, &mut holder) };
            match what {
                8.. => drop(deliver(near, far, &mut ends)),
                what => near.act(what, &mut ends),
            }
        }
        match death {
            Some((_, kills_holder)) => {
                let (dead, left) =
                    if kills_holder { (&mut holder, &mut owner) } else { (&mut owner, &mut holder) };
                dead.is_gone = true;
                while deliver(dead, left, &mut ends) {}
                left.lose();
                for ((whose, token), count) in &ends {
                    if *whose == left.role.is_owner() {
                        prop_assert!(*count <= 1, "right {token} ended {count} times before its link");
                    }
                }
                prop_assert!(left.granted.is_empty() && left.held.is_empty());
            }
            None => {
                settle(&mut holder, &mut owner, &mut ends);
                prop_assert!(ends.values().all(|count| *count == 1), "{ends:?}");
                prop_assert!(holder.role.is_done(&holder.granted, &holder.held));
                let is_dead = matches!(owner.role, Role::Owner { is_dead: true, .. });
                prop_assert!(is_dead || !owner.role.has_right());
            }
        }
    }
}

/// Everybody answers what is open and gives back what it has, until nothing is said any more.
fn settle(holder: &mut End, owner: &mut End, ends: &mut Ends) {
    loop {
        let mut is_quiet = true;
        for (near, far) in [(&mut *holder, &mut *owner)] {
            while deliver(near, far, ends) || deliver(far, near, ends) {
                is_quiet = false;
            }
            for end in [near, far] {
                while !end.open.is_empty() {
                    end.act(2, ends);
                    is_quiet = false;
                }
            }
        }
        if holder.role.has_right() {
            holder.act(5, ends);
            is_quiet = false;
        }
        if is_quiet {
            return;
        }
    }
}
