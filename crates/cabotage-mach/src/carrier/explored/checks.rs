// SPDX-License-Identifier: MIT OR Apache-2.0
//! What must be true in every state, and what in those in which nothing more happens.

use super::holder::Holder;
use super::net::Process;
use super::old::KEPT;
use super::right::Fate;
use super::world::{ERRAND, Step, World};
use super::{FIRST, NEW, OLD, SECOND};

impl World {
    fn lives(&self, process: Process) -> bool {
        !self.is_dead[usize::from(process)]
    }

    fn stopped(&self, process: Process) -> bool {
        self.is_stopped[usize::from(process)]
    }

    /// Whether anybody has a send right, or is about to get one.
    fn has_senders(&self) -> bool {
        let has = |holder: &Holder| self.lives(holder.me) && holder.has_right();
        self.holders.iter().any(has) || self.net.has_right_flying()
    }

    /// The numbers of what was received from one sender, in order.
    fn received(&self, from: Process) -> Vec<u8> {
        let taken = self.new.port.iter().flat_map(|port| &port.taken);
        let taken = self.old.port.taken.iter().chain(taken);
        taken.filter(|(sender, _)| *sender == from).map(|(_, number)| *number).collect()
    }

    /// The same, with what waits in the queue.
    fn arrived(&self, from: Process) -> Vec<u8> {
        let queue = self.port().into_iter().flat_map(|port| &port.queue);
        let queued = queue.filter(|message| message.from == from).map(|message| message.number);
        self.received(from).into_iter().chain(queued).collect()
    }

    /// What is wrong with a step, before it is taken.
    pub(super) fn fault_of(&self, step: Step) -> Option<String> {
        let is_early = matches!(step, Step::NoSenders(_)) && self.has_senders();
        is_early.then(|| "no-senders while somebody has a right".into())
    }

    /// What is wrong with a state.
    pub(super) fn fault(&self) -> Option<String> {
        for from in [FIRST, SECOND] {
            let arrived = self.arrived(from);
            if arrived != in_a_row(arrived.len()) {
                return Some(format!("{from} is heard as {arrived:?}"));
            }
        }
        let living = || self.holders.iter().filter(|holder| self.lives(holder.me));
        if self.lives(self.owner()) && living().any(|holder| holder.is_told_dead) {
            return Some("told that a living port is dead".into());
        }
        if let Some(fault) = self.fault_of_once() {
            return Some(fault);
        }
        let is_asking = self.lives(OLD) && self.old.going.is_some() && !self.old.has_moved();
        if is_asking && self.lives(NEW) && self.new.is_unasked() && living().any(Holder::is_paused) {
            return Some("paused for one who has not answered".into());
        }
        let is_asked = self.old.going.as_ref().is_some_and(|going| !going.departure.is_detached());
        if is_asking && is_asked && living().any(Holder::is_paused) {
            return Some("paused for one who may take its time".into());
        }
        if is_asking && is_asked && self.lives(NEW) && self.new.is_unasked() {
            return Some("detached for one who has not answered".into());
        }
        None
    }

    /// What has come of a send-once right to the port, at either owner.
    fn came(&self, number: u8) -> Vec<bool> {
        let came = self.old.port.came.iter().chain(self.new.port.iter().flat_map(|port| &port.came));
        came.filter(|(known, _)| *known == number).map(|(_, is_message)| *is_message).collect()
    }

    /// Each send-once right gives one message or one notification, and that only if its holder did not send.
    fn fault_of_once(&self) -> Option<String> {
        let twice = [ERRAND, KEPT[0]].into_iter().find(|number| self.came(*number).len() > 1);
        if let Some(number) = twice {
            return Some(format!("send-once right {number} has come twice"));
        }
        let errand = &self.holders[usize::from(SECOND - FIRST)];
        let is_told = self.came(ERRAND) == [false] && self.lives(SECOND);
        (is_told && errand.did != Some(false))
            .then(|| "told that nobody used a right that somebody has used or has".into())
    }

    /// The same where nothing more happens.
    fn last_fault_of_once(&self) -> Option<String> {
        if !self.lives(self.owner()) {
            return None;
        }
        let errand = &self.holders[usize::from(SECOND - FIRST)];
        let is_done = errand.did.is_some() || !self.lives(SECOND);
        let had_one = self.old.had_errand;
        if had_one && is_done && self.came(ERRAND).is_empty() {
            return Some("nothing came of a send-once right".into());
        }
        if had_one && !is_done && errand.errand.is_none() {
            return Some("a send-once right died, and its port did not".into());
        }
        let is_kept_done = self.old.keeps && !self.stopped(OLD);
        (is_kept_done && self.came(KEPT[0]).is_empty())
            .then(|| "nothing came of a send-once right that was kept".into())
    }

    /// What is wrong with a state in which nothing more happens.
    pub(super) fn last_fault(&self) -> Option<String> {
        let runs = |holder: &&Holder| self.lives(holder.me) && !self.stopped(holder.me);
        let mut running = self.holders.iter().filter(runs);
        if self.stopped(self.owner()) {
            return None;
        }
        if self.lives(self.owner()) && self.port().is_none() {
            return Some("the port is nobody's".into());
        }
        let may_have = |holder: &Holder| self.lives(holder.me) && holder.may_have_right();
        if self.lives(self.owner())
            && !self.holders.iter().any(may_have)
            && !self.net.has_right_flying()
            && !self.port().is_some_and(|port| port.is_told_no_senders)
        {
            return Some("nobody has a right, and nobody is told".into());
        }
        self.last_fault_of_once().or_else(|| running.find_map(|holder| self.last_fault_of(holder)))
    }

    fn last_fault_of(&self, holder: &Holder) -> Option<String> {
        let me = holder.me;
        let fault = |what: &str| Some(format!("{me} {what}"));
        if self.lives(self.owner()) {
            if holder.is_paused() {
                return fault("waits for ever");
            }
            if holder.has_right() && !holder.plan.is_empty() {
                return fault("can't go on");
            }
            if self.arrived(me) != in_a_row(holder.sent.into()) {
                return Some(format!("{me} sent {}, heard is {:?}", holder.sent, self.arrived(me)));
            }
        } else if holder.has_right() && !self.stopped(OLD) {
            return fault("is not told that the port died");
        }
        holder.fates.iter().find_map(|(number, fate)| self.fault_of_fate(me, *number, *fate))
    }

    /// A question ends once, and by a notification only if whoever had the right to answer died.
    fn fault_of_fate(&self, me: Process, number: u8, fate: Fate) -> Option<String> {
        let taker = [OLD, NEW].into_iter().find(|owner| self.has_taken(*owner, (me, number)));
        let holder = taker.unwrap_or_else(|| self.owner());
        match fate {
            Fate::Replied => None,
            Fate::Notified if !self.lives(holder) => None,
            Fate::Notified => Some(format!("{me} is told that question {number} is lost, which it is not")),
            Fate::Open(_) | Fate::Link(_) if self.stopped(holder) => None,
            _ if !self.lives(self.owner()) && self.stopped(OLD) => None,
            Fate::Open(_) | Fate::Link(_) => Some(format!("{me} never hears of question {number}")),
        }
    }

    fn has_taken(&self, owner: Process, message: (Process, u8)) -> bool {
        match (owner, &self.new.port) {
            (NEW, Some(port)) => port.taken.contains(&message),
            (OLD, _) => self.old.port.taken.contains(&message),
            _ => false,
        }
    }
}

fn in_a_row(count: usize) -> Vec<u8> {
    (1..).take(count).collect()
}
