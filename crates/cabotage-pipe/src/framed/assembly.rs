// SPDX-License-Identifier: MIT OR Apache-2.0
//! Putting each writer's frames together, within bounds that no writer can exceed.
//!
//! Pure state: no system call, no clock. Memory is bounded by [`Limits`], whatever the writers do: a message that
//! grows too long, and the unfinished one that waits longest when too many are in progress, are given up. Every
//! message that began and did not end is reported as [`Lost`], once.

use std::collections::HashMap;

use super::frame::{Header, WriterId};

/// How much a reader keeps for unfinished messages: at most the product of both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The longest message.
    pub message_bytes_max: usize,
    /// How many writers may be in the middle of a message at a time.
    pub writers_max: usize,
}

impl Default for Limits {
    /// 1 MiB, 64 writers.
    fn default() -> Self {
        Self { message_bytes_max: 1 << 20, writers_max: 64 }
    }
}

/// What came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// A whole message.
    Message(Message),
    /// A message that began and will not end.
    Lost(Lost),
    /// Every writer is gone and everything has been received. A FIFO may get new writers: receive on.
    End,
}

/// A whole message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Who sent it.
    pub writer: WriterId,
    /// What it says.
    pub body: Vec<u8>,
}

/// A message that began and will not end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lost {
    /// Who was sending it.
    pub writer: WriterId,
    /// How many of its bytes had come.
    pub got_bytes: usize,
    /// Why it is lost.
    pub cause: Loss,
}

/// Why a message is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Loss {
    /// Its writer began another: it had given this one up, at a deadline or for an error.
    Abandoned,
    /// Every writer is gone, so nobody can end it.
    WritersGone,
    /// It grew beyond the reader's limit.
    TooLong,
    /// Too many writers were in the middle of a message, and this one had waited longest.
    Evicted,
}

/// The unfinished messages.
#[derive(Debug)]
pub(super) struct Assembly {
    limits: Limits,
    unfinished: HashMap<WriterId, Unfinished>,
    frames: u64,
}

#[derive(Debug)]
struct Unfinished {
    body: Vec<u8>,
    last_frame: u64,
}

impl Assembly {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, unfinished: HashMap::new(), frames: 0 }
    }

    /// Takes one frame; what it brings about goes to `outcomes`.
    pub(super) fn accept(&mut self, header: Header, payload: &[u8], outcomes: &mut impl Extend<Received>) {
        self.frames += 1;
        let Header { writer, is_first, is_last, .. } = header;
        let body = match (self.unfinished.remove(&writer), is_first) {
            (Some(unfinished), false) => unfinished.body,
            (Some(unfinished), true) => {
                outcomes.extend([unfinished.lost(writer, Loss::Abandoned)]);
                Vec::new()
            }
            (None, true) => Vec::new(),
            // The rest of a message whose loss is reported already.
            (None, false) => return,
        };
        outcomes.extend(self.go_on(writer, body, payload, is_last));
    }

    /// Gives up what nobody can finish any more, now that every writer is gone.
    pub(super) fn end(&mut self, outcomes: &mut impl Extend<Received>) {
        let mut left: Vec<_> = self.unfinished.drain().collect();
        left.sort_by_key(|(writer, _)| *writer);
        outcomes.extend(left.into_iter().map(|(writer, rest)| rest.lost(writer, Loss::WritersGone)));
    }

    fn go_on(
        &mut self,
        writer: WriterId,
        mut body: Vec<u8>,
        payload: &[u8],
        is_last: bool,
    ) -> Option<Received> {
        if body.len() + payload.len() > self.limits.message_bytes_max {
            let got_bytes = body.len() + payload.len();
            return Some(Received::Lost(Lost { writer, got_bytes, cause: Loss::TooLong }));
        }
        body.extend_from_slice(payload);
        if is_last {
            return Some(Received::Message(Message { writer, body }));
        }
        let evicted = self.make_room();
        self.unfinished.insert(writer, Unfinished { body, last_frame: self.frames });
        evicted
    }

    /// Gives up the one that waits longest, if there are as many as may be.
    fn make_room(&mut self) -> Option<Received> {
        if self.unfinished.len() < self.limits.writers_max.max(1) {
            return None;
        }
        let (&writer, _) = self.unfinished.iter().min_by_key(|(_, unfinished)| unfinished.last_frame)?;
        self.unfinished.remove(&writer).map(|unfinished| unfinished.lost(writer, Loss::Evicted))
    }
}

