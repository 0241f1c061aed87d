// SPDX-License-Identifier: MIT OR Apache-2.0
//! How many threads use one port: under a lock that nobody holds while waiting.
//!
//! Of the threads that wait one leads: it waits on the port's descriptor, with the lock let go. The others wait for it:
//! when it comes back, everybody looks again, and the next one leads if there is still something to wait for. Closing
//! the port wakes them all.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use cabotage_alpc::{Deadline, Ready, Status};
use cabotage_os::eventfd::EventFd;
use cabotage_os::fork::SoleFd;
use cabotage_os::poll::{self, Readiness};
use cabotage_os::{Errno, SystemError};

use crate::pace::Pace;
use crate::status::Answer;

/// What is waited on: one end of a port.
pub(crate) trait End {
    /// Looks for something, and arranges for the descriptor to become readable if there is nothing.
    fn ready(&mut self) -> Answer<Ready>;
    /// When it wants to be asked again at the latest.
    fn wake_by(&self) -> Deadline;
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
}

impl<E: End> Shared<E> {
    /// An end, and a copy of its descriptor.
    ///
    /// # Errors
    /// The system's refusal.
    pub(crate) fn new(end: E, descriptor: SoleFd) -> Answer<Self> {
        let bell = EventFd::new().map_err(|_| Status::INSUFFICIENT_RESOURCES)?;
        let state = Mutex::new(State { end: Some(end), is_led: false, pace: Pace::new() });
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
        mut look: impl FnMut(&mut E, bool) -> Answer<Option<T>>,
    ) -> Answer<T> {
        let mut state = self.lock();
        let mut looks_left = state.pace.looks();
        let (mut has_looked, mut has_slept) = (false, false);
        loop {
            let may_take = !state.is_led;
            let end = state.end.as_mut().ok_or(Status::PORT_DISCONNECTED)?;
            let found = look(end, may_take);
            if let Some(found) = found.transpose() {
                if has_looked && !has_slept {
                    state.pace.found();
                }
                // Others may have something too by what was looked at.
                self.changed.notify_all();
                return found;
            }
            if deadline.has_passed() {
                return Err(Status::TIMEOUT);
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
            state = if state.is_led { self.follow(state, deadline) } else { self.lead(state, deadline)? };
        }
    }

    /// Waits on the descriptor for everybody.
    fn lead<'s>(
        &'s self,
        mut state: MutexGuard<'s, State<E>>,
        deadline: Deadline,
    ) -> Answer<MutexGuard<'s, State<E>>> {
        let end = state.end.as_mut().ok_or(Status::PORT_DISCONNECTED)?;
        if end.ready()? == Ready::Ready {
            return Ok(state);
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
        waited.map(|_| state).map_err(|_| Status::UNSUCCESSFUL)
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
        self.wake(&state);
        drop(state);
        drop(end);
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
