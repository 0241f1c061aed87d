// SPDX-License-Identifier: MIT OR Apache-2.0
//! A completion port: a queue of packets, taken by whichever thread asks next.
//!
//! Of the threads that wait here one leads: it looks at the ports that tell this one of their messages, a while without
//! sleeping if that pays, then asleep until one of their descriptors has something new. The others wait for it. Nobody
//! else looks at those ports: a packet that nobody asks for is not made before somebody does.

use std::collections::{HashMap, VecDeque};
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};

use cabotage_alpc::{Deadline, Status};
use cabotage_os::epoll::{Events, Poller, Trigger};
use cabotage_os::eventfd::EventFd;
use cabotage_os::poll::Readiness;

use crate::pace::Pace;
use crate::status::{ABANDONED_WAIT, Answer};

/// One entry.
#[derive(Debug, Clone, Default)]
pub(crate) struct Packet {
    pub(crate) key: usize,
    /// What was posted in place of an operation's context; 0 when a port tells of a message.
    pub(crate) context: usize,
    pub(crate) status: i32,
    pub(crate) information: usize,
    /// Counts those of one source that are in the queue.
    pub(crate) queued: Option<Arc<AtomicUsize>>,
}

/// A port that posts packets for what has come to it.
pub(crate) trait Source: std::fmt::Debug + Send + Sync {
    /// Takes in what has come, and posts packets; if it `arms`, its descriptor tells of what comes after that. Answers
    /// when it wants to be looked at again although its descriptor tells nothing.
    fn look(&self, arms: bool) -> Deadline;
}

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Packets {
    queue: Mutex<Queue>,
    came: Condvar,
    /// Where who leads sleeps.
    set: Poller,
    bell: EventFd,
}

#[derive(Debug)]
struct Queue {
    packets: VecDeque<Packet>,
    is_closed: bool,
    leader: Leader,
    followers: usize,
    sources: HashMap<u64, Watch>,
    last: u64,
    /// Sources of which the descriptor may tell nothing, since they were used after it was armed.
    touched: Vec<u64>,
    pace: Pace,
}

#[derive(Debug)]
struct Watch {
    source: Weak<dyn Source>,
    again: Deadline,
}

/// What the thread that leads does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leader {
    /// There is none.
    None,
    /// It looks, and then at the queue.
    Awake,
    /// It is about to sleep: what is used from now on has to be armed by who uses it.
    Arming,
    Asleep,
}

/// At how many sources one looks without sleeping.
const SOURCES_LOOKED_AT: usize = 4;
const EVENTS_AT_ONCE: usize = 64;
/// The number of the bell.
const BELL: u64 = 0;

impl Packets {
    /// # Errors
    /// The system's refusal.
    pub(crate) fn new() -> Answer<Self> {
        let refused = |_| Status::INSUFFICIENT_RESOURCES;
        let (set, bell) = (Poller::new().map_err(refused)?, EventFd::new().map_err(refused)?);
        set.add(&bell, BELL, Readiness::IN, Trigger::Level).map_err(refused)?;
        let queue = Queue {
            packets: VecDeque::new(),
            is_closed: false,
            leader: Leader::None,
            followers: 0,
            sources: HashMap::new(),
            last: BELL,
            touched: Vec::new(),
            pace: Pace::new(),
        };
        Ok(Self { queue: Mutex::new(queue), came: Condvar::new(), set, bell })
    }

    pub(crate) fn post(&self, packet: Packet) {
        let mut queue = self.lock();
        if queue.is_closed {
            return;
        }
        if let Some(queued) = &packet.queued {
            queued.fetch_add(1, Ordering::Relaxed);
        }
        queue.packets.push_back(packet);
        match (queue.leader, queue.followers) {
            // It looks at the queue before it sleeps.
            (Leader::Awake | Leader::Arming, _) | (Leader::None, 0) => {}
            (Leader::Asleep, 0) => self.ring(),
            _ => self.came.notify_one(),
        }
    }

