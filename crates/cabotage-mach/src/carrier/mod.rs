// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rights and messages between processes: a send right to another process's port is the end of a link of its own.
//!
//! The kernel knows such a port as one that is away, by a number; here stands which link that is. A link begins with one
//! holder, who shares it with nobody: whoever passes the right on makes a new link, of which the owner gets one end and
//! the third party the other. So nobody can speak for somebody else, and each holder's death is a hang-up of its own.
//! What the two ends owe each other stands in [`rules`], what they write in [`wire`].

mod coming;
mod desk;
mod detached;
mod direct;
mod end;
#[cfg(test)]
mod explored;
mod flushing;
mod following;
mod hearing;
mod lead;
mod leaving;
mod loan;
mod luggage;
mod moving;
mod nonces;
mod packet;
mod passing;
mod pool;
mod rights;
mod rules;
mod sending;
mod steps;
#[cfg(test)]
mod tests;
mod unpacking;
pub(crate) mod wire;

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use cabotage_os::fork::SoleFd;
use cabotage_os::{Errno, SystemError};

use crate::kernel::message::Sender;
use crate::kernel::messages::{Direct, Outgoing, SendFailed, Sent, Short};
use crate::kernel::{Kernel, SpaceId, Ticket};
use desk::{Desk, refusal_of_set};
use lead::Place;
pub use loan::Loan;
pub(crate) use rights::RightError;

/// What carries for the kernel of this process. Its lock is taken before the kernel's.
#[derive(Debug)]
pub(crate) struct Carrier {
    desk: Mutex<Desk>,
    /// How many threads want the tables, which whoever looks at links without end gives them then.
    wanted: AtomicU32,
    place: Place,
    /// Readable when something comes, after it was armed.
    watched: SoleFd,
}

impl Carrier {
    /// Without any link.
    ///
    /// # Errors
    /// The system's refusal.
    pub(crate) fn new() -> Result<Self, SystemError> {
        let desk = Desk::new().map_err(refusal_of_set)?;
        let watched = desk.set.as_fd().try_clone_to_owned();
        let watched =
            watched.map_err(|error| SystemError::new("fcntl", "a set of links", errno_of(&error)))?;
        Ok(Self {
            desk: Mutex::new(desk),
            wanted: AtomicU32::new(0),
            place: Place::new()?,
            watched: SoleFd::new(watched)?,
        })
    }

    #[inline]
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.try_desk().unwrap_or_else(|| self.wait_for_desk())
    }

    /// The tables, if nobody has them.
    #[inline]
    fn try_desk(&self) -> Option<MutexGuard<'_, Desk>> {
        match self.desk.try_lock() {
            Ok(desk) => Some(desk),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    #[cold]
    fn wait_for_desk(&self) -> MutexGuard<'_, Desk> {
        self.wanted.fetch_add(1, Ordering::Relaxed);
        let desk = self.desk.lock().unwrap_or_else(PoisonError::into_inner);
        self.wanted.fetch_sub(1, Ordering::Relaxed);
        desk
    }

    /// Whether somebody waits for the tables.
    #[inline]
    fn is_wanted(&self) -> bool {
        self.wanted.load(Ordering::Relaxed) > 0
    }

    /// Stays away from the tables until nobody waits for them, but not for long: the lock itself is not fair.
    #[cold]
    fn give_way(&self) {
        for turn in 0..TURNS_AWAY_MAX {
            if !self.is_wanted() {
                return;
            }
            if turn < TURNS_AWAY_MAX / 2 { std::hint::spin_loop() } else { std::thread::yield_now() }
        }
    }

    /// Sends a message of a common shape of this space; `false` if it has to go the long way. The kernel's lock is held:
    /// where the tables have to be waited for, this is not the way.
    #[inline]
    pub(crate) fn send_directly(
        &self,
        mut kernel: MutexGuard<'_, Kernel>,
        (space, sender): (SpaceId, Sender),
        message: (Short, &[u8]),
        direct: Direct,
    ) -> bool {
        let Some(mut desk) = self.try_desk() else { return false };
        let has_gone = desk.send_directly(&mut kernel, (space, sender), message, direct);
        let has_sleeper = self.has_sleeper();
        drop((desk, kernel));
        if has_sleeper {
            self.nudge();
        }
        has_gone
    }

    /// Does what calls of the kernel have led to; answers whose turn it is. Steps are taken under the lock of the tables,
    /// so that they are done in the order in which they came about, whoever does them.
    pub(crate) fn settle(&self, kernel: &Mutex<Kernel>) -> Vec<Ticket> {
        self.act(kernel, |_, _| ()).1
    }

    /// Sends a message of a task by a route, looking for news of room if there is none. A sender that has to wait is entered
    /// before anybody can wake it.
    ///
    /// # Errors
    /// As any send.
    pub(crate) fn send(
        &self,
        kernel: &Mutex<Kernel>,
        route: u64,
        outgoing: Outgoing,
        enter: impl FnOnce(Ticket),
    ) -> (Result<Sent, Box<SendFailed>>, Vec<Ticket>) {
        self.act(kernel, |desk, kernel| {
            let sent = desk.send(kernel, route, outgoing);
            if let Ok(Sent::Waits(ticket)) = sent {
                enter(ticket);
            }
            sent
        })
    }

    /// If something that went by this route has still to leave the process: whoever has this ticket is woken when it has,
    /// and `enter` is called before anybody could.
    pub(crate) fn linger(
        &self,
        route: u64,
        kernel: &Mutex<Kernel>,
        enter: impl FnOnce(Ticket),
    ) -> Option<Ticket> {
        let mut desk = self.desk();
        if !desk.has_unsent(route) {
            return None;
        }
        let ticket = kernel.lock().unwrap_or_else(PoisonError::into_inner).new_ticket();
        enter(ticket);
        desk.lingering.push((route, ticket));
        Some(ticket)
    }

    /// The route by which an owner has still to be told of the right that went on last, once.
    pub(crate) fn take_held_fork(&self) -> Option<u64> {
        self.desk().held_fork.take()
    }

    /// It is not waited for any more.
    pub(crate) fn stop_lingering(&self, ticket: Ticket) {
        self.desk().lingering.retain(|(_, known)| *known != ticket);
    }

    /// Whether a receive right is on its way to another process, or something else has still to leave.
    pub(crate) fn is_busy(&self) -> bool {
        let desk = self.desk();
        desk.is_moving() || !desk.held_up.is_empty()
    }

    /// Runs `act` on the tables and the kernel, then does what that led to.
    fn act<T>(
        &self,
        lock: &Mutex<Kernel>,
        act: impl FnOnce(&mut Desk, &mut Kernel) -> T,
    ) -> (T, Vec<Ticket>) {
        let mut woken = Vec::new();
        let mut desk = self.desk();
        let mut kernel = lock.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = act(&mut desk, &mut kernel);
        desk.settle(&mut kernel, &mut woken);
        let has_failed = std::mem::take(&mut desk.has_failed);
        drop(kernel);
        drop(desk);
        self.tell_of_call();
        self.nudge();
        if has_failed {
            woken.extend(self.look(lock));
        }
        (answer, woken)
    }
}

/// How often to look whether others have had the tables.
const TURNS_AWAY_MAX: u32 = 256;

fn errno_of(error: &std::io::Error) -> Errno {
    Errno::from_io_error(error).unwrap_or(Errno::IO)
}

impl AsFd for Carrier {
    /// Readable when something comes, after [`Carrier::arm`].
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.watched.as_fd()
    }
}
