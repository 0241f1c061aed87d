// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where clients are known and their messages are understood: from what came to what the server is told.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cabotage_link::{Event, Key, Message};
use cabotage_os::Deadline;

use super::clients::Clients;
use super::incoming::{ConnectionRequest, Datagram, Incoming, Request};
use super::letter::{Desk, Held, Letter, Owes};
use super::options::PortOptions;
use super::silent::Silent;
use super::stop::Order;
use super::{ClientId, Identity};
use crate::attributes::AttributeSet;
use crate::body::Filled;
use crate::error::{ChannelError, ChannelFault, Loss};
use crate::handles::{Custody, KindSet};
use crate::post::Post;
use crate::rules::{Admission, Answer, Arrival, Canceling, Ending, Ledger, Technique, Way};
use crate::wire::{HEADER_BYTES, Head, SHORT_BYTES, Short, Terms, WireError, Word};

/// How many letters are kept for the next messages.
const LETTERS_KEPT: usize = 64;
/// Nobody rings when a client has made room again for what could not be said to it.
const SAY_AGAIN_AFTER: Duration = Duration::from_millis(2);

/// See the [module](self).
#[derive(Debug)]
pub(super) struct Hall {
    pub(super) clients: Clients,
    pub(super) desk: Arc<Desk>,
    /// What is received before anything new.
    pub(super) deferred: VecDeque<Incoming>,
    pub(super) post: Post,
    pub(super) silent: Silent,
    /// Clients to whom something could not be said yet.
    pub(super) unsaid: Vec<Key>,
    /// When to try that again.
    say_again: Option<Instant>,
    pub(super) unread_bytes_max: usize,
    pub(super) order: Arc<Order>,
    /// How many tokens were made.
    pub(super) tokens: u64,
    pub(super) terms: Terms,
    pub(super) message_bytes_max: usize,
    pub(super) connect_bytes_max: usize,
    pub(super) clients_max: usize,
    requests_max: usize,
    views_max: usize,
    handles_max: usize,
    handle_kinds: KindSet,
    /// How many bodies are being fetched.
    pub(super) fetches: usize,
    /// Whether the memory of clients is read where it lies, if they let us.
    pub(super) reads_memory: bool,
    #[expect(clippy::vec_box, reason = "letters go from hand to hand, and move as one pointer")]
    spare: Vec<Box<Letter>>,
}

/// What has to be done about an event.
#[derive(Debug)]
pub(super) enum Step {
    /// The server is told.
    Deliver(Incoming),
    /// Nothing.
    Nothing,
    /// Somebody asks to be let in and should be.
    Ask(Key, Box<Letter>),
    /// A request gets no answer.
    Lose(Key, u64, Loss),
    /// The body of a request is to be read directly.
    Fetch(Key, Box<Letter>),
    /// A part of such a body came.
    Fetched(Key),
    /// Such a body can't be had.
    Unfetched(Key),
    /// A client is gone, or has to go.
    Expel(Key, ChannelError),
}

impl Hall {
    pub(super) fn new(desk: Arc<Desk>, options: &PortOptions) -> Self {
        Self {
            clients: Clients::default(),
            desk,
            deferred: VecDeque::new(),
            post: Post::default(),
            silent: Silent::default(),
            unsaid: Vec::new(),
            say_again: None,
            unread_bytes_max: options.unread_bytes_max,
            order: Arc::default(),
            tokens: 0,
            terms: options.terms(),
            message_bytes_max: options.message_bytes_max,
            connect_bytes_max: options.connect_bytes_max,
            clients_max: options.clients_max,
            requests_max: options.requests_max,
            views_max: options.views_max,
            handles_max: options.handles_max,
            handle_kinds: options.handle_kinds,
            fetches: 0,
            reads_memory: options.reads_client_memory,
            spare: Vec::new(),
        }
    }

    /// Whether there is something to do before anything new is looked for.
    #[inline]
    pub(super) fn has_news(&self) -> bool {
        !self.deferred.is_empty() || self.desk.has_letters() || self.order.is_new()
    }

    /// Whether nothing is due: no news, nobody silent, nothing to be said again.
    #[inline]
    pub(super) fn is_quiet(&self) -> bool {
        !self.has_news() && self.say_again.is_none() && self.silent.is_empty()
    }

    /// When to look again although nothing happens.
    #[inline]
    pub(super) fn wake_by(&self) -> Deadline {
        self.silent.next().or_sooner(self.say_again.map_or(Deadline::Never, Deadline::At))
    }

    /// A client has no room for what was to be said to it.
    pub(super) fn say_later(&mut self, key: Key) {
        if !self.unsaid.contains(&key) {
            self.unsaid.push(key);
        }
        self.say_again.get_or_insert_with(|| Instant::now() + SAY_AGAIN_AFTER);
    }

    /// Those to whom something is to be said again, if it is time for that.
    pub(super) fn take_unsaid(&mut self) -> Vec<Key> {
        match self.say_again {
            Some(instant) if instant <= Instant::now() => {
                self.say_again = None;
                std::mem::take(&mut self.unsaid)
            }
            _ => Vec::new(),
        }
    }

