// SPDX-License-Identifier: MIT OR Apache-2.0
//! A receiver that goes straight to sleep: whatever can happen to it there must wake it, with the right answer.

use std::io::{Read, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use cabotage_os::directory::{Directory, Name, Rules};
use cabotage_os::fork::child_answers;
use cabotage_os::socket::{ListenOptions, Listener, ReceiveError, SendError, Socket};
use cabotage_os::{Deadline, Errno, seam};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

/// A receive for ever, and one with a deadline that is far away: they sleep in different calls.
const DEADLINES: [fn() -> Deadline; 2] = [|| Deadline::Never, soon];

fn soon() -> Deadline {
    Deadline::within(Duration::from_secs(60))
}

/// How many bytes the message has that came.
type Answer = Result<usize, ReceiveError>;

fn receive(socket: &Socket, deadline: Deadline) -> Answer {
    socket.sleep_and_receive(&mut [0; 64], deadline).map(|arrival| arrival.bytes)
}

/// What a receiver answers who was asleep when `act` began; or at once, if it does not sleep.
fn woken_by(socket: &Socket, deadline: Deadline, act: impl FnOnce()) -> Answer {
    let thread = AtomicI32::new(0);
    std::thread::scope(|scope| {
        let receiver = scope.spawn(|| {
            thread.store(rustix::thread::gettid().as_raw_nonzero().get(), Ordering::Release);
            receive(socket, deadline)
        });
        while !receiver.is_finished() && !is_asleep(thread.load(Ordering::Acquire)) {
            std::thread::yield_now();
        }
        act();
        receiver.join().unwrap()
    })
}

/// Whether the kernel says that a thread of this process sleeps; no for 0, which is none.
fn is_asleep(thread: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/self/task/{thread}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| rest.starts_with(" S"))
}

#[test]
fn a_message_wakes_the_sleeper() {
    for deadline in DEADLINES {
        let (here, there) = Socket::pair().unwrap();
        let send = || here.send(b"wake up", &[], Deadline::Now).unwrap();
        assert_eq!(woken_by(&there, deadline(), send), Ok(7));
    }
}

#[test]
fn both_ends_of_a_connection_by_name_sleep_in_one_call() {
    let root = tempfile::tempdir().unwrap();
    let directory = Directory::open_or_create(&root.path().join("names"), Rules::ours()).unwrap();
    let name = Name::parse("sleeper").unwrap();
    let listener = Listener::bind(&directory, &name, ListenOptions::new()).unwrap();
    let client = Socket::connect_in(&directory, &name, soon()).unwrap();
    let server = listener.accept(soon()).unwrap();
    for (sleeper, other) in [(&client, &server), (&server, &client)] {
        std::thread::scope(|scope| {
            let receiver = scope.spawn(|| {
                let before = seam::calls();
                (receive(sleeper, Deadline::Never), seam::calls() - before)
            });
            other.send(b"wake up", &[], soon()).unwrap();
            assert_eq!(receiver.join().unwrap(), (Ok(7), 1));
        });
    }
}

#[test]
fn a_message_that_is_there_already_is_taken_without_sleep() {
    for deadline in [Deadline::Now, Deadline::Never, soon()] {
        let (here, there) = Socket::pair().unwrap();
        here.send(b"early", &[], Deadline::Now).unwrap();
        assert_eq!(receive(&there, deadline), Ok(5));
    }
}

#[test]
fn a_hang_up_wakes_the_sleeper() {
    for deadline in DEADLINES {
        let (here, there) = Socket::pair().unwrap();
        assert_eq!(woken_by(&there, deadline(), || drop(here)), Err(ReceiveError::HungUp));
        assert_eq!(receive(&there, deadline()), Err(ReceiveError::HungUp), "and nobody sleeps again");
    }
}

#[test]
fn the_sleep_ends_at_the_deadline() {
    let (_here, there) = Socket::pair().unwrap();
    assert_eq!(receive(&there, Deadline::Now), Err(ReceiveError::Nothing));
    let deadline = Deadline::within(Duration::from_millis(5));
    assert_eq!(receive(&there, deadline), Err(ReceiveError::Nothing));
    assert!(deadline.has_passed(), "not before it");
}

