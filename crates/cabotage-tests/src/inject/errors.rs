// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which errors the man page of each system call allows, as far as the world decides about them: shortages, refusals,
//! signals, races with others. Left out are errors that only a wrong argument brings (`EBADF`, `EFAULT`), and those that
//! say of a peer or of somebody's file what is not so: that a living peer is gone (`EPIPE`, `ECONNRESET`), that a client
//! or a message in the queue is none (`EAGAIN` of accept4 and recvmsg), that what stands there does not (`ENOENT` of fstatat). Their truth is
//! tested by real deaths and real removals.
//!
//! A call that has no row makes the run fail: whoever adds a call to the seam adds its errors here.

use cabotage_os::Errno;

type Row = (&'static [&'static str], &'static [Errno]);

const ROWS: &[Row] = &[
    (&["socket", "socketpair"], &[Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM]),
    (&["bind"], &[Errno::ACCESS, Errno::ADDRINUSE, Errno::NOMEM, Errno::NOSPC, Errno::ROFS]),
    (&["listen"], &[Errno::ADDRINUSE, Errno::NOBUFS]),
    (
        &["accept4"],
        &[
            Errno::CONNABORTED,
            Errno::INTR,
            Errno::MFILE,
            Errno::NFILE,
            Errno::NOBUFS,
            Errno::NOMEM,
            Errno::PERM,
        ],
    ),
    (
        &["connect"],
        &[Errno::ACCESS, Errno::AGAIN, Errno::CONNREFUSED, Errno::INTR, Errno::NOMEM, Errno::PERM],
    ),
    (&["recvmsg"], &[Errno::INTR, Errno::NOMEM]),
    (&["sendmsg", "sendto"], &[Errno::AGAIN, Errno::INTR, Errno::NOBUFS, Errno::NOMEM, Errno::TOOMANYREFS]),
    (&["shutdown"], &[Errno::NOTCONN]),
    (&["getsockopt", "setsockopt", "getpeername"], &[Errno::NOBUFS, Errno::NOMEM]),
    (
        &["epoll_create1", "eventfd2", "inotify_init1", "pipe2", "timerfd_create"],
        &[Errno::MFILE, Errno::NFILE, Errno::NOMEM],
    ),
    (&["epoll_ctl"], &[Errno::NOMEM, Errno::NOSPC]),
    (&["epoll_wait", "nanosleep"], &[Errno::INTR]),
    (&["poll"], &[Errno::INTR, Errno::NOMEM]),
    (&["inotify_add_watch"], &[Errno::ACCESS, Errno::NOENT, Errno::NOMEM, Errno::NOSPC]),
    (&["memfd_create"], &[Errno::MFILE, Errno::NFILE, Errno::NOMEM]),
    (
        &["fallocate", "ftruncate"],
        &[Errno::INTR, Errno::IO, Errno::NODEV, Errno::NOSPC, Errno::OPNOTSUPP, Errno::PERM],
    ),
    (&["mmap", "mremap"], &[Errno::ACCESS, Errno::AGAIN, Errno::NFILE, Errno::NOMEM, Errno::PERM]),
    (&["madvise"], &[Errno::AGAIN, Errno::NOMEM]),
    (&["msync"], &[Errno::BUSY, Errno::NOMEM]),
    (&["membarrier"], &[Errno::NOSYS, Errno::PERM]),
    (
        &["open", "openat"],
        &[
            Errno::ACCESS,
            Errno::EXIST,
            Errno::INTR,
            Errno::LOOP,
            Errno::MFILE,
            Errno::NFILE,
            Errno::NOENT,
            Errno::NOMEM,
            Errno::NOSPC,
            Errno::NXIO,
            Errno::OPNOTSUPP,
            Errno::PERM,
            Errno::ROFS,
        ],
    ),
    (
        &["linkat"],
        &[Errno::ACCESS, Errno::EXIST, Errno::IO, Errno::NOENT, Errno::NOSPC, Errno::PERM, Errno::XDEV],
    ),
    (
        &["mkdirat", "mknodat"],
        &[Errno::ACCESS, Errno::EXIST, Errno::NOENT, Errno::NOMEM, Errno::NOSPC, Errno::PERM, Errno::ROFS],
    ),
    (
        &["renameat", "renameat2"],
        &[Errno::ACCESS, Errno::BUSY, Errno::EXIST, Errno::NOENT, Errno::NOMEM, Errno::NOSPC, Errno::PERM],
    ),
    (&["unlinkat"], &[Errno::ACCESS, Errno::BUSY, Errno::IO, Errno::NOMEM, Errno::PERM, Errno::ROFS]),
    (
        &["fchmod", "fchmodat", "fchownat"],
        &[Errno::ACCESS, Errno::IO, Errno::NOMEM, Errno::PERM, Errno::ROFS],
    ),
    (
        &["fstat", "fstatat", "newfstatat", "statx", "faccessat", "readlinkat"],
        &[Errno::ACCESS, Errno::IO, Errno::NOMEM],
    ),
    (&["fstatfs"], &[Errno::INTR, Errno::IO, Errno::NOMEM]),
    (&["getdents64"], &[Errno::NOENT]),
    (&["flock"], &[Errno::INTR, Errno::NOLCK, Errno::AGAIN]),
    (&["fcntl"], &[Errno::ACCESS, Errno::AGAIN, Errno::INTR, Errno::NOLCK, Errno::PERM]),
    (&["fcntl(F_DUPFD_CLOEXEC)"], &[Errno::MFILE]),
    (&["fcntl(F_SETFL)", "fcntl(F_SETPIPE_SZ)"], &[Errno::BUSY, Errno::NOMEM, Errno::PERM]),
    (&["read", "pread", "preadv2"], &[Errno::AGAIN, Errno::INTR, Errno::IO]),
    (
        &["write", "pwrite", "pwritev2"],
        &[Errno::AGAIN, Errno::DQUOT, Errno::INTR, Errno::IO, Errno::NOSPC, Errno::PERM],
    ),
    (&["splice", "tee"], &[Errno::AGAIN, Errno::NOMEM]),
    (&["fdatasync"], &[Errno::INTR, Errno::IO, Errno::NOSPC, Errno::ROFS]),
    (&["getrandom"], &[Errno::INTR, Errno::NOSYS]),
    (&["futex"], &[Errno::AGAIN, Errno::INTR, Errno::TIMEDOUT]),
    (&["fork"], &[Errno::AGAIN, Errno::NOMEM]),
    (&["pidfd_open"], &[Errno::MFILE, Errno::NFILE, Errno::NODEV, Errno::NOMEM, Errno::SRCH]),
    (&["pidfd_getfd"], &[Errno::MFILE, Errno::NFILE, Errno::PERM, Errno::SRCH]),
    (&["getsid"], &[Errno::PERM, Errno::SRCH]),
    (&["pidfd_send_signal", "kill", "process_vm_readv"], &[Errno::PERM, Errno::SRCH]),
    (&["waitid"], &[Errno::CHILD, Errno::INTR]),
    (&["setrlimit", "prlimit64"], &[Errno::PERM]),
    (
        &[
            "fcntl(F_GETFD)",
            "fcntl(F_SETFD)",
            "fcntl(F_GETFL)",
            "fcntl(F_GETPIPE_SZ)",
            "getpid",
            "getrlimit",
            "ioctl",
            "ioctl(FIONREAD)",
            "rt_sigaction",
            "rt_sigpending",
            "rt_sigprocmask",
            "rt_sigtimedwait",
            "sched_getaffinity",
            "sched_setaffinity",
            "sigaction",
            "timerfd_settime",
        ],
        &[], // they fail for wrong arguments only
    ),
];

/// The errors of the call of this name.
///
/// # Panics
/// If it has no row.
pub(super) fn of(call: &str) -> &'static [Errno] {
    let row = ROWS.iter().find(|(calls, _)| calls.contains(&call));
    row.unwrap_or_else(|| panic!("the call {call} has no row in src/inject/errors.rs: which errors has it?"))
        .1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_call_has_two_rows() {
        let calls: Vec<_> = ROWS.iter().flat_map(|(calls, _)| *calls).collect();
        for (at, call) in calls.iter().enumerate() {
            assert!(!calls[..at].contains(call), "{call}");
        }
    }
}