    /// Forgets those in front who have asked, so that the clock is looked at for silent ones only.
    pub(super) fn tidy_silent(&mut self) {
        let clients = &self.clients;
        self.silent.forget_while(|key| !clients.get(key).is_some_and(|client| client.connection.is_silent()));
    }

    /// Keeps a letter for another message.
    #[inline]
    pub(super) fn put_back(&mut self, mut letter: Box<Letter>) {
        if self.spare.len() < LETTERS_KEPT {
            letter.body.clear();
            self.spare.push(letter);
        }
    }

    /// What an event of the set means.
    #[inline]
    pub(super) fn digest(&mut self, event: Event<'_>) -> Step {
        match event {
            Event::Message(key, mut message) => {
                self.understand(key, &mut message).unwrap_or_else(|fault| Step::Expel(key, fault.into()))
            }
            event => self.digest_other(event),
        }
    }

    #[cold]
    fn digest_other(&mut self, event: Event<'_>) -> Step {
        match event {
            Event::Accepted { link, .. } => {
                self.clients.add(
                    link,
                    self.requests_max,
                    Ledger::new(self.views_max, self.terms.section_bytes_max),
                    Custody::new(self.handles_max, self.handle_kinds),
                );
                self.silent.add(link);
                Step::Nothing
            }
            Event::Ended(key, error) => Step::Expel(key, error.into()),
            Event::ListenerFailed(_, refusal) => Step::Deliver(Incoming::CannotAccept(Box::new(refusal))),
            _ => Step::Nothing,
        }
    }

    /// A request of one who is blocked and sent nothing but a body, if the message is that, and nothing has to be done
    /// about it but to give it to the server. `None` says nothing, and nothing has changed.
    #[inline]
    pub(super) fn usual(&mut self, key: Key, message: &Message<'_>) -> Option<Request> {
        let client = self.clients.get_mut(key)?;
        let id = Short::read(message).as_sync_request()?;
        let bytes = Short::body_bytes(message, self.message_bytes_max)?;
        let is_open = client.connection.is_in() && self.fetches == 0 && !self.spare.is_empty();
        if !is_open || !client.owed.admit_usual(id, Way::Sync) {
            return None;
        }
        let mut letter = self.spare.pop()?;
        letter.body.fill_plain(message, SHORT_BYTES, bytes);
        letter.address(key, client);
        (letter.id, letter.about, letter.attributes) = (id, 0, AttributeSet::ALWAYS);
        letter.way = Way::Sync;
        Some(Request { held: Held::new(letter) })
    }

    /// What a message means.
    #[inline(never)]
    pub(super) fn understand(&mut self, key: Key, message: &mut Message<'_>) -> Result<Step, ChannelFault> {
        let Some(client) = self.clients.get_mut(key) else {
            // The bell of the port is no client: all it has to say is that there is something on the desk.
            self.desk.heard();
            return Ok(Step::Nothing);
        };
        let mut start = [0; HEADER_BYTES];
        let copied = message.copy_to(&mut start);
        let head = Head::parse(&start[..copied], message.bytes())?;
        match client.connection.hear(head.word) {
            Arrival::Speaks => {}
            Arrival::Asks => return self.asks(key, &head, message),
            Arrival::OutOfTurn => return Err(ChannelFault::OutOfTurn(head.word.name())),
        }
        if head.body_bytes > self.message_bytes_max {
            return Err(
                WireError::TooLong { bytes: head.body_bytes, bytes_max: self.message_bytes_max }.into()
            );
        }
        if head.word == Word::Request {
            let way = if head.is_sync() { Way::Sync } else { Way::Async };
            return match client.owed.admit(head.id, way) {
                Admission::Taken => {
                    let (letter, filled) =
                        Letter::of(&mut self.spare, &self.desk, client, key, &head, message)?;
                    if filled == Filled::ViewRefused || letter.body.technique() == Technique::Direct {
                        return self.not_yet(key, letter, filled);
                    }
                    Ok(Step::Deliver(Incoming::Request(Request { held: Held::new(letter) })))
                }
                Admission::Excess => Ok(Step::Lose(key, head.id, Loss::Excess)),
                Admission::Forged => Err(forged(&head)),
            };
        }
        self.understand_other(key, &head, message)
    }

    /// A request that can't be given to the server as it is.
    #[cold]
    fn not_yet(&mut self, key: Key, letter: Box<Letter>, filled: Filled) -> Result<Step, ChannelFault> {
        if filled == Filled::Whole {
            return Ok(Step::Fetch(key, letter));
        }
        let id = letter.id;
        self.put_back(letter);
        if let Some(client) = self.clients.get_mut(key) {
            client.owed.settle(id);
        }
        Ok(Step::Lose(key, id, Loss::Views))
    }

