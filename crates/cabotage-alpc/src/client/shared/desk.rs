// SPDX-License-Identifier: MIT OR Apache-2.0
//! Who waits for what over a channel in many hands, and what has come: a table under the lock of its client.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::thread::Thread;

use cabotage_link::Letter;

use crate::body::{Body, Filled};
use crate::error::{CancelError, ChannelError, ChannelFault, Loss};
use crate::handles::Custody;
use crate::rules::{Admission, Answer, Asked, Canceling, Ledger, Owed, Way};
use crate::wire::{Head, WireError, Word};

/// How many datagrams of the server are kept for those who receive them.
const DATAGRAMS_MAX: usize = 1024;

/// See the [module](self).
#[derive(Debug)]
pub(in crate::client) struct Desk {
    asked: Asked,
    /// Callbacks.
    pub(super) owed: Owed,
    /// The server's handles whose message has not come yet.
    custody: Custody,
    pub(super) waiting: HashMap<u64, Waiter>,
    pub(super) listeners: Vec<Thread>,
    pub(super) datagrams: VecDeque<Body>,
    /// Whether a thread reads what comes.
    pub(super) is_led: bool,
    pub(super) ended: Option<ChannelError>,
}

/// A request, and whoever waits for it.
#[derive(Debug, Default)]
pub(super) struct Waiter {
    pub(super) thread: Option<Thread>,
    takes_callbacks: bool,
    pub(super) called: VecDeque<Called>,
    pub(super) outcome: Option<Outcome>,
}

impl Waiter {
    fn wake(&self) {
        if let Some(thread) = &self.thread {
            thread.unpark();
        }
    }
}

/// What the server asks about a request.
#[derive(Debug)]
pub(super) struct Called {
    pub(super) id: u64,
    pub(super) body: Body,
}

/// What has become of a request.
#[derive(Debug)]
pub(super) enum Outcome {
    Reply(Body),
    Lost(Loss),
    Canceled,
}

impl Desk {
    pub(in crate::client) fn new(
        asked: Asked,
        owed: Owed,
        custody: Custody,
        ended: Option<ChannelError>,
    ) -> Self {
        Self {
            asked,
            owed,
            custody,
            waiting: HashMap::new(),
            listeners: Vec::new(),
            datagrams: VecDeque::new(),
            is_led: false,
            ended,
        }
    }

    /// A new request; answers its number.
    pub(super) fn ask(&mut self, takes_callbacks: bool) -> u64 {
        let id = self.asked.ask(Way::Sync);
        self.waiting.insert(id, Waiter { takes_callbacks, ..Waiter::default() });
        id
    }

    /// Nobody waits for the answer to this request any more; answers whether anybody did.
    pub(super) fn forget(&mut self, id: u64) -> bool {
        self.waiting.remove(&id);
        let did_wait = self.asked.forget(id);
        // It may have been this one to whom the lead was handed on last.
        self.hand_on();
        did_wait
    }

    /// As [`Desk::forget`], by another thread than the one that waits, which is released.
    pub(super) fn cancel(&mut self, id: u64) -> Result<(), CancelError> {
        if !self.asked.forget(id) {
            let outcome = self.waiting.get(&id).and_then(|waiter| waiter.outcome.as_ref());
            let is_here = matches!(outcome, Some(Outcome::Reply(_) | Outcome::Lost(_)));
            return Err(if is_here { CancelError::Answered } else { CancelError::Gone { id } });
        }
        self.become_of(id, Outcome::Canceled);
        Ok(())
    }

    fn become_of(&mut self, id: u64, outcome: Outcome) {
        if let Some(waiter) = self.waiting.get_mut(&id) {
            waiter.outcome = Some(outcome);
            waiter.wake();
        }
    }

