// SPDX-License-Identifier: MIT OR Apache-2.0
//! The threads that run callbacks: at one completion port of the library, as many as were ever busy at once and one
//! more, up to a cap.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cabotage_alpc::{Deadline, Status};
use cabotage_c_support::pump;

use super::callbacks::Completion;
use super::packets::Packets;
use crate::status::Answer;

/// How many threads there are at most.
const THREADS_MAX: usize = 16;

/// See the [module](self).
#[derive(Debug, Default)]
pub(crate) struct Pool {
    pub(crate) packets: Arc<Packets>,
    threads: Mutex<Threads>,
    completions: Mutex<BTreeMap<usize, Arc<Completion>>>,
    last: AtomicUsize,
}

#[derive(Debug, Default)]
struct Threads {
    count: usize,
    idle: usize,
}

impl Pool {
    /// A number that no completion has, which C takes for a pointer.
    pub(crate) fn next_id(&self) -> usize {
        (self.last.fetch_add(1, Ordering::Relaxed) + 1) << 4
    }

    pub(crate) fn enter(&self, completion: Arc<Completion>) {
        lock(&self.completions).insert(completion.id, completion);
    }

    pub(crate) fn leave(&self, id: usize) {
        let completion = lock(&self.completions).remove(&id);
        // The last hold on a port ends outside the lock.
        drop(completion);
    }

    pub(crate) fn get(&self, id: usize) -> Option<Arc<Completion>> {
        lock(&self.completions).get(&id).cloned()
    }

    /// Sees to it that a thread waits for work.
    ///
    /// # Errors
    /// The system starts none, and there is none.
    pub(crate) fn staff(&'static self) -> Answer {
        let mut threads = lock(&self.threads);
        if threads.idle > 0 || threads.count >= THREADS_MAX {
            return Ok(());
        }
        match pump::start("cabotage-alpc-pool", move || self.work()) {
            Ok(()) => {
                threads.count += 1;
                threads.idle += 1;
                Ok(())
            }
            // Those that are there go on.
            Err(_) if threads.count > 0 => Ok(()),
            Err(_) => Err(Status::INSUFFICIENT_RESOURCES),
        }
    }

    /// What a thread does: it counts as idle when it begins.
    fn work(&'static self) {
        loop {
            let mut begun = None;
            let note = |packet: &super::packets::Packet| {
                begun = self.get(packet.key).filter(|completion| completion.begin());
            };
            if self.packets.take(1, Deadline::Never, note).is_err() {
                return;
            }
            lock(&self.threads).idle -= 1;
            // Whoever waits while a callback waits needs another thread; without one it waits for this.
            let _ = self.staff();
            if let Some(completion) = begun {
                // A fault of ours in one must not end the thread of the others.
                let _ = catch_unwind(AssertUnwindSafe(|| completion.run()));
                completion.end();
            }
            lock(&self.threads).idle += 1;
        }
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