    fn understand_other(
        &mut self,
        key: Key,
        head: &Head,
        message: &mut Message<'_>,
    ) -> Result<Step, ChannelFault> {
        let Some(client) = self.clients.get_mut(key) else { return Ok(Step::Nothing) };
        let id = head.id;
        let (named, context) = (ClientId::new(key), client.context);
        match head.word {
            Word::Cancel => match client.owed.cancel(id) {
                Canceling::Told => {
                    client.over.set(client.owed.canceled());
                    Ok(Step::Deliver(Incoming::Canceled { client: named, context, id }))
                }
                Canceling::Late => Ok(Step::Nothing),
                Canceling::Forged => Err(forged(head)),
            },
            Word::Reply | Word::Lost => match client.asked.answered(id) {
                Answer::Expected(_) if head.word == Word::Lost => {
                    let loss = Loss::told(head.about);
                    Ok(Step::Deliver(Incoming::LostReply { client: named, context, id, loss }))
                }
                Answer::Expected(_) => {
                    let reply = self.datagram(key, head, message)?;
                    Ok(Step::Deliver(Incoming::CallbackReply { id, reply }))
                }
                Answer::Late => Ok(Step::Nothing),
                Answer::Forged => Err(forged(head)),
            },
            Word::Copied => self.copied(key, head, message),
            Word::Handles => {
                client.custody.add(id, message.take_descriptors())?;
                Ok(Step::Nothing)
            }
            _ => Ok(Step::Deliver(Incoming::Datagram(self.datagram(key, head, message)?))),
        }
    }

    /// The answer to a copy request: of a body that is fetched, or of a copy that nobody waits for any more.
    fn copied(&mut self, key: Key, head: &Head, message: &mut Message<'_>) -> Result<Step, ChannelFault> {
        let Some(client) = self.clients.get_mut(key) else { return Ok(Step::Nothing) };
        if !client.copies.is_next(head.id) {
            return Err(forged(head));
        }
        match &mut client.fetch {
            Some(fetch) => Ok(fetch.copied(key, head, message)?),
            None => Ok(Step::Nothing),
        }
    }

    fn datagram(
        &mut self,
        key: Key,
        head: &Head,
        message: &mut Message<'_>,
    ) -> Result<Datagram, ChannelFault> {
        // Whoever asks has looked it up.
        let client = self.clients.get_mut(key).ok_or(ChannelFault::Silent)?;
        let (mut letter, filled) = Letter::of(&mut self.spare, &self.desk, client, key, head, message)?;
        if filled == Filled::ViewRefused {
            return Err(WireError::View.into());
        }
        if letter.body.ranges().is_some_and(|ranges| !ranges.entries().is_empty()) {
            return Err(WireError::Ranges.into());
        }
        letter.owes = Owes::Nothing;
        Ok(Datagram { held: Held::new(letter) })
    }

    /// Somebody asks to be let in.
    #[cold]
    fn asks(&mut self, key: Key, head: &Head, message: &mut Message<'_>) -> Result<Step, ChannelFault> {
        if head.body_bytes > crate::wire::TERMS_BYTES + crate::CONNECT_BYTES_MAX {
            let bytes_max = crate::CONNECT_BYTES_MAX;
            return Err(WireError::TooLong { bytes: head.body_bytes, bytes_max }.into());
        }
        let client = self.clients.get_mut(key).ok_or(ChannelFault::Silent)?;
        if head.attributes_bytes > 0 {
            return Err(WireError::Attributes.into());
        }
        let (mut letter, _) = Letter::of(&mut self.spare, &self.desk, client, key, head, message)?;
        let (terms, _) = Terms::split(letter.body.bytes()).ok_or(WireError::Short)?;
        client.terms = Some(terms);
        letter.owes = Owes::Entry;
        Ok(Step::Ask(key, letter))
    }

    /// A request to connect, as the server is told of it.
    pub(super) fn ask(letter: Box<Letter>, identity: Identity) -> Incoming {
        Incoming::ConnectionRequest(ConnectionRequest { held: Held::new(letter), identity })
    }

    /// A client is gone: what it still owes is lost, then its end is told.
    #[cold]
    pub(super) fn gone(&mut self, key: Key, error: ChannelError) {
        let Some(mut gone) = self.clients.remove(key) else { return };
        if gone.connection.end() != Ending::Told {
            return;
        }
        let (client, context) = (ClientId::new(key), gone.context);
        if let Some(fetch) = gone.fetch.take() {
            self.fetches -= 1;
            self.deferred.extend(fetch.into_behind());
        }
        while let Some((id, _)) = gone.asked.lose() {
            let loss = Loss::Gone(error.clone());
            self.deferred.push_back(Incoming::LostReply { client, context, id, loss });
        }
        self.deferred.push_back(match error {
            ChannelError::Closed => Incoming::PortClosed { client, context },
            ChannelError::Died => Incoming::ClientDied { client, context },
            error => Incoming::Disconnected { client, context, error: Box::new(error) },
        });
    }
}

fn forged(head: &Head) -> ChannelFault {
    ChannelFault::Forged { what: head.word.name(), id: head.id }
}
