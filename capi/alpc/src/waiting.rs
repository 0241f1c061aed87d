// SPDX-License-Identifier: MIT OR Apache-2.0
//! How many threads use one port: under a lock that nobody holds while waiting.
//!
//! Of the threads that wait one leads: it waits on the port's descriptor, with the lock let go. The others wait for it:
//! when it comes back, everybody looks again, and the next one leads if there is still something to wait for. Closing
//! the port wakes them all.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cabotage_alpc::{Deadline, Ready, Status};
use cabotage_os::eventfd::EventFd;
use cabotage_os::fork::SoleFd;
use cabotage_os::poll::{self, Readiness};
use cabotage_os::{Errno, SystemError};

use crate::completion::telling::{Association, Telling};
use crate::message::{Delivery, Got, Room};
use crate::pace::Pace;
use crate::status::Answer;

/// What is waited on: one end of a port.
pub(crate) trait End: std::fmt::Debug + Send + 'static {
    /// Looks for something, and arranges for the descriptor to become readable if there is nothing.
    fn ready(&mut self) -> Answer<Ready>;
    /// When it wants to be asked again at the latest.
    fn wake_by(&self) -> Deadline;
    /// Takes off the channel what has come, up to some messages that wait for a receiver. Whether that was all, so that
    /// the descriptor can be armed for more.
    fn pull(&mut self) -> Answer<bool>;
    /// The next message for anybody who receives; off the channel, if it may be taken off.
    fn receive(&mut self, room: Room, may_take: bool) -> Answer<Option<Got>>;
    /// How many messages wait for a receiver.
    fn pending(&self) -> usize;
    /// How many were received so far.
    fn received(&self) -> usize;
    /// How many bytes the next one needs where there is room for these attributes.
    fn next_bytes(&self, attributes: u32) -> Option<usize>;
    /// The end of the channel as a message, for who is told by messages alone: once.
    fn take_end(&mut self) -> Option<Box<Delivery>>;
}

/// Takes off the channel what has come, and arms the descriptor for more, unless enough waits: then whoever receives
/// goes on. Answers when somebody has to look again although the descriptor tells nothing: at once, where a peer keeps
/// the port busy that others want to use; soon, where the system refuses something.
fn drain<E: End>(end: &mut E) -> Deadline {
    const ROUNDS_MAX: usize = 64;
    const AFTER_REFUSAL: Duration = Duration::from_millis(100);
    for _ in 0..ROUNDS_MAX {
        match end.pull().and_then(|is_all| if is_all { end.ready().map(Some) } else { Ok(None) }) {
            Ok(Some(Ready::Ready)) => {}
            Ok(_) => return end.wake_by(),
            Err(_) => return Deadline::within(AFTER_REFUSAL),
        }
    }
    Deadline::Now
}

/// The descriptor of an end once more, which no forked child keeps.
///
/// # Errors
/// The system's refusal.
pub(crate) fn copy_of(descriptor: BorrowedFd<'_>) -> Answer<SoleFd> {
    let refused = |error: std::io::Error| {
        let errno = Errno::from_io_error(&error).unwrap_or(Errno::MFILE);
        SystemError::new("fcntl", "the descriptor of a port", errno)
    };
    let copied = SoleFd::made_by(|| descriptor.try_clone_to_owned().map_err(refused));
    copied.map_err(|_| Status::INSUFFICIENT_RESOURCES)
}

/// An end that threads share.
#[derive(Debug)]
pub(crate) struct Shared<E> {
    state: Mutex<State<E>>,
    changed: Condvar,
    /// The end's own descriptor once more: it outlives the end, which may be closed while a thread waits here.
    descriptor: SoleFd,
    /// Wakes who leads.
    bell: EventFd,
}

#[derive(Debug)]
struct State<E> {
    /// `None` once it was closed.
    end: Option<E>,
    is_led: bool,
    pace: Pace,
    telling: Telling,
}

/// What a thread waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// Something of its own.
    Own,
    /// Any message, of which nobody else has to be told.
    Any,
}

impl<E: End> Shared<E> {
    /// An end, and a copy of its descriptor.
    ///
    /// # Errors
    /// The system's refusal.
    pub(crate) fn new(end: E, descriptor: SoleFd) -> Answer<Self> {
        let bell = EventFd::new().map_err(|_| Status::INSUFFICIENT_RESOURCES)?;
        let state = Mutex::new(State {
            end: Some(end),
            is_led: false,
            pace: Pace::new(),
            telling: Telling::default(),
        });
        Ok(Self { state, changed: Condvar::new(), descriptor, bell })
    }

