// SPDX-License-Identifier: MIT OR Apache-2.0
//! The one kernel of this process: locked for each call, and whoever called carries out what the call led to.
//!
//! No lock is held while a thread waits, wakes another, or makes a system call. A forked child has nothing of its
//! parent's tasks: it gets a host of its own with the first call, and what it holds of the parent's answers
//! [`KernError::Forked`].

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use cabotage_os::Deadline;
use cabotage_os::fork::{self, Origin};

use super::parking::Parking;
use super::{Task, identity};
use crate::code::KernError;
use crate::kernel::message::AuditToken;
use crate::kernel::{Kernel, Step, Ticket};

/// What the tasks of one process share.
#[derive(Debug)]
pub(crate) struct Host {
    origin: Origin,
    kernel: Mutex<Kernel>,
    /// Who this process is.
    pub(super) token: AuditToken,
    pub(super) parking: Parking,
    /// The task that the process is, when nobody says otherwise.
    pub(super) current: OnceLock<Task>,
    /// The host of the child that this process was forked into.
    successor: OnceLock<Box<Host>>,
}

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
        let steps = kernel.take_steps();
        drop(kernel);
        self.carry_out(steps);
        answer
    }

    /// Sleeps until the turn of `ticket` has come, which is answered with `true`, or the deadline passes.
    pub(super) fn sleep(&self, ticket: Ticket, deadline: Deadline) -> bool {
        self.parking.sleep(ticket, deadline)
    }

    fn kernel(&self) -> MutexGuard<'_, Kernel> {
        self.kernel.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn carry_out(&self, steps: Vec<Step>) {
        let mut steps = VecDeque::from(steps);
        while let Some(step) = steps.pop_front() {
            match step {
                Step::Wake(ticket) if self.parking.wake(ticket) => {}
                // It has only told somebody who may look: the turn is the next one's.
                Step::Wake(ticket) => {
                    let mut kernel = self.kernel();
                    kernel.stop_waiting(ticket);
                    steps.extend(kernel.take_steps());
                }
                // No right leaves the process yet, so nobody outside is owed anything.
                Step::Release(_) | Step::Carry(..) | Step::Died(_) => {}
            }
        }
    }
}
