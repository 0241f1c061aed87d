// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where consumers come in: the published name, and those who have connected and not yet knocked.
//!
//! A consumer knocks at once when it has connected, so whoever does not is given up: after a second, or when there are
//! too many of them. They hold up nobody.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use cabotage_link::names::Published;
use cabotage_link::{End, Link, Options};
use cabotage_os::epoll::{Poller, Trigger};
use cabotage_os::poll::{self, Readiness};
use cabotage_os::socket::AcceptError;
use cabotage_os::{Deadline, SystemError};

use super::words::Knock;

/// How many may be connected without having knocked. One more takes the place of the one that came first.
const GUESTS_MAX: usize = 8;
/// How long one may take.
const KNOCK_WITHIN: Duration = Duration::from_secs(1);
/// When to try again, where a shortage keeps us from accepting.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(100);
/// How many are accepted in one look: others may come without end.
const ACCEPTED_AT_ONCE: usize = 64;

/// See the [module](self).
#[derive(Debug)]
pub(super) struct Door {
    // Dropped first, so that nothing is closed while it is watched.
    poller: Poller,
    guests: Vec<Guest>,
    published: Published,
    options: Options,
    /// Whether somebody could not be accepted, for want of something.
    is_jammed: bool,
}

#[derive(Debug)]
struct Guest {
    link: Link,
    since: Instant,
    manner: Manner,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// It has said nothing yet.
    Silent,
    /// It wants to be the consumer.
    Knocked,
    /// It has ended, or said something else.
    Unwanted,
}

impl Door {
    /// The door of a name; whoever comes gets a link with these options.
    pub(super) fn new(published: Published, options: Options) -> Result<Self, SystemError> {
        let poller = Poller::new()?;
        poller.add(&published, 0, Readiness::IN, Trigger::Level)?;
        Ok(Self { poller, guests: Vec::new(), published, options, is_jammed: false })
    }

    /// Whether this process may use it: false in a forked child.
    #[inline]
    pub(super) fn is_here(&self) -> bool {
        self.poller.is_here()
    }

    /// Which owner of the name in a row has the door.
    pub(super) fn generation(&self) -> u64 {
        self.published.generation()
    }

    /// Sees who has come.
    pub(super) fn look(&mut self) {
        self.is_jammed = false;
        for _ in 0..ACCEPTED_AT_ONCE {
            match self.accept() {
                Ok(true) => {}
                Ok(false) => break,
                Err(_) => {
                    self.is_jammed = true;
                    break;
                }
            }
        }
        self.guests.iter_mut().for_each(Guest::listen);
    }

    /// The next one that has knocked; one that is to be let in has handed its memory over, too.
    pub(super) fn next(&mut self, to_be_let_in: bool) -> Option<Link> {
        let at = self.guests.iter_mut().position(|guest| {
            guest.manner == Manner::Knocked && (!to_be_let_in || guest.link.has_met().unwrap_or(false))
        });
        let Some(at) = at else {
            self.guests.retain(Guest::may_stay);
            return None;
        };
        let guest = self.guests.remove(at);
        // It is watched, so this can't fail.
        let _ = self.poller.remove(&guest.link);
        Some(guest.link)
    }

    /// Answers whether somebody has come.
    fn accept(&mut self) -> Result<bool, SystemError> {
        let socket = match self.published.accept(Deadline::Now) {
            Ok(socket) => socket,
            Err(AcceptError::System(refusal)) => return Err(refusal),
            Err(_) => return Ok(false),
        };
        let end = socket.into_fd().and_then(|fd| End::received(fd).ok());
        let Some(link) = end.and_then(|end| end.link(self.options.clone()).ok()) else { return Ok(true) };
        if self.poller.add(&link, 1, Readiness::IN, Trigger::Level).is_ok() {
            if self.guests.len() == GUESTS_MAX {
                let _ = self.poller.remove(&self.guests.remove(0).link);
            }
            self.guests.push(Guest { link, since: Instant::now(), manner: Manner::Silent });
        }
        Ok(true)
    }

    /// What is readable when somebody has come; not while nobody can be accepted: then ask again after
    /// [`Door::again`].
    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        (!self.is_jammed).then(|| self.poller.as_fd())
    }

    /// Until when to wait for others at most.
    pub(super) fn again(&self, deadline: Deadline) -> Deadline {
        if self.is_jammed { deadline.or_sooner(Deadline::within(ACCEPT_AGAIN_AFTER)) } else { deadline }
    }

    /// Waits until somebody has come, or may have.
    pub(super) fn wait(&self, deadline: Deadline) -> Result<(), SystemError> {
        let until = self.again(deadline);
        match self.fd() {
            Some(fd) => poll::wait([(fd, Readiness::IN)], until).map(drop),
            None => poll::wait([], until).map(drop),
        }
    }
}

impl Guest {
    /// Hears what it says.
    fn listen(&mut self) {
        self.manner = match self.manner {
            Manner::Silent => self.hear_knock(),
            // It may have gone again.
            Manner::Knocked if matches!(self.link.ending(), Ok(None)) => Manner::Knocked,
            _ => Manner::Unwanted,
        };
    }

    fn hear_knock(&mut self) -> Manner {
        match self.link.try_receive() {
            Ok(Some(message)) => {
                let mut knock = [0; size_of::<Knock>() + 1];
                let bytes = message.copy_to(&mut knock);
                if Knock::is_one(&knock[..bytes]) { Manner::Knocked } else { Manner::Unwanted }
            }
            Ok(None) => Manner::Silent,
            Err(_) => Manner::Unwanted,
        }
    }

    fn may_stay(&self) -> bool {
        self.manner != Manner::Unwanted && self.since.elapsed() < KNOCK_WITHIN
    }
}
