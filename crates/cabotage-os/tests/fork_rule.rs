// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a child that forks and never executes finds: nothing that belongs to its parent alone.

use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use cabotage_os::fork::{Origin, SoleFd, exempt};
use cabotage_os::{Errno, SystemError, limits};
use rustix::io::fcntl_dupfd_cloexec;

mod support;

/// Forks; the child runs `check` and exits with 0 when it answers true.
fn child_agrees(check: impl FnOnce() -> bool) -> bool {
    // SAFETY: the child only runs `check`, which makes no use of other threads' locks, and leaves by `_exit`.
    match unsafe { libc::fork() } {
        0 => {
            let verdict = i32::from(!check());
            // SAFETY: ends the child without running anything of the parent's.
            unsafe { libc::_exit(verdict) }
        }
        child => {
            let mut status = 0;
            // SAFETY: waits for the child just made; `status` is a live integer.
            unsafe { libc::waitpid(child, &raw mut status, 0) };
            libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0
        }
    }
}

fn is_open(fd: i32) -> bool {
    // SAFETY: asks about a number, whatever it stands for.
    unsafe { libc::fcntl(fd, libc::F_GETFD) != -1 }
}

fn pipe() -> (std::io::PipeReader, OwnedFd) {
    let (reader, writer) = std::io::pipe().unwrap();
    (reader, writer.into())
}

#[test]
fn a_child_is_elsewhere_and_may_settle_anew() {
    let parent = Origin::here().unwrap();
    assert!(parent.is_here());
    assert!(child_agrees(|| {
        let was_elsewhere = !parent.is_here();
        let own = Origin::here().unwrap();
        was_elsewhere && own.is_here() && own != parent && !parent.is_here()
    }));
    assert!(parent.is_here());
}

#[test]
fn a_childs_copy_of_a_sole_descriptor_is_closed_and_its_drop_closes_nothing_else() {
    let (mut reader, writer) = pipe();
    let number = writer.as_raw_fd();
    let sole = SoleFd::new(writer).unwrap();
    assert!(child_agrees(|| {
        let closed = !is_open(number);
        // Whatever takes the number next must survive the drop of the stale object.
        let (_reader, other) = pipe();
        // SAFETY: moves a descriptor of the child's own to the number that the parent's had.
        unsafe { libc::dup2(other.as_raw_fd(), number) };
        let refuses = !sole.is_here();
        drop(sole);
        closed && refuses && is_open(number)
    }));
    // `sole` was moved into the child's closure, whose copy in this process is dropped by now: the end is closed.
    assert_eq!(reader.read(&mut [0]).unwrap(), 0, "end of file: nobody holds the write end");
}

#[test]
fn an_exempted_descriptor_stays_open_in_the_child_of_this_thread() {
    let (_reader, writer) = pipe();
    let number = writer.as_raw_fd();
    let sole = SoleFd::new(writer).unwrap();
    let listed = [number];
    let exemption = exempt(&listed);
    assert!(child_agrees(|| is_open(number)));
    drop(exemption);
    assert!(child_agrees(|| !is_open(number)));
    assert_eq!(sole.as_fd().as_raw_fd(), number);
}

#[test]
fn a_descriptor_taken_out_again_is_kept_by_children() {
    let (_reader, writer) = pipe();
    let fd = SoleFd::new(writer).unwrap().into_fd().unwrap();
    let number = fd.as_raw_fd();
    assert!(child_agrees(|| is_open(number)));
}

#[test]
fn thousands_of_sole_descriptors_are_all_closed_in_the_child() {
    if !support::in_another_process("thousands_of_sole_descriptors_are_all_closed_in_the_child") {
        return;
    }
    let limit = usize::try_from(limits::raise_descriptors().unwrap().soft).unwrap();
    let (mut reader, writer) = pipe();
    let another = || SoleFd::new(writer.try_clone().unwrap()).unwrap();
    let many: Vec<_> = (0..5000.min(limit - 100)).map(|_| another()).collect();
    // Some of the early numbers go and come again, and the rest stays.
    let kept: Vec<_> =
        many.into_iter().enumerate().filter(|(at, _)| at % 3 != 0).map(|(_, sole)| sole).collect();
    let again: Vec<_> = (0..kept.len() / 4).map(|_| another()).collect();
    let numbers: Vec<_> = kept.iter().chain(&again).map(|sole| sole.as_fd().as_raw_fd()).collect();
    assert!(child_agrees(|| numbers.iter().all(|number| !is_open(*number))));
    drop((kept, again, writer));
    assert_eq!(reader.read(&mut [0]).unwrap(), 0, "end of file: nobody holds a write end");
}

#[test]
fn a_sole_descriptor_far_from_all_others_is_closed_in_the_child() {
    let (_reader, writer) = pipe();
    let farthest = i32::try_from(limits::raise_descriptors().unwrap().soft.min(500_000)).unwrap() - 1;
    let far = SoleFd::new(fcntl_dupfd_cloexec(&writer, farthest).unwrap()).unwrap();
    let number = far.as_fd().as_raw_fd();
    assert!(child_agrees(|| !is_open(number)));
}

#[test]
fn a_fork_never_catches_a_sole_descriptor_between_the_table_and_its_end() {
    let stop = AtomicBool::new(false);
    let file = tempfile::NamedTempFile::new().unwrap();
    let sole = || SoleFd::made_by(|| File::open(file.path()).map(OwnedFd::from).map_err(refused)).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    drop(sole());
                }
            });
        }
        // The temporary file's own descriptor is a plain one, which children keep.
        let caught = (0..200).filter(|_| !child_agrees(|| open_copies_of(file.path()) == 1)).count();
        stop.store(true, Ordering::Relaxed);
        assert_eq!(caught, 0, "children of 200 that kept a descriptor");
    });
}

fn refused(error: std::io::Error) -> SystemError {
    SystemError::new("open", error, Errno::IO)
}

/// How many descriptors above the standard ones stand for `path`.
fn open_copies_of(path: &Path) -> usize {
    (3..64)
        .filter(|fd| std::fs::read_link(format!("/proc/self/fd/{fd}")).is_ok_and(|link| link == path))
        .count()
}
