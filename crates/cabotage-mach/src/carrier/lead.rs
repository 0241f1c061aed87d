// SPDX-License-Identifier: MIT OR Apache-2.0
//! Who looks after the links of this process: of the threads that wait, one leads. It takes what comes, for whomever it
//! is, and sleeps for all.
//!
//! No lock is held while it sleeps. Whoever uses a link meanwhile may take its bell away, so it wakes the leader; and so
//! does whoever wakes the thread that leads.

use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use cabotage_link::{LOOKS_BETWEEN_CHECKS, Patience, Ready, SetError, Wait};
use cabotage_os::eventfd::EventFd;
use cabotage_os::poll::{self, Readiness};
use cabotage_os::{Deadline, SystemError};

use super::Carrier;
use super::desk::{Desk, refusal_of_set};
use super::hearing::News;
use crate::kernel::{Kernel, Ticket};

/// How much is taken in one go before others get the tables.
const NEWS_AT_ONCE: usize = 64;
/// How often one who looks for itself asks whether somebody in this process has sent something.
const LOOKS_BETWEEN_TAKES: u32 = 16;

/// The place of the leader.
#[derive(Debug)]
pub(super) struct Place {
    patience: Mutex<Option<Patience>>,
    /// Wakes the leader.
    bell: EventFd,
    is_asleep: AtomicBool,
}

/// The lead, in the hands of a thread; dropping it gives it up.
#[derive(Debug)]
pub(crate) struct Lead<'a> {
    carrier: &'a Carrier,
    patience: Option<Patience>,
}

impl Place {
    pub(super) fn new() -> Result<Self, SystemError> {
        let patience = Mutex::new(Some(Patience::new(Wait::default())));
        Ok(Self { patience, bell: EventFd::new()?, is_asleep: AtomicBool::new(false) })
    }

    fn patience(&self) -> MutexGuard<'_, Option<Patience>> {
        self.patience.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Carrier {
    /// The lead, if nobody has it.
    pub(crate) fn try_lead(&self) -> Option<Lead<'_>> {
        let patience = self.place.patience().take()?;
        Some(Lead { carrier: self, patience: Some(patience) })
    }

    /// Wakes the leader, if it sleeps: to look after a link again, or since it is the one to be woken.
    pub(crate) fn nudge(&self) {
        fence(Ordering::SeqCst);
        if self.place.is_asleep.load(Ordering::Relaxed) {
            // An eventfd of our own refuses nothing but a kernel without memory; the next nudge rings again.
            let _ = self.place.bell.ring();
        }
    }

    /// Whether somebody has the lead.
    pub(crate) fn is_led(&self) -> bool {
        self.place.patience().is_none()
    }

    /// Takes what is at hand, without waiting; answers whose turn it is.
    pub(crate) fn look(&self, kernel: &Mutex<Kernel>) -> Vec<Ticket> {
        let mut desk = self.desk();
        let (found, mut woken) = look(&mut desk, kernel);
        // What a parked link has, only the kernel knows.
        if !found && matches!(arm(&mut desk), Ok(None)) {
            woken.extend(look(&mut desk, kernel).1);
        }
        drop(desk);
        self.nudge();
        woken
    }

    /// Arranges for [`Carrier::watched`] to become readable when something comes; until when to look again although it
    /// does not. `None`: there is something now.
    pub(crate) fn arm(&self) -> Result<Option<Deadline>, SystemError> {
        arm(&mut self.desk())
    }
}

