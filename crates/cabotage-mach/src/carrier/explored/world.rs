// SPDX-License-Identifier: MIT OR Apache-2.0
//! All processes and what lies between them, one step at a time.

use super::heir::Heir;
use super::holder::Holder;
use super::net::{End, Net, Once, Process};
use super::old::{KEPT, Move, Old};
use super::port::Port;
use super::right::Act;
use super::{FIRST, Mutant, NEW, OLD, SECOND};

/// The number of the send-once right that the second holder may have.
pub(super) const ERRAND: u8 = 1;

/// What may happen next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Step {
    Die(Process),
    /// It takes no step any more, and holds what it holds.
    Stop(Process),
    Act(Process),
    /// Uses its send-once right, or destroys it.
    Run(Process),
    /// The old owner uses one that it has to its own port.
    UseKept,
    Look(Process),
    Hear(Process, End),
    HangUp(Process, End),
    Take(Process),
    Answer(Process),
    NoSenders(Process),
    Move(Move),
}

/// What is explored: who wants what, and how much goes wrong.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scenario {
    pub(super) first: &'static [Act],
    pub(super) second: &'static [Act],
    /// Whether the second holder has a right from the start.
    pub(super) are_two: bool,
    /// Whether it has a send-once right to the port, and sends by it or destroys it; and whether the old owner has one.
    pub(super) errand: Option<bool>,
    pub(super) keeps: bool,
    pub(super) moves: u8,
    pub(super) deaths: u8,
    pub(super) stops: u8,
}

/// See the [module](self).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct World {
    pub(super) net: Net,
    pub(super) old: Old,
    pub(super) new: Heir,
    pub(super) holders: [Holder; 2],
    pub(super) is_dead: [bool; 4],
    pub(super) is_stopped: [bool; 4],
    deaths_left: u8,
    stops_left: u8,
    mutant: Option<Mutant>,
}

impl World {
    pub(super) fn new(scenario: Scenario, mutant: Option<Mutant>) -> Self {
        let mut net = Net::default();
        let (wire, wire_there) = net.pair(OLD, NEW);
        let mut old = Old::new(wire, scenario.moves, mutant);
        let (first, owners) = net.pair(FIRST, OLD);
        old.port.add(owners);
        let mut second = None;
        if scenario.are_two {
            let (theirs, owners) = net.pair(SECOND, OLD);
            old.port.add(owners);
            second = Some(theirs);
        }
        let mut first = Holder::new(FIRST, scenario.first, Some(first), mutant);
        let mut second = Holder::new(SECOND, scenario.second, second, mutant);
        if scenario.errand.is_some() {
            let (theirs, owners) = net.pair(SECOND, OLD);
            old.had_errand = true;
            old.port.once.push((ERRAND, Once::Token(owners, ERRAND)));
            (second.errand, second.wants) = (Some(Once::Token(theirs, ERRAND)), scenario.errand);
        }
        if scenario.keeps {
            (old.kept, old.keeps) = (KEPT.to_vec(), true);
        }
        let (one, other) = net.pair(FIRST, SECOND);
        (first.friend, second.friend) = (Some(one), Some(other));
        Self {
            net,
            old,
            new: Heir::new(wire_there, mutant),
            holders: [first, second],
            is_dead: [false; 4],
            is_stopped: [false; 4],
            deaths_left: scenario.deaths,
            stops_left: scenario.stops,
            mutant,
        }
    }

    fn runs(&self, process: Process) -> bool {
        let process = usize::from(process);
        !self.is_dead[process] && !self.is_stopped[process]
    }

    /// The process that has the port, if it was moved, and otherwise.
    pub(super) fn owner(&self) -> Process {
        if self.old.has_moved() { NEW } else { OLD }
    }

    /// The port there.
    pub(super) fn port(&self) -> Option<&Port> {
        if self.old.has_moved() { self.new.port.as_ref() } else { Some(&self.old.port) }
    }