    /// Files a message of the server's, whose body through the queue is at most so long. Answers the number of a
    /// callback that nobody answers.
    ///
    /// # Errors
    /// The rule that the server broke.
    pub(super) fn file(
        &mut self,
        letter: Letter,
        views: &Arc<Ledger>,
        bytes_max: usize,
    ) -> Result<Option<u64>, ChannelFault> {
        let head = Head::parse(&letter.bytes, letter.bytes.len())?;
        if head.body_bytes > bytes_max {
            return Err(WireError::TooLong { bytes: head.body_bytes, bytes_max }.into());
        }
        let (id, forged) = (head.id, ChannelFault::Forged { what: head.word.name(), id: head.id });
        if head.word == Word::Handles {
            self.custody.add(id, letter.descriptors)?;
            return Ok(None);
        }
        let (mut body, filled) = Body::of_letter(letter, &head, views)?;
        body.take_handles(&mut self.custody)?;
        match head.word {
            Word::Reply | Word::Lost => match self.asked.answered(id) {
                Answer::Expected(_) if filled == Filled::ViewRefused => {
                    self.become_of(id, Outcome::Lost(Loss::Views));
                }
                Answer::Expected(_) if head.word == Word::Reply => self.become_of(id, Outcome::Reply(body)),
                Answer::Expected(_) => self.become_of(id, Outcome::Lost(Loss::told(head.about))),
                Answer::Late => {}
                Answer::Forged => return Err(forged),
            },
            Word::Datagram if filled == Filled::ViewRefused => return Err(WireError::View.into()),
            Word::Datagram => self.keep(body)?,
            Word::Request => return self.call(&head, body).ok_or(forged),
            Word::Cancel => match self.owed.cancel(id) {
                Canceling::Told | Canceling::Late => {}
                Canceling::Forged => return Err(forged),
            },
            word => return Err(ChannelFault::OutOfTurn(word.name())),
        }
        Ok(None)
    }

    /// A callback came: whoever waits for the request that it is about answers it. `None` if it may not be, else its
    /// number if nobody does.
    fn call(&mut self, head: &Head, body: Body) -> Option<Option<u64>> {
        let (id, about) = (head.id, head.about);
        let admission = self.owed.admit(id, Way::Sync);
        if admission == Admission::Forged || !self.asked.was_given(about) {
            return None;
        }
        let is_open = admission == Admission::Taken && self.asked.way(about).is_some();
        match self.waiting.get_mut(&about).filter(|waiter| is_open && waiter.takes_callbacks) {
            Some(waiter) => {
                waiter.called.push_back(Called { id, body });
                waiter.wake();
                Some(None)
            }
            None => {
                self.owed.settle(id);
                Some(Some(id))
            }
        }
    }

    fn keep(&mut self, body: Body) -> Result<(), ChannelFault> {
        if self.datagrams.len() == DATAGRAMS_MAX {
            return Err(ChannelFault::Flood { messages: DATAGRAMS_MAX + 1 });
        }
        self.datagrams.push_back(body);
        self.listeners.iter().for_each(Thread::unpark);
        Ok(())
    }

    /// The channel is over: all who wait are told.
    pub(super) fn end(&mut self, error: ChannelError) {
        self.ended.get_or_insert(error);
        self.threads().for_each(Thread::unpark);
    }

    /// Those who wait.
    fn threads(&self) -> impl Iterator<Item = &Thread> {
        let open = self.waiting.values().filter(|waiter| waiter.outcome.is_none());
        open.filter_map(|waiter| waiter.thread.as_ref()).chain(&self.listeners)
    }