    fn lock(&self) -> MutexGuard<'_, State<E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with the end now.
    ///
    /// # Errors
    /// The port is closed; what `act` answers.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut E) -> Answer<T>) -> Answer<T> {
        let mut state = self.lock();
        let end = state.end.as_mut().ok_or(Status::PORT_DISCONNECTED)?;
        let answer = act(end);
        // Whoever sends may have read what was to wake the one who waits.
        if state.is_led && !matches!(state.end.as_mut().map(End::ready), Some(Ok(Ready::Armed))) {
            self.wake(&state);
        }
        self.tell(&mut state);
        answer
    }

    /// The same with those whom the port tells of messages; `act` hears whether it may take messages off the channel.
    ///
    /// # Errors
    /// As [`Self::with`].
    pub(crate) fn tend<T>(&self, act: impl FnOnce(&mut E, &mut Telling, bool) -> Answer<T>) -> Answer<T> {
        let mut state = self.lock();
        let may_take = !state.is_led;
        let State { end, telling, .. } = &mut *state;
        let answer = act(end.as_mut().ok_or(Status::PORT_DISCONNECTED)?, telling, may_take);
        self.tell(&mut state);
        answer
    }

    /// The same, and those who wait look at what became of it.
    ///
    /// # Errors
    /// As [`Self::with`].
    pub(crate) fn change<T>(&self, act: impl FnOnce(&mut E) -> Answer<T>) -> Answer<T> {
        let mut state = self.lock();
        let answer = act(state.end.as_mut().ok_or(Status::PORT_DISCONNECTED)?);
        self.wake(&state);
        self.tell(&mut state);
        answer
    }

    /// Waits until `look` finds something. It is told whether it may take what has come: while a thread leads, that one
    /// is woken by it and looks for everybody.
    ///
    /// # Errors
    /// [`Status::TIMEOUT`]; the port was closed; what `look` answers.
    pub(crate) fn wait<T>(
        &self,
        deadline: Deadline,
        look: impl FnMut(&mut E, bool) -> Answer<Option<T>>,
    ) -> Answer<T> {
        self.wait_as(Wanted::Own, deadline, look)
    }

    /// Waits for any message.
    ///
    /// # Errors
    /// As [`Self::wait`].
    pub(crate) fn receive(&self, deadline: Deadline, room: Room) -> Answer<Got> {
        self.wait_as(Wanted::Any, deadline, |end, may_take| end.receive(room, may_take))
    }

    /// Waits for nothing but the end of the port.
    ///
    /// # Errors
    /// [`Status::TIMEOUT`]; the port was closed.
    pub(crate) fn wait_for_end<T>(&self, deadline: Deadline) -> Answer<T> {
        let mut state = self.lock();
        while state.end.is_some() {
            if deadline.has_passed() {
                return Err(Status::TIMEOUT);
            }
            state = self.follow(state, deadline);
        }
        Err(Status::PORT_DISCONNECTED)
    }

    fn wait_as<T>(
        &self,
        wanted: Wanted,
        deadline: Deadline,
        look: impl FnMut(&mut E, bool) -> Answer<Option<T>>,
    ) -> Answer<T> {
        let mut state = self.lock();
        let receivers = usize::from(wanted == Wanted::Any);
        state.telling.receivers += receivers;
        let (mut state, found) = self.wait_here(state, deadline, look);
        state.telling.receivers -= receivers;
        self.tell(&mut state);
        found
    }

    fn wait_here<'s, T>(
        &'s self,
        mut state: MutexGuard<'s, State<E>>,
        deadline: Deadline,
        mut look: impl FnMut(&mut E, bool) -> Answer<Option<T>>,
    ) -> (MutexGuard<'s, State<E>>, Answer<T>) {
        let mut looks_left = state.pace.looks();
        let (mut has_looked, mut has_slept) = (false, false);
        loop {
            let may_take = !state.is_led;
            let Some(end) = state.end.as_mut() else { return (state, Err(Status::PORT_DISCONNECTED)) };
            let found = look(end, may_take);
            if let Some(found) = found.transpose() {
                if has_looked && !has_slept {
                    state.pace.found();
                }
                // Others may have something too by what was looked at.
                self.changed.notify_all();
                return (state, found);
            }
            if deadline.has_passed() {
                return (state, Err(Status::TIMEOUT));
            }
            if looks_left > 0 && may_take {
                (looks_left, has_looked) = (looks_left - 1, true);
                drop(state);
                std::hint::spin_loop();
                state = self.lock();
                continue;
            }
            if !has_slept {
                (looks_left, has_slept) = (0, true);
                state.pace.slept();
            }
            let State { end: Some(end), telling, .. } = &mut *state else { continue };
            // What it has taken off the channel for others.
            telling.announce(end);
            if state.is_led {
                state = self.follow(state, deadline);
                continue;
            }
            let led = self.lead(state, deadline);
            state = led.0;
            if let Err(refused) = led.1 {
                return (state, Err(refused));
            }
        }
    }

    /// Waits on the descriptor for everybody.
    fn lead<'s>(
        &'s self,
        mut state: MutexGuard<'s, State<E>>,
        deadline: Deadline,
    ) -> (MutexGuard<'s, State<E>>, Answer) {
        let Some(end) = state.end.as_mut() else { return (state, Err(Status::PORT_DISCONNECTED)) };
        match end.ready() {
            Ok(Ready::Ready) => return (state, Ok(())),
            Ok(_) => {}
            Err(refused) => return (state, Err(refused)),
        }
        let until = deadline.or_sooner(end.wake_by());
        state.is_led = true;
        drop(state);
        let watched = [(self.descriptor.as_fd(), Readiness::IN), (self.bell.as_fd(), Readiness::IN)];
        let waited = poll::wait(watched, until);
        let mut state = self.lock();
        state.is_led = false;
        self.changed.notify_all();
        let _ = self.bell.silence();
        (state, waited.map(drop).map_err(|_| Status::UNSUCCESSFUL))
    }

    /// Waits for the one who leads.
    fn follow<'s>(&'s self, state: MutexGuard<'s, State<E>>, deadline: Deadline) -> MutexGuard<'s, State<E>> {
        match deadline.remaining() {
            Some(left) => {
                let waited = self.changed.wait_timeout(state, left);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
            None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Closes the end: whoever waits is told.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        let end = state.end.take();
        let (association, list) = (state.telling.dissociate(), state.telling.list.take());
        self.wake(&state);
        drop(state);
        self.leave_packets(association);
        if let (Some(list), Ok(here)) = (list, crate::completion::here()) {
            here.lists.leave(list.base);
        }
        drop(end);
    }

    /// Nobody at that completion port looks here any more.
    pub(crate) fn leave_packets(&self, association: Option<Association>) {
        if let Some(Association { packets, token, .. }) = association {
            packets.leave(self.descriptor.as_fd(), token);
        }
    }

    /// Looks at what has come, and tells of it; if it `arms`, the descriptor tells of more. Who leads looks itself, and
    /// tells when it goes. Answers when somebody has to look again although the descriptor tells nothing.
    pub(crate) fn look_for_others(&self, arms: bool) -> Deadline {
        let mut state = self.lock();
        let State { end: Some(end), telling, is_led: false, .. } = &mut *state else {
            return Deadline::Never;
        };
        telling.note(end);
        let again = if arms {
            drain(end)
        } else {
            // What is refused now is refused again when the descriptor is armed.
            let _ = end.pull();
            Deadline::Never
        };
        telling.announce(end);
        if end.pending() > 0 {
            self.changed.notify_all();
        }
        again
    }

    /// Whether somebody is told of what comes, and so takes it off the channel.
    pub(crate) fn is_told(&self) -> bool {
        self.lock().telling.is_associated()
    }

    /// Tells who wants to be told of what nobody waits for; and arms the descriptor for who sleeps until it tells.
    fn tell(&self, state: &mut State<E>) {
        let State { end: Some(end), telling, is_led, .. } = state else { return };
        if !telling.is_associated() {
            return;
        }
        telling.note(end);
        if !*is_led && telling.touch() {
            let again = drain(end);
            self.changed.notify_all();
            telling.hurry(again);
        }
        telling.announce(end);
    }

    fn wake(&self, state: &State<E>) {
        self.changed.notify_all();
        if state.is_led {
            // Who leads looks again at its deadline, if there is no bell to ring.
            let _ = self.bell.ring();
        }
    }

    /// The descriptor on which C may wait, after it was armed.
    pub(crate) fn descriptor(&self) -> &SoleFd {
        &self.descriptor
    }
}