#[test]
fn another_holder_that_makes_the_end_non_blocking_does_not_end_the_sleep() {
    for deadline in DEADLINES {
        let (here, there) = Socket::pair().unwrap();
        let copy: OwnedFd = there.as_fd().try_clone_to_owned().unwrap();
        fcntl_setfl(&copy, fcntl_getfl(&copy).unwrap() | OFlags::NONBLOCK).unwrap();
        let send = || here.send(b"at last", &[], Deadline::Now).unwrap();
        assert_eq!(woken_by(&there, deadline(), send), Ok(7));
    }
}

#[test]
fn a_sleep_that_a_signal_interrupts_goes_on() {
    for deadline in DEADLINES {
        let (here, there) = Socket::pair().unwrap();
        here.send(b"once", &[], Deadline::Now).unwrap();
        let _plan = seam::fail_nth(0, Errno::INTR);
        assert_eq!(receive(&there, deadline()), Ok(4));
    }
}

#[test]
fn a_peer_that_died_with_our_message_unread_is_heard_out() {
    for deadline in DEADLINES {
        let (here, there) = Socket::pair().unwrap();
        there.send(b"unread", &[], Deadline::Now).unwrap();
        here.send(b"last words", &[], Deadline::Now).unwrap();
        drop(here);
        assert_eq!(receive(&there, deadline()), Ok(10), "the reset that comes first is no answer");
        assert_eq!(receive(&there, deadline()), Err(ReceiveError::HungUp));
    }
}

#[test]
fn a_sleeper_whose_peer_dies_with_a_message_unread_hears_of_the_hang_up() {
    for deadline in DEADLINES {
        let (here, there) = Socket::pair().unwrap();
        there.send(b"unread", &[], Deadline::Now).unwrap();
        assert_eq!(woken_by(&there, deadline(), || drop(here)), Err(ReceiveError::HungUp));
        assert_eq!(there.send(b"x", &[], Deadline::Now), Err(SendError::PeerGone));
    }
}

#[test]
fn a_forked_child_that_lives_on_does_not_keep_the_peer_from_hearing_the_hang_up() {
    let (here, there) = Socket::pair().unwrap();
    let numbers = [&here, &there].map(|end| end.as_fd().as_raw_fd());
    let (mut told, mut tell) = std::io::pipe().unwrap();
    let (mut may_end, mut end) = std::io::pipe().unwrap();
    std::thread::scope(|scope| {
        // The child has copies of the pipes' ends, so it waits for a byte and not for the end of file.
        let child = scope.spawn(|| {
            let lives = || {
                let closed = numbers.iter().all(|number| !is_open(*number));
                tell.write_all(b"x").is_ok() && may_end.read_exact(&mut [0]).is_ok() && closed
            };
            child_answers(lives, soon())
        });
        told.read_exact(&mut [0]).unwrap();
        let answer = woken_by(&there, soon(), || drop(here));
        end.write_all(b"x").unwrap();
        assert_eq!(answer, Err(ReceiveError::HungUp), "while the child lives");
        assert!(
            child.join().unwrap().unwrap(),
            "the child has no copy of either end, and lived until it was told"
        );
    });
}

#[test]
fn a_child_knows_that_the_socket_is_not_its_own() {
    let (here, there) = Socket::pair().unwrap();
    assert!(child_answers(|| !here.is_here() && !there.is_here(), soon()).unwrap());
    assert!(child_answers(|| here.into_fd().is_none(), soon()).unwrap());
    // The end was moved into the check, so it is dropped here too.
    assert_eq!(receive(&there, soon()), Err(ReceiveError::HungUp));
}

fn is_open(fd: i32) -> bool {
    // SAFETY: asks about a number, whatever it stands for.
    unsafe { libc::fcntl(fd, libc::F_GETFD) != -1 }
}
