// SPDX-License-Identifier: MIT OR Apache-2.0
//! The threads that run callbacks: at one completion port of the library, as many as were ever busy at once and one
//! more, up to a cap.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use cabotage_alpc::{Deadline, Status};
use cabotage_os::signals;

use super::callbacks::Completion;
use super::packets::Packets;
use crate::status::Answer;

/// How many threads there are at most.
const THREADS_MAX: usize = 16;

/// See the [module](self).
#[derive(Debug, Default)]
pub(crate) struct Pool {
    /// Once there was a completion.
    packets: OnceLock<Arc<Packets>>,
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

    /// The completion port at which its threads are.
    ///
    /// # Errors
    /// The system's refusal.
    pub(crate) fn packets(&self) -> Answer<Arc<Packets>> {
        let made = match self.packets.get() {
            Some(packets) => packets.clone(),
            None => Arc::new(Packets::new()?),
        };
        Ok(self.packets.get_or_init(|| made).clone())
    }

    /// Sees to it that a thread waits for work.
    ///
    /// # Errors
    /// The system starts none, and there is none.
    pub(crate) fn staff(&'static self) -> Answer {
        let packets = self.packets()?;
        let mut threads = lock(&self.threads);
        if threads.idle > 0 || threads.count >= THREADS_MAX {
            return Ok(());
        }
        let thread = std::thread::Builder::new().name("cabotage-alpc".into());
        // The program's handlers of signals run in threads of the program.
        let started = signals::undisturbed(|| thread.spawn(move || self.work(&packets)));
        if matches!(started, Ok(Ok(_))) {
            threads.count += 1;
            threads.idle += 1;
        }
        // Those that are there go on.
        if threads.count > 0 { Ok(()) } else { Err(Status::INSUFFICIENT_RESOURCES) }
    }

    /// What a thread does: it counts as idle when it begins.
    fn work(&'static self, packets: &Packets) {
        loop {
            let mut begun = None;
            let note = |packet: &super::packets::Packet| {
                begun = self.get(packet.key).filter(|completion| completion.begin());
            };
            if packets.take(1, Deadline::Never, note).is_err() {
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
