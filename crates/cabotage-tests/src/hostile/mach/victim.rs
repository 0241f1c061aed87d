// SPDX-License-Identifier: MIT OR Apache-2.0
//! The victim: an ordinary receiver that checks in, reads what it is sent, and answers without waiting for anybody.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::sync::mpsc::{TryRecvError, channel};
use std::time::Duration;

use cabotage_link::names::Scope;
use cabotage_link::quota::{Limits, Quota};
use cabotage_mach::bootstrap::CheckIn;
use cabotage_mach::{AnyRight, Carried, Message, Outgoing, ReceiveError, ReceiveRight};
use cabotage_os::{Deadline, limits, processor, seam};

use super::script::wish;
use crate::hostile::channel::victim_producer::charged;
use crate::hostile::report::{Report, processor_ns};
use crate::role::Part;
use crate::scratch::Scratch;

/// Numbers of the honest sender's messages: news with a number, and a question how many of them have come.
pub(super) const NEWS: i32 = 1;
pub(super) const QUESTION: i32 = 2;

/// How often it looks for orders when nothing happens.
const TICK: Duration = Duration::from_millis(2);

/// What the honest sender hears once its messages did not come in order, each once.
pub(super) const OUT_OF_ORDER: u64 = u64::MAX;

/// Plays it: its place, the process of the honest sender, and perhaps a processor.
pub(crate) fn play(part: &Part) {
    let place = Scratch::of(part.argument(0));
    let honest = u32::try_from(part.number(1)).expect("the number of a process");
    if part.arguments() > 2 {
        processor::pin(usize::try_from(part.number(2)).expect("a number")).expect("a processor");
    }
    let quota = few_links();
    // Everybody may look it up: users that are not ours too.
    let how = CheckIn::new().registry(&place.registry()).scope(Scope::System).mode(0o666).quota(&quota);
    let port = how.check_in(super::NAME).expect("a name of our own");
    let mut victim = Victim { port, quota, honest, heard: 0, table: Vec::new() };
    let (line, orders) = channel();
    let reader = part.clone();
    std::thread::spawn(move || reader.orders().try_for_each(|order| line.send(order)));
    part.say("ready");
    loop {
        match orders.try_recv() {
            Ok(order) if order == "report" => part.say(victim.report()),
            Ok(order) if order == "measure" => part.say(victim.measure().to_line()),
            Ok(order) if order == "fill" => part.say(victim.fill()),
            Ok(order) if order == "empty" => {
                victim.table.clear();
                part.say("empty");
            }
            Ok(order) => panic!("an order that nobody understands: {order}"),
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => return,
        }
        match victim.port.receive_within(Deadline::within(TICK)) {
            Ok(message) => victim.take(message),
            Err(ReceiveError::TimedOut) => {}
            Err(error) => panic!("the port is over: {error}"),
        }
    }
}

/// A quota whose end so many links of one process reach as a test makes, whatever the table of descriptors holds.
fn few_links() -> Quota {
    let table = limits::descriptors().expect("a limit").soft;
    let mut limits = Limits::within(table);
    for pool in [&mut limits.ours, &mut limits.foreign] {
        pool.links = pool.links.min(LINKS_MAX);
    }
    Quota::new(limits).expect("a book of quotas")
}

/// How many links its quota has for all of a pool.
pub(super) const LINKS_MAX: u64 = 128;

struct Victim {
    port: ReceiveRight,
    quota: Quota,
    /// The process whose messages are counted.
    honest: u32,
    /// How many of them have come.
    heard: u64,
    /// What fills the table of descriptors, while that is asked for.
    table: Vec<OwnedFd>,
}

impl Victim {
    fn take(&mut self, message: Message) {
        let Some(sender) = message.audit_token() else {
            // A notification owns a reference of its dead name.
            drop(message.into_notification());
            return;
        };
        if sender.0[PID] == self.honest { self.serve(message) } else { self.suffer(message) }
    }

    fn serve(&mut self, mut message: Message) {
        if message.id() == NEWS {
            let is_next = message.body() == self.heard.to_le_bytes();
            self.heard = if is_next { self.heard + 1 } else { OUT_OF_ORDER };
            return;
        }
        // The question's own number comes back, so that an answer to another one is found.
        let answer = [&self.heard.to_le_bytes(), message.body()].concat();
        message.reply(answer).expect("an honest sender waits for its answer");
    }

    /// What anybody else sends is read, used and let go of.
    fn suffer(&mut self, mut message: Message) {
        for carried in message.take_carried() {
            match carried {
                // One that is full or dead misses nothing.
                Carried::Right(AnyRight::Send(right)) => drop(right.try_send("thanks")),
                Carried::Right(AnyRight::Receive(port)) => drop(port.try_receive()),
                Carried::Memory(memory) => drop(memory.to_vec()),
                _ => {}
            }
        }
        let mut answer = Outgoing::new(0).body(message.body());
        if message.body().first() == Some(&wish::GRANT) {
            answer = answer.with(self.port.make_send_once().expect("a name"));
        }
        // A right to reply by that may be full is one to wait for, and this one waits for nobody.
        match message.take_reply_right() {
            AnyRight::SendOnce(right) => drop(right.send(answer)),
            AnyRight::Send(right) => drop(right.try_send(answer)),
            _ => {}
        }
    }

    /// As many descriptors as there are; answers how many.
    fn fill(&mut self) -> usize {
        let first = File::open("/dev/null").expect("one descriptor is free");
        while let Ok(more) = first.try_clone() {
            self.table.push(more.into());
        }
        self.table.push(first.into());
        self.table.len()
    }

    /// What it has cost so far.
    fn measure(&self) -> Report {
        Report {
            ends: Vec::new(),
            charged: charged(&self.quota),
            calls: seam::calls(),
            processor_ns: processor_ns(),
            messages: self.heard,
        }
    }

    /// All that others have of the port and of this process, in words.
    fn report(&self) -> String {
        let status = self.port.status().expect("a port that lives");
        let charged = charged(&self.quota);
        format!("{} queued, {} send-once rights, {charged:?}", status.queued, status.send_once_rights)
    }
}

/// Where an audit token names the process.
const PID: usize = 5;