    /// Takes at most `count_max` packets, waiting for the first at most until `deadline`. `note` sees each before
    /// anybody can find that it is in the queue no more.
    ///
    /// # Errors
    /// [`Status::TIMEOUT`]; [`ABANDONED_WAIT`] when the port is closed.
    pub(crate) fn take(
        &self,
        count_max: usize,
        deadline: Deadline,
        note: impl FnMut(&Packet),
    ) -> Answer<Vec<Packet>> {
        let (mut queue, waited) = self.wait(self.lock(), deadline);
        let taken = waited.map(|()| take(&mut queue, count_max, note));
        // One of the others leads, or takes what is left.
        if queue.leader == Leader::None && queue.followers > 0 {
            self.came.notify_one();
        }
        taken
    }

    /// Until there is a packet.
    fn wait<'q>(
        &'q self,
        mut queue: MutexGuard<'q, Queue>,
        deadline: Deadline,
    ) -> (MutexGuard<'q, Queue>, Answer) {
        let mut has_looked = false;
        loop {
            if queue.is_closed {
                return (queue, Err(ABANDONED_WAIT));
            }
            if !queue.packets.is_empty() {
                return (queue, Ok(()));
            }
            let is_led = queue.leader != Leader::None;
            if (is_led || has_looked) && deadline.has_passed() {
                return (queue, Err(Status::TIMEOUT));
            }
            if is_led {
                queue.followers += 1;
                queue = self.follow(queue, deadline);
                queue.followers -= 1;
            } else {
                queue = self.lead(queue, deadline);
                has_looked = true;
            }
        }
    }

    fn follow<'q>(&'q self, queue: MutexGuard<'q, Queue>, deadline: Deadline) -> MutexGuard<'q, Queue> {
        match deadline.remaining() {
            Some(left) => self.came.wait_timeout(queue, left).unwrap_or_else(PoisonError::into_inner).0,
            None => self.came.wait(queue).unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Looks until there is a packet or something else to be looked at, for everybody.
    fn lead<'q>(&'q self, mut queue: MutexGuard<'q, Queue>, deadline: Deadline) -> MutexGuard<'q, Queue> {
        queue.leader = Leader::Awake;
        queue = self.look_a_while(queue, deadline);
        if queue.packets.is_empty() && !queue.is_closed {
            queue.leader = Leader::Arming;
            let touched = std::mem::take(&mut queue.touched);
            drop(queue);
            touched.into_iter().for_each(|token| self.look(token));
            queue = self.lock();
        }
        if queue.packets.is_empty() && !queue.is_closed {
            queue = self.sleep(queue, deadline);
        }
        queue.leader = Leader::None;
        queue
    }

    /// Looks without sleeping, as long as that pays.
    fn look_a_while<'q>(
        &'q self,
        mut queue: MutexGuard<'q, Queue>,
        deadline: Deadline,
    ) -> MutexGuard<'q, Queue> {
        if queue.sources.len() > SOURCES_LOOKED_AT || queue.sources.is_empty() || deadline.has_passed() {
            return queue;
        }
        let sources: Vec<_> = queue.sources.values().filter_map(|watch| watch.source.upgrade()).collect();
        let looks = queue.pace.looks();
        for _ in 0..looks {
            drop(queue);
            for source in &sources {
                // Its time is asked for again when it is armed.
                let _ = source.look(false);
            }
            std::hint::spin_loop();
            queue = self.lock();
            if !queue.packets.is_empty() || queue.is_closed {
                queue.pace.found();
                return queue;
            }
        }
        queue.pace.slept();
        // Looking may have taken what was to wake a thread that sleeps.
        queue.touched = queue.sources.keys().copied().collect();
        queue
    }

    /// Sleeps until something is new, and looks at it.
    fn sleep<'q>(&'q self, mut queue: MutexGuard<'q, Queue>, deadline: Deadline) -> MutexGuard<'q, Queue> {
        queue.leader = Leader::Asleep;
        let soonest = queue.sources.values().fold(Deadline::Never, |soonest, w| soonest.or_sooner(w.again));
        drop(queue);
        let mut events = Events::with_capacity(EVENTS_AT_ONCE);
        // A set that the program has closed tells nothing; then there is what others post.
        let _ = self.set.wait(&mut events, deadline.or_sooner(soonest));
        let mut queue = self.lock();
        queue.leader = Leader::Awake;
        let due = |(token, watch): (&u64, &Watch)| watch.again.has_passed().then_some(*token);
        let due: Vec<u64> = queue.sources.iter().filter_map(due).collect();
        drop(queue);
        for event in events.iter() {
            match event.token {
                // What was to be told is in the queue.
                BELL => drop(self.bell.silence()),
                token => self.look(token),
            }
        }
        due.into_iter().for_each(|token| self.look(token));
        self.lock()
    }

    /// Looks at a source, and arms it.
    fn look(&self, token: u64) {
        let source = self.lock().sources.get_mut(&token).and_then(|watch| {
            // What it asks for while it is looked at counts, too.
            watch.again = Deadline::Never;
            watch.source.upgrade()
        });
        if let Some(source) = source {
            let again = source.look(true);
            self.hurry(token, again);
        }
    }

    /// From now on this source is looked at. Answers its number.
    ///
    /// # Errors
    /// The system's refusal.
    pub(crate) fn watch(&self, fd: BorrowedFd<'_>, source: Weak<dyn Source>) -> Answer<u64> {
        let mut queue = self.lock();
        queue.last += 1;
        let token = queue.last;
        let added = self.set.add(fd, token, Readiness::IN, Trigger::Edge);
        added.map_err(|_| Status::INSUFFICIENT_RESOURCES)?;
        queue.sources.insert(token, Watch { source, again: Deadline::Never });
        Ok(token)
    }

    /// It is looked at no more.
    pub(crate) fn leave(&self, fd: BorrowedFd<'_>, token: u64) {
        let mut queue = self.lock();
        queue.sources.remove(&token);
        queue.touched.retain(|touched| *touched != token);
        drop(queue);
        // One that is not in the set has left it.
        let _ = self.set.remove(fd);
    }

    /// A source was used, so its descriptor may tell nothing of what comes. Whether its user has to arm it: who leads
    /// does it otherwise before it sleeps.
    pub(crate) fn touch(&self, token: u64) -> bool {
        let mut queue = self.lock();
        let must_arm = matches!(queue.leader, Leader::Arming | Leader::Asleep);
        if !must_arm && !queue.touched.contains(&token) {
            queue.touched.push(token);
        }
        must_arm
    }

    /// A source wants to be looked at by then, if that is sooner than it has said.
    pub(crate) fn hurry(&self, token: u64, by: Deadline) {
        let mut queue = self.lock();
        let Some(watch) = queue.sources.get_mut(&token) else { return };
        let former = watch.again;
        watch.again = former.or_sooner(by);
        if former != watch.again && queue.leader == Leader::Asleep {
            self.ring();
        }
    }

    /// Its handle is closed: what is in it is gone, and whoever waits is told.
    pub(crate) fn close(&self) {
        let mut queue = self.lock();
        queue.is_closed = true;
        queue.packets.clear();
        self.ring();
        drop(queue);
        self.came.notify_all();
    }

    /// Wakes who leads. A bell that can't be rung is heard at the next event.
    fn ring(&self) {
        let _ = self.bell.ring();
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn take(queue: &mut Queue, count_max: usize, mut note: impl FnMut(&Packet)) -> Vec<Packet> {
    let count = count_max.min(queue.packets.len());
    let taken: Vec<Packet> = queue.packets.drain(..count).collect();
    for packet in &taken {
        note(packet);
        if let Some(queued) = &packet.queued {
            queued.fetch_sub(1, Ordering::Relaxed);
        }
    }
    taken
}

#[cfg(test)]
mod tests;
