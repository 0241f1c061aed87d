// SPDX-License-Identifier: MIT OR Apache-2.0
//! A completion list: what waits at a port, taken into memory that the program has registered.
//!
//! What is where stands here, not in that memory, which is written by the thread that takes a message and only then.
//! So a message that nobody takes stays at the port, whatever becomes of the list.

use std::collections::BTreeMap;

use super::spans::Spans;
use crate::attributes;
use crate::layout::HEADER_BYTES;
use crate::message::{Delivery, Got, Room};
use crate::waiting::End;

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct List {
    /// Its address, which is its name.
    pub(crate) base: usize,
    spans: Spans,
    /// Those that each message has room for behind it.
    pub(crate) attributes: u32,
    concurrency: u32,
    /// Workers that take messages until there are none.
    active: u32,
    /// Messages that were taken and not freed, by their places.
    taken: BTreeMap<usize, Place>,
    /// How many may still be taken once it was run down.
    left: Option<usize>,
    /// The numbers of the message that was taken last, and of its callback.
    pub(crate) last: (u32, u32),
    /// How many were taken so far.
    pub(crate) takes: usize,
}

/// Where a message lies.
#[derive(Debug, Clone, Copy)]
struct Place {
    bytes: usize,
    attributes_at: usize,
}

/// A message that was taken, and where it is to be written.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) delivery: Box<Delivery>,
    pub(crate) message_at: usize,
    pub(crate) attributes_at: usize,
    /// Which attributes there is room for.
    pub(crate) attributes: u32,
}

impl List {
    /// In so many bytes at this address; `None` if there is not room for the shortest message.
    pub(crate) fn new(base: usize, bytes: usize, concurrency: u32, attributes: u32) -> Option<Self> {
        let this = Self {
            base,
            spans: Spans::new(bytes),
            attributes,
            concurrency,
            active: 0,
            taken: BTreeMap::new(),
            left: None,
            last: (0, 0),
            takes: 0,
        };
        (this.room_in(this.spans.largest()).bytes >= HEADER_BYTES).then_some(this)
    }

    fn room_in(&self, bytes: usize) -> Room {
        let bytes = bytes.saturating_sub(attributes::bytes_for(self.attributes));
        Room { bytes, attributes: self.attributes }
    }

    /// Takes what comes next, if it fits now.
    pub(crate) fn take<E: End>(&mut self, end: &mut E, may_take: bool) -> Option<Taken> {
        let room = self.room_in(self.spans.largest());
        if self.left == Some(0) || room.bytes < HEADER_BYTES {
            return None;
        }
        let delivery = match end.receive(room, may_take) {
            Ok(Some(Got::Message(delivery))) => delivery,
            Ok(_) => return None,
            Err(_) => end.take_end()?,
        };
        self.place(delivery)
    }

    /// Gives a message that fits its place.
    fn place(&mut self, delivery: Box<Delivery>) -> Option<Taken> {
        let message_bytes = (HEADER_BYTES + delivery.data.len()).next_multiple_of(8);
        let bytes = message_bytes + attributes::bytes_for(self.attributes);
        let message_at = self.spans.take(bytes)?;
        let attributes_at = message_at + message_bytes;
        self.taken.insert(message_at, Place { bytes, attributes_at });
        self.last = (delivery.header.message_id, delivery.brought.callback_id);
        self.takes += 1;
        self.left = self.left.map(|left| left.saturating_sub(1));
        Some(Taken { delivery, message_at, attributes_at, attributes: self.attributes })
    }

    /// Whether what comes next would fit now.
    pub(crate) fn has_next<E: End>(&self, end: &E) -> bool {
        let room = self.room_in(self.spans.largest());
        self.left != Some(0) && end.next_bytes(self.attributes).is_some_and(|bytes| bytes <= room.bytes)
    }

    /// Whether what comes next fits only elsewhere: not into the list, were it all free, or after its end.
    pub(crate) fn has_stranger<E: End>(&self, end: &E) -> bool {
        let room = self.room_in(self.spans.bytes());
        let next = end.next_bytes(self.attributes);
        next.is_some_and(|bytes| self.left == Some(0) || bytes > room.bytes)
    }

    /// Frees the message at this place; whether there was one.
    pub(crate) fn free(&mut self, at: usize) -> bool {
        let Some(place) = self.taken.remove(&at) else { return false };
        self.spans.give(at, place.bytes);
        true
    }

    /// Where the attributes of the message at this place are.
    pub(crate) fn attributes_at(&self, at: usize) -> Option<usize> {
        self.taken.get(&at).map(|place| place.attributes_at)
    }

    /// Of so many that wait at the port, how many are in it, and those that were taken and not freed.
    pub(crate) fn outstanding(&self, pending: usize) -> usize {
        self.taken.len() + self.left.map_or(pending, |left| left.min(pending))
    }

    /// Nothing more than these comes into it.
    pub(crate) fn run_down(&mut self, pending: usize) {
        self.left = Some(self.left.map_or(pending, |left| left.min(pending)));
    }

    pub(crate) fn is_run_down(&self) -> bool {
        self.left.is_some()
    }

    /// How many workers are wanted beside those that are there.
    pub(crate) fn workers_wanted(&self) -> usize {
        self.concurrency.saturating_sub(self.active) as usize
    }

    pub(crate) fn adjust(&mut self, concurrency: u32) {
        self.concurrency = concurrency;
    }

    /// A thread wants to take messages until there are none: whether there is one for it.
    pub(crate) fn enter<E: End>(&mut self, end: &E) -> bool {
        let is_wanted = self.workers_wanted() > 0 && self.has_next(end);
        self.active += u32::from(is_wanted);
        is_wanted
    }

    /// It has found none: whether it may go, since there is none that came meanwhile.
    pub(crate) fn leave<E: End>(&mut self, end: &E) -> bool {
        if self.active > 0 && self.active <= self.concurrency && self.has_next(end) {
            return false;
        }
        self.leave_anyway();
        true
    }

    /// It goes, whatever there is.
    pub(crate) fn leave_anyway(&mut self) {
        self.active = self.active.saturating_sub(1);
    }

    /// How many bytes of the memory it uses.
    pub(crate) fn bytes(&self) -> usize {
        self.spans.bytes()
    }
}
