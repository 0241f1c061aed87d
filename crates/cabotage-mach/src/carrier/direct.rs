// SPDX-License-Identifier: MIT OR Apache-2.0
//! The common messages, straight from their sender into the ring, and straight from the ring to who waits for them.
//!
//! What is done here is what the long way does in more steps: the same counts change by as much, and the same is told to
//! the other end. Where something is pending (older records, a move, a message that waits) nothing is done here, so the
//! order of messages is that of the long way too.

use std::sync::{Mutex, MutexGuard, PoisonError};

use cabotage_link::{Event, Key, Message as InRing};

use super::desk::{Desk, Route};
use super::end::{End, Kept, Token};
use super::hearing::News;
use super::packet::About;
use super::passing::Change;
use super::rules::Role;
use super::wire::{HEADER_BYTES, Plain, To};
use crate::error::ReceiveError;
use crate::kernel::fresh::FreshMap;
use crate::kernel::message::{Capability, Letter, Message, Sender};
use crate::kernel::messages::{Arrived, At, Direct, Receipt};
use crate::kernel::{Kernel, SpaceId};
use crate::right::Disposition;
use crate::spare;

/// What a look has found.
#[derive(Debug)]
pub(super) enum Sight {
    /// A message for whoever looked.
    Message,
    /// Something else.
    News(News),
    Nothing,
}

/// What follows from a message that was received directly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    Nothing,
    /// Its sender is to be told that it was taken.
    TellTaken,
    /// The port has room for what waits here.
    CarryWaiting,
}

impl Desk {
    /// Sends a message of a common shape; `false` if it has to go the long way.
    #[inline]
    pub(super) fn send_directly(
        &mut self,
        kernel: &mut Kernel,
        (space, sender): (SpaceId, Sender),
        letter: &Letter,
        direct: Direct,
    ) -> bool {
        if letter.body.len() > Plain::BODY_BYTES_MAX {
            return false;
        }
        let (key, to) = match self.routes.get(direct.route()) {
            Some(Route::Link(key)) => (*key, To::Port),
            Some(Route::Token(key, token)) => (*key, To::Token(*token)),
            _ => return false,
        };
        let (Some(end), Some(link)) = (self.ends.get_mut(key), self.set.get_mut(key)) else { return false };
        let reply = match (direct, to) {
            (Direct::Send { reply, .. }, To::Port) if end.is_clear() && end.takes_more() => reply,
            (Direct::Answer { .. }, To::Token(token)) if end.unsent.is_empty() && end.may_answer(token) => {
                None
            }
            _ => return false,
        };
        let Ok(reply) = reply.map(|port| end.granted.grant(port)).transpose() else { return false };
        let record = Plain { id: letter.id, to, reply, taken: end.role.tell() };
        record.write(&letter.body, &mut self.scratch);
        if link.try_send(&self.scratch).is_err() {
            // Why, the long way finds out.
            let _ = reply.map(|token| end.granted.end(token));
            return false;
        }
        if to == To::Port {
            end.role.send();
            end.follower.say();
            // Whatever is there may be the word that the port moves: then it is not sure who has the message.
            if link.glimpse() {
                end.unsure = Some(About::Message);
                end.kept.push_back(kept(letter, direct, sender, (key, reply)));
                self.held_up.push(key);
            }
        } else if let To::Token(token) = to {
            end.held.end(token);
            self.routes.remove(direct.route());
        }
        kernel.went_directly(space, letter.destination.0, direct);
        if to != To::Port {
            self.close_if_done(key);
        }
        true
    }

    /// Looks for what comes, so often at most; a message of a common shape for who looks is received into `slot` at once.
    /// Answers which look it was, too.
    #[inline]
    pub(super) fn look_directly(
        &mut self,
        lock: &Mutex<Kernel>,
        at: At<'_>,
        (looks_max, is_wanted): (u32, impl Fn() -> bool),
        slot: &mut Option<Result<Receipt, ReceiveError>>,
    ) -> (Sight, u32) {
        let is_moving = !self.awaited.is_empty() || !self.coming.is_empty() || !self.going.is_empty();
        // Whoever has something unsent takes the long way, by which that is tried again.
        if is_moving || !self.behind.is_empty() || !self.held_up.is_empty() {
            return (self.next().map_or(Sight::Nothing, Sight::News), 1);
        }
        let (key, after, mut kernel, looks) = {
            // That the set is the parent's, or the kernel refuses, is told where the set is waited for.
            let Ok((event, looks)) = self.set.look_for(looks_max, is_wanted) else {
                return (Sight::Nothing, 1);
            };
            match event {
                None => return (Sight::Nothing, looks),
                Some(Event::Message(key, message)) => {
                    let ways = (&mut self.routes, &mut self.numbers);
                    let end = self.ends.get_mut(key);
                    match end.and_then(|end| hear_directly(end, ways, (lock, at), &message, slot)) {
                        Some((after, kernel)) => (key, after, kernel, looks),
                        None => return (Sight::News(News::Letter(key, message.into_letter())), looks),
                    }
                }
                Some(event) => return (Sight::News(News::of(event)), looks),
            }
        };
        match after {
            After::Nothing => {}
            After::TellTaken => self.tell_taken(&kernel, key),
            After::CarryWaiting => {
                if let Some(port) = self.ends.get(key).map(|end| end.port) {
                    self.carry_waiting(&mut kernel, key, port);
                }
            }
        }
        if let Some(end) = self.ends.get(key)
            && !end.role.has_right()
        {
            self.close_if_done(key);
        }
        (Sight::Message, looks)
    }
}

