// SPDX-License-Identifier: MIT OR Apache-2.0
//! One value for each process, such as a table of handles: a forked child finds none of its parent's rights in it.
//!
//! A forked child has one thread, so a lock that another held at the fork would stay locked there. So the child
//! never looks at what its parent had: it gets a fresh value, and the old one is left alone, locks and all.

use std::sync::atomic::{AtomicPtr, Ordering};

use cabotage_os::SystemError;
use cabotage_os::fork::Origin;

/// The value of this process, made when it is first asked for.
#[derive(Debug)]
pub struct Home<T> {
    present: AtomicPtr<Room<T>>,
}

#[derive(Debug)]
struct Room<T> {
    origin: Origin,
    value: T,
    /// The parent's, if this is a forked child's: nobody looks there, but a leak checker sees that it is not lost.
    _before: AtomicPtr<Self>,
}

impl<T: Send + Sync + 'static> Home<T> {
    /// Of no process yet.
    #[expect(clippy::new_without_default, reason = "a static needs a constant, which Default is not")]
    pub const fn new() -> Self {
        Self { present: AtomicPtr::new(std::ptr::null_mut()) }
    }

    /// The value of this process; `make` makes it in the first call, and in a forked child's first one anew. Threads
    /// that come first together may make several, of which one stays.
    ///
    /// # Errors
    /// The system has no memory for the page that tells parent and child apart.
    pub fn get_or(&'static self, make: impl FnOnce() -> T) -> Result<&'static T, SystemError> {
        let present = self.present.load(Ordering::Acquire);
        // SAFETY: a pointer in `present` came from `Box::into_raw` below and is never freed.
        if let Some(room) = unsafe { present.as_ref() }
            && room.origin.is_here()
        {
            return Ok(&room.value);
        }
        let fresh = Box::into_raw(Box::new(Room {
            origin: Origin::here()?,
            value: make(),
            _before: AtomicPtr::new(present),
        }));
        match self.present.compare_exchange(present, fresh, Ordering::AcqRel, Ordering::Acquire) {
            // SAFETY: `fresh` is from `Box::into_raw` above and is never freed: what C was given out of it may be used
            // as long as the process lives.
            Ok(_) => Ok(unsafe { &(*fresh).value }),
            Err(other) => {
                // SAFETY: nobody else has seen `fresh`, since it was not stored.
                drop(unsafe { Box::from_raw(fresh) });
                // SAFETY: as above; in this process only a thread of it can have stored `other`.
                Ok(unsafe { &(*other).value })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Duration;

    use cabotage_os::{Deadline, fork};

    use super::*;

    #[test]
    fn a_forked_child_finds_a_value_of_its_own_and_no_lock_held() {
        static HOME: Home<Mutex<u32>> = Home::new();
        let here = HOME.get_or(|| Mutex::new(1)).unwrap();
        let mut held = here.lock().unwrap();
        *held = 5;
        let is_fresh = || HOME.get_or(|| Mutex::new(1)).is_ok_and(|fresh| *fresh.lock().unwrap() == 1);
        assert!(fork::child_answers(is_fresh, Deadline::within(Duration::from_secs(30))).unwrap());
        drop(held);
        assert_eq!(*HOME.get_or(|| Mutex::new(1)).unwrap().lock().unwrap(), 5);
    }
}
