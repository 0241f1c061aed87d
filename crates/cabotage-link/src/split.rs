// SPDX-License-Identifier: MIT OR Apache-2.0
//! A link in many hands: its halves as handles that threads share.
//!
//! Senders take turns at one lock, which is never held while waiting: a sender that finds no room lets go of it and
//! sleeps. Of several receivers one leads: it has the receiving half to itself while it waits, the others sleep until
//! it hands the lead on, which it does before it returns.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use cabotage_lane::block::BlockMut;
use cabotage_os::Deadline;

use crate::core::Core;
use crate::error::{LinkError, ReceiveError, SendError};
use crate::message::{Letter, Message};
use crate::parcel::{Parcel, Unsent};
use crate::receive::Incoming;
use crate::send::{Need, Obstacle, Outgoing};

/// The sending half of a link, for any number of threads: cheap to clone. Messages of one thread keep their order.
///
/// The link closes when its last sender and its last receiver are gone.
#[derive(Debug, Clone)]
pub struct Sender {
    half: Arc<SendHalf>,
    core: Arc<Core>,
}

/// The receiving half of a link, for any number of threads: each message goes to one of them.
#[derive(Debug, Clone)]
pub struct Receiver {
    half: Arc<ReceiveHalf>,
    core: Arc<Core>,
}

#[derive(Debug)]
struct SendHalf {
    out: Mutex<Outgoing>,
}

#[derive(Debug)]
struct ReceiveHalf {
    /// Taken out by the thread that leads.
    incoming: Mutex<Option<Incoming>>,
    put_back: Condvar,
}

pub(crate) fn split(core: Arc<Core>, out: Outgoing, incoming: Incoming) -> (Sender, Receiver) {
    let send = Arc::new(SendHalf { out: Mutex::new(out) });
    let receive = Arc::new(ReceiveHalf { incoming: Mutex::new(Some(incoming)), put_back: Condvar::new() });
    (Sender { half: send, core: core.clone() }, Receiver { half: receive, core })
}

impl Sender {
    /// Sends a message, waiting for room at most until `deadline`.
    ///
    /// # Errors
    /// [`SendError`]; nothing was sent then.
    #[inline]
    pub fn send(&self, message: &[u8], deadline: Deadline) -> Result<(), SendError> {
        let need = Need { bytes: message.len(), descriptors: 0 };
        self.until_sent(need, deadline, |out, core| out.try_send(core, message))
    }

    /// Sends a message if there is room for it now.
    ///
    /// # Errors
    /// [`SendError::Full`] if there is none.
    #[inline]
    pub fn try_send(&self, message: &[u8]) -> Result<(), SendError> {
        self.send(message, Deadline::Now)
    }