    /// Everything that may happen next but disasters.
    pub(super) fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        if self.runs(OLD) {
            self.steps_of_old(&mut steps);
        }
        if self.runs(NEW) {
            let listens = |end: &End| self.net.holds(NEW, *end);
            for end in self.new.ears().into_iter().filter(listens) {
                let is_over = self.new.is_over(&self.net, end);
                self.ear(NEW, end, is_over, &mut steps);
            }
            if let Some(port) = &self.new.port {
                Self::steps_of_port(NEW, port, &mut steps);
            }
        }
        for holder in self.holders.iter().filter(|holder| self.runs(holder.me)) {
            self.steps_of_holder(holder, &mut steps);
        }
        steps
    }

    /// Deaths and stops that may still happen.
    pub(super) fn disasters(&self) -> Vec<Step> {
        let running = || (0..4).filter(|process| self.runs(*process));
        let deaths = running().filter(|_| self.deaths_left > 0).map(Step::Die);
        deaths.chain(running().filter(|_| self.stops_left > 0).map(Step::Stop)).collect()
    }

    fn steps_of_old(&self, steps: &mut Vec<Step>) {
        for end in self.old.ears().into_iter().filter(|end| self.net.holds(OLD, *end)) {
            let is_over = self.old.is_over(&self.net, end);
            if is_over || self.old.reads(&self.net, end) {
                self.ear(OLD, end, is_over, steps);
            }
        }
        if !self.old.kept.is_empty() {
            steps.push(Step::UseKept);
        }
        steps.extend(self.old.moves(&self.net).into_iter().map(Step::Move));
        if self.old.going.is_none() {
            Self::steps_of_port(OLD, &self.old.port, steps);
        } else if !self.old.port.owed.is_empty() {
            steps.push(Step::Answer(OLD));
        }
    }

    fn steps_of_port(me: Process, port: &Port, steps: &mut Vec<Step>) {
        if !port.queue.is_empty() {
            steps.push(Step::Take(me));
        }
        if !port.owed.is_empty() {
            steps.push(Step::Answer(me));
        }
        if port.is_alone() && !port.is_told_no_senders {
            steps.push(Step::NoSenders(me));
        }
    }

    fn ear(&self, me: Process, end: End, is_over: bool, steps: &mut Vec<Step>) {
        if is_over {
            steps.push(Step::HangUp(me, end));
        } else if self.net.next(end).is_some() {
            steps.push(Step::Hear(me, end));
        }
    }

    fn steps_of_holder(&self, holder: &Holder, steps: &mut Vec<Step>) {
        if holder.is_to_look() {
            return steps.push(Step::Look(holder.me));
        }
        if holder.can_run() {
            steps.push(Step::Run(holder.me));
        }
        if holder.can_act() {
            steps.push(Step::Act(holder.me));
        }
        for end in holder.ears(&self.net) {
            self.ear(holder.me, end, self.net.is_hung_up(end), steps);
        }
    }

    /// The state after this step.
    pub(super) fn after(&self, step: Step) -> Self {
        let mut next = self.clone();
        next.take(step);
        next
    }

    fn take(&mut self, step: Step) {
        let net = &mut self.net;
        match step {
            Step::Die(process) => {
                self.is_dead[usize::from(process)] = true;
                self.deaths_left -= 1;
                net.die(process);
            }
            Step::Stop(process) => {
                self.is_stopped[usize::from(process)] = true;
                self.stops_left -= 1;
            }
            Step::Move(step) => self.old.step(net, step),
            Step::Hear(OLD, end) => self.old.hear(net, end),
            Step::HangUp(OLD, end) => self.old.hang_up(net, end),
            Step::Hear(NEW, end) => self.new.hear(net, end),
            Step::HangUp(NEW, end) => self.new.hang_up(net, end),
            Step::Take(owner) => self.port_of(owner).take(),
            Step::NoSenders(owner) => self.port_of(owner).is_told_no_senders = true,
            Step::Answer(OLD) => self.old.port.answer(net, OLD),
            Step::Answer(_) => {
                if let Some(port) = &mut self.new.port {
                    port.answer(net, NEW);
                }
            }
            Step::Run(me) => self.holders[usize::from(me - FIRST)].run(net),
            Step::UseKept => self.old.use_kept(net),
            Step::Act(me) => self.holders[usize::from(me - FIRST)].act(net),
            Step::Look(me) => self.holders[usize::from(me - FIRST)].look(net),
            Step::Hear(me, end) => self.holders[usize::from(me - FIRST)].hear(net, end),
            Step::HangUp(me, end) => self.holders[usize::from(me - FIRST)].hang_up(net, end),
        }
    }

    fn port_of(&mut self, owner: Process) -> &mut Port {
        match (owner, &mut self.new.port) {
            (NEW, Some(port)) => port,
            _ => &mut self.old.port,
        }
    }
}
