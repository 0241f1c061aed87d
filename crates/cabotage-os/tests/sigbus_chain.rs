// SPDX-License-Identifier: MIT OR Apache-2.0
//! A SIGBUS that is none of the guard's business goes where it would have gone without the guard.

use cabotage_os::map::MapOptions;
use cabotage_os::sigbus;

/// How a forked child ended that installs the guard after `prepare` and then touches an unguarded, shrunk map.
fn end_of_child(prepare: fn()) -> i32 {
    let file = tempfile::tempfile().unwrap();
    file.set_len(4096).unwrap();
    // SAFETY: the child makes system calls, faults, and never returns.
    match unsafe { libc::fork() } {
        0 => {
            prepare();
            let guarded = sigbus::install().is_ok();
            let map = MapOptions::new().read_only(&file, 4096).unwrap();
            file.set_len(0).unwrap();
            let _ = map.copy_to(0, &mut [0; 1]);
            // SAFETY: ends the child; only reached if the fault was swallowed.
            unsafe { libc::_exit(if guarded { 1 } else { 2 }) }
        }
        child => {
            let mut status = 0;
            // SAFETY: waits for the child just made.
            unsafe { libc::waitpid(child, &raw mut status, 0) };
            status
        }
    }
}

extern "C" fn leave_with_seven(_signal: libc::c_int) {
    // SAFETY: `_exit` is async-signal-safe.
    unsafe { libc::_exit(7) }
}

#[test]
fn without_another_handler_the_process_dies_of_the_signal() {
    let status = end_of_child(|| {
        // SAFETY: the child's own disposition; the test harness may have set another.
        unsafe { libc::signal(libc::SIGBUS, libc::SIG_DFL) };
    });
    assert!(libc::WIFSIGNALED(status) && libc::WTERMSIG(status) == libc::SIGBUS, "{status:#x}");
}

#[test]
fn the_handler_that_was_there_before_is_called() {
    let status = end_of_child(|| {
        let handler = leave_with_seven as *const () as usize;
        // SAFETY: the handler only calls `_exit`.
        unsafe { libc::signal(libc::SIGBUS, handler) };
    });
    assert!(libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 7, "{status:#x}");
}
