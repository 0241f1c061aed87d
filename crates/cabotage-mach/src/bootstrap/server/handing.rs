// SPDX-License-Identifier: MIT OR Apache-2.0
//! Receive rights on their way to who has checked in. All senders have to be told of that, and the new owner's library
//! has to answer, so each goes by a thread of its own; the server goes on meanwhile.

use std::collections::HashSet;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use super::super::protocol::{self, Request};
use super::rules::ServiceId;
use crate::error::Unsent;
use crate::message::{Carried, Outgoing};
use crate::rights::{AnyRight, ReceiveRight, SendOnceRight, SendRight};

/// How many check-ins are under way at once.
const HANDING_MAX: usize = 64;
/// How long one may take. A sender that does not answer, or the new owner itself, is not waited for longer.
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
    pub(super) has_arrived: bool,
    /// The receive right, if it has not gone.
    pub(super) left: Option<ReceiveRight>,
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

    /// Sends a receive right as the answer to a check-in.
    ///
    /// # Errors
    /// The right, when there can be no thread for it.
    pub(super) fn hand(&mut self, service: ServiceId, port: ReceiveRight, reply: SendOnceRight) {
        let Ok(news) = self.news.copy() else { return };
        self.under_way.insert(service);
        let end = self.end.clone();
        let work = move || {
            let id = Request::CheckIn("").id() + protocol::REPLY_ID_OFFSET;
            let answer = Outgoing::new(id).body(protocol::answer(Ok(&[]))).with(port);
            let sent = reply.send_within(answer, PATIENCE);
            let has_arrived = sent.is_ok();
            let carried = sent.err().and_then(Unsent::into_message).map(Outgoing::into_carried);
            let left = carried.into_iter().flatten().find_map(|carried| match carried {
                Carried::Right(AnyRight::Receive(port)) => Some(port),
                _ => None,
            });
            let _ = end.send(Handed { service, has_arrived, left });
            let _ = news.try_send(Outgoing::new(HANDED_ID));
        };
        if std::thread::Builder::new().name("check-in".into()).spawn(work).is_err() {
            let _ = self.end.send(Handed { service, has_arrived: false, left: None });
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
