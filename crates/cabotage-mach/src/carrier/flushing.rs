// SPDX-License-Identifier: MIT OR Apache-2.0
//! What could not be said at once: it goes in order, as soon as there is room for it, or the kernel refuses no more.

use std::time::Duration;

use cabotage_link::{Deadline, Key, Ready};

use super::desk::Desk;
use super::packet::{About, NotSaid, Packet};
use crate::kernel::Kernel;

impl Desk {
    /// Sends what has room now of what is unsent.
    pub(super) fn flush(&mut self, kernel: &mut Kernel) {
        for key in std::mem::take(&mut self.held_up) {
            self.be_sure(kernel, key);
            if self.flush_one(key) || self.still_wants(key) {
                self.held_up.push(key);
                continue;
            }
            self.be_sure(kernel, key);
            self.close_if_done(key);
            if let Some(port) = self.ends.get(key).map(|end| end.port) {
                self.carry_waiting(kernel, key, port);
            }
        }
    }

    /// Whether something is to be gone on with whenever anything has happened, though it is no news: the answer of a
    /// peer's library, or room.
    pub(super) fn is_waiting(&self) -> bool {
        !self.held_up.is_empty() || !self.going.is_empty()
    }

    /// Arranges for the links with something unsent to become readable when there is room; whether some has room now.
    pub(super) fn has_room_again(&mut self) -> bool {
        let Self { held_up, ends, set, .. } = self;
        held_up.iter().any(|key| {
            let (Some(end), Some(link)) = (ends.get_mut(*key), set.get_mut(*key)) else { return true };
            // What the kernel has refused is tried again after a while, whatever happens until then.
            if end.is_refused {
                return false;
            }
            // What waits to be sure of a record before goes on when something has come.
            let room = end.unsent.front().filter(|_| end.unsure.is_none()).map(Packet::room);
            let Some(room) = room.or(end.wanted) else { return false };
            end.awaits_room = true;
            !matches!(link.await_room(room), Ok(Ready::Armed))
        })
    }

    /// Whether a message that found no room would find none now.
    fn still_wants(&mut self, key: Key) -> bool {
        let (Some(end), Some(link)) = (self.ends.get_mut(key), self.set.get_mut(key)) else { return false };
        end.wanted = end.wanted.filter(|room| link.has_room(*room) == Ok(false));
        end.wanted.is_some()
    }

    /// The same for one link; answers whether something is left.
    pub(super) fn flush_one(&mut self, key: Key) -> bool {
        let (Some(end), Some(link)) = (self.ends.get_mut(key), self.set.get_mut(key)) else { return false };
        end.is_refused = false;
        while let Some(packet) = end.unsent.pop_front() {
            if packet.about.is_about_port() && end.unsure.is_some() {
                end.unsent.push_front(packet);
                return true;
            }
            match packet.send(link) {
                Ok(about) if about.counts() => {
                    end.follower.say();
                    // Whatever is there may be the word that the port moves: then it is not sure who has the record.
                    if link.glimpse_if_asked() {
                        end.unsure = Some(about);
                    } else {
                        end.sure += usize::from(matches!(about, About::Message));
                    }
                }
                Ok(_) => {}
                Err(NotSaid::Full(packet)) => {
                    end.unsent.push_front(packet);
                    return true;
                }
                Err(NotSaid::Refused(packet)) => {
                    end.unsent.push_front(packet);
                    end.is_refused = true;
                    return true;
                }
                // That the link is over is told by the set, after everything that came before.
                Err(NotSaid::Over) => {
                    end.unsent.clear();
                    self.has_failed = true;
                }
            }
        }
        if std::mem::take(&mut end.awaits_room) {
            link.stop_awaiting_room();
        }
        end.unsure.is_some()
    }

    /// When to look again at the latest, though nothing has come: some link may want that, or there was a shortage.
    pub(super) fn wake_by(&self) -> Deadline {
        let is_refused = |key: &Key| self.ends.get(*key).is_some_and(|end| end.is_refused);
        let wake_by = self.set.wake_by();
        if self.held_up.iter().any(is_refused) {
            wake_by.or_sooner(Deadline::within(AGAIN_AFTER))
        } else {
            wake_by
        }
    }
}

/// How long after the kernel has refused something for want of descriptors or memory it is tried again.
const AGAIN_AFTER: Duration = Duration::from_millis(10);
