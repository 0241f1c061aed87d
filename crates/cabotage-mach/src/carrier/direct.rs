// SPDX-License-Identifier: MIT OR Apache-2.0
//! The common messages, straight from their sender into the ring, and straight from the ring to who waits for them.
//!
//! What is done here is what the long way does in more steps: the same counts change by as much, and the same is told to
//! the other end. Where something is pending (older records, a move, a message that waits) nothing is done here, so the
//! order of messages is that of the long way too.

use std::sync::{Mutex, MutexGuard, PoisonError};

use cabotage_link::{Deadline, Event, Key, Message as InRing};

use super::desk::{Desk, Route};
use super::end::{End, Kept, Token};
use super::hearing::News;
use super::packet::About;
use super::passing::Change;
use super::rules::Role;
use super::wire::{BRIEF_BYTES, By, Plain, To};
use crate::kernel::fresh::FreshMap;
use crate::kernel::message::{Capability, Message, Sender};
use crate::kernel::messages::{Arrived, At, Direct, Short, Slot};
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
    /// It may have been the last one of the link.
    CloseIfDone,
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
        (short, body): (Short, &[u8]),
        direct: Direct,
    ) -> bool {
        if body.len() > Plain::BODY_BYTES_MAX {
            return false;
        }
        let (key, to) = match self.routes.get(direct.route()) {
            Some(Route::Link(key)) => (*key, To::Port),
            Some(Route::Token(key, token)) => (*key, To::Token(*token)),
            _ => return false,
        };
        let (Some(end), Some(link)) = (self.ends.get_mut(key), self.set.get_mut(key)) else { return false };
        let by = match (direct, to) {
            (Direct::Send { reply, .. }, To::Port) if end.is_clear() && end.takes_more() => match reply {
                None => By::Right,
                Some(port) => match end.granted.grant(port) {
                    Ok(token) => By::RightWithReply(token),
                    Err(_) => return false,
                },
            },
            (Direct::Answer { .. }, To::Token(token)) if end.unsent.is_empty() && end.may_answer(token) => {
                By::Token(token)
            }
            _ => return false,
        };
        let words = Plain { id: short.id, by, taken: end.role.tell() }.words();
        if words.is_none_or(|words| link.send_joined(words, body, Deadline::Now).is_err()) {
            // Why, the long way finds out.
            let _ = by.reply().map(|token| end.granted.end(token));
            return false;
        }
        match to {
            To::Port => {
                end.role.send();
                end.follower.say();
                // Whatever is there may be the word that the port moves: then it is not sure who has the message.
                if link.glimpse_if_asked() {
                    end.unsure = Some(About::Message);
                    end.kept.push_back(kept((short, body), direct, sender, (key, by.reply())));
                    self.held_up.push(key);
                }
            }
            To::Token(token) => {
                let _ = end.held.end(token);
                self.routes.remove(direct.route());
            }
        }
        kernel.went_directly(space, short.destination.0, direct);
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
        slot: &mut Slot,
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
            After::CloseIfDone => self.close_if_done(key),
            After::TellTaken => self.tell_taken(&kernel, key),
            After::CarryWaiting => {
                if let Some(port) = self.ends.get(key).map(|end| end.port) {
                    self.carry_waiting(&mut kernel, key, port);
                }
            }
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
    slot: &mut Slot,
) -> Option<(After, MutexGuard<'a, Kernel>)> {
    let mut start = [0; BRIEF_BYTES];
    if message.copy_to(&mut start) != BRIEF_BYTES || !end.hears_next() {
        return None;
    }
    let body_bytes = message.bytes() - BRIEF_BYTES;
    let plain = Plain::read(&start, body_bytes).ok()?;
    let (to, reply) = (plain.by.to(), plain.by.reply());
    let sender = Sender::Task(end.sender?);
    let (port, is_once) = match to {
        To::Port => (end.port, false),
        To::Token(token) => (*end.granted.get(token)?, true),
    };
    let mut kernel = lock.lock().unwrap_or_else(PoisonError::into_inner);
    if !kernel.takes_directly(at, port, (body_bytes, reply.is_some())) {
        return None;
    }
    if reply.is_some_and(|token| !end.held.may_hold(token)) || !end.role.may_hear(to == To::Port) {
        return None;
    }
    let more = end.role.hear_taken(plain.taken).ok()?;
    let after = match to {
        To::Token(token) => {
            let _ = end.granted.end(token);
            match end.role.has_right() {
                false => After::CloseIfDone,
                true if more > 0 && kernel.has_something_waiting(end.port) => After::CarryWaiting,
                true => After::Nothing,
            }
        }
        To::Port => {
            end.heard += 1;
            if end.role.hear_and_take() { After::TellTaken } else { After::Nothing }
        }
    };
    let reply = reply.map(|token| {
        *numbers += 1;
        let route = *numbers;
        routes.insert_new(route, Route::Token(end.key, token));
        (token, route)
    });
    let mut body = spare::take();
    body.resize(body_bytes, 0);
    message.copy_from(BRIEF_BYTES, &mut body);
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
fn kept(
    (short, body): (Short, &[u8]),
    direct: Direct,
    sender: Sender,
    (key, reply): (Key, Option<u64>),
) -> Kept {
    let reply_right = match direct {
        Direct::Send { reply: Some(port), .. } => {
            (Capability::SendOnce(port), Some(Disposition::MoveSendOnce))
        }
        _ => (Capability::Null, None),
    };
    let message = Message {
        id: short.id,
        destination: Capability::Null,
        reply: reply_right,
        body: body.to_vec(),
        cargo: Vec::new(),
        complex: false,
        sender,
        origin: None,
    };
    Kept { message, changes: vec![reply.map_or(Change::Nothing, |token| Change::Granted(key, token))] }
}
