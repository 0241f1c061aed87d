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

use cabotage_link::{LOOKS_BETWEEN_CHECKS, Ready, SetError};
use cabotage_os::eventfd::EventFd;
use cabotage_os::poll::{self, Readiness};
use cabotage_os::{Deadline, SystemError};

use super::Carrier;
use super::desk::{Desk, refusal_of_set};
use super::direct::Sight;
use super::hearing::News;
use crate::error::ReceiveError;
use crate::kernel::messages::{At, Receipt, Slot};
use crate::kernel::{Kernel, Ticket};

/// How much is taken in one go before others get the tables.
const NEWS_AT_ONCE: usize = 64;
/// How often one who looks for itself tries again to send what had no room.
const LOOKS_BETWEEN_FLUSHES: u32 = 16;

/// The place of the leader.
#[derive(Debug)]
pub(super) struct Place {
    /// Wakes the leader.
    bell: EventFd,
    is_asleep: AtomicBool,
    /// Whether the leader looks at links only, and is to look at the queues of the process again.
    is_looking: AtomicBool,
    has_news: AtomicBool,
    /// Whether the last message came from a link straight to who looked.
    is_flowing: AtomicBool,
}

/// The lead, in the hands of a thread; dropping it gives it up.
#[derive(Debug)]
pub(crate) struct Lead<'a> {
    carrier: &'a Carrier,
}

impl Place {
    pub(super) fn new() -> Result<Self, SystemError> {
        Ok(Self {
            bell: EventFd::new()?,
            is_asleep: AtomicBool::new(false),
            is_looking: AtomicBool::new(false),
            has_news: AtomicBool::new(false),
            is_flowing: AtomicBool::new(false),
        })
    }
}

impl Carrier {
    /// The lead, if nobody has it.
    pub(crate) fn try_lead(&self) -> Option<Lead<'_>> {
        let is_led = std::mem::replace(&mut self.desk().is_led, true);
        if is_led { None } else { Some(Lead { carrier: self }) }
    }

    /// Something was called of the kernel: a leader that looks at links only looks at its queues too.
    #[inline]
    pub(crate) fn tell_of_call(&self) {
        if self.place.is_looking.load(Ordering::Relaxed) {
            self.place.has_news.store(true, Ordering::Release);
        }
    }

    /// Wakes the leader, if it sleeps, since a link was used under the lock of the tables: it fell asleep before that was
    /// taken, or has not looked yet.
    #[inline]
    pub(super) fn has_sleeper(&self) -> bool {
        self.place.is_asleep.load(Ordering::Relaxed)
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
        self.desk().is_led
    }

    /// Whether the next message is likely to come from a link, straight to who looks.
    #[inline]
    pub(crate) fn is_flowing(&self) -> bool {
        self.place.is_flowing.load(Ordering::Relaxed)
    }

    /// Takes what is at hand, without waiting; answers whose turn it is.
    pub(crate) fn look(&self, kernel: &Mutex<Kernel>) -> Vec<Ticket> {
        let mut desk = self.desk();
        let (found, mut woken) = look(&mut desk, kernel, NEWS_AT_ONCE);
        // What a parked link has, only the kernel knows.
        if !found && matches!(arm(&mut desk), Ok(None)) {
            woken.extend(look(&mut desk, kernel, NEWS_AT_ONCE).1);
        }
        drop(desk);
        self.tell_of_call();
        self.nudge();
        woken
    }

    /// Arranges for [`Carrier::watched`] to become readable when something comes; until when to look again although it
    /// does not. `None`: there is something now.
    pub(crate) fn arm(&self) -> Result<Option<Deadline>, SystemError> {
        arm(&mut self.desk())
    }
}

impl Carrier {
    /// Takes what comes as long as it is worth while not to sleep and nobody else leads, until there is a message for who
    /// receives there, which goes into `slot`: without a ticket, since the caller looks itself. Answers whether there is one.
    #[inline]
    pub(crate) fn poll(
        &self,
        kernel: &Mutex<Kernel>,
        wake: impl Fn(Vec<Ticket>),
        at: At<'_>,
        deadline: Deadline,
        slot: &mut Slot,
    ) -> bool {
        let mut desk = self.desk();
        if std::mem::replace(&mut desk.is_led, true) {
            return false;
        }
        self.place.is_looking.store(true, Ordering::Relaxed);
        let mut desk = self.look_for(desk, (kernel, wake), at, deadline, slot);
        self.place.is_looking.store(false, Ordering::Relaxed);
        desk.is_led = false;
        slot.is_filled()
    }

