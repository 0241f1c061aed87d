// SPDX-License-Identifier: MIT OR Apache-2.0
//! The one point at which a server receives.

use std::sync::Arc;

use cabotage_link::{Event, Key};
use cabotage_os::Deadline;

use super::hall::{Hall, Step};
use super::incoming::{Incoming, Request};
use super::letter::{Held, Letter, Owes};
use super::{ConnectionPort, Identity, Token};
use crate::error::{ChannelError, ChannelFault, Loss, ReceiveError};
use crate::rules::Settling;
use crate::wire::CONSENTS;

impl ConnectionPort {
    /// Receives what comes next from any client, waiting for it at most until `deadline`.
    ///
    /// What one client sent comes in the order in which it was sent, and before the news of its end. Clients take
    /// turns, so one that floods delays the others by 64 messages at most.
    ///
    /// # Errors
    /// [`ReceiveError::Nothing`] when nothing came in time. What is wrong with one client is no error, but
    /// [`Incoming::Disconnected`].
    #[inline]
    pub fn receive(&mut self, deadline: Deadline) -> Result<Incoming, ReceiveError> {
        loop {
            let mut until = deadline;
            if !self.hall.is_quiet() {
                if let Some(incoming) = self.attend() {
                    return Ok(incoming);
                }
                until = deadline.or_sooner(self.hall.wake_by());
            }
            let Self { set, hall, .. } = self;
            let digested = match set.receive(until) {
                Ok(Event::Message(key, message)) => match hall.usual(key, &message) {
                    Some(request) => return Ok(Incoming::Request(request)),
                    None => Ok(hall.digest(Event::Message(key, message))),
                },
                Ok(event) => Ok(hall.digest(event)),
                Err(error) => Err(error),
            };
            let step = match digested {
                Ok(step) => step,
                // It may have been the time for something else.
                Err(cabotage_link::SetError::Nothing) if !deadline.has_passed() => Step::Nothing,
                Err(error) => return self.attend().ok_or(error.into()),
            };
            if let Some(incoming) = self.act(step) {
                return Ok(incoming);
            }
        }
    }

    /// Receives what is at hand, if anything is. This never arranges for the descriptor to become readable: see
    /// [`ConnectionPort::ready`].
    ///
    /// # Errors
    /// The port belongs to the parent process, or the system's refusal.
    #[inline]
    pub fn try_receive(&mut self) -> Result<Option<Incoming>, ReceiveError> {
        loop {
            if let Some(incoming) = self.attend() {
                return Ok(Some(incoming));
            }
            let step = match self.set.try_receive()? {
                Some(event) => self.hall.digest(event),
                None => return Ok(None),
            };
            if let Some(incoming) = self.act(step) {
                return Ok(Some(incoming));
            }
        }
    }

    /// Receives up to `messages_max` of what comes into `batch`, behind what lies there; answers how many. For the first
    /// it waits at most until `deadline`, for the others not at all.
    ///
    /// # Errors
    /// As [`ConnectionPort::receive`], when there is not even one.
    pub fn receive_batch(
        &mut self,
        batch: &mut Vec<Incoming>,
        messages_max: usize,
        deadline: Deadline,
    ) -> Result<usize, ReceiveError> {
        if messages_max == 0 {
            return Ok(0);
        }
        batch.push(self.receive(deadline)?);
        let mut received = 1;
        // An error that comes now comes again when there is nothing else to receive.
        while received < messages_max
            && let Ok(Some(incoming)) = self.try_receive()
        {
            batch.push(incoming);
            received += 1;
        }
        Ok(received)
    }

    /// Receives what comes next, if its body fits into `buffer`; answers it and how many bytes it has, which are
    /// copied. What does not fit stays the next to be received.
    ///
    /// # Errors
    /// [`ReceiveError::BufferTooSmall`] says how many bytes are needed; otherwise as [`ConnectionPort::receive`].
    pub fn receive_into(
        &mut self,
        buffer: &mut [u8],
        deadline: Deadline,
    ) -> Result<(Incoming, usize), ReceiveError> {
        let incoming = self.receive(deadline)?;
        let bytes = incoming.body().len();
        match buffer.get_mut(..bytes) {
            Some(room) => {
                room.copy_from_slice(incoming.body());
                Ok((incoming, bytes))
            }
            None => {
                self.hall.deferred.push_front(incoming);
                Err(ReceiveError::BufferTooSmall { bytes })
            }
        }
    }

