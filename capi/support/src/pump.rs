// SPDX-License-Identifier: MIT OR Apache-2.0
//! The thread of a library that looks at what its program does not look at, because on the system that the library
//! stands for the kernel does: operations under way, ports whose messages somebody is to be told of.
//!
//! It starts with the first thing to watch, takes no signals, and sleeps in one epoll set until a descriptor has
//! something new or a time has come that what is watched has asked for.

use std::collections::HashMap;
use std::os::fd::BorrowedFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use cabotage_os::epoll::{Events, Poller, Trigger};
use cabotage_os::eventfd::EventFd;
use cabotage_os::poll::Readiness;
use cabotage_os::{Deadline, Errno, SystemError, signals};

/// What is looked at when its descriptor has something new, or its time has come.
pub trait Watched: Send + Sync {
    /// Looks; answers when it wants to be looked at again at the latest.
    fn look(&self) -> Deadline;
}

/// See the [module](self).
#[derive(Debug)]
pub struct Pump {
    /// What its thread is called.
    name: &'static str,
    /// Once its thread runs.
    running: Mutex<Option<Arc<Sleep>>>,
    watched: Arc<Mutex<Names>>,
    next: AtomicU64,
}

/// Where the thread sleeps.
#[derive(Debug)]
struct Sleep {
    set: Poller,
    /// Tells it that something wants to be looked at sooner than it knows.
    bell: EventFd,
}

/// What each number stands for.
type Names = HashMap<u64, Watch>;

struct Watch {
    watched: Weak<dyn Watched>,
    again: Deadline,
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch").field("again", &self.again).finish_non_exhaustive()
    }
}

const EVENTS_AT_ONCE: usize = 64;
/// The number of the bell.
const BELL: u64 = u64::MAX;

impl Pump {
    /// One without a thread yet, which is to be called so.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self { name, running: Mutex::default(), watched: Arc::default(), next: AtomicU64::new(0) }
    }

    /// From now on `watched` is looked at whenever something new comes on the descriptor, until that is closed. Answers
    /// the number to [`forget`](Self::forget) it by.
    ///
    /// # Errors
    /// The system's refusal.
    pub fn watch(&self, fd: BorrowedFd<'_>, watched: Weak<dyn Watched>) -> Result<u64, SystemError> {
        let sleep = self.started()?;
        let token = self.next.fetch_add(1, Ordering::Relaxed);
        lock(&self.watched).insert(token, Watch { watched, again: Deadline::Never });
        sleep.set.add(fd, token, Readiness::IN, Trigger::Edge).inspect_err(|_| self.forget(token))?;
        Ok(token)
    }

    /// It is watched no more. Its descriptor leaves the set when it is closed.
    pub fn forget(&self, token: u64) {
        lock(&self.watched).remove(&token);
    }

    /// It is watched no more, and its descriptor goes on to be open.
    pub fn leave(&self, fd: BorrowedFd<'_>, token: u64) {
        self.forget(token);
        if let Some(sleep) = &*self.running.lock().unwrap_or_else(PoisonError::into_inner) {
            // One that is not in the set has left it.
            let _ = sleep.set.remove(fd);
        }
    }

    /// It wants to be looked at by then, if that is sooner than it has said.
    pub fn hurry(&self, token: u64, by: Deadline) {
        let is_sooner = lock(&self.watched).get_mut(&token).is_some_and(|watch| {
            let former = watch.again;
            watch.again = former.or_sooner(by);
            former != watch.again
        });
        if is_sooner && let Some(sleep) = &*self.running.lock().unwrap_or_else(PoisonError::into_inner) {
            // A bell that can't be rung is heard at the next event.
            let _ = sleep.bell.ring();
        }
    }

    fn started(&self) -> Result<Arc<Sleep>, SystemError> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sleep) = &*running {
            return Ok(sleep.clone());
        }
        let sleep = Arc::new(Sleep { set: Poller::new()?, bell: EventFd::new()? });
        sleep.set.add(&sleep.bell, BELL, Readiness::IN, Trigger::Level)?;
        let (its_sleep, watched) = (sleep.clone(), self.watched.clone());
        start(self.name, move || run(&its_sleep, &watched))?;
        Ok(running.insert(sleep).clone())
    }
}

