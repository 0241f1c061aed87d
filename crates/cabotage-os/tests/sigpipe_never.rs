// SPDX-License-Identifier: MIT OR Apache-2.0
//! In a host that does not ignore `SIGPIPE`, a broken pipe is still an error and never a signal.
//!
//! Rust's programs ignore it, so each case runs in a child of its own, this binary again, which first sets the
//! signal back to what a C program finds.

use std::os::unix::process::ExitStatusExt;
use std::process::Command;

use cabotage_os::pipe::{self, nowait, splice};
use cabotage_os::probe::{self, Feature};
use cabotage_os::seam::Errno;
use cabotage_os::sigpipe;

const CASE: &str = "CABOTAGE_TEST_SIGPIPE_CASE";

/// Runs `act` in a process where `SIGPIPE` kills, and answers whether it survived.
fn survives(test: &str, act: impl FnOnce()) -> bool {
    if std::env::var_os(CASE).is_some() {
        // SAFETY: sets a signal to its default, which has no handler.
        unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
        sigpipe::look_again();
        act();
        return true;
    }
    let own_binary = std::env::current_exe().unwrap();
    let output = Command::new(own_binary)
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(CASE, "1")
        .output()
        .unwrap();
    assert_ne!(output.status.signal(), Some(libc::SIGPIPE), "killed by SIGPIPE");
    output.status.success()
}

fn every_way_of_writing_is_an_error() {
    let (reader, writer) = pipe::create().unwrap();
    let (source, source_writer) = pipe::create().unwrap();
    pipe::write(&source_writer, b"x").unwrap();
    drop(reader);
    for answer in [
        pipe::write(&writer, b"x"),
        pipe::write(&writer, &[0; 100_000]),
        nowait::write_now(&writer, b"x"),
        splice::splice(&source, &writer, 1, splice::Wait::No),
        splice::tee(&source, &writer, 1, splice::Wait::Yes),
    ] {
        assert_eq!(answer.unwrap_err().errno(), Errno::PIPE);
    }
    a_write_cut_short_succeeds();
}

/// The reader leaves in the middle: the write answers how much went in, and the kernel raises the signal too.
fn a_write_cut_short_succeeds() {
    let (reader, writer) = pipe::create().unwrap();
    let leaves = std::thread::spawn(move || pipe::read(reader, &mut [0; 4096]).unwrap());
    let written = pipe::write(&writer, &[0; 1_000_000]).unwrap().unwrap();
    assert!((1..1_000_000).contains(&written));
    assert_eq!(leaves.join().unwrap(), Some(4096));
}

#[test]
fn where_the_kernel_can_be_asked_for_no_signal() {
    assert!(survives("where_the_kernel_can_be_asked_for_no_signal", every_way_of_writing_is_an_error));
}

#[test]
fn where_the_signal_must_be_blocked() {
    assert!(survives("where_the_signal_must_be_blocked", || {
        let _missing = probe::without(Feature::PipeNosignal);
        every_way_of_writing_is_an_error();
        let _missing = probe::without(Feature::PipeNowait);
        every_way_of_writing_is_an_error();
        let _missing = probe::without(Feature::PipeReopen);
        every_way_of_writing_is_an_error();
    }));
}

#[test]
fn a_signal_that_was_pending_before_stays_so() {
    assert!(survives("a_signal_that_was_pending_before_stays_so", || {
        let _missing = probe::without(Feature::PipeNosignal);
        let mut set = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: initialises the set.
        unsafe { libc::sigemptyset(set.as_mut_ptr()) };
        // SAFETY: initialised by the call above.
        let mut set = unsafe { set.assume_init() };
        // SAFETY: a live set and a valid signal.
        unsafe { libc::sigaddset(&raw mut set, libc::SIGPIPE) };
        // SAFETY: a live set; the former mask is not asked for.
        unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut()) };
        // SAFETY: raises a signal that is blocked.
        unsafe { libc::raise(libc::SIGPIPE) };
        every_way_of_writing_is_an_error();
        let at_once = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: a live set and a live time-out; no information about the signal is asked for.
        let taken = unsafe { libc::sigtimedwait(&raw const set, std::ptr::null_mut(), &raw const at_once) };
        assert_eq!(taken, libc::SIGPIPE);
    }));
}

#[test]
fn in_a_program_that_ignores_the_signal_a_write_is_one_plain_call() {
    let (reader, writer) = pipe::create().unwrap();
    pipe::write(&writer, b"first").unwrap();
    let trace = cabotage_os::seam::trace();
    pipe::write(&writer, b"second").unwrap();
    pipe::read(&reader, &mut [0; 16]).unwrap();
    assert_eq!(trace.finish().iter().map(|step| step.0).collect::<Vec<_>>(), ["write", "read"]);
}