    /// Sends a message with blocks and descriptors, all of it or nothing.
    ///
    /// # Errors
    /// [`Unsent`] with the message.
    pub fn send_parcel<'a>(&self, mut parcel: Parcel<'a>, deadline: Deadline) -> Result<(), Unsent<'a>> {
        let need = Outgoing::need(&parcel);
        let sent =
            self.until_sent(need, deadline, |out, core| out.try_send_parcel(core, &mut parcel).map(drop));
        sent.map_err(|error| Unsent { error, parcel })
    }

    /// A block to fill and to send by [`Sender::send_parcel`]: see [`Link::block`](crate::Link::block).
    ///
    /// # Errors
    /// [`SendError::Full`], [`SendError::TooLong`], or the link is over.
    pub fn block(&self, bytes: usize, deadline: Deadline) -> Result<BlockMut, SendError> {
        self.core.check()?;
        loop {
            let taken = self.out().take_block(&self.core, bytes);
            match taken {
                Ok(block) => return Ok(block),
                Err(Obstacle::Error(error)) => return Err(error),
                Err(Obstacle::Full) if deadline.has_passed() => return Err(SendError::Full),
                Err(Obstacle::Full) => self.sleep(|out, core| out.arm_for_block(core), deadline)?,
            }
        }
    }

    #[inline]
    fn until_sent(
        &self,
        need: Need,
        deadline: Deadline,
        mut attempt: impl FnMut(&mut Outgoing, &Core) -> Result<(), Obstacle>,
    ) -> Result<(), SendError> {
        self.core.check()?;
        loop {
            // Its own statement, so that the lock is gone before the sleep.
            let attempted = attempt(&mut self.out(), &self.core);
            match attempted {
                Ok(()) => return Ok(()),
                Err(Obstacle::Error(error)) => return Err(error),
                Err(Obstacle::Full) if deadline.has_passed() => return Err(SendError::Full),
                Err(Obstacle::Full) => self.sleep(|out, core| out.arm(core, need), deadline)?,
            }
        }
    }

    /// Arms under the lock, sleeps without it. Several senders may be armed at once under different numbers; whoever
    /// wakes takes the announcement back, and the others announce anew.
    #[cold]
    fn sleep(
        &self,
        arm: impl FnOnce(&mut Outgoing, &Core) -> Result<bool, SendError>,
        deadline: Deadline,
    ) -> Result<(), SendError> {
        let mark = self.core.mark();
        let must_sleep = arm(&mut self.out(), &self.core)?;
        let until = deadline.or_sooner(Deadline::within(crate::send::SLEEP_MAX));
        let slept = if must_sleep { self.core.sleep(mark, until) } else { Ok(()) };
        let mut out = self.out();
        out.disarm();
        out.meet(&self.core)?;
        match slept {
            Ok(()) | Err(None) => Ok(self.core.check()?),
            Err(Some(error)) => Err(error.into()),
        }
    }

    #[inline]
    fn out(&self) -> MutexGuard<'_, Outgoing> {
        self.half.out.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Receiver {
    /// Receives the next message, waiting for it at most until `deadline`.
    ///
    /// # Errors
    /// [`ReceiveError::Nothing`] when none came in time; the link is over.
    pub fn receive(&self, deadline: Deadline) -> Result<Letter, ReceiveError> {
        self.core.check_here()?;
        let mut lead = self.lead(deadline).ok_or(ReceiveError::Nothing)?;
        let found = lead.incoming()?.wait(&self.core, deadline)?;
        let message = Message::found(lead.incoming()?, &self.core, found)?;
        message.map(Message::into_letter).ok_or(ReceiveError::Nothing)
    }

    /// Receives the next message if there is one, and no other thread is waiting for it.
    ///
    /// # Errors
    /// The link is over, and everything before was received.
    pub fn try_receive(&self) -> Result<Option<Letter>, LinkError> {
        self.core.check_here()?;
        let Some(mut lead) = self.lead(Deadline::Now) else { return Ok(None) };
        let found = lead.incoming()?.try_look(&self.core)?;
        Ok(Message::found(lead.incoming()?, &self.core, found)?.map(Message::into_letter))
    }

    /// The receiving half, once no other thread has it; `None` when one had it until the deadline.
    fn lead(&self, deadline: Deadline) -> Option<Lead<'_>> {
        let half = &*self.half;
        let mut place = half.incoming.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(incoming) = place.take() {
                return Some(Lead { half, incoming: Some(incoming) });
            }
            if deadline.has_passed() {
                return None;
            }
            place = match deadline.remaining() {
                Some(left) => half
                    .put_back
                    .wait_timeout(place, left)
                    .map_or_else(|poisoned| poisoned.into_inner().0, |(place, _)| place),
                None => half.put_back.wait(place).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }
}

/// The receiving half in the hands of the thread that leads; dropping it hands the lead on.
struct Lead<'half> {
    half: &'half ReceiveHalf,
    incoming: Option<Incoming>,
}

impl Lead<'_> {
    fn incoming(&mut self) -> Result<&mut Incoming, LinkError> {
        // Taken only by drop.
        self.incoming.as_mut().ok_or(LinkError::Closed)
    }
}

impl Drop for Lead<'_> {
    fn drop(&mut self) {
        *self.half.incoming.lock().unwrap_or_else(PoisonError::into_inner) = self.incoming.take();
        self.half.put_back.notify_one();
    }
}

impl AsFd for Receiver {
    /// The link's socket; its readiness is for the threads that receive.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.core.fd()
    }
}
