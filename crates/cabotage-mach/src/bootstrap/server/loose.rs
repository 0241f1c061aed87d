// SPDX-License-Identifier: MIT OR Apache-2.0
//! Questions that can't be answered yet: look-ups that wait for their service, and answers that found no way.

use std::time::{Duration, Instant};

use cabotage_os::Deadline;

use super::super::BootstrapCode;
use super::super::protocol;
use super::Server;
use super::rules::{Caller, NamespaceId};
use crate::message::Outgoing;
use crate::rights::SendOnceRight;

/// How many look-ups of one process wait.
const PENDING_MAX: usize = 64;
/// How many answers to one process wait, and how long.
const UNANSWERED_MAX: usize = 16;
const UNANSWERED_FOR: Duration = Duration::from_secs(5);

/// A look-up that waits for its service.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) space: NamespaceId,
    pub(super) name: String,
    pub(super) who: Caller,
    pub(super) until: Instant,
    pub(super) reply: SendOnceRight,
}

/// An answer that found no way yet: the asker reads nothing, or a port is moving.
#[derive(Debug)]
pub(super) struct Unanswered {
    pid: u32,
    until: Instant,
    reply: SendOnceRight,
    answer: Outgoing,
}

impl Server {
    /// Answers, now or as soon as that is possible.
    pub(super) fn answer(&mut self, who: Caller, reply: SendOnceRight, answer: Outgoing) {
        self.offer(who.pid, Instant::now() + UNANSWERED_FOR, reply, answer);
    }

    pub(super) fn refuse(&mut self, who: Caller, reply: SendOnceRight, code: BootstrapCode) {
        self.answer(who, reply, Outgoing::new(protocol::REPLY_ID_OFFSET).body(protocol::answer(Err(code))));
    }

    fn offer(&mut self, pid: u32, until: Instant, reply: SendOnceRight, answer: Outgoing) {
        let Err(Some(left)) = reply.offer(answer, Deadline::Now) else { return };
        let (reply, answer) = *left;
        let waiting = self.unanswered.iter().filter(|unanswered| unanswered.pid == pid).count();
        if waiting < UNANSWERED_MAX && Instant::now() < until {
            self.unanswered.push(Unanswered { pid, until, reply, answer });
        }
    }

    /// Tries again what could not be answered.
    pub(super) fn answer_again(&mut self) {
        for Unanswered { pid, until, reply, answer } in std::mem::take(&mut self.unanswered) {
            self.offer(pid, until, reply, answer);
        }
    }

    /// Lets a look-up wait; one too many is refused.
    pub(super) fn let_wait(&mut self, pending: Pending) {
        let waiting = self.pending.iter().filter(|other| other.who.pid == pending.who.pid).count();
        if waiting < PENDING_MAX {
            self.pending.push(pending);
        } else {
            self.refuse(pending.who, pending.reply, BootstrapCode::NoMemory);
        }
    }

    /// Answers the look-ups whose service is there now, or whose time is up.
    pub(super) fn look_after_pending(&mut self) {
        for pending in std::mem::take(&mut self.pending) {
            self.look_up(pending);
        }
    }
}
