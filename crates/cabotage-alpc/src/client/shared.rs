// SPDX-License-Identifier: MIT OR Apache-2.0
//! A client in many hands: several threads ask at the same time over one channel.
//!
//! Of the threads that wait one leads: it reads what comes and hands each reply to the thread that waits for it, by
//! waking it in this process. Before it returns with its own, it hands the lead on. The table of who waits for what is
//! under a lock that is never held while something is waited for. Numbers of requests have to leave in their order, so
//! one thread at a time sends; the others wait for their turn no longer than their deadlines say.

mod desk;
mod waiting;

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use cabotage_link::{self as link, Deadline};

use super::Client;
use super::request::Callback;
use crate::body::Body;
use crate::error::{CancelError, ChannelError, Loss, ReceiveError, RequestError, SendError};
use crate::handles::Handles;
use crate::port::Identity;
use crate::rules::{Ledger, Settling, Technique};
use crate::section::View;
use crate::wire::{Header, SYNC, Word};
use desk::Called;

pub(super) use desk::Desk;
pub use waiting::Waiting;

/// A client that threads share: cheap to clone, and each call takes `&self`. The channel is closed with the last
/// clone.
///
/// Bodies go through the queue, whatever their size; what comes back may bring views, which are read where they lie, and
/// handles.
#[derive(Debug, Clone)]
pub struct SharedClient {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    sender: link::Sender,
    receiver: link::Receiver,
    desk: Mutex<Desk>,
    /// Whether somebody is sending a request.
    turn: Mutex<bool>,
    turn_over: Condvar,
    message_bytes_max: usize,
    /// The server's views that are held here.
    views: Arc<Ledger>,
    server: Identity,
    accept_data: Vec<u8>,
}

/// What a client that threads share has received: a reply or a datagram.
#[derive(Debug, Default)]
pub struct SharedMessage {
    body: Body,
}

impl SharedMessage {
    /// Its bytes, whichever way they came. Those in a plain view are copied when this is first called.
    pub fn body(&self) -> &[u8] {
        self.body.bytes()
    }

    /// Its bytes, as ones of the caller's own.
    pub fn into_vec(self) -> Vec<u8> {
        self.body.into_vec()
    }

    /// How its body came.
    pub fn technique(&self) -> Technique {
        self.body.technique()
    }

    /// The view that came with it.
    pub fn view(&self) -> Option<&View> {
        self.body.view()
    }

    /// Takes the view that came with it. The body, if it lies there, is the view's from then on.
    pub fn take_view(&mut self) -> Option<View> {
        self.body.take_view()
    }

    /// The handles that came with it, of which those that are not taken are closed with it.
    pub fn handles(&mut self) -> Option<&mut Handles> {
        self.body.handles().filter(|handles| !handles.is_empty())
    }
}

impl AsRef<[u8]> for SharedMessage {
    fn as_ref(&self) -> &[u8] {
        self.body()
    }
}

impl std::ops::Deref for SharedMessage {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.body()
    }
}

/// Messages are the same if their bytes are.
impl<B: AsRef<[u8]> + ?Sized> PartialEq<B> for SharedMessage {
    fn eq(&self, other: &B) -> bool {
        self.body() == other.as_ref()
    }
}

impl Client {
    /// A form of this client that threads share. What it has not received yet, such as replies to asynchronous
    /// requests, is let go of.
    pub fn share(self) -> SharedClient {
        let Self { channel, server, accept_data, .. } = self;
        let message_bytes_max = channel.message_bytes_max();
        let (link, desk, views) = channel.into_parts();
        let (sender, receiver) = link.split();
        SharedClient {
            shared: Arc::new(Shared {
                sender,
                receiver,
                desk: Mutex::new(desk),
                turn: Mutex::new(false),
                turn_over: Condvar::new(),
                message_bytes_max,
                views,
                server,
                accept_data,
            }),
        }
    }
}

impl SharedClient {
    /// Who the server is, in the kernel's words.
    pub fn server(&self) -> Identity {
        self.shared.server
    }

    /// What the server sent along when it accepted.
    pub fn accept_data(&self) -> &[u8] {
        &self.shared.accept_data
    }

