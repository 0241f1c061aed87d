// SPDX-License-Identifier: MIT OR Apache-2.0
//! Bodies that are left with the client and read there before the server gets the request.
//!
//! Where the client copies, the port asks for pieces and goes on with other clients; the request is given to the server
//! when the last piece is here. What the client sent after it waits behind it.

use std::collections::VecDeque;

use cabotage_link::{Key, Message};
use cabotage_os::process_memory::ReadError;

use super::ConnectionPort;
use super::callback::PUT_OFF_MAX;
use super::copying::block_of;
use super::hall::Step;
use super::incoming::{Incoming, Request};
use super::letter::{Held, Letter};
use crate::error::{ChannelFault, Loss};
use crate::rules::{Access, Copying, Entry, Wanted};
use crate::wire::{DONE, Head, WireError};

/// A request whose body is being fetched.
#[derive(Debug)]
pub(super) struct Fetch {
    letter: Box<Letter>,
    copying: Copying,
    /// What its client sent after it.
    behind: VecDeque<Behind>,
}

/// What waits behind a body that is being fetched.
#[derive(Debug)]
enum Behind {
    Incoming(Incoming),
    /// Another request whose body is to be fetched.
    Fetch(Box<Letter>),
}

impl Fetch {
    /// A piece was answered; its number is the next.
    pub(super) fn copied(
        &mut self,
        key: Key,
        head: &Head,
        message: &mut Message<'_>,
    ) -> Result<Step, ChannelFault> {
        let Some(piece) = self.copying.answered(head.id) else { return Ok(Step::Nothing) };
        if head.about != DONE {
            return Ok(Step::Unfetched(key));
        }
        let block = block_of(message, piece.bytes, head)?;
        let room = &mut self.letter.body.direct(piece.at + piece.bytes)[piece.at..];
        // In a forked child the memory is not there, and no port either.
        let copied = block.copy_at(0, room);
        Ok(if copied.is_ok() { Step::Fetched(key) } else { Step::Unfetched(key) })
    }

    /// What the client sent behind it and the server can be told.
    pub(super) fn into_behind(self) -> impl Iterator<Item = Incoming> {
        self.behind.into_iter().filter_map(|behind| match behind {
            Behind::Incoming(incoming) => Some(incoming),
            // Its body is gone with its client.
            Behind::Fetch(_) => None,
        })
    }
}

impl ConnectionPort {
    /// Reads the body of a request, or begins to have it copied.
    #[cold]
    pub(super) fn fetch(&mut self, key: Key, mut letter: Box<Letter>) -> Option<Incoming> {
        let bytes_max = self.hall.terms.direct_bytes_max;
        let Some((entry, bytes)) = declared_body(&letter).filter(|(entry, _)| entry.bytes <= bytes_max)
        else {
            self.expel(key, ChannelFault::from(WireError::Ranges).into());
            return None;
        };
        let client = self.hall.clients.get_mut(key)?;
        if let Some(fetch) = &mut client.fetch {
            fetch.behind.push_back(Behind::Fetch(letter));
            self.see_that_it_is_no_flood(key);
            return None;
        }
        if let Err(why) = self.look_for_process(key, &entry) {
            letter.body.note_served(why);
            return self.begin(key, letter, bytes);
        }
        match self.read_in_place(key, &entry, 0, letter.body.direct(bytes)) {
            Ok(()) => Some(Incoming::Request(Request { held: Held::new(letter) })),
            Err(ReadError::BadAddress { .. }) => {
                self.expel(key, ChannelFault::from(WireError::Ranges).into());
                None
            }
            Err(why) => {
                letter.body.note_served(why.into());
                self.begin(key, letter, bytes)
            }
        }
    }

    /// Begins to have a body copied by its client.
    fn begin(&mut self, key: Key, mut letter: Box<Letter>, bytes: usize) -> Option<Incoming> {
        letter.body.direct(0);
        let fetch = Fetch { letter, copying: Copying::new(bytes), behind: VecDeque::new() };
        self.hall.clients.get_mut(key)?.fetch = Some(Box::new(fetch));
        self.hall.fetches += 1;
        self.fetched(key)
    }

    /// A part of a body came: asks for the next, or gives the request to the server if it was the last.
    #[cold]
    pub(super) fn fetched(&mut self, key: Key) -> Option<Incoming> {
        loop {
            let client = self.hall.clients.get_mut(key)?;
            let fetch = client.fetch.as_mut()?;
            if fetch.copying.is_done() {
                return self.end_fetch(key, true);
            }
            let piece = fetch.copying.ask(&mut client.copies);
            let id = fetch.letter.id;
            let piece = piece?;
            let wanted =
                Wanted { range: 0, offset: piece.at as u64, bytes: piece.bytes as u64, access: Access::Read };
            if self.ask_copy(key, id, piece.number, wanted).is_err() {
                return self.end_fetch(key, false);
            }
        }
    }

    /// A body can't be had.
    #[cold]
    pub(super) fn unfetched(&mut self, key: Key) -> Option<Incoming> {
        self.end_fetch(key, false)
    }

    fn end_fetch(&mut self, key: Key, is_whole: bool) -> Option<Incoming> {
        let Fetch { letter, mut behind, .. } = *self.hall.clients.get_mut(key)?.fetch.take()?;
        self.hall.fetches -= 1;
        let done = match is_whole {
            true => Some(Incoming::Request(Request { held: Held::new(letter) })),
            false => {
                self.lose(key, letter.id, &Loss::Unread);
                self.hall.put_back(letter);
                None
            }
        };
        let mut next = done;
        while let Some(waiting) = behind.pop_front() {
            self.hall.deferred.extend(next.take());
            match waiting {
                Behind::Incoming(incoming) => next = Some(incoming),
                Behind::Fetch(letter) => next = self.fetch(key, letter),
            }
            if let Some(fetch) = self.hall.clients.get_mut(key).and_then(|client| client.fetch.as_mut()) {
                fetch.behind.append(&mut behind);
            }
        }
        match self.hall.deferred.is_empty() {
            true => next,
            false => {
                self.hall.deferred.extend(next);
                self.hall.deferred.pop_front()
            }
        }
    }

    /// What is to be told of a client, if nothing that it sent before is still being fetched.
    #[cold]
    pub(super) fn deliver_in_order(&mut self, incoming: Incoming) -> Option<Incoming> {
        let key = incoming.client().and_then(|client| client.key());
        let Some(key) = key else { return Some(incoming) };
        let fetch = self.hall.clients.get_mut(key).and_then(|client| client.fetch.as_mut());
        let Some(fetch) = fetch else { return Some(incoming) };
        fetch.behind.push_back(Behind::Incoming(incoming));
        self.see_that_it_is_no_flood(key);
        None
    }

    /// Expels a client that sends on and on while its own body is waited for.
    fn see_that_it_is_no_flood(&mut self, key: Key) {
        let fetch = self.hall.clients.get_mut(key).and_then(|client| client.fetch.as_ref());
        if let Some(messages) =
            fetch.map(|fetch| fetch.behind.len()).filter(|messages| *messages > PUT_OFF_MAX)
        {
            self.expel(key, ChannelFault::Flood { messages }.into());
        }
    }
}

/// The range that is the body, and how long it is.
fn declared_body(letter: &Letter) -> Option<(Entry, usize)> {
    let entry = *letter.body.ranges()?.entries().first()?;
    let bytes = usize::try_from(entry.bytes).ok()?;
    (entry.access() == Access::Read).then_some((entry, bytes))
}
