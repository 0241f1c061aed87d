// SPDX-License-Identifier: MIT OR Apache-2.0
//! Asking the server: blocked until it answers, or not; and answering what it asks meanwhile.

use std::ops::Deref;

use cabotage_link::Deadline;

use super::Client;
use super::channel::Came;
use super::inbox::Kept;
use crate::body::Body;
use crate::error::{CancelError, Loss, ReceiveError, RequestError, SendError};
use crate::outgoing::Outgoing;
use crate::rules::{Technique, Way};
use crate::section::View;
use crate::wire::{Header, Word};

/// The answer to a request, in memory of the client until its next call.
#[derive(Debug, Clone, Copy)]
pub struct Reply<'client> {
    body: &'client Body,
}

impl<'client> Reply<'client> {
    #[inline]
    pub(super) fn new(body: &'client Body) -> Self {
        Self { body }
    }

    /// Its bytes, whichever way they came. Those in a plain view are copied when this is first called.
    #[inline]
    pub fn body(&self) -> &'client [u8] {
        self.body.bytes()
    }

    /// The view that came with it; [`Client::take_view`] takes it.
    pub fn view(&self) -> Option<&'client View> {
        self.body.view()
    }

    /// How its body came.
    pub fn technique(&self) -> Technique {
        self.body.technique()
    }
}

impl Deref for Reply<'_> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        self.body.bytes()
    }
}

/// What the server asks while the client is blocked in a request.
#[derive(Debug)]
pub struct Callback<'a> {
    body: &'a [u8],
    id: u64,
    about: u64,
}

impl<'a> Callback<'a> {
    pub(super) fn new(body: &'a [u8], id: u64, about: u64) -> Self {
        Self { body, id, about }
    }

    /// Its bytes.
    pub fn body(&self) -> &[u8] {
        self.body
    }

    /// Its number, which is the server's.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The number of the client's request that it is about.
    pub fn about(&self) -> u64 {
        self.about
    }
}