    /// Asks the server, and waits for its answer as long as that takes.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn request(&self, body: &[u8]) -> Result<SharedMessage, RequestError> {
        self.request_within(body, Deadline::Never)
    }

    /// Asks the server, and waits for its answer at most until `deadline`; then the request is canceled.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn request_within(&self, body: &[u8], deadline: Deadline) -> Result<SharedMessage, RequestError> {
        let id = self.shared.ask(body, false, deadline)?;
        self.shared.finish(id, deadline, None, None)
    }

    /// Asks the server, and answers its callbacks until it answers: `answer` gets each, in this thread, and what it
    /// returns is the answer. It asks this server nothing: the server waits for the answer first.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn request_with<A: AsRef<[u8]>>(
        &self,
        body: &[u8],
        deadline: Deadline,
        mut answer: impl FnMut(&Callback<'_>) -> A,
    ) -> Result<SharedMessage, RequestError> {
        let id = self.shared.ask(body, true, deadline)?;
        let mut answerer = |called: Called| {
            let given = answer(&Callback::new(called.body.bytes(), called.id, id));
            self.shared.answer(called.id, given.as_ref(), deadline);
        };
        self.shared.finish(id, deadline, None, Some(&mut answerer))
    }

    /// Asks the server without waiting for its answer, which [`Waiting::wait`] gives; any thread may cancel it
    /// meanwhile. For room for the request this waits at most until `deadline`.
    ///
    /// # Errors
    /// [`SendError`].
    pub fn send_request(&self, body: &[u8], deadline: Deadline) -> Result<Waiting, SendError> {
        let id = self.shared.ask(body, false, deadline)?;
        Ok(Waiting::new(Arc::clone(&self.shared), id))
    }

    /// The answer to this request is not wanted any more: whoever waits for it is released, the server is told, and a
    /// late answer is dropped.
    ///
    /// # Errors
    /// [`CancelError`].
    pub fn cancel(&self, id: u64) -> Result<(), CancelError> {
        let canceled = self.shared.desk().cancel(id);
        if canceled.is_ok() {
            self.shared.say_canceled(id);
        }
        canceled
    }

    /// Says something to the server that it does not answer, waiting for room at most until `deadline`.
    ///
    /// # Errors
    /// [`SendError`].
    pub fn send_datagram(&self, body: &[u8], deadline: Deadline) -> Result<(), SendError> {
        self.shared.check(body)?;
        let header = Header::new(Word::Datagram, 0, body.len());
        Ok(self.shared.sender.send(&[header.bytes(), body].concat(), deadline)?)
    }

    /// Receives a datagram of the server, waiting for it at most until `deadline`. Each goes to one thread.
    ///
    /// # Errors
    /// [`ReceiveError`].
    pub fn receive(&self, deadline: Deadline) -> Result<SharedMessage, ReceiveError> {
        self.shared.desk().listeners.push(thread::current());
        let got = self.shared.wait(deadline, None, |desk| desk.datagrams.pop_front());
        let own = thread::current().id();
        let mut desk = self.shared.desk();
        if let Some(place) = desk.listeners.iter().position(|listener| listener.id() == own) {
            desk.listeners.swap_remove(place);
        }
        desk.hand_on();
        drop(desk);
        let got = got.map(|body| SharedMessage { body });
        got.map_err(|error| error.map_or(ReceiveError::Nothing, ReceiveError::Channel))
    }
}

impl Shared {
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check(&self, body: &[u8]) -> Result<(), SendError> {
        if let Some(error) = &self.desk().ended {
            return Err(error.clone().into());
        }
        let (bytes, bytes_max) = (body.len(), self.message_bytes_max);
        if bytes > bytes_max { Err(SendError::TooLong { bytes, bytes_max }) } else { Ok(()) }
    }