impl Lead<'_> {
    /// Takes what comes, and hands whose turn it is to `wake`, until `is_over` or the deadline has passed.
    ///
    /// # Errors
    /// The system's refusal.
    pub(crate) fn wait(
        &mut self,
        kernel: &Mutex<Kernel>,
        wake: impl Fn(Vec<Ticket>),
        is_over: impl Fn() -> bool,
        deadline: Deadline,
    ) -> Result<(), SystemError> {
        let mut looks = 0_u32;
        loop {
            let (found, woken) = look(&mut self.carrier.desk(), kernel);
            if !woken.is_empty() {
                wake(woken);
            }
            if is_over() {
                if let Some(patience) = &mut self.patience {
                    patience.paid(looks);
                }
                return Ok(());
            }
            looks = if found { 0 } else { looks + 1 };
            if looks.is_multiple_of(LOOKS_BETWEEN_CHECKS) && deadline.has_passed() {
                return Ok(());
            }
            let looks_max = self.patience.as_ref().and_then(Patience::looks);
            if looks_max.is_none_or(|max| looks < max) {
                std::hint::spin_loop();
                continue;
            }
            looks = 0;
            self.sleep(&is_over, deadline)?;
            if deadline.has_passed() {
                wake(look(&mut self.carrier.desk(), kernel).1);
                return Ok(());
            }
        }
    }

    /// Takes what comes as long as it is worth while not to sleep, until `take` finds what the caller wants: without a
    /// ticket, since the caller looks itself.
    pub(crate) fn poll<T>(
        &mut self,
        kernel: &Mutex<Kernel>,
        wake: impl Fn(Vec<Ticket>),
        mut take: impl FnMut(&mut Kernel) -> Option<T>,
        deadline: Deadline,
    ) -> Option<T> {
        let mut looks = 0_u32;
        loop {
            let mut desk = self.carrier.desk();
            let news = desk.next();
            let is_news = news.is_some();
            if is_news || looks.is_multiple_of(LOOKS_BETWEEN_TAKES) {
                // What is there at the first look has piled up.
                let count_max = if looks == 0 { NEWS_AT_ONCE } else { 1 };
                let (taken, woken) = take_news(&mut desk, kernel, (news, count_max), &mut take);
                drop(desk);
                if !woken.is_empty() {
                    wake(woken);
                }
                if taken.is_some() {
                    self.patience.as_mut().into_iter().for_each(|patience| patience.paid(looks));
                    return taken;
                }
            }
            looks = if is_news { 0 } else { looks + 1 };
            let is_due = looks.is_multiple_of(LOOKS_BETWEEN_CHECKS) && deadline.has_passed();
            let looks_max = self.patience.as_ref().and_then(Patience::looks);
            if is_due || looks_max.is_some_and(|max| looks >= max) {
                return None;
            }
            std::hint::spin_loop();
        }
    }

    fn sleep(&mut self, is_over: impl Fn() -> bool, deadline: Deadline) -> Result<(), SystemError> {
        let place = &self.carrier.place;
        let mut desk = self.carrier.desk();
        let Some(wake_by) = arm(&mut desk)? else { return Ok(()) };
        place.is_asleep.store(true, Ordering::Relaxed);
        drop(desk);
        // Whoever wakes this thread marks it awake, then looks whether it sleeps.
        fence(Ordering::SeqCst);
        let began = Instant::now();
        let slept = if is_over() {
            Ok(())
        } else {
            let watched =
                [(self.carrier.watched.as_fd(), Readiness::IN), (place.bell.as_fd(), Readiness::IN)];
            poll::wait(watched, deadline.or_sooner(wake_by)).map(drop)
        };
        place.is_asleep.store(false, Ordering::Relaxed);
        place.bell.silence()?;
        if let Some(patience) = &mut self.patience {
            patience.slept(began.elapsed());
        }
        slept
    }
}

impl Drop for Lead<'_> {
    fn drop(&mut self) {
        *self.carrier.place.patience() = self.patience.take();
    }
}

/// Digests what came, and lets the caller take what it wants.
fn take_news<T>(
    desk: &mut Desk,
    kernel: &Mutex<Kernel>,
    (mut news, count_max): (Option<News>, usize),
    take: &mut impl FnMut(&mut Kernel) -> Option<T>,
) -> (Option<T>, Vec<Ticket>) {
    let mut woken = Vec::new();
    let mut kernel = kernel.lock().unwrap_or_else(PoisonError::into_inner);
    for count in 1..=count_max {
        let Some(found) = news.take() else { break };
        desk.digest(&mut kernel, found);
        desk.settle(&mut kernel, &mut woken);
        news = if count < count_max { desk.next() } else { None };
    }
    if !desk.held_up.is_empty() {
        desk.flush(&mut kernel);
        desk.settle(&mut kernel, &mut woken);
    }
    let taken = take(&mut kernel);
    desk.settle(&mut kernel, &mut woken);
    if taken.is_some() {
        // Nobody need be woken for what this thread, which is awake, has taken.
        woken.retain(|ticket| !kernel.rest_again(*ticket));
    }
    (taken, woken)
}

fn look(desk: &mut Desk, kernel: &Mutex<Kernel>) -> (bool, Vec<Ticket>) {
    let mut woken = Vec::new();
    let mut found = false;
    for _ in 0..NEWS_AT_ONCE {
        let Some(news) = desk.next() else { break };
        found = true;
        let mut kernel = kernel.lock().unwrap_or_else(PoisonError::into_inner);
        desk.digest(&mut kernel, news);
        desk.settle(&mut kernel, &mut woken);
    }
    if desk.is_waiting() {
        let mut kernel = kernel.lock().unwrap_or_else(PoisonError::into_inner);
        desk.flush(&mut kernel);
        desk.settle(&mut kernel, &mut woken);
    }
    (found, woken)
}

fn arm(desk: &mut Desk) -> Result<Option<Deadline>, SystemError> {
    if !desk.behind.is_empty() {
        return Ok(None);
    }
    match desk.set.ready() {
        Ok(Ready::Ready) => Ok(None),
        Ok(Ready::Armed) => {
            if desk.has_room_again() {
                return Ok(None);
            }
            Ok(Some(desk.set.wake_by()))
        }
        Err(SetError::System(refusal)) => Err(refusal),
        Err(error) => Err(refusal_of_set(error)),
    }
}
