// SPDX-License-Identifier: MIT OR Apache-2.0
//! Waiting on one link or ten thousand through one descriptor; the cost follows the busy ones, not the others.
//!
//! Links that have messages are active: they are looked at in turn, each for so many messages. One that delivers
//! nothing for a while is parked: it is armed, looked at once more, and then its socket brings it back by an event.
//! So a link is either looked at or armed with a look after it, and no message is missed.

mod alarms;
mod crew;
mod event;
mod key;
mod member;
mod pace;
mod turns;
mod usual;
mod waiting;

use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use cabotage_lane::ring::Shape;
use cabotage_os::Deadline;
use cabotage_os::epoll::{Events, Poller, Trigger};
use cabotage_os::poll::Readiness;

pub use event::{Event, NotInserted, SetError};
pub use key::Key;

use crate::error::LinkError;
use crate::join::{AcceptError, Listener};
use crate::link::Link;
use crate::message::{self, Message};
use crate::receive::{Found, Ready};
use crate::wait::{Patience, Wait};
use alarms::Alarms;
use crew::{Crew, Member};
use member::Linked;
use pace::Pace;

/// How many events one call to the kernel fetches.
const EVENTS_AT_ONCE: usize = 64;
/// When a listener tries again that could not accept.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(100);

/// Many links, and listeners whose clients join them, to be waited on together.
///
/// ```no_run
/// use cabotage_link::{Deadline, Event, LinkSet, Listener, Options};
///
/// let mut set = LinkSet::new()?;
/// set.listen(Listener::publish("harbour", Options::new(), Deadline::Never)?)?;
/// loop {
///     let (key, order) = match set.receive(Deadline::Never)? {
///         Event::Message(key, message) => (key, message.to_vec()),
///         Event::Ended(key, why) => {
///             eprintln!("{key:?}: {why}");
///             continue;
///         }
///         _ => continue,
///     };
///     if let Some(link) = set.get_mut(key) {
///         let _ = link.try_send(&order); // whoever does not read misses it
///     }
/// }
/// # #[allow(unreachable_code)]
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Links take turns, with at most 64 messages each, so one that floods delays the others by that much. To wait for
/// the set beside other things, see [`LinkSet::ready`]. A forked child has no part in the set.
#[derive(Debug)]
pub struct LinkSet {
    // Dropped first, so that no socket is closed while it is watched.
    poller: Poller,
    events: Events,
    crew: Crew,
    alarms: Alarms,
    pace: Pace,
    patience: Patience,
}

/// What a turn has led to.
#[derive(Debug)]
enum Step {
    Found(Key, Found),
    Other(Event<'static>),
}

impl LinkSet {
    /// An empty set.
    ///
    /// # Errors
    /// The system's refusal.
    pub fn new() -> Result<Self, SetError> {
        Ok(Self {
            poller: Poller::new()?,
            events: Events::with_capacity(EVENTS_AT_ONCE),
            crew: Crew::new(),
            alarms: Alarms::default(),
            pace: Pace::default(),
            patience: Patience::new(Wait::default()),
        })
    }

    /// From now on the set waits like this, however its links would wait alone.
    pub fn set_wait(&mut self, wait: Wait) {
        self.patience.set(wait);
    }

    /// Takes a link into the set, with what it has not received yet.
    ///
    /// # Errors
    /// [`NotInserted`] with the link: the set or the link belongs to the parent process, or the system's refusal.
    pub fn insert(&mut self, link: Link) -> Result<Key, NotInserted<Link>> {
        match self.watch_link(&link) {
            Ok(key) => {
                self.alarms.set(link.core.hello_by(), key);
                Ok(self.crew.add(Member::Link(Box::new(Linked::new(link)))))
            }
            Err(error) => Err(NotInserted { error, member: Box::new(link) }),
        }
    }

    fn watch_link(&self, link: &Link) -> Result<Key, SetError> {
        if !link.core.is_here() {
            return Err(SetError::Forked);
        }
        self.watch(link)
    }

    /// Watches what will be the next member.
    fn watch(&self, member: &impl AsFd) -> Result<Key, SetError> {
        self.check_here()?;
        let key = self.crew.next_key();
        self.poller.add(member, key.token(), Readiness::IN, Trigger::Edge)?;
        Ok(key)
    }

