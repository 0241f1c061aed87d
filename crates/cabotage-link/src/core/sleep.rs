// SPDX-License-Identifier: MIT OR Apache-2.0
//! Looking at the socket, and sleeping on it: alone, or as one of several threads of which one leads.
//!
//! No thread takes away what is to wake another. While one leads, the others leave the socket to it; and whoever goes
//! to sleep says up to which message it has looked, so that what another filed meanwhile ends the sleep at once.

use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError};

use cabotage_os::poll::{self, Readiness};
use cabotage_os::{Deadline, socket};

use super::{Core, Desk};
use crate::error::LinkError;
use crate::wire::FRAME_BYTES_MAX;

/// How many messages are filed at once: more than a socket holds of an honest peer, and not all that a peer may send
/// meanwhile, which may never end.
pub(crate) const MESSAGES_AT_ONCE: u32 = 4096;
/// How many in one look at one of many links. What the first was sent for is looked at before the next is asked for, which
/// mostly is not there; and a link that rings without end delays the others by no more.
const MESSAGES_A_LOOK: u32 = 1;

impl Core {
    /// Files what has come over the socket, without waiting. While another thread leads, the socket is its own: it
    /// wakes for whatever comes and files it. Taking that away would leave it asleep.
    pub(crate) fn pump(&self) -> Result<(), LinkError> {
        let mut desk = self.desk();
        if desk.is_led { Ok(()) } else { self.drain(&mut desk) }
    }

    /// As [`Core::pump`], but a few messages only; answers whether that was all. For one who looks at many links.
    pub(crate) fn pump_some(&self) -> Result<bool, LinkError> {
        let mut desk = self.desk();
        if desk.is_led { Ok(true) } else { self.drain_some(&mut desk, MESSAGES_A_LOOK) }
    }

    /// Files what has come over the socket until `is_here`, or sees to it that the leader has: for one who knows that
    /// something must have come.
    pub(crate) fn fetch(&self, is_here: impl Fn(&Desk) -> bool) -> Result<(), LinkError> {
        let mut desk = self.desk();
        if !desk.is_led {
            for _ in 0..MESSAGES_AT_ONCE {
                if is_here(&desk) || self.drain_some(&mut desk, 1)? {
                    break;
                }
            }
            return Ok(());
        }
        let [found] = poll::wait([(self.fd(), Readiness::IN)], Deadline::Now)?;
        let returns = desk.returns;
        while !found.is_empty() && desk.is_led && desk.returns == returns {
            desk = self.returned.wait(desk).unwrap_or_else(PoisonError::into_inner);
        }
        Ok(())
    }

    /// How many messages have come over the socket so far: see [`Core::sleep`].
    pub(crate) fn mark(&self) -> u64 {
        self.arrivals.load(Ordering::Acquire)
    }

    pub(super) fn drain(&self, desk: &mut Desk) -> Result<(), LinkError> {
        self.drain_some(desk, MESSAGES_AT_ONCE).map(drop)
    }

    /// Files at most so many messages; answers whether that was all that has come.
    fn drain_some(&self, desk: &mut Desk, messages_max: u32) -> Result<bool, LinkError> {
        let mut buffer = [0; FRAME_BYTES_MAX];
        self.is_behind.store(false, Ordering::Relaxed);
        for _ in 0..messages_max {
            match self.socket.receive(&mut buffer, Deadline::Now) {
                Ok(arrival) => self.file(desk, &buffer, arrival)?,
                Err(socket::ReceiveError::Nothing) => {
                    self.send_what_is_owed(desk)?;
                    return Ok(true);
                }
                Err(socket::ReceiveError::HungUp) => {
                    desk.has_hung_up = true;
                    self.is_over.store(true, Ordering::Relaxed);
                    return Ok(true);
                }
                Err(socket::ReceiveError::System(refusal)) => {
                    self.fall_behind();
                    return Err(refusal.into());
                }
                Err(_) => return Ok(true),
            }
        }
        Ok(false)
    }

    /// Sleeps until something has come over the socket since `mark`, and files it. Take the mark before the last
    /// look: another thread may file between the two what was to end this sleep. When this returns, whatever was
    /// waited for may have come, or not: look again.
    ///
    /// # Errors
    /// `None` when the deadline passed.
    pub(crate) fn sleep(&self, mark: u64, deadline: Deadline) -> Result<(), Option<LinkError>> {
        let desk = self.desk();
        if self.arrivals.load(Ordering::Acquire) != mark {
            return Ok(());
        }
        let waits_for_hello = desk.hello.is_none() && self.hello_by != Deadline::Never;
        let until = if waits_for_hello { deadline.or_sooner(self.hello_by) } else { deadline };
        let slept = if self.is_shared.load(Ordering::Acquire) {
            self.sleep_among_others(desk, until)
        } else {
            drop(desk);
            self.sleep_alone(until)
        };
        match slept {
            Ok(true) => Ok(()),
            Ok(false) if waits_for_hello && self.hello_by.has_passed() => self.give_up_silent().map_err(Some),
            Ok(false) => Err(None),
            Err(error) => Err(Some(error)),
        }
    }

    /// One call to the kernel for a sleep without a deadline.
    fn sleep_alone(&self, deadline: Deadline) -> Result<bool, LinkError> {
        let mut buffer = [0; FRAME_BYTES_MAX];
        let arrival = self.socket.sleep_and_receive(&mut buffer, deadline);
        let mut desk = self.desk();
        match arrival {
            Ok(arrival) => {
                self.file(&mut desk, &buffer, arrival)?;
                self.send_what_is_owed(&mut desk)?;
                Ok(true)
            }
            Err(socket::ReceiveError::Nothing) => Ok(false),
            Err(socket::ReceiveError::System(refusal)) => Err(refusal.into()),
            Err(_) => {
                desk.has_hung_up = true;
                self.is_over.store(true, Ordering::Relaxed);
                Ok(true)
            }
        }
    }

    /// One thread sleeps on the socket, and reads it under the lock, so that what comes is filed in order; the
    /// others sleep here until it returns.
    fn sleep_among_others(
        &self,
        mut desk: MutexGuard<'_, Desk>,
        deadline: Deadline,
    ) -> Result<bool, LinkError> {
        if desk.is_led {
            let returns = desk.returns;
            while desk.is_led && desk.returns == returns {
                if deadline.has_passed() {
                    return Ok(false);
                }
                desk = match deadline.remaining() {
                    Some(left) => self
                        .returned
                        .wait_timeout(desk, left)
                        .map_or_else(|poisoned| poisoned.into_inner().0, |(desk, _)| desk),
                    None => self.returned.wait(desk).unwrap_or_else(PoisonError::into_inner),
                };
            }
            return Ok(true);
        }
        desk.is_led = true;
        drop(desk);
        let woken = poll::wait([(self.fd(), Readiness::IN)], deadline);
        let mut desk = self.desk();
        desk.is_led = false;
        desk.returns = desk.returns.wrapping_add(1);
        let filed = woken.map_err(LinkError::from).and_then(|[found]| {
            self.drain(&mut desk)?;
            Ok(!found.is_empty())
        });
        drop(desk);
        self.returned.notify_all();
        filed
    }
}
