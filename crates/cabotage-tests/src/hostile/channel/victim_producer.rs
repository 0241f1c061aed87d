// SPDX-License-Identifier: MIT OR Apache-2.0
//! The victim that produces: an ordinary program that always has more records, and sends them to whoever is let in.
//!
//! It never waits: what has no room is tried again a moment later, and in those calls it also sees who has come.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use cabotage_link::quota::{Amounts, Limits, Quota};
use cabotage_os::{Deadline, limits, seam};
use cabotage_shm::{Presence, Producer, SendError};

use crate::hostile::report::{Cause, End, Report, processor_ns};
use crate::record::Mark;
use crate::role::Part;
use crate::scratch::Scratch;

/// Which stream it sends.
pub const STREAM: u64 = 7;
/// How often it looks again when nothing happens.
const TICK: Duration = Duration::from_millis(2);
/// How many records it sends at once.
const RECORDS_AT_ONCE: u64 = 256;

/// Plays it: its place.
pub(crate) fn play(part: &Part) {
    let place = Scratch::of(part.argument(0));
    let quota = quota();
    let producer = super::options(&place.registry()).quota(&quota).create(&super::name());
    let producer = producer.expect("a name of our own");
    let mut victim = Victim { producer, quota, sent: 0, present: None, ends: Vec::new(), table: None };
    let (line, orders) = channel();
    let reader = part.clone();
    std::thread::spawn(move || reader.orders().try_for_each(|order| line.send(order)));
    part.say("ready");
    loop {
        match orders.recv_timeout(TICK) {
            Ok(order) => part.say(victim.obey(&order)),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        victim.go_on();
    }
}

/// What all peers together may take: as much as the table of descriptors allows.
pub(in crate::hostile) fn quota() -> Quota {
    let table = limits::descriptors().expect("a limit").soft;
    Quota::new(Limits::within(table)).expect("a book of quotas")
}

/// What all peers are charged for.
pub(in crate::hostile) fn charged(quota: &Quota) -> Amounts {
    let held = quota.in_use();
    Amounts {
        links: held.ours.links + held.foreign.links,
        bytes: held.ours.bytes + held.foreign.bytes,
        descriptors: held.ours.descriptors + held.foreign.descriptors,
    }
}

struct Victim {
    producer: Producer,
    quota: Quota,
    sent: u64,
    /// Who is the consumer.
    present: Option<i32>,
    ends: Vec<End>,
    /// What fills the table of descriptors, while that is asked for.
    table: Option<Vec<OwnedFd>>,
}

impl Victim {
    fn obey(&mut self, order: &str) -> String {
        match order {
            "report" => self.report().to_line(),
            "fill" => {
                self.table = Some(Vec::new());
                fill_up(&mut self.table);
                "full".to_owned()
            }
            "empty" => {
                self.table = None;
                "empty".to_owned()
            }
            _ => panic!("an order that nobody understands: {order}"),
        }
    }

    /// Sends what there is room for, and notes who has come and gone.
    fn go_on(&mut self) {
        for _ in 0..RECORDS_AT_ONCE {
            let record = Mark { stream: STREAM, number: self.sent }.record(64);
            match self.producer.try_send(&record) {
                Ok(()) => self.sent += 1,
                Err(SendError::Full | SendError::Closed | SendError::Died) => break,
                Err(error) => {
                    self.ends.push(End { pid: 0, cause: Cause::System, words: error.to_string() });
                    break;
                }
            }
        }
        self.watch();
        fill_up(&mut self.table);
    }

    fn watch(&mut self) {
        match (self.producer.consumer(), self.present) {
            (Ok(Presence::Here { pid: Some(pid), .. }), _) => self.present = Some(pid),
            (Ok(Presence::Left | Presence::Died), Some(pid)) => {
                // So that the place is given up, and the rule known that was broken.
                let _ = self.producer.wait_until_consumed(Deadline::Now);
                let (cause, words) = match self.producer.consumer_fault() {
                    Some(fault) => (Cause::Fault, fault.to_string()),
                    None => (Cause::Gone, "the consumer has gone".to_owned()),
                };
                self.ends.push(End { pid, cause, words });
                self.present = None;
            }
            _ => {}
        }
    }

    fn report(&mut self) -> Report {
        Report {
            ends: std::mem::take(&mut self.ends),
            charged: charged(&self.quota),
            calls: seam::calls(),
            processor_ns: processor_ns(),
            messages: self.sent,
        }
    }
}

/// As many descriptors as there are, as long as the table is to be full.
fn fill_up(table: &mut Option<Vec<OwnedFd>>) {
    let Some(table) = table else { return };
    if table.is_empty() {
        table.push(File::open("/dev/null").expect("one descriptor is free").into());
    }
    while let Ok(more) = table[0].try_clone() {
        table.push(more);
    }
}
