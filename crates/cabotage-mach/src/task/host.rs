// SPDX-License-Identifier: MIT OR Apache-2.0
//! The one kernel of this process: locked for each call, and whoever called carries out what the call led to.
//!
//! No lock is held while a thread waits, wakes another, or makes a system call. A forked child has nothing of its
//! parent's tasks: it gets a host of its own with the first call, and what it holds of the parent's answers
//! [`KernError::Forked`].

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use cabotage_os::fork::{self, Origin};
use cabotage_os::{Deadline, SystemError, exit};

use super::parking::{Parking, Waiter};
use super::{Task, identity};
use crate::carrier::Carrier;
use crate::code::KernError;
use crate::error::SendError;
use crate::kernel::message::{AuditToken, Sender};
use crate::kernel::messages::{At, Outgoing, SendFailed, Sent, Short, Slot};
use crate::kernel::{Kernel, SpaceId, Step, Ticket};

/// What the tasks of one process share.
#[derive(Debug)]
pub(crate) struct Host {
    origin: Origin,
    kernel: Mutex<Kernel>,
    /// Links to other processes, once there is one.
    carrier: OnceLock<Carrier>,
    /// Who this process is.
    pub(super) token: AuditToken,
    pub(super) parking: Parking,
    /// The task that the process is, when nobody says otherwise.
    pub(super) current: OnceLock<Task>,
    /// The host of the child that this process was forked into.
    successor: OnceLock<Box<Host>>,
}

/// How long whoever passes a right on waits for its owner to take the news.
const OWNER_HEARS_WITHIN: Duration = Duration::from_millis(20);

/// When to try again to look after links, after the kernel refused.
const REFUSED_AGAIN_AFTER: Duration = Duration::from_millis(10);

/// How long a process that ends by itself waits for others to take what they want of it.
const LEAVING_MAX: Duration = Duration::from_secs(2);

/// Nobody rings for a thread that waits until something has left.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(2);

/// The host of the first process that asked, among a parent and its forked children.
static FIRST: OnceLock<Box<Host>> = OnceLock::new();

