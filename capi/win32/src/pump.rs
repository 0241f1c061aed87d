// SPDX-License-Identifier: MIT OR Apache-2.0
//! The thread that goes on with what is under way while its caller does something else: operations of overlapped
//! handles, and the ends of child processes.
//!
//! On Windows the kernel does that. Here the two ends of a pipe are memory that they share, so somebody of this process
//! has to look; programs spin on `HasOverlappedIoCompleted` and wait for events that nobody but us would set. The
//! thread starts with the first operation that is not over at once, takes no signals, and sleeps in one epoll set.

use std::collections::HashMap;
use std::os::fd::BorrowedFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use cabotage_os::epoll::{Events, Poller, Trigger};
use cabotage_os::poll::Readiness;
use cabotage_os::{Deadline, signals};

use crate::failure::{Answer, Failure};

/// What is looked at when its descriptor has become readable.
pub(crate) trait Watched: Send + Sync {
    fn look(&self);
}

/// See the [module](self).
#[derive(Default)]
pub(crate) struct Pump {
    /// Once its thread runs.
    set: Mutex<Option<Arc<Poller>>>,
    watched: Arc<Mutex<Names>>,
    next: AtomicU64,
}

const EVENTS_AT_ONCE: usize = 64;

impl Pump {
    /// From now on `watched` is looked at whenever something new comes on the descriptor, until that is closed. Answers
    /// the number to [`forget`](Self::forget) it by.
    ///
    /// # Errors
    /// The system's refusal.
    pub(crate) fn watch(&self, fd: BorrowedFd<'_>, watched: Weak<dyn Watched>) -> Answer<u64> {
        let set = self.started()?;
        let token = self.next.fetch_add(1, Ordering::Relaxed);
        lock(&self.watched).insert(token, watched);
        set.add(fd, token, Readiness::IN, Trigger::Edge).inspect_err(|_| self.forget(token))?;
        Ok(token)
    }

    /// It is watched no more. Its descriptor leaves the set when it is closed.
    pub(crate) fn forget(&self, token: u64) {
        lock(&self.watched).remove(&token);
    }

    fn started(&self) -> Answer<Arc<Poller>> {
        let mut running = self.set.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(set) = &*running {
            return Ok(set.clone());
        }
        let set = Arc::new(Poller::new()?);
        let (its_set, watched) = (set.clone(), self.watched.clone());
        let run = move || run(&its_set, &watched);
        // The program's handlers of signals run in threads of the program.
        let started =
            signals::undisturbed(|| std::thread::Builder::new().name("cabotage-win32".into()).spawn(run));
        started?.map_err(|_| Failure::NOT_ENOUGH_MEMORY)?;
        Ok(running.insert(set).clone())
    }
}

fn run(set: &Poller, watched: &Mutex<Names>) {
    let mut events = Events::with_capacity(EVENTS_AT_ONCE);
    // The set is refused only if the program closes what is not its own: then nothing can be told any more.
    while set.wait(&mut events, Deadline::Never).is_ok() {
        for event in events.iter() {
            let one = lock(watched).get(&event.token).and_then(Weak::upgrade);
            if let Some(one) = one {
                // A fault of ours in one of them must not end what goes on for the others.
                let _ = catch_unwind(AssertUnwindSafe(|| one.look()));
            }
        }
    }
}

/// What each number stands for.
type Names = HashMap<u64, Weak<dyn Watched>>;

fn lock(watched: &Mutex<Names>) -> MutexGuard<'_, Names> {
    watched.lock().unwrap_or_else(PoisonError::into_inner)
}

impl std::fmt::Debug for Pump {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pump").field("set", &self.set).finish_non_exhaustive()
    }
}