    /// Takes a listener into the set: its clients are accepted and become links of the set.
    ///
    /// # Errors
    /// [`NotInserted`] with the listener: the set belongs to the parent process, or the system's refusal.
    pub fn listen(&mut self, listener: Listener) -> Result<Key, NotInserted<Listener>> {
        match self.watch(&listener) {
            Ok(_) => Ok(self.crew.add(Member::Listener(Box::new(listener)))),
            Err(error) => Err(NotInserted { error, member: Box::new(listener) }),
        }
    }

    /// Hands a link out, with what it has not received yet; `None` if the key names no link.
    pub fn remove(&mut self, key: Key) -> Option<Link> {
        self.crew.link_mut(key)?;
        match self.take(key)? {
            Member::Link(linked) => Some(linked.link),
            Member::Listener(_) => None,
        }
    }

    /// Hands a listener out; `None` if the key names none. Its clients stay.
    pub fn unlisten(&mut self, key: Key) -> Option<Listener> {
        self.listener(key)?;
        match self.take(key)? {
            Member::Listener(listener) => Some(*listener),
            Member::Link(_) => None,
        }
    }

    fn take(&mut self, key: Key) -> Option<Member> {
        let member = self.crew.take(key)?;
        if self.poller.is_here() {
            // It is watched, so this can't fail.
            let _ = match &member {
                Member::Link(linked) => self.poller.remove(&linked.link),
                Member::Listener(listener) => self.poller.remove(&**listener),
            };
        }
        Some(member)
    }

    /// The link of this key, to send on it or to ask who the peer is; `None` if the link is gone. Do not put another
    /// link in its place: the set would not hear of it.
    #[inline]
    pub fn get_mut(&mut self, key: Key) -> Option<&mut Link> {
        // What is done with it may read its socket, and so take a bell away: it has to be looked at.
        self.crew.seated_link(key).map(|linked| &mut linked.link)
    }

    /// The listener of this key.
    pub fn listener(&self, key: Key) -> Option<&Listener> {
        match self.crew.get(key) {
            Some(Member::Listener(listener)) => Some(listener),
            _ => None,
        }
    }

    /// How many links there are; listeners do not count.
    pub fn len(&self) -> usize {
        self.crew.links()
    }

    /// Whether there is neither a link nor a listener.
    pub fn is_empty(&self) -> bool {
        self.crew.is_empty()
    }

    /// The keys of all links.
    pub fn keys(&self) -> impl Iterator<Item = Key> {
        self.crew.members().filter(|(_, member)| matches!(member, Member::Link(_))).map(|(key, _)| key)
    }

    /// The next event, waiting for it at most until `deadline`.
    ///
    /// # Errors
    /// [`SetError`]. What happens to one link is never an error of the set, but an [`Event`].
    #[inline]
    pub fn receive(&mut self, deadline: Deadline) -> Result<Event<'_>, SetError> {
        self.check_here()?;
        match self.usual(deadline) {
            None => self.receive_otherwise(deadline),
            Some((key, shape)) => self.sighted(key, shape).ok_or(SetError::Nothing),
        }
    }