impl End {
    /// Whether nothing is pending that a message by the send right would have to wait for.
    #[inline]
    fn is_clear(&self) -> bool {
        self.unsent.is_empty() && self.is_settled() && self.sure == 0 && self.wanted.is_none()
    }

    /// Whether a right to answer is nothing but that.
    #[inline]
    fn may_answer(&self, token: u64) -> bool {
        self.held.get(token).is_some_and(|token| !token.is_returning && token.detached.is_none())
    }

    #[inline]
    fn takes_more(&self) -> bool {
        matches!(self.role, Role::Holder { .. }) && self.role.room() > 0
    }

    /// Whether the next record is the next thing to be heard, and is about a message and nothing else.
    #[inline]
    fn hears_next(&self) -> bool {
        self.unread.is_empty()
            && self.custody.is_empty()
            && self.blocks.is_empty()
            && self.unsure.is_none()
            && self.sure == 0
            && self.detaching.is_empty()
            && !self.has_moved
    }
}

/// Hears a message of a common shape that is for whoever looks; `None`, with nothing changed, if it is another one.
#[inline]
fn hear_directly<'a>(
    end: &mut End,
    (routes, numbers): (&mut FreshMap<Route>, &mut u64),
    (lock, at): (&'a Mutex<Kernel>, At<'_>),
    message: &InRing<'_>,
    slot: &mut Option<Result<Receipt, ReceiveError>>,
) -> Option<(After, MutexGuard<'a, Kernel>)> {
    let mut start = [0; HEADER_BYTES];
    let bytes = message.bytes();
    if message.copy_to(&mut start) != HEADER_BYTES || !end.hears_next() {
        return None;
    }
    let plain = Plain::read(&start, bytes)?;
    let sender = Sender::Task(end.sender?);
    let (port, is_once) = match plain.to {
        To::Port => (end.port, false),
        To::Token(token) => (*end.granted.get(token)?, true),
    };
    let body_bytes = bytes - HEADER_BYTES;
    let mut kernel = lock.lock().unwrap_or_else(PoisonError::into_inner);
    if !kernel.takes_directly(at, port, (body_bytes, plain.reply.is_some())) {
        return None;
    }
    if plain.reply.is_some_and(|token| !end.held.may_hold(token)) || !end.role.may_hear(plain.to == To::Port)
    {
        return None;
    }
    let more = end.role.hear_taken(plain.taken).ok()?;
    let after = match plain.to {
        To::Token(token) => {
            let _ = end.granted.end(token);
            let waits = more > 0 && kernel.has_something_waiting(end.port);
            if waits { After::CarryWaiting } else { After::Nothing }
        }
        To::Port => {
            end.heard += 1;
            if end.role.hear_and_take() { After::TellTaken } else { After::Nothing }
        }
    };
    let reply = plain.reply.map(|token| {
        *numbers += 1;
        let route = *numbers;
        routes.insert_new(route, Route::Token(end.key, token));
        (token, route)
    });
    let mut body = spare::take();
    body.resize(body_bytes, 0);
    message.copy_from(HEADER_BYTES, &mut body);
    let arrived = Arrived { id: plain.id, port, is_once, reply: reply.map(|(_, route)| route), sender };
    let granted = kernel.arrive_directly(at, &arrived, body, slot);
    if let (Some((token, route)), Some(port)) = (reply, granted) {
        let _ = end.held.admit(token);
        end.held.hold(token, Token::new(port, route));
    }
    Some((after, kernel))
}

/// What is kept of a message of which it is not sure who has it.
#[cold]
fn kept(letter: &Letter, direct: Direct, sender: Sender, (key, reply): (Key, Option<u64>)) -> Kept {
    let reply_right = match direct {
        Direct::Send { reply: Some(port), .. } => {
            (Capability::SendOnce(port), Some(Disposition::MoveSendOnce))
        }
        _ => (Capability::Null, None),
    };
    let message = Message {
        id: letter.id,
        destination: Capability::Null,
        reply: reply_right,
        body: letter.body.clone(),
        cargo: Vec::new(),
        complex: false,
        sender,
        origin: None,
    };
    Kept { message, changes: vec![reply.map_or(Change::Nothing, |token| Change::Granted(key, token))] }
}
