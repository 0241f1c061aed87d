// SPDX-License-Identifier: MIT OR Apache-2.0
//! The victim: an ordinary server that answers requests, reads what they declare, calls back, and keeps what it is told
//! to keep.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use cabotage_alpc::{ChannelError, ConnectionPort, Incoming, ReceiveError, Request, Wait};
use cabotage_link::quota::Quota;
use cabotage_os::{Deadline, processor, seam};

use super::script::wish;
use crate::hostile::channel::victim_producer::{charged, quota};
use crate::hostile::report::{Cause, End, Report, processor_ns};
use crate::role::Part;
use crate::scratch::Scratch;

/// How often it looks for orders when nothing happens.
const TICK: Duration = Duration::from_millis(2);
/// How long it waits for one client: others wait meanwhile.
const PATIENCE: Duration = Duration::from_millis(5);
/// How many requests it keeps.
const KEPT_MAX: usize = 8;

/// Plays it: its place, and perhaps a processor.
pub(crate) fn play(part: &Part) {
    let place = Scratch::of(part.argument(0));
    let quota = quota();
    let mut options = super::port_options(&place.registry()).quota(&quota);
    if part.arguments() > 1 {
        // It is measured, and whether it pays to look for a while before one sleeps is found out anew all the time.
        processor::pin(usize::try_from(part.number(1)).expect("a number")).expect("a processor");
        options = options.wait(Wait::Block);
    }
    let port = options.create(super::NAME).expect("a name of our own");
    let mut victim = Victim { port, quota, kept: Vec::new(), ends: Vec::new(), answered: 0 };
    let (line, orders) = channel();
    let reader = part.clone();
    std::thread::spawn(move || reader.orders().try_for_each(|order| line.send(order)));
    part.say("ready");
    loop {
        match orders.recv_timeout(Duration::ZERO) {
            Ok(order) if order == "report" => part.say(victim.report().to_line()),
            Ok(order) => panic!("an order that nobody understands: {order}"),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        match victim.port.receive(Deadline::within(TICK)) {
            Ok(incoming) => victim.take(incoming),
            Err(ReceiveError::Nothing) => {}
            Err(error) => panic!("the port is over: {error}"),
        }
    }
}

struct Victim {
    port: ConnectionPort,
    quota: Quota,
    kept: Vec<Request>,
    ends: Vec<End>,
    answered: u64,
}

impl Victim {
    fn take(&mut self, incoming: Incoming) {
        match incoming {
            Incoming::ConnectionRequest(request) => {
                let pid = u64::try_from(request.identity().pid).unwrap_or(0);
                // One that is gone meanwhile is none.
                let _ = self.port.accept(request, b"welcome", pid);
            }
            Incoming::Request(request) => self.serve(request),
            Incoming::PortClosed { context, .. } | Incoming::ClientDied { context, .. } => {
                self.end(context, Cause::Gone, "the client has gone".to_owned());
            }
            Incoming::Disconnected { context, error, .. } => {
                let cause = match *error {
                    ChannelError::Fault(_) => Cause::Fault,
                    ChannelError::System(_) => Cause::System,
                    _ => Cause::Gone,
                };
                self.end(context, cause, error.to_string());
            }
            _ => {}
        }
    }

    fn end(&mut self, context: u64, cause: Cause, words: String) {
        self.ends.push(End { pid: i32::try_from(context).unwrap_or(0), cause, words });
        // What it had asked is let go of.
        let kept = std::mem::take(&mut self.kept);
        self.kept = kept.into_iter().filter(|request| request.context() != context).collect();
    }

    fn serve(&mut self, request: Request) {
        self.answered += 1;
        let soon = Deadline::within(PATIENCE);
        let answer = match request.body().first() {
            Some(&wish::READ) => {
                let mut bytes = [0; 64];
                self.port
                    .read_at(&request, 0, 0, &mut bytes, soon)
                    .map(|()| bytes.to_vec())
                    .unwrap_or_default()
            }
            Some(&wish::CALL_BACK) => {
                let reply = self.port.call_back(&request, b"?", soon);
                reply.map(|reply| reply.body().to_vec()).unwrap_or_default()
            }
            Some(&wish::KEEP) if self.kept.len() < KEPT_MAX => return self.kept.push(request),
            _ => request.body().to_vec(),
        };
        // A client that is gone, or does not want it any more, misses nothing.
        let _ = self.port.reply_or_keep(request, &answer);
    }

    fn report(&mut self) -> Report {
        Report {
            ends: std::mem::take(&mut self.ends),
            charged: charged(&self.quota),
            calls: seam::calls(),
            processor_ns: processor_ns(),
            messages: self.answered,
        }
    }
}
