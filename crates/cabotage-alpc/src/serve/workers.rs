// SPDX-License-Identifier: MIT OR Apache-2.0
//! Many threads at one port: one leads, which means that it has the port and waits for what comes; the others handle
//! requests, or sleep until the lead is handed on.
//!
//! The lock here guards the place where the port lies while nobody leads. It is held for the moment of taking it or
//! putting it back, never while something is waited for or a handler runs. A worker that has an answer sends it by the
//! port if nobody leads; else it goes to whoever does, who is woken for it.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::desk::{Desk, Turn};
use super::{IntoAnswer, ServeError};
use crate::port::Request;

/// Where the port lies while nobody leads.
#[derive(Debug)]
struct Place<'h> {
    desk: Option<Desk<'h>>,
    /// How it ended, once it has.
    over: Option<Result<(), ServeError>>,
}

/// See the [module](self).
#[derive(Debug)]
struct Crew<'h> {
    place: Mutex<Place<'h>>,
    put_back: Condvar,
}

/// Serves until it is over.
pub(super) fn run<A: IntoAnswer>(
    desk: Desk<'_>,
    workers: usize,
    handler: &(impl Fn(&mut Request) -> A + Sync),
) -> Result<(), ServeError> {
    let place = Place { desk: Some(desk), over: None };
    let crew = Crew { place: Mutex::new(place), put_back: Condvar::new() };
    thread::scope(|scope| {
        for _ in 1..workers {
            scope.spawn(|| crew.work(handler));
        }
        crew.work(handler);
    });
    let place = crew.place.into_inner().unwrap_or_else(PoisonError::into_inner);
    place.over.unwrap_or(Ok(()))
}

impl<'h> Crew<'h> {
    fn work<A: IntoAnswer>(&self, handler: &(impl Fn(&mut Request) -> A + Sync)) {
        while let Some(mut lead) = self.lead() {
            loop {
                match lead.turn() {
                    Turn::Request(mut request) => {
                        self.hand_on(lead);
                        let answer = handler(&mut request).into_answer();
                        let Some(taken) = self.take_free() else {
                            request.answer(answer);
                            break;
                        };
                        lead = taken;
                        lead.reply(request, answer);
                    }
                    Turn::Over(end) => return self.end(end),
                }
            }
        }
    }

    fn place(&self) -> MutexGuard<'_, Place<'h>> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sleeps until nobody leads; `None` when all is over.
    fn lead(&self) -> Option<Desk<'h>> {
        let mut place = self.place();
        loop {
            if place.over.is_some() {
                return None;
            }
            if let Some(desk) = place.desk.take() {
                return Some(desk);
            }
            place = self.put_back.wait(place).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn take_free(&self) -> Option<Desk<'h>> {
        self.place().desk.take()
    }

    fn hand_on(&self, desk: Desk<'h>) {
        self.place().desk = Some(desk);
        self.put_back.notify_one();
    }

    fn end(&self, end: Result<(), ServeError>) {
        self.place().over = Some(end);
        self.put_back.notify_all();
    }
}