    /// Does what is due, and answers what was put off, if anything was.
    #[inline]
    fn attend(&mut self) -> Option<Incoming> {
        if self.hall.wake_by() != Deadline::Never {
            self.see_to_the_late();
        }
        if self.hall.has_news() { self.attend_to_news() } else { None }
    }

    #[cold]
    fn attend_to_news(&mut self) -> Option<Incoming> {
        self.see_to_desk();
        if let Some(by) = self.hall.order.take() {
            self.hall.deferred.push_back(Incoming::Stop { by });
        }
        self.hall.deferred.pop_front()
    }

    /// What the server let go of, it let go of.
    pub(super) fn see_to_desk(&mut self) {
        if self.hall.desk.has_letters() {
            for letter in self.hall.desk.collect() {
                self.let_go(letter);
            }
        }
    }

    /// A letter that the server let go of: whoever waits for its answer is told that there is none.
    fn let_go(&mut self, mut letter: Box<Letter>) {
        if let Some(answer) = letter.answer.take() {
            return self.answer_or_keep(Request { held: Held::new(letter) }, answer);
        }
        if let Some(key) = letter.client.key() {
            match letter.owes {
                Owes::Nothing => {}
                Owes::Answer => self.lose(key, letter.id, &Loss::Dropped),
                Owes::Entry => self.refuse_dropped(key),
            }
        }
        self.hall.put_back(letter);
    }

    /// Those whose time is up, and those to whom something could not be said.
    #[cold]
    fn see_to_the_late(&mut self) {
        while let Some(key) = self.hall.silent.take() {
            if self.hall.clients.get(key).is_some_and(|client| client.connection.is_silent()) {
                self.expel(key, ChannelFault::Silent.into());
            }
        }
        for key in self.hall.take_unsaid() {
            let unsaid = self.hall.clients.get_mut(key).map(|client| std::mem::take(&mut client.unsaid));
            for (id, number) in unsaid.into_iter().flatten() {
                self.say_lost(key, id, number);
            }
            self.send_kept(key);
        }
    }

    /// Does what an event asks for.
    #[inline]
    pub(super) fn act(&mut self, step: Step) -> Option<Incoming> {
        match step {
            Step::Deliver(incoming) if self.hall.fetches == 0 => Some(incoming),
            Step::Nothing => None,
            step => self.act_otherwise(step),
        }
    }

    #[cold]
    fn act_otherwise(&mut self, step: Step) -> Option<Incoming> {
        match step {
            Step::Lose(key, id, loss) => self.say_lost(key, id, loss.number()),
            Step::Expel(key, error) => self.expel(key, error),
            Step::Ask(key, letter) => return self.ask(key, letter),
            Step::Fetch(key, letter) => return self.fetch(key, letter),
            Step::Fetched(key) => return self.fetched(key),
            Step::Unfetched(key) => return self.unfetched(key),
            Step::Deliver(incoming) => return self.deliver_in_order(incoming),
            Step::Nothing => {}
        }
        None
    }

    /// Somebody asks to be let in.
    fn ask(&mut self, key: Key, letter: Box<Letter>) -> Option<Incoming> {
        self.hall.tidy_silent();
        let Some(identity) = self.see_who(key) else {
            // Its words came, so it has said HELLO; if it has not, it has broken a rule.
            self.expel(key, ChannelError::Fault(ChannelFault::Silent));
            return None;
        };
        let bytes = letter.body.bytes().len() - crate::wire::TERMS_BYTES;
        if bytes > self.hall.connect_bytes_max || self.hall.clients.accepted() >= self.hall.clients_max {
            self.turn_away(key, bytes);
            self.hall.put_back(letter);
            return None;
        }
        Some(Hall::ask(letter, identity))
    }

    /// Who a client is, which its token says from now on.
    fn see_who(&mut self, key: Key) -> Option<Identity> {
        let client = self.hall.clients.get_mut(key)?;
        let consents = client.terms.is_some_and(|terms| terms.flags & CONSENTS != 0);
        self.hall.tokens += 1;
        let id = self.hall.tokens;
        let token = self.set.get_mut(key)?.with_peer(|peer| Token::of(&peer, id, consents))?;
        let identity = token.identity();
        client.token = Some(Arc::new(token));
        Some(identity)
    }

    /// A request gets no answer, if it is still open.
    pub(super) fn lose(&mut self, key: Key, id: u64, loss: &Loss) {
        let settled = self.hall.clients.get_mut(key).map(|client| client.owed.settle(id));
        if settled == Some(Settling::Goes) {
            self.say_lost(key, id, loss.number());
        }
    }
}
