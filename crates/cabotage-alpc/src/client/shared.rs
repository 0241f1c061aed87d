// SPDX-License-Identifier: MIT OR Apache-2.0
//! A client in many hands: several threads ask at the same time over one channel.
//!
//! Of the threads that wait one leads: it reads what comes and hands each reply to the thread that waits for it, by
//! waking it in this process. Before it returns with its own, it hands the lead on. The table of who waits for what is
//! under a lock that is never held while something is waited for. Numbers of requests have to leave in their order, so
//! one thread at a time sends; the others wait for their turn no longer than their deadlines say.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};

use cabotage_link::{self as link, Deadline, Letter};

use super::Client;
use super::letters::{Said, understand};
use crate::error::{ChannelError, ChannelFault, Loss, ReceiveError, RequestError, SendError};
use crate::port::Identity;
use crate::rules::{Answer, Asked, Way};
use crate::wire::{Header, SYNC, Word};

/// How many datagrams of the server are kept for those who receive them.
const DATAGRAMS_MAX: usize = 1024;

/// A client that threads share: cheap to clone, and each call takes `&self`. The channel is closed with the last
/// clone.
///
/// Bodies go through the queue, whatever their size; views and what the server lends come as copies. Callbacks get no
/// answer: who wants to answer them keeps a [`Client`] for itself.
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
    server: Identity,
    accept_data: Vec<u8>,
}

/// Who waits for what, and what has come.
#[derive(Debug, Default)]
struct Desk {
    asked: Asked,
    waiting: HashMap<u64, Slot>,
    listeners: Vec<Thread>,
    datagrams: VecDeque<Vec<u8>>,
    /// Whether a thread reads what comes.
    is_led: bool,
    ended: Option<ChannelError>,
}

/// What a request has got so far.
#[derive(Debug)]
enum Slot {
    Nothing(Thread),
    Reply(Vec<u8>),
    Lost(Loss),
}