/// Answers callbacks: asks or cancels by the client it is given, and answers with what it returns.
type Answerer<'a> = &'a mut dyn FnMut(&mut Client, &Callback<'_>, Deadline) -> Result<(), SendError>;

impl Client {
    /// Asks the server, and waits for its answer as long as that takes.
    ///
    /// # Errors
    /// [`RequestError`].
    #[inline]
    pub fn request(&mut self, body: &[u8]) -> Result<Reply<'_>, RequestError> {
        self.request_within(body, Deadline::Never)
    }

    /// Asks the server, and waits for its answer at most until `deadline`; then the request is canceled.
    ///
    /// # Errors
    /// [`RequestError`].
    #[inline]
    pub fn request_within(&mut self, body: &[u8], deadline: Deadline) -> Result<Reply<'_>, RequestError> {
        let id = self.channel.ask(Way::Sync, body, deadline)?;
        if let Some(came) = self.channel.take_reply(id, deadline) {
            self.wait_for(id, came, deadline, None, None)?;
        }
        Ok(Reply::new(&self.channel.body))
    }

    /// Asks the server, and copies its answer into `buffer`; answers how many bytes it has.
    ///
    /// # Errors
    /// [`RequestError::BufferTooSmall`] when it does not fit: it stays, and [`Client::receive`] gives it.
    pub fn request_into(
        &mut self,
        body: &[u8],
        buffer: &mut [u8],
        deadline: Deadline,
    ) -> Result<usize, RequestError> {
        let id = self.channel.ask(Way::Sync, body, deadline)?;
        let came = self.channel.take(deadline);
        self.wait_for(id, came, deadline, None, None)?;
        let bytes = self.channel.body.bytes().len();
        let Some(room) = buffer.get_mut(..bytes) else {
            let reply = Kept::Reply(id, std::mem::take(&mut self.channel.body));
            let _ = self.inbox.keep(reply);
            return Err(RequestError::BufferTooSmall { bytes });
        };
        room.copy_from_slice(self.channel.body.bytes());
        Ok(bytes)
    }

    /// Asks the server, and answers its callbacks until it answers: `answer` gets each, with the client, by which it
    /// may ask in turn; what it returns is the answer.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn request_with<A: AsRef<[u8]>>(
        &mut self,
        body: &[u8],
        deadline: Deadline,
        mut answer: impl FnMut(&mut Self, &Callback<'_>) -> A,
    ) -> Result<Reply<'_>, RequestError> {
        let id = self.channel.ask(Way::Sync, body, deadline)?;
        let came = self.channel.take(deadline);
        let mut answerer = |client: &mut Self, callback: &Callback<'_>, deadline: Deadline| {
            let answer = answer(client, callback);
            client.channel.answer(callback.id, answer.as_ref(), deadline)
        };
        self.wait_for(id, came, deadline, None, Some(&mut answerer))?;
        Ok(Reply::new(&self.channel.body))
    }

    /// Asks the server without waiting for its answer, which [`Client::receive`] gives under the number that this
    /// answers. For room for the request it waits at most until `deadline`.
    ///
    /// # Errors
    /// [`SendError`].
    pub fn send_request(&mut self, body: &[u8], deadline: Deadline) -> Result<u64, SendError> {
        self.channel.ask(Way::Async, body, deadline)
    }

    /// Says something to the server that it does not answer, waiting for room at most until `deadline`.
    ///
    /// # Errors
    /// [`SendError`].
    pub fn send_datagram(&mut self, body: &[u8], deadline: Deadline) -> Result<(), SendError> {
        self.channel.send(&Header::new(Word::Datagram, 0, body.len()), body, deadline)
    }

    /// The answer to this request is not wanted any more: whoever waits for it is released at once, the server is
    /// told, and a late answer is dropped.
    ///
    /// # Errors
    /// [`CancelError`].
    pub fn cancel(&mut self, id: u64) -> Result<(), CancelError> {
        match self.channel.cancel(id) {
            true => Ok(()),
            false if self.inbox.has(id) => Err(CancelError::Answered),
            false => Err(CancelError::Gone { id }),
        }
    }

    /// Waits until the answer to `id` is the present message; `came` is what came first.
    #[inline(never)]
    pub(super) fn wait_for(
        &mut self,
        id: u64,
        mut came: Result<Came, ReceiveError>,
        deadline: Deadline,
        mut lent: Option<&mut Outgoing<'_>>,
        mut answerer: Option<Answerer<'_>>,
    ) -> Result<(), RequestError> {
        loop {
            match came {
                Ok(Came::Reply(answered)) if answered == id => return Ok(()),
                Ok(Came::Lost(lost, loss)) if lost == id => return Err(RequestError::Lost(loss)),
                Ok(Came::Callback(callback, about)) => match &mut answerer {
                    Some(answerer) if about != 0 => {
                        self.hand_to_answerer(callback, about, deadline, answerer);
                        if let Some(done) = self.became(id) {
                            return done;
                        }
                    }
                    _ => {
                        let _ = self.channel.lose(callback, &Loss::NotAwaited, deadline);
                    }
                },
                Ok(Came::Copy) => {
                    let lent = lent.as_deref_mut().map(|message| (id, message));
                    // A channel that ended over it is found when the reply is waited for.
                    let _ = self.channel.serve(lent, deadline);
                }
                Ok(other) => {
                    if let Err(error) = self.put_away(other) {
                        return Err(lost(error));
                    }
                }
                Err(ReceiveError::Nothing) => {
                    self.channel.cancel(id);
                    return Err(RequestError::TimedOut);
                }
                Err(error) => {
                    self.channel.asked.forget(id);
                    return Err(lost(error));
                }
            }
            came = self.channel.take(deadline);
        }
    }

    fn hand_to_answerer(&mut self, id: u64, about: u64, deadline: Deadline, answerer: &mut Answerer<'_>) {
        let body = std::mem::take(&mut self.channel.body);
        let outer = std::mem::replace(&mut self.channel.within, id);
        let callback = Callback::new(body.bytes(), id, about);
        // A server that does not take the answer, or is gone, is found when the reply is waited for.
        let _ = answerer(self, &callback, deadline);
        self.channel.within = outer;
        self.channel.body = body;
    }

    /// What became of a request while a callback was answered: its reply came, or it was canceled.
    fn became(&mut self, id: u64) -> Option<Result<(), RequestError>> {
        match self.inbox.take(id) {
            Some(Kept::Reply(_, body)) => {
                self.channel.body = body;
                Some(Ok(()))
            }
            Some(Kept::Lost(_, loss)) => Some(Err(RequestError::Lost(loss))),
            Some(Kept::Datagram(_) | Kept::Callback(..)) | None if self.channel.asked.way(id).is_some() => {
                None
            }
            Some(Kept::Datagram(_) | Kept::Callback(..)) | None => Some(Err(RequestError::Canceled)),
        }
    }
}

fn lost(error: ReceiveError) -> RequestError {
    match error {
        ReceiveError::Channel(error) => RequestError::Lost(Loss::Gone(error)),
        _ => RequestError::TimedOut,
    }
}
