// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where C calls Rust: no panic goes back into C, and errno is what the called interface says it is.

use std::panic::{AssertUnwindSafe, catch_unwind};

use cabotage_os::{Errno, c_errno};

/// Runs `body` for a C caller who reads no errno: it is afterwards what it was. If `body` panics, which is a fault
/// of ours, the caller gets `fault`.
pub fn call<T>(fault: T, body: impl FnOnce() -> T) -> T {
    let kept = c_errno::get();
    // What `body` touched is left as a panic leaves it: locks of the libraries don't poison, values are per call.
    let answer = catch_unwind(AssertUnwindSafe(body)).unwrap_or(fault);
    c_errno::set(kept);
    answer
}

/// Runs `body` for a C caller who reads errno: untouched by success, set by failure, which is answered as
/// `failure`. A panic counts as `EIO`.
pub fn call_with_errno<T>(failure: T, body: impl FnOnce() -> Result<T, Errno>) -> T {
    match call(Err(Errno::IO), body) {
        Ok(answer) => answer,
        Err(errno) => {
            c_errno::set(errno.raw_os_error());
            failure
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errno_survives_a_call_that_failed_inside() {
        c_errno::set(7);
        let seen = call(0, || {
            c_errno::set(5);
            1
        });
        assert_eq!((seen, c_errno::get()), (1, 7));
    }

    #[test]
    fn a_panic_becomes_the_answer_that_stands_for_it() {
        c_errno::set(7);
        assert_eq!(call(-1, || panic!("inside")), -1);
        assert_eq!(c_errno::get(), 7);
        assert_eq!(call_with_errno(-1, || panic!("inside")), -1);
        assert_eq!(c_errno::get(), Errno::IO.raw_os_error());
    }

    #[test]
    fn errno_is_set_by_failure_alone() {
        c_errno::set(7);
        assert_eq!(call_with_errno(-1, || Ok(3)), 3);
        assert_eq!(c_errno::get(), 7);
        assert_eq!(call_with_errno(-1, || Err(Errno::NOENT)), -1);
        assert_eq!(c_errno::get(), Errno::NOENT.raw_os_error());
    }
}