    fn look_for<'a>(
        &'a self,
        mut desk: MutexGuard<'a, Desk>,
        (kernel, wake): (&Mutex<Kernel>, impl Fn(Vec<Ticket>)),
        at: At<'_>,
        deadline: Deadline,
        slot: &mut Slot,
    ) -> MutexGuard<'a, Desk> {
        let place = &self.place;
        let looks_max = desk.patience.looks().unwrap_or(u32::MAX);
        // At first one look, and what is in a queue already.
        let (mut looks, mut checked, mut at_once) = (0_u32, 0, 0);
        loop {
            let is_wanted = || self.is_wanted() || place.has_news.load(Ordering::Relaxed);
            let (sight, more) = desk.look_directly(kernel, at, (at_once, is_wanted), slot);
            let (news, count_max) = match sight {
                Sight::Message => {
                    place.is_flowing.store(true, Ordering::Relaxed);
                    desk.patience.paid(looks + more);
                    return desk;
                }
                // What is there at the first look has piled up.
                Sight::News(news) => (Some(news), if looks == 0 { NEWS_AT_ONCE } else { 1 }),
                Sight::Nothing => (None, 0),
            };
            let is_news = news.is_some();
            let may_be_there =
                (looks == 0 && has_message(kernel, at)) || place.has_news.load(Ordering::Relaxed);
            if is_news || may_be_there || !desk.held_up.is_empty() {
                place.has_news.swap(false, Ordering::AcqRel);
                let woken = take_news(&mut desk, kernel, (news, count_max), at, slot);
                if slot.is_filled() {
                    place.is_flowing.store(false, Ordering::Relaxed);
                    desk.patience.paid(looks + more);
                }
                if looks > 0 && matches!(slot, Slot::Receipt(Err(_))) {
                    *slot = Slot::Receipt(Err(ReceiveError::PortChanged));
                }
                if !woken.is_empty() {
                    drop(desk);
                    wake(woken);
                    desk = self.desk();
                }
                if slot.is_filled() {
                    return desk;
                }
            }
            looks = if is_news { 1 } else { looks.saturating_add(more.max(1)) };
            if looks - checked.min(looks) >= LOOKS_BETWEEN_CHECKS {
                checked = looks;
                if deadline.has_passed() {
                    return desk;
                }
            }
            if looks >= looks_max {
                return desk;
            }
            if self.is_wanted() {
                drop(desk);
                self.give_way();
                desk = self.desk();
            }
            at_once = if desk.held_up.is_empty() { LOOKS_BETWEEN_CHECKS } else { LOOKS_BETWEEN_FLUSHES };
            at_once = at_once.min(looks_max - looks);
            std::hint::spin_loop();
        }
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
            let mut desk = self.carrier.desk();
            // Whoever is to be woken is woken before the rest is looked at.
            let (found, woken) = look(&mut desk, kernel, 1);
            let looks_max = desk.patience.looks();
            drop(desk);
            if !woken.is_empty() {
                wake(woken);
            }
            if is_over() {
                self.carrier.desk().patience.paid(looks);
                return Ok(());
            }
            looks = if found { 0 } else { looks + 1 };
            if looks.is_multiple_of(LOOKS_BETWEEN_CHECKS) && deadline.has_passed() {
                return Ok(());
            }
            if looks_max.is_none_or(|max| looks < max) {
                std::hint::spin_loop();
                continue;
            }
            looks = 0;
            self.sleep(&is_over, deadline)?;
            if deadline.has_passed() {
                wake(look(&mut self.carrier.desk(), kernel, NEWS_AT_ONCE).1);
                return Ok(());
            }
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
            Ok([Readiness::empty(); 2])
        } else {
            let watched =
                [(self.carrier.watched.as_fd(), Readiness::IN), (place.bell.as_fd(), Readiness::IN)];
            poll::wait(watched, deadline.or_sooner(wake_by))
        };
        place.is_asleep.store(false, Ordering::Relaxed);
        let [_, rang] = slept?;
        // One that is rung from now on ends the next sleep, for nothing.
        if !rang.is_empty() {
            place.bell.silence()?;
        }
        self.carrier.desk().patience.slept(began.elapsed());
        Ok(())
    }
}

impl Drop for Lead<'_> {
    fn drop(&mut self) {
        self.carrier.desk().is_led = false;
    }
}

/// Whether there is something in a queue for who receives there, or a reason why there never is.
fn has_message(kernel: &Mutex<Kernel>, at: At<'_>) -> bool {
    let mut kernel = kernel.lock().unwrap_or_else(PoisonError::into_inner);
    kernel.has_message(at.space, at.name) != Ok(false)
}

/// Digests what came, and lets the caller take what it wants.
fn take_news(
    desk: &mut Desk,
    kernel: &Mutex<Kernel>,
    (mut news, count_max): (Option<News>, usize),
    at: At<'_>,
    slot: &mut Slot,
) -> Vec<Ticket> {
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
    *slot = match kernel.receive(at.space, at.name, at.options) {
        Ok(Receipt::Nothing) => Slot::Empty,
        receipt => Slot::Receipt(receipt),
    };
    desk.settle(&mut kernel, &mut woken);
    if slot.is_filled() {
        // Nobody need be woken for what this thread, which is awake, has taken.
        woken.retain(|ticket| !kernel.rest_again(*ticket));
    }
    woken
}

/// Takes what has come; after `least` pieces of news no more than until somebody is to be woken. Answers whether there was
/// anything, and whose turn it is.
fn look(desk: &mut Desk, kernel: &Mutex<Kernel>, least: usize) -> (bool, Vec<Ticket>) {
    let mut woken = Vec::new();
    let mut found = false;
    for count in 1..=NEWS_AT_ONCE {
        let Some(news) = desk.next() else { break };
        found = true;
        let mut kernel = kernel.lock().unwrap_or_else(PoisonError::into_inner);
        desk.digest(&mut kernel, news);
        desk.settle(&mut kernel, &mut woken);
        if count >= least && !woken.is_empty() {
            break;
        }
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
            Ok(Some(desk.wake_by()))
        }
        Err(SetError::System(refusal)) => Err(refusal),
        Err(error) => Err(refusal_of_set(error)),
    }
}
