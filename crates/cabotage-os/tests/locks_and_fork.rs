// SPDX-License-Identifier: MIT OR Apache-2.0
//! A lock that a forked child inherits is its parent's: the child's copy releases nothing.

use std::fs::File;

use cabotage_os::Deadline;
use cabotage_os::lock::{Lock, LockError, Range, Sharing};

#[test]
fn a_childs_copy_of_a_lock_releases_nothing() {
    let path = tempfile::NamedTempFile::new().unwrap();
    let open = || File::options().read(true).write(true).open(path.path()).unwrap();
    let lock = |file| Lock::range(file, Sharing::Exclusive, Range::ALL, Deadline::Now);
    let held = lock(open()).unwrap();
    // SAFETY: the child only drops its copy of the lock, two system calls at most, and leaves by `_exit`.
    match unsafe { libc::fork() } {
        0 => {
            drop(held);
            // SAFETY: ends the child without running anything of the parent's.
            unsafe { libc::_exit(0) }
        }
        child => {
            // SAFETY: waits for the child just made; its status is not asked for.
            unsafe { libc::waitpid(child, std::ptr::null_mut(), 0) };
        }
    }
    assert!(matches!(lock(open()), Err(LockError::Held { .. })), "still the parent's");
    drop(held);
    lock(open()).unwrap();
}