impl Unfinished {
    fn lost(self, writer: WriterId, cause: Loss) -> Received {
        Received::Lost(Lost { writer, got_bytes: self.body.len(), cause })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANNA: WriterId = WriterId(1);
    const BERT: WriterId = WriterId(2);
    const CARL: WriterId = WriterId(3);

    fn small() -> Assembly {
        Assembly::new(Limits { message_bytes_max: 6, writers_max: 2 })
    }

    /// Offers a frame; `^` begins a message, `$` ends it.
    fn offer(assembly: &mut Assembly, writer: WriterId, text: &str) -> Vec<Received> {
        let payload = text.trim_start_matches('^').trim_end_matches('$').as_bytes();
        let header = Header {
            writer,
            is_first: text.starts_with('^'),
            is_last: text.ends_with('$'),
            payload_bytes: payload.len(),
        };
        let mut outcomes = Vec::new();
        assembly.accept(header, payload, &mut outcomes);
        outcomes
    }

    fn message(writer: WriterId, body: &str) -> Received {
        Received::Message(Message { writer, body: body.into() })
    }

    fn lost(writer: WriterId, got_bytes: usize, cause: Loss) -> Received {
        Received::Lost(Lost { writer, got_bytes, cause })
    }

    #[test]
    fn frames_of_two_writers_alternate_and_both_messages_are_whole() {
        let mut assembly = small();
        assert_eq!(offer(&mut assembly, ANNA, "^an"), []);
        assert_eq!(offer(&mut assembly, BERT, "^be"), []);
        assert_eq!(offer(&mut assembly, ANNA, "na$"), [message(ANNA, "anna")]);
        assert_eq!(offer(&mut assembly, BERT, "rt$"), [message(BERT, "bert")]);
        assert_eq!(offer(&mut assembly, BERT, "^$"), [message(BERT, "")]);
    }

    #[test]
    fn a_writer_that_begins_anew_has_abandoned_what_it_began() {
        let mut assembly = small();
        offer(&mut assembly, ANNA, "^an");
        let expected = [lost(ANNA, 2, Loss::Abandoned), message(ANNA, "new")];
        assert_eq!(offer(&mut assembly, ANNA, "^new$"), expected);
    }

    #[test]
    fn a_message_that_grows_too_long_is_lost_once_and_the_next_one_is_not() {
        let mut assembly = small();
        offer(&mut assembly, ANNA, "^12345");
        assert_eq!(offer(&mut assembly, ANNA, "67"), [lost(ANNA, 7, Loss::TooLong)]);
        assert_eq!(offer(&mut assembly, ANNA, "89$"), []);
        assert_eq!(offer(&mut assembly, ANNA, "^123456$"), [message(ANNA, "123456")]);
    }

    #[test]
    fn two_losses_at_one_frame_are_both_reported() {
        let mut assembly = small();
        offer(&mut assembly, ANNA, "^1");
        let expected = [lost(ANNA, 1, Loss::Abandoned), lost(ANNA, 7, Loss::TooLong)];
        assert_eq!(offer(&mut assembly, ANNA, "^1234567$"), expected);
    }

    #[test]
    fn of_too_many_unfinished_ones_the_one_that_waits_longest_goes() {
        let mut assembly = small();
        offer(&mut assembly, ANNA, "^a");
        offer(&mut assembly, BERT, "^b");
        offer(&mut assembly, ANNA, "n");
        assert_eq!(offer(&mut assembly, CARL, "^c"), [lost(BERT, 1, Loss::Evicted)]);
        assert_eq!(offer(&mut assembly, BERT, "ert$"), []);
        assert_eq!(offer(&mut assembly, ANNA, "na$"), [message(ANNA, "anna")]);
    }

    #[test]
    fn when_every_writer_is_gone_what_is_unfinished_is_lost_once() {
        let mut assembly = small();
        offer(&mut assembly, BERT, "^b");
        offer(&mut assembly, ANNA, "^an");
        let mut outcomes = Vec::new();
        assembly.end(&mut outcomes);
        assembly.end(&mut outcomes);
        assert_eq!(outcomes, [lost(ANNA, 2, Loss::WritersGone), lost(BERT, 1, Loss::WritersGone)]);
    }
}
