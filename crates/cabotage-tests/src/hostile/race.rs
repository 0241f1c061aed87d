// SPDX-License-Identifier: MIT OR Apache-2.0
//! A thread that rewrites one word of the liar's memory between the truth and a lie, as fast as it can.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use cabotage_os::map::MapMut;

/// How often a word is rewritten before the thread looks whether it has moved.
const TURNS: u32 = 256;

/// The word that is rewritten.
#[derive(Debug, Clone)]
pub struct Spot {
    /// In this memory.
    pub map: Arc<MapMut>,
    /// At this byte.
    pub at: usize,
    /// What a truthful peer would have there.
    pub truth: u64,
    /// What stands there half of the time.
    pub lie: u64,
}

#[derive(Debug, Default)]
struct Shared {
    spot: Mutex<Option<Spot>>,
    is_over: AtomicBool,
}

/// See the [module](self). It ends when this is dropped.
#[derive(Debug)]
pub struct Racer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Racer {
    /// Starts the thread, which has nothing to do yet.
    pub fn start() -> Self {
        let shared = Arc::new(Shared::default());
        let theirs = shared.clone();
        Self { shared, thread: Some(std::thread::spawn(move || race(&theirs))) }
    }

    /// From now on this word.
    pub fn move_to(&self, spot: Spot) {
        *self.shared.spot.lock().unwrap_or_else(PoisonError::into_inner) = Some(spot);
    }
}

fn race(shared: &Shared) {
    while !shared.is_over.load(Ordering::Relaxed) {
        let spot = shared.spot.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(at) = &*spot else {
            drop(spot);
            std::thread::yield_now();
            continue;
        };
        // Under the lock, so that a word which has moved on is left as the truth has it.
        for _ in 0..TURNS {
            let _ = at.map.store_u64(at.at, at.lie);
            let _ = at.map.store_u64(at.at, at.truth);
        }
    }
}

impl Drop for Racer {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