impl Client {
    /// A form of this client that threads share. What it has not received yet, such as replies to asynchronous
    /// requests, is let go of.
    pub fn share(self) -> SharedClient {
        let Self { channel, server, accept_data, .. } = self;
        let message_bytes_max = channel.message_bytes_max();
        let (link, asked, ended) = channel.into_parts();
        let (sender, receiver) = link.split();
        SharedClient {
            shared: Arc::new(Shared {
                sender,
                receiver,
                desk: Mutex::new(Desk { asked, ended, ..Desk::default() }),
                turn: Mutex::new(false),
                turn_over: Condvar::new(),
                message_bytes_max,
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
    pub fn request(&self, body: &[u8]) -> Result<Vec<u8>, RequestError> {
        self.request_within(body, Deadline::Never)
    }

    /// Asks the server, and waits for its answer at most until `deadline`; then the request is canceled.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn request_within(&self, body: &[u8], deadline: Deadline) -> Result<Vec<u8>, RequestError> {
        let id = self.shared.ask(body, deadline)?;
        let got = self.shared.wait(deadline, |desk| match desk.waiting.get(&id) {
            None | Some(Slot::Nothing(_)) => None,
            Some(_) => desk.waiting.remove(&id),
        });
        match got {
            Ok(Slot::Reply(body)) => Ok(body),
            Ok(Slot::Lost(loss)) => Err(RequestError::Lost(loss)),
            Ok(Slot::Nothing(_)) | Err(None) => {
                self.shared.cancel(id);
                Err(RequestError::TimedOut)
            }
            Err(Some(error)) => {
                self.shared.forget(id);
                Err(RequestError::Lost(Loss::Gone(error)))
            }
        }
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
    pub fn receive(&self, deadline: Deadline) -> Result<Vec<u8>, ReceiveError> {
        self.shared.desk().listeners.push(thread::current());
        let got = self.shared.wait(deadline, |desk| desk.datagrams.pop_front());
        let own = thread::current().id();
        let mut desk = self.shared.desk();
        if let Some(place) = desk.listeners.iter().position(|listener| listener.id() == own) {
            desk.listeners.swap_remove(place);
        }
        desk.hand_on();
        drop(desk);
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
    fn ask(&self, body: &[u8], deadline: Deadline) -> Result<u64, SendError> {
        self.check(body)?;
        self.take_turn(deadline)?;
        let id = {
            let mut desk = self.desk();
            let id = desk.asked.ask(Way::Sync);
            desk.waiting.insert(id, Slot::Nothing(thread::current()));
            id
        };
        let header = Header { flags: SYNC, ..Header::new(Word::Request, id, body.len()) };
        let sent = self.sender.send(&[header.bytes(), body].concat(), deadline);
        *self.turn.lock().unwrap_or_else(PoisonError::into_inner) = false;
        self.turn_over.notify_one();
        match sent {
            Ok(()) => Ok(id),
            Err(error) => {
                self.forget(id);
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

    /// Waits until there is what `look` looks for, reading what comes if nobody else does.
    ///
    /// # Errors
    /// How the channel ended; `None` when the deadline passed.
    fn wait<T>(
        &self,
        deadline: Deadline,
        mut look: impl FnMut(&mut Desk) -> Option<T>,
    ) -> Result<T, Option<ChannelError>> {
        let mut leads = false;
        let outcome = loop {
            let mut desk = self.desk();
            if let Some(found) = look(&mut desk) {
                break Ok(found);
            }
            if let Some(error) = &desk.ended {
                break Err(Some(error.clone()));
            }
            if deadline.has_passed() {
                break Err(None);
            }
            leads = leads || !std::mem::replace(&mut desk.is_led, true);
            drop(desk);
            if leads {
                let received = self.receiver.receive(deadline);
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
    fn file(&self, received: Result<Letter, link::ReceiveError>) {
        let said = match received {
            Ok(letter) => understand(letter, self.message_bytes_max),
            Err(link::ReceiveError::Nothing) => return,
            Err(link::ReceiveError::Link(error)) => return self.desk().end(error.into()),
            Err(_) => return self.desk().end(ChannelError::Died),
        };
        let mut desk = self.desk();
        let done = match said {
            Ok(Said::Reply(id, body)) => desk.answer(id, "a reply", Slot::Reply(body)),
            Ok(Said::Lost(id, loss)) => desk.answer(id, "the loss of a reply", Slot::Lost(loss)),
            Ok(Said::Datagram(body)) => desk.keep(body),
            Ok(Said::Callback(id)) => {
                let header = Header { about: Loss::NotAwaited.number(), ..Header::new(Word::Lost, id, 0) };
                // A server without room for it waits for an answer that its own deadline ends.
                let _ = self.sender.try_send(header.bytes());
                Ok(())
            }
            Ok(Said::Nothing) => Ok(()),
            Err(fault) => Err(fault),
        };
        if let Err(fault) = done {
            desk.end(fault.into());
        }
    }

    /// Nobody waits for the answer to this request any more.
    fn forget(&self, id: u64) -> bool {
        let mut desk = self.desk();
        desk.waiting.remove(&id);
        let did_wait = desk.asked.forget(id);
        // It may have been this one to whom the lead was handed on last.
        desk.hand_on();
        did_wait
    }

    fn cancel(&self, id: u64) {
        if self.forget(id) {
            // A server without room for it works in vain, and its late reply is dropped.
            let _ = self.sender.try_send(Header::new(Word::Cancel, id, 0).bytes());
        }
    }
}

impl Desk {
    fn answer(&mut self, id: u64, what: &'static str, slot: Slot) -> Result<(), ChannelFault> {
        match self.asked.answered(id) {
            Answer::Expected(_) => {
                if let Some(Slot::Nothing(waiter)) = self.waiting.get(&id) {
                    waiter.unpark();
                    self.waiting.insert(id, slot);
                }
                Ok(())
            }
            Answer::Late => Ok(()),
            Answer::Forged => Err(ChannelFault::Forged { what, id }),
        }
    }

    fn keep(&mut self, body: Vec<u8>) -> Result<(), ChannelFault> {
        if self.datagrams.len() == DATAGRAMS_MAX {
            return Err(ChannelFault::Flood { messages: DATAGRAMS_MAX + 1 });
        }
        self.datagrams.push_back(body);
        self.listeners.iter().for_each(Thread::unpark);
        Ok(())
    }

    /// The channel is over: all who wait are told.
    fn end(&mut self, error: ChannelError) {
        self.ended.get_or_insert(error);
        self.threads().for_each(Thread::unpark);
    }

    /// Those who wait.
    fn threads(&self) -> impl Iterator<Item = &Thread> {
        let askers = self.waiting.values().filter_map(|slot| match slot {
            Slot::Nothing(thread) => Some(thread),
            Slot::Reply(_) | Slot::Lost(_) => None,
        });
        askers.chain(&self.listeners)
    }

    /// If nobody leads, somebody who waits does from now on.
    fn hand_on(&self) {
        if !self.is_led
            && let Some(next) = self.threads().next()
        {
            next.unpark();
        }
    }
}
