// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which processors this thread may run on, so that a measurement can give each end its own.
//!
//! The answer is the kernel's affinity mask, not the number of processors the machine has: a container or
//! `taskset` may allow fewer.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::error::{SystemError, attempt};
use crate::seam::Errno;

/// The processors that the calling thread may run on, by number, in rising order.
///
/// # Errors
/// The system's refusal: a machine with more than 1,024 processors, or a seccomp filter.
///
/// # Source
/// sched_getaffinity(2).
pub fn allowed() -> Result<Vec<usize>, SystemError> {
    let set = attempt("sched_getaffinity", "this thread", || sched_getaffinity(None))?;
    Ok((0..CpuSet::MAX_CPU).filter(|&number| set.is_set(number)).collect())
}

/// Lets the calling thread run on this processor only. Threads and processes that it starts later inherit that.
///
/// # Errors
/// The system's refusal: `EINVAL` when the processor does not exist or is not allowed here.
///
/// # Source
/// sched_setaffinity(2).
pub fn pin(number: usize) -> Result<(), SystemError> {
    confine(&[number])
}

/// Lets the calling thread run on these processors only, as [`pin`] does on one. Ones that it could not use before
/// may be among them.
///
/// # Errors
/// The system's refusal: `EINVAL` when a processor can't be told, or none of them exists and is allowed here.
///
/// # Source
/// sched_setaffinity(2).
pub fn confine(numbers: &[usize]) -> Result<(), SystemError> {
    let called = || format!("processors {numbers:?}");
    let set = set_of(numbers).ok_or_else(|| SystemError::new("sched_setaffinity", called(), Errno::INVAL))?;
    attempt("sched_setaffinity", called(), || sched_setaffinity(None, &set))
}

fn set_of(numbers: &[usize]) -> Option<CpuSet> {
    let mut set = CpuSet::new();
    for &number in numbers {
        (number < CpuSet::MAX_CPU).then(|| set.set(number))?;
    }
    Some(set)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pinned_thread_is_allowed_on_its_processor_only() {
        let last = *allowed().unwrap().last().unwrap();
        let seen = std::thread::spawn(move || {
            pin(last).unwrap();
            allowed().unwrap()
        });
        assert_eq!(seen.join().unwrap(), [last]);
    }

    #[test]
    fn a_pinned_thread_can_be_let_go_again() {
        let all = allowed().unwrap();
        pin(all[0]).unwrap();
        confine(&all).unwrap();
        assert_eq!(allowed().unwrap(), all);
    }

    #[test]
    fn a_processor_that_is_not_here_is_refused() {
        assert_eq!(pin(CpuSet::MAX_CPU - 1).unwrap_err().errno(), Errno::INVAL);
        assert_eq!(pin(usize::MAX).unwrap_err().errno(), Errno::INVAL);
    }
}