impl Host {
    /// The host of this process.
    ///
    /// # Errors
    /// [`KernError::ResourceShortage`]: the system has no memory for it.
    pub(crate) fn here() -> Result<&'static Self, KernError> {
        let mut place = &FIRST;
        loop {
            let host = match place.get() {
                Some(host) => host,
                None => Self::found(place)?,
            };
            if host.is_here() {
                return Ok(host);
            }
            place = &host.successor;
        }
    }

    fn found(place: &'static OnceLock<Box<Self>>) -> Result<&'static Self, KernError> {
        let short = |_| KernError::ResourceShortage;
        fork::heed().map_err(short)?;
        let fresh = Box::new(Self {
            origin: Origin::here().map_err(short)?,
            kernel: Mutex::default(),
            carrier: OnceLock::new(),
            token: identity::own(),
            parking: Parking::default(),
            current: OnceLock::new(),
            successor: OnceLock::new(),
        });
        // No fork copies a place that is being filled: the child would wait for a thread that it does not have.
        Ok(fork::undivided(|| place.get_or_init(|| fresh)))
    }

    /// Whether this is the host of the calling process, not of one that it was forked from.
    #[inline]
    pub(crate) fn is_here(&self) -> bool {
        self.origin.is_here()
    }

    /// Runs `act` on the kernel, then carries out what that led to.
    pub(crate) fn run<T>(&self, act: impl FnOnce(&mut Kernel) -> T) -> T {
        let mut kernel = self.kernel();
        let answer = act(&mut kernel);
        let woken = self.settle(kernel);
        if !woken.is_empty() {
            self.wake(woken);
        }
        if let Some(carrier) = self.carrier.get() {
            carrier.tell_of_call();
        }
        answer
    }

    /// Sends a message of a common shape to another process, if it is one and everything is as usual.
    #[inline]
    pub(super) fn send_directly(&self, space: SpaceId, short: Short, body: &[u8]) -> bool {
        let Some(carrier) = self.carrier.get() else { return false };
        let kernel = self.kernel();
        let Some(direct) = kernel.direct(space, short) else { return false };
        carrier.send_directly(kernel, (space, Sender::Task(self.token)), (short, body), direct)
    }

    /// Sends a message to another process's port. One that finds no room looks first whether there is news of any.
    pub(super) fn send_away(
        &self,
        route: u64,
        outgoing: Outgoing,
        deadline: Deadline,
    ) -> Result<Sent, Box<SendFailed>> {
        let Some(carrier) = self.carrier.get() else {
            // Who knows a route has a carrier.
            return Err(self.run(|kernel| kernel.not_carried(outgoing, SendError::NoBuffer)));
        };
        let enter = |ticket| self.parking.enter(ticket, Waiter::this_thread());
        let is_laden = !outgoing.message().cargo.is_empty();
        let (sent, woken) = carrier.send(&self.kernel, route, outgoing, enter);
        self.wake(woken);
        if matches!(sent, Ok(Sent::Queued)) && deadline != Deadline::Now {
            self.linger(route, deadline);
            if is_laden {
                self.linger_for_owner(deadline);
            }
        }
        sent
    }

    /// Gives the owner of a right that goes on to somebody else a moment to take the news of that: whoever does not read
    /// holds up nobody longer, but whoever does must have it before this thread turns to something else.
    pub(super) fn linger_for_owner(&self, deadline: Deadline) {
        if let Some(route) = self.carrier.get().and_then(Carrier::take_held_fork) {
            self.linger(route, deadline.or_sooner(Deadline::within(OWNER_HEARS_WITHIN)));
        }
    }

    /// Waits until what was sent by a route has left the process, so that its sender may end: at most until the deadline.
    pub(super) fn linger(&self, route: u64, deadline: Deadline) {
        let Some(carrier) = self.carrier.get() else { return };
        let enter = |ticket| self.parking.enter(ticket, Waiter::this_thread());
        if let Some(ticket) = carrier.linger(route, &self.kernel, enter) {
            self.sleep(ticket, deadline);
            self.parking.leave(ticket);
            carrier.stop_lingering(ticket);
        }
    }

    /// The carrier, from now on if there was none.
    pub(crate) fn carrier(&self) -> Result<&Carrier, SystemError> {
        if let Some(carrier) = self.carrier.get() {
            return Ok(carrier);
        }
        exit::before(Self::leave)?;
        let fresh = Carrier::new()?;
        Ok(self.carrier.get_or_init(|| fresh))
    }

    /// The process ends by itself. Ports whose receive rights somebody wants to have rather than see them destroyed go
    /// there, and what is on its way leaves, for which a moment is waited.
    fn leave() {
        let mut host = FIRST.get();
        while let Some(earlier) = host.filter(|host| !host.is_here()) {
            host = earlier.successor.get();
        }
        let Some((host, carrier)) = host.and_then(|host| Some((host, host.carrier.get()?))) else { return };
        let deadline = Deadline::within(LEAVING_MAX);
        host.run(Kernel::rescue_all);
        while carrier.is_busy() && !deadline.has_passed() {
            host.look_for_a_moment(deadline);
        }
    }

    /// Runs `act` on the carrier and the kernel, and wakes whom that concerns. There may be a link now, which somebody who
    /// sleeps has to look after.
    pub(crate) fn with_carrier<T>(
        &self,
        act: impl FnOnce(&Carrier, &Mutex<Kernel>) -> (T, Vec<Ticket>),
    ) -> Result<T, SystemError> {
        let (answer, woken) = act(self.carrier()?, &self.kernel);
        self.wake(woken);
        self.hand_on();
        Ok(answer)
    }

    /// Takes what has come from other processes, if nobody looks after that.
    #[inline]
    pub(crate) fn look(&self) {
        if let Some(carrier) = self.carrier.get() {
            let woken = carrier.look(&self.kernel);
            self.wake(woken);
        }
    }

    /// Takes what comes from other processes as long as that is worth while, if nobody else does, until there is a message
    /// for who receives there, which goes into `slot`. Answers whether there is one.
    #[inline]
    pub(super) fn poll(&self, at: At<'_>, deadline: Deadline, slot: &mut Slot) -> bool {
        let Some(carrier) = self.carrier.get() else { return false };
        let is_there = carrier.poll(&self.kernel, |woken| self.wake(woken), at, deadline, slot);
        self.hand_on();
        is_there
    }

    /// Whether the next message is likely to come from another process, straight to who looks.
    #[inline]
    pub(super) fn is_flowing(&self) -> bool {
        self.carrier.get().is_some_and(Carrier::is_flowing)
    }

    /// Sleeps until the turn of `ticket` has come, which is answered with `true`, or the deadline passes. Meanwhile the
    /// thread looks after the links of the process, if nobody else does.
    pub(super) fn sleep(&self, ticket: Ticket, deadline: Deadline) -> bool {
        let came = loop {
            if !self.parking.is_waiting(ticket) {
                break true;
            }
            if deadline.has_passed() {
                break false;
            }
            match self.carrier.get().and_then(Carrier::try_lead) {
                Some(mut lead) => {
                    let is_over = || !self.parking.is_waiting(ticket);
                    if lead.wait(&self.kernel, |woken| self.wake(woken), is_over, deadline).is_err() {
                        // The kernel refused: nobody can look after the links now, and this thread waits as others do.
                        drop(lead);
                        self.parking.nap(ticket, deadline.or_sooner(Deadline::within(REFUSED_AGAIN_AFTER)));
                    }
                }
                None => self.parking.nap(ticket, deadline),
            }
        };
        self.hand_on();
        came
    }

    /// Looks after the links, or lets whoever does, for a moment.
    pub(super) fn look_for_a_moment(&self, deadline: Deadline) {
        let soon = deadline.or_sooner(Deadline::within(LOOK_AGAIN_AFTER));
        match self.carrier.get().and_then(Carrier::try_lead) {
            Some(mut lead) => {
                // What the kernel refuses, the next call tells.
                let _ = lead.wait(&self.kernel, |woken| self.wake(woken), || false, soon);
            }
            None => std::thread::park_timeout(LOOK_AGAIN_AFTER),
        }
        self.hand_on();
    }

    /// Somebody who sleeps looks after the links, if nobody does.
    fn hand_on(&self) {
        if self.parking.has_waiters() && self.carrier.get().is_some_and(|carrier| !carrier.is_led()) {
            self.parking.rouse_one();
        }
    }

    fn kernel(&self) -> MutexGuard<'_, Kernel> {
        self.kernel.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Carries out what the kernel wants done outside; answers whose turn it is. Without a carrier no right has left the
    /// process, and nobody outside is owed anything.
    fn settle(&self, mut kernel: MutexGuard<'_, Kernel>) -> Vec<Ticket> {
        if kernel.steps.is_empty() {
            return Vec::new();
        }
        match self.carrier.get() {
            Some(carrier) if !kernel.steps.iter().all(Step::is_inside) => {
                drop(kernel);
                carrier.settle(&self.kernel)
            }
            _ => kernel.drain_steps().filter_map(Step::ticket).collect(),
        }
    }

    /// Wakes those whose turn it is.
    fn wake(&self, woken: Vec<Ticket>) {
        if woken.is_empty() {
            return;
        }
        let mut woken = VecDeque::from(woken);
        while let Some(ticket) = woken.pop_front() {
            if !self.parking.wake(ticket) {
                // It has only told somebody who may look: the turn is the next one's.
                let mut kernel = self.kernel();
                kernel.stop_waiting(ticket);
                woken.extend(self.settle(kernel));
            }
        }
        if let Some(carrier) = self.carrier.get() {
            carrier.nudge();
        }
    }
}