    /// Sends a request when it is our turn; answers its number.
    fn ask(&self, body: &[u8], takes_callbacks: bool, deadline: Deadline) -> Result<u64, SendError> {
        self.check(body)?;
        self.take_turn(deadline)?;
        let id = self.desk().ask(takes_callbacks);
        let header = Header { flags: SYNC, ..Header::new(Word::Request, id, body.len()) };
        let sent = self.sender.send(&[header.bytes(), body].concat(), deadline);
        *self.turn.lock().unwrap_or_else(PoisonError::into_inner) = false;
        self.turn_over.notify_one();
        match sent {
            Ok(()) => Ok(id),
            Err(error) => {
                self.desk().forget(id);
                Err(error.into())
            }
        }
    }

    fn take_turn(&self, deadline: Deadline) -> Result<(), SendError> {
        let mut is_taken = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        while *is_taken {
            if deadline.has_passed() {
                return Err(SendError::Full);
            }
            is_taken = match deadline.remaining() {
                Some(left) => self
                    .turn_over
                    .wait_timeout(is_taken, left)
                    .map_or_else(|poisoned| poisoned.into_inner().0, |(is_taken, _)| is_taken),
                None => self.turn_over.wait(is_taken).unwrap_or_else(PoisonError::into_inner),
            };
        }
        *is_taken = true;
        Ok(())
    }

    /// Waits until there is what `look` looks for, reading what comes if nobody else does; then at most for so long at
    /// a time, if somebody may have us look again.
    ///
    /// # Errors
    /// How the channel ended; `None` when the deadline passed.
    fn wait<T>(
        &self,
        deadline: Deadline,
        look_up: Option<Duration>,
        mut look: impl FnMut(&mut Desk) -> Option<T>,
    ) -> Result<T, Option<ChannelError>> {
        let (mut leads, mut is_empty) = (false, false);
        let outcome = loop {
            let mut desk = self.desk();
            if let Some(found) = look(&mut desk) {
                break Ok(found);
            }
            if let Some(error) = &desk.ended {
                break Err(Some(error.clone()));
            }
            leads = leads || !std::mem::replace(&mut desk.is_led, true);
            drop(desk);
            // What is here is found without patience.
            if deadline.has_passed() && (is_empty || !leads) {
                break Err(None);
            }
            if leads {
                let until = look_up.map_or(deadline, |after| deadline.or_sooner(Deadline::within(after)));
                let received = self.receiver.receive(until);
                is_empty = matches!(received, Err(link::ReceiveError::Nothing));
                self.file(received);
            } else {
                match deadline.remaining() {
                    Some(left) => thread::park_timeout(left),
                    None => thread::park(),
                }
            }
        };
        let mut desk = self.desk();
        desk.is_led &= !leads;
        desk.hand_on();
        outcome
    }

    /// Files what came.
    fn file(&self, received: Result<link::Letter, link::ReceiveError>) {
        let mut desk = self.desk();
        let filed = match received {
            Ok(letter) => desk.file(letter, &self.views, self.message_bytes_max),
            Err(link::ReceiveError::Nothing) => return,
            Err(link::ReceiveError::Link(error)) => return desk.end(error.into()),
            Err(_) => return desk.end(ChannelError::Died),
        };
        match filed {
            Ok(None) => {}
            Ok(Some(unwanted)) => {
                drop(desk);
                let loss = Loss::NotAwaited.number();
                let header = Header { about: loss, ..Header::new(Word::Lost, unwanted, 0) };
                // A server without room for it waits for an answer that its own deadline ends.
                let _ = self.sender.try_send(header.bytes());
            }
            Err(fault) => desk.end(fault.into()),
        }
    }

    /// Answers a callback. Whoever called back and does not wait any more misses nothing.
    fn answer(&self, id: u64, body: &[u8], deadline: Deadline) {
        if self.desk().owed.settle(id) == Settling::Goes {
            let header = Header::new(Word::Reply, id, body.len());
            // A server that does not take it, or is gone, is found when the reply is waited for.
            let _ = self.sender.send(&[header.bytes(), body].concat(), deadline);
        }
    }

    /// The server need not go on with this request.
    fn say_canceled(&self, id: u64) {
        // A server without room for it works in vain, and its late reply is dropped.
        let _ = self.sender.try_send(Header::new(Word::Cancel, id, 0).bytes());
    }

    fn give_up(&self, id: u64) {
        if self.desk().forget(id) {
            self.say_canceled(id);
        }
    }
}