    /// The message that the quickest look has found.
    #[inline]
    fn sighted(&mut self, key: Key, shape: Shape) -> Option<Event<'_>> {
        if !message::is_plain(shape) {
            return self.event(Step::Found(key, Found::Record(shape)));
        }
        let Link { inc, core, .. } = &mut self.crew.link_mut(key)?.link;
        inc.has_received = true;
        Some(Event::Message(key, Message::in_sight(inc, core, None)))
    }

    #[inline(never)]
    fn receive_otherwise(&mut self, deadline: Deadline) -> Result<Event<'_>, SetError> {
        let step = self.wait(deadline)?;
        self.event(step).ok_or(SetError::Nothing)
    }

    /// The next event that is at hand. Between two looks at the kernel this sees active links only: a parked one is
    /// noticed within two thousand calls or so. It never arranges for the descriptor to become readable: see
    /// [`LinkSet::ready`].
    ///
    /// # Errors
    /// [`SetError::Forked`], or the system's refusal.
    #[inline]
    pub fn try_receive(&mut self) -> Result<Option<Event<'_>>, SetError> {
        self.check_here()?;
        if self.pace.is_check_due() || self.crew.turns.seated() == 0 {
            self.check()?;
        }
        Ok(self.round().and_then(|step| self.event(step)))
    }

    /// As [`LinkSet::try_receive`], but where one link alone is active this looks `looks_max` times in a row if need be, and
    /// no more once `is_wanted` has said that the caller is wanted elsewhere. Answers how many looks it took, too. Never
    /// sleeps.
    ///
    /// # Errors
    /// As [`LinkSet::try_receive`].
    #[inline]
    pub fn look_for(
        &mut self,
        looks_max: u32,
        is_wanted: impl Fn() -> bool,
    ) -> Result<(Option<Event<'_>>, u32), SetError> {
        self.check_here()?;
        let looks = match self.usual_within(looks_max, is_wanted) {
            Ok((key, shape, looks)) => return Ok((self.sighted(key, shape), looks)),
            Err(looks) => looks + 1,
        };
        if self.pace.is_check_due() || self.crew.turns.seated() == 0 {
            self.check()?;
        }
        Ok((self.round().and_then(|step| self.event(step)), looks))
    }

    /// Looks for an event; when there is none, arranges for the descriptor to become readable as soon as there is
    /// one. **Call this before every wait on the descriptor**, wait only on [`Ready::Armed`], and at most until
    /// [`LinkSet::wake_by`]. After [`Ready::Ready`] ask [`LinkSet::try_receive`], which may still find nothing.
    ///
    /// # Errors
    /// [`SetError::Forked`], or the system's refusal.
    pub fn ready(&mut self) -> Result<Ready, SetError> {
        self.check_here()?;
        self.settle_all()
    }

    /// When the set wants to be asked again at the latest, although its descriptor is not readable: a client that
    /// was accepted has to say HELLO in time, and a listener that failed tries again.
    pub fn wake_by(&self) -> Deadline {
        self.alarms.next()
    }

    #[inline]
    fn check_here(&self) -> Result<(), SetError> {
        if self.poller.is_here() { Ok(()) } else { Err(SetError::Forked) }
    }

    #[inline]
    fn event(&mut self, step: Step) -> Option<Event<'_>> {
        let (key, found) = match step {
            Step::Found(key, found) => (key, found),
            Step::Other(event) => return Some(event),
        };
        // A link that was just looked at is there, and what was found is something.
        let Link { inc, core, .. } = &mut self.crew.link_mut(key)?.link;
        match message::take(inc, core, found) {
            Ok(extra) => {
                let Link { inc, core, .. } = &mut self.crew.link_mut(key)?.link;
                inc.has_received = true;
                Some(Event::Message(key, Message::in_sight(inc, core, extra)))
            }
            Err(error) => Some(self.end(key, error)),
        }
    }

    /// Lets go of a link that is over.
    #[cold]
    fn end(&mut self, key: Key, error: LinkError) -> Event<'static> {
        self.pace.was_away();
        drop(self.take(key));
        Event::Ended(key, error)
    }

    /// Accepts one client of the listener whose turn it is.
    #[cold]
    fn accept(&mut self, key: Key) -> Option<Step> {
        self.pace.was_away();
        let accepted = self.listener(key)?.accept(Deadline::Now);
        let inserted = match accepted {
            Ok(link) => self.insert(link).map_err(|refused| refused.error),
            Err(AcceptError::System(refusal)) => Err(refusal.into()),
            Err(_) => {
                self.crew.turns.leave(key.place);
                return None;
            }
        };
        match inserted {
            Ok(link) => {
                self.crew.turns.pass();
                Some(Step::Other(Event::Accepted { link, listener: key }))
            }
            Err(SetError::System(refusal)) => {
                self.crew.turns.leave(key.place);
                self.alarms.set(Deadline::within(ACCEPT_AGAIN_AFTER), key);
                Some(Step::Other(Event::ListenerFailed(key, refusal)))
            }
            Err(_) => None,
        }
    }
}

impl AsFd for LinkSet {
    /// The descriptor to wait on after [`LinkSet::ready`] has answered [`Ready::Armed`]; the same for life. In a
    /// forked child the number is stale.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.poller.as_fd()
    }
}
