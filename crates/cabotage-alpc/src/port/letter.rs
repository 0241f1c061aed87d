// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a message is kept in while a server has it, and where it goes when the server lets go of it.
//!
//! Letters are made once and used again. A message that is dropped goes back through the [`Desk`], which the port
//! looks at in each of its calls; where somebody waits for its answer, the port is woken, and tells the asker that
//! there will be none.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cabotage_link::{self as link, Key, Link, Message};

use super::clients::Client;
use super::over::Over;
use super::{ClientId, Token};
use crate::attributes::AttributeSet;
use crate::body::{Body, Filled};
use crate::rules::Way;
use crate::serve::Answer;
use crate::wire::{Head, WireError};

/// What whoever has a letter owes its sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owes {
    /// Nothing.
    Nothing,
    /// An answer.
    Answer,
    /// To let it in or not.
    Entry,
}

/// A message of a client.
#[derive(Debug)]
pub(super) struct Letter {
    pub(super) client: ClientId,
    pub(super) context: u64,
    pub(super) id: u64,
    pub(super) about: u64,
    pub(super) way: Way,
    pub(super) owes: Owes,
    /// Who sent it.
    pub(super) token: Option<Arc<Token>>,
    /// Which requests of its sender are over.
    pub(super) over: Arc<Over>,
    /// How many messages of its sender came before it, and one.
    pub(super) sequence: u64,
    /// What came beside the body.
    pub(super) attributes: AttributeSet,
    pub(super) body: Body,
    /// The answer of one who does not have the port.
    pub(super) answer: Option<Answer>,
    desk: Arc<Desk>,
}

impl Letter {
    pub(super) fn new(client: ClientId, desk: &Arc<Desk>) -> Box<Self> {
        Box::new(Self {
            client,
            context: 0,
            id: 0,
            about: 0,
            way: Way::Async,
            owes: Owes::Nothing,
            token: None,
            over: Arc::default(),
            sequence: 0,
            attributes: AttributeSet::ALWAYS,
            body: Body::default(),
            answer: None,
            desk: Arc::clone(desk),
        })
    }

    /// A letter with a message of this client in it, made of a spare one if there is one.
    ///
    /// # Errors
    /// The attributes can't be taken apart, or do not fit what came with them.
    #[expect(clippy::vec_box, reason = "letters go from hand to hand, and move as one pointer")]
    pub(super) fn of(
        spare: &mut Vec<Box<Self>>,
        desk: &Arc<Desk>,
        client: &mut Client,
        key: Key,
        head: &Head,
        message: &mut Message<'_>,
    ) -> Result<(Box<Self>, Filled), WireError> {
        let mut letter = spare.pop().unwrap_or_else(|| Self::new(ClientId::new(key), desk));
        letter.address(key, client);
        (letter.id, letter.about) = (head.id, head.about);
        letter.way = if head.is_sync() { Way::Sync } else { Way::Async };
        let filled = letter.body.fill(message, head, &client.views)?;
        letter.body.take_handles(&mut client.custody)?;
        letter.attributes = AttributeSet::received(head.valid, letter.body.brought());
        Ok((letter, filled))
    }

    /// Notes of whom the message is, which is the next of that client.
    #[inline]
    pub(super) fn address(&mut self, key: Key, client: &mut Client) {
        let named = ClientId::new(key);
        if self.client != named || self.token.is_none() {
            self.name(named, client);
        }
        client.received += 1;
        (self.sequence, self.context, self.owes) = (client.received, client.context, Owes::Answer);
    }

    #[cold]
    fn name(&mut self, named: ClientId, client: &Client) {
        self.client = named;
        self.token.clone_from(&client.token);
        self.over = Arc::clone(&client.over);
    }
}

/// A letter in the hands of the server: it goes back to its port in any case.
#[derive(Debug)]
pub(super) struct Held(Option<Box<Letter>>);

impl Held {
    #[inline]
    pub(super) fn new(letter: Box<Letter>) -> Self {
        Self(Some(letter))
    }

    /// The letter; `None` never, but while this is taken apart.
    #[inline]
    pub(super) fn letter(&self) -> Option<&Letter> {
        self.0.as_deref()
    }

    /// The letter, to take something out of it.
    pub(super) fn letter_mut(&mut self) -> Option<&mut Letter> {
        self.0.as_deref_mut()
    }

    /// Whether this came to the port with this desk.
    #[inline]
    pub(super) fn is_of(&self, desk: &Arc<Desk>) -> bool {
        self.letter().is_some_and(|letter| Arc::ptr_eq(&letter.desk, desk))
    }

    /// Takes the letter out, for its port.
    #[inline]
    pub(super) fn take(&mut self) -> Option<Box<Letter>> {
        self.0.take()
    }
}

impl Drop for Held {
    #[inline]
    fn drop(&mut self) {
        if let Some(letter) = self.0.take() {
            give_back(letter);
        }
    }
}

#[cold]
fn give_back(mut letter: Box<Letter>) {
    // A view is the client's again at once.
    letter.body.release();
    let desk = Arc::clone(&letter.desk);
    desk.give_back(letter);
}

/// Where letters lie that were let go of.
#[derive(Debug)]
pub(super) struct Desk {
    count: AtomicUsize,
    /// Whether the bell was rung and not heard yet.
    has_rung: AtomicBool,
    #[expect(clippy::vec_box, reason = "letters go from hand to hand, and move as one pointer")]
    returned: Mutex<Option<Vec<Box<Letter>>>>,
    /// The far end of a link into the port's set.
    bell: Mutex<Link>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Desk {
    pub(super) fn new(bell: Link) -> Arc<Self> {
        Arc::new(Self {
            count: AtomicUsize::new(0),
            has_rung: AtomicBool::new(false),
            returned: Mutex::new(Some(Vec::new())),
            bell: Mutex::new(bell),
        })
    }

    fn give_back(&self, letter: Box<Letter>) {
        let is_awaited = letter.owes != Owes::Nothing;
        match &mut *locked(&self.returned) {
            Some(returned) => returned.push(letter),
            // The port is gone, and with it whoever could be told.
            None => return,
        }
        self.count.fetch_add(1, Ordering::Release);
        // One bell is enough for all that comes before it is heard.
        if is_awaited && !self.has_rung.swap(true, Ordering::AcqRel) {
            self.wake();
        }
    }

    /// The bell was heard: the port looks here next, and what comes from now on rings anew.
    pub(super) fn heard(&self) {
        self.has_rung.swap(false, Ordering::AcqRel);
    }

    /// Has whoever waits at the port look for what is new.
    pub(super) fn wake(&self) {
        // One that finds no room is one among many that were not heard yet.
        if let Err(link::SendError::Link(_)) = locked(&self.bell).try_send(&[0]) {
            self.heard();
        }
    }

    /// Whether something lies there.
    #[inline]
    pub(super) fn has_letters(&self) -> bool {
        self.count.load(Ordering::Acquire) != 0
    }

    /// Takes all that lies there.
    #[expect(clippy::vec_box, reason = "letters go from hand to hand, and move as one pointer")]
    pub(super) fn collect(&self) -> Vec<Box<Letter>> {
        let letters = locked(&self.returned).as_mut().map(std::mem::take).unwrap_or_default();
        self.count.fetch_sub(letters.len(), Ordering::AcqRel);
        letters
    }

    /// From now on nothing is kept.
    pub(super) fn close(&self) {
        let letters = locked(&self.returned).take();
        drop(letters);
    }
}