    /// If nobody leads, somebody who waits does from now on.
    pub(super) fn hand_on(&self) {
        if !self.is_led
            && let Some(next) = self.threads().next()
        {
            next.unpark();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handles::KindSet;
    use crate::wire::{AttributeWriter, BODY, Header, Note, ViewNote};

    fn desk() -> Desk {
        Desk::new(Asked::default(), Owed::new(8), Custody::new(0, KindSet::of(&[])), None)
    }

    fn file(desk: &mut Desk, header: &Header, rest: &[u8]) -> Result<Option<u64>, ChannelFault> {
        let bytes = [header.bytes(), rest].concat();
        let letter = Letter { bytes, blocks: Vec::new(), descriptors: Vec::new() };
        desk.file(letter, &Ledger::new(4, 1 << 20), 100)
    }

    #[test]
    fn a_reply_is_understood_and_one_without_its_view_is_refused() {
        let mut desk = desk();
        let id = desk.ask(false);
        assert_eq!(file(&mut desk, &Header::new(Word::Reply, id, 4), b"body"), Ok(None));
        match desk.waiting.remove(&id).unwrap().outcome {
            Some(Outcome::Reply(body)) => assert_eq!(body.into_vec(), b"body"),
            other => panic!("{other:?}"),
        }
        let id = desk.ask(false);
        let mut attributes = AttributeWriter::default();
        attributes.add(Note::View, BODY, ViewNote { bytes: 10 }.as_bytes());
        let header = attributes.announce(Header::new(Word::Reply, id, 0));
        assert_eq!(file(&mut desk, &header, attributes.bytes()), Err(WireError::View.into()));
    }

    #[test]
    fn what_a_server_does_not_say_to_a_client_ends_the_channel() {
        for word in [Word::Connect, Word::Accept, Word::Refuse, Word::Copy, Word::Copied] {
            let said = file(&mut desk(), &Header::new(word, 1, 0), b"");
            assert_eq!(said, Err(ChannelFault::OutOfTurn(word.name())));
        }
        let long = file(&mut desk(), &Header::new(Word::Datagram, 0, 200), &[0; 200]);
        assert_eq!(long, Err(WireError::TooLong { bytes: 200, bytes_max: 100 }.into()));
        for (word, id) in [(Word::Reply, 1), (Word::Lost, 9), (Word::Cancel, 1)] {
            let forged = Err(ChannelFault::Forged { what: word.name(), id });
            assert_eq!(file(&mut desk(), &Header::new(word, id, 0), b""), forged);
        }
    }

    #[test]
    fn a_callback_goes_to_who_takes_it_and_is_refused_for_all_others() {
        let mut desk = desk();
        let (plain, takes) = (desk.ask(false), desk.ask(true));
        let call = |desk: &mut Desk, id, about| {
            file(desk, &Header { about, ..Header::new(Word::Request, id, 1) }, b"?")
        };
        assert_eq!(call(&mut desk, 1, plain), Ok(Some(1)));
        assert_eq!(call(&mut desk, 2, takes), Ok(None));
        assert_eq!(desk.waiting[&takes].called.len(), 1);
        let forged = |id| Err(ChannelFault::Forged { what: Word::Request.name(), id });
        assert_eq!(call(&mut desk, 2, takes), forged(2), "twice");
        assert_eq!(call(&mut desk, 3, 99), forged(3), "about what was never asked");
        desk.cancel(takes).unwrap();
        assert_eq!(call(&mut desk, 4, takes), Ok(Some(4)));
    }

    #[test]
    fn a_cancel_releases_once_and_what_is_here_is_retrieved() {
        let mut desk = desk();
        let (first, second) = (desk.ask(false), desk.ask(false));
        assert_eq!(desk.cancel(first), Ok(()));
        assert_eq!(desk.cancel(first), Err(CancelError::Gone { id: first }));
        assert!(matches!(desk.waiting[&first].outcome, Some(Outcome::Canceled)));
        file(&mut desk, &Header::new(Word::Reply, first, 0), b"").unwrap();
        assert!(matches!(desk.waiting[&first].outcome, Some(Outcome::Canceled)), "late");
        file(&mut desk, &Header::new(Word::Reply, second, 0), b"").unwrap();
        assert_eq!(desk.cancel(second), Err(CancelError::Answered));
        assert_eq!(desk.cancel(7), Err(CancelError::Gone { id: 7 }));
    }
}
