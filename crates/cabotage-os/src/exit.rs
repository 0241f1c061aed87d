// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is still to be done when the process ends by itself: by `exit`, or at the end of `main`.
//!
//! Not when it is killed, aborts, or calls `_exit`. Other threads may still run meanwhile.

use std::panic::catch_unwind;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::{SystemError, attempt};
use crate::seam::Errno;

/// Runs `act` when the process ends by itself: once, however often it is asked for. It must not wait for anything
/// without end, and what it panics with is dropped. A forked child that ends by itself runs it too.
///
/// # Errors
/// The system has no memory for the hook.
///
/// # Source
/// atexit(3).
pub fn before(act: fn()) -> Result<(), SystemError> {
    let mut acts = acts();
    if acts.iter().any(|known| std::ptr::fn_addr_eq(*known, act)) {
        return Ok(());
    }
    if acts.is_empty() {
        // SAFETY: the hook is a function of this program, and lives as long as it.
        attempt("atexit", "the exit hook", || match unsafe { libc::atexit(run) } {
            0 => Ok(()),
            _ => Err(Errno::NOMEM),
        })?;
    }
    acts.push(act);
    Ok(())
}

static ACTS: Mutex<Vec<fn()>> = Mutex::new(Vec::new());

fn acts() -> MutexGuard<'static, Vec<fn()>> {
    ACTS.lock().unwrap_or_else(PoisonError::into_inner)
}

extern "C" fn run() {
    // A thread that a forked child does not have may have held the lock at the fork: then there is nothing to run.
    let Ok(acts) = ACTS.try_lock().map(|acts| acts.clone()) else { return };
    for act in acts {
        // Nobody is left to hear of a panic, and none may leave this function.
        let _ = catch_unwind(act);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing() {}

    #[test]
    fn an_act_is_listed_once_however_often_it_is_asked_for() {
        before(nothing).unwrap();
        before(nothing).unwrap();
        let listed = acts().iter().filter(|act| std::ptr::fn_addr_eq(**act, nothing as fn())).count();
        assert_eq!(listed, 1);
    }
}
