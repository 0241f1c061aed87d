// SPDX-License-Identifier: MIT OR Apache-2.0
//! Receive rights on their way to who has checked in. All senders have to be told of that, and the new owner's library
//! has to answer, so each goes by a thread of its own; the server goes on meanwhile.
//!
//! A sender that does not use the library can't be told, and is not waited for for long: then the old port dies, and
//! who has checked in gets a fresh one.

use std::collections::HashSet;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use cabotage_os::Deadline;

use super::super::protocol::{self, Request};
use super::rules::ServiceId;
use crate::message::Outgoing;
use crate::rights::{ReceiveRight, SendOnceRight, SendRight};

/// How many check-ins are under way at once.
const HANDING_MAX: usize = 64;
/// How long one may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// What tells the server that a check-in has come to its end.
pub(super) const HANDED_ID: i32 = 1;

/// Check-ins that are under way.
#[derive(Debug)]
pub(super) struct Handing {
    under_way: HashSet<ServiceId>,
    ended: Receiver<Handed>,
    end: Sender<Handed>,
    news: SendRight,
}

/// What has become of one.
#[derive(Debug)]
pub(super) struct Handed {
    pub(super) service: ServiceId,
    pub(super) outcome: Outcome,
}

#[derive(Debug)]
pub(super) enum Outcome {
    Arrived,
    /// The right could not go, and has been destroyed; the answer is still owed.
    Refused(SendOnceRight),
    /// So could nothing else.
    Failed,
}

impl Handing {
    /// Each end is told by this right.
    pub(super) fn new(news: SendRight) -> Self {
        let (end, ended) = channel();
        Self { under_way: HashSet::new(), ended, end, news }
    }

    pub(super) fn has(&self, service: ServiceId) -> bool {
        self.under_way.contains(&service)
    }

    pub(super) fn is_full(&self) -> bool {
        self.under_way.len() >= HANDING_MAX
    }

    /// Sends a receive right as the answer to a check-in. One that is not fresh may be in the way of its own senders.
    pub(super) fn hand(
        &mut self,
        service: ServiceId,
        (port, is_fresh): (ReceiveRight, bool),
        reply: SendOnceRight,
    ) {
        self.under_way.insert(service);
        let (end, news) = (self.end.clone(), self.news.copy());
        let work = move || {
            let outcome = match (send(port, reply), is_fresh) {
                (Ok(()), _) => Outcome::Arrived,
                (Err(Some(reply)), false) => Outcome::Refused(reply),
                (Err(_), _) => Outcome::Failed,
            };
            let _ = end.send(Handed { service, outcome });
            if let Ok(news) = news {
                let _ = news.try_send(Outgoing::new(HANDED_ID));
            }
        };
        if std::thread::Builder::new().name("check-in".into()).spawn(work).is_err() {
            let _ = self.end.send(Handed { service, outcome: Outcome::Failed });
            let _ = self.news.try_send(Outgoing::new(HANDED_ID));
        }
    }

    /// Check-ins that have come to their end since the last time.
    pub(super) fn ended(&mut self) -> Vec<Handed> {
        let ended: Vec<Handed> = self.ended.try_iter().collect();
        for handed in &ended {
            self.under_way.remove(&handed.service);
        }
        ended
    }
}

/// Answers with the receive right; the right to answer comes back if that could not go.
fn send(port: ReceiveRight, reply: SendOnceRight) -> Result<(), Option<SendOnceRight>> {
    let id = Request::CheckIn("").id() + protocol::REPLY_ID_OFFSET;
    let answer = Outgoing::new(id).body(protocol::answer(Ok(&[]))).with(port);
    reply.offer(answer, Deadline::within(PATIENCE)).map_err(|left| left.map(|left| left.0))
}