/// Starts a thread of a library: the program's handlers of signals run in threads of the program.
///
/// # Errors
/// The system's refusal.
pub fn start(name: &'static str, run: impl FnOnce() + Send + 'static) -> Result<(), SystemError> {
    let started = signals::undisturbed(|| std::thread::Builder::new().name(name.into()).spawn(run))?;
    started.map(drop).map_err(|error| {
        let errno = Errno::from_io_error(&error).unwrap_or(Errno::AGAIN);
        SystemError::new("clone", "a thread of the library", errno)
    })
}

fn run(sleep: &Sleep, watched: &Mutex<Names>) {
    let mut events = Events::with_capacity(EVENTS_AT_ONCE);
    loop {
        let soonest = lock(watched).values().fold(Deadline::Never, |soonest, w| soonest.or_sooner(w.again));
        // The set is refused only if the program closes what is not its own: then nothing can be told any more.
        if sleep.set.wait(&mut events, soonest).is_err() {
            return;
        }
        for event in events.iter() {
            match event.token {
                BELL => drop(sleep.bell.silence()),
                token => look(watched, token),
            }
        }
        if soonest != Deadline::Never {
            let due = |(token, watch): (&u64, &Watch)| watch.again.has_passed().then_some(*token);
            let due: Vec<u64> = lock(watched).iter().filter_map(due).collect();
            due.into_iter().for_each(|token| look(watched, token));
        }
    }
}

fn look(watched: &Mutex<Names>, token: u64) {
    let one = {
        let mut names = lock(watched);
        let Some(watch) = names.get_mut(&token) else { return };
        // What it asks for while it is looked at counts, too.
        watch.again = Deadline::Never;
        watch.watched.upgrade()
    };
    let Some(one) = one else { return };
    // A fault of ours in one of them must not end what goes on for the others.
    let again = catch_unwind(AssertUnwindSafe(|| one.look())).unwrap_or(Deadline::Never);
    if let Some(watch) = lock(watched).get_mut(&token) {
        watch.again = watch.again.or_sooner(again);
    }
}

fn lock(watched: &Mutex<Names>) -> MutexGuard<'_, Names> {
    watched.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::fd::AsFd;
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    /// Tells of each look, and asks for as many more as it has left, at once.
    #[derive(Debug)]
    struct Told {
        looks: Mutex<mpsc::Sender<()>>,
        more: AtomicU64,
    }

    impl Watched for Told {
        fn look(&self) -> Deadline {
            self.looks.lock().unwrap().send(()).unwrap();
            let left =
                self.more.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |more| more.checked_sub(1));
            if left.is_ok() { Deadline::within(Duration::from_millis(1)) } else { Deadline::Never }
        }
    }

    fn teller(more: u64) -> (Arc<Told>, mpsc::Receiver<()>) {
        let (sender, looks) = mpsc::channel();
        (Arc::new(Told { looks: Mutex::new(sender), more: AtomicU64::new(more) }), looks)
    }

    fn weak(told: &Arc<Told>) -> Weak<dyn Watched> {
        let weak: Weak<Told> = Arc::downgrade(told);
        weak
    }

    #[test]
    fn what_is_new_on_a_descriptor_is_looked_at_until_it_is_left() {
        let pump = Pump::new("cabotage-test");
        let (reader, mut writer) = std::io::pipe().unwrap();
        let (told, looks) = teller(0);
        let token = pump.watch(reader.as_fd(), weak(&told)).unwrap();
        for _ in 0..2 {
            writer.write_all(b"x").unwrap();
            looks.recv_timeout(PATIENCE).unwrap();
        }
        pump.leave(reader.as_fd(), token);
        writer.write_all(b"x").unwrap();
        let (other, its_looks) = teller(0);
        pump.watch(reader.as_fd(), weak(&other)).unwrap();
        its_looks.recv_timeout(PATIENCE).unwrap();
        assert!(looks.try_recv().is_err());
    }

    #[test]
    fn what_asks_for_a_time_is_looked_at_then() {
        let pump = Pump::new("cabotage-test");
        let (reader, _writer) = std::io::pipe().unwrap();
        let (told, looks) = teller(2);
        let token = pump.watch(reader.as_fd(), weak(&told)).unwrap();
        pump.hurry(token, Deadline::within(Duration::from_millis(1)));
        for _ in 0..3 {
            looks.recv_timeout(PATIENCE).unwrap();
        }
        pump.hurry(token, Deadline::Now);
        looks.recv_timeout(PATIENCE).unwrap();
    }
}
